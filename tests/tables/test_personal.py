"""Addresses and raw keys: told from harmless texts, and replaced by a hash that needs the key."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.storage.engine import connect
from usage_pipeline.tables.personal import holds_address, holds_key, masked, pseudonym

KEY = "it's a key of more than sixteen"
RANDOM = "Zx9_" * 8
RAW_KEYS = (
    f"sk-{RANDOM}",
    f"sk-proj-{RANDOM}",
    f"sk-ant-api03-{RANDOM}",
    f"sk-or-v1-{RANDOM}",
    f"sk-lf-{RANDOM}",
    "sk-1234",
    "AKIA" + "Q7" * 8,
    "ASIA" + "Q7" * 8,
    "AIza" + RANDOM,
    f"ya29.{RANDOM}",
    f"gsk_{RANDOM}",
    f"ghp_{RANDOM}",
    f"github_pat_{RANDOM}",
    f"hf_{RANDOM}",
    f"xai-{RANDOM}",
    f"pplx-{RANDOM}",
    f"xoxb-{RANDOM}",
    f"eyJ{RANDOM}.eyJ{RANDOM}.{RANDOM}",
    "Bearer abc.def-ghi",
)
ADDRESSES = (
    "ana@example.com",
    "Ana.Ng+llm@Example.co.uk",
    "ana%40example.com",
    "Ana Ng <ana@example.com>",
    "mailto:ana@example.com",
    "ärger@bücher.de",
)
HARMLESS = (
    "user_1",
    "task-0123456789-abcdefghij",
    "sk-...abcd",
    "sk-proj-********wxyz",
    "key_AbCdEf0123456789",
    "b" * 64,
    "arn:aws:sts::111122223333:assumed-role/app/session",
    "risk-assessment-of-the-quarter",
    "AKIAna",
    "",
)


@pytest.fixture
def keyed(tmp_path: Path) -> Backend:
    return connect(tmp_path / "keyed", hash_key=KEY)


def values(engine: Backend, texts: list[str | None], build: Callable[[ir.StringValue], ir.Value]) -> list[Any]:
    rows = ibis.memtable({"place": range(len(texts)), "text": texts}, schema=ibis.schema({"place": "int64", "text": "string"}))
    return engine.to_pyarrow(rows.mutate(value=build(rows.text)).order_by("place"))["value"].to_pylist()  # type: ignore[no-any-return]


def person(address: str) -> str:
    inner = hashlib.sha256(f"{KEY}\x1f{address}".encode()).hexdigest()
    return "person-" + hashlib.sha256(f"{KEY}\x1f{inner}".encode()).hexdigest()[:16]


def test_an_address_is_its_keyed_hash(keyed: Backend) -> None:
    spellings = [
        "ana@example.com",
        "ANA@Example.com",
        "Ana Ng <ana@example.com>",
        "ana%40example.com",
        "arn:aws:sts::1:assumed-role/a/ana@example.com",
    ]
    assert set(values(keyed, [*spellings], pseudonym)) == {person("ana@example.com")}
    assert values(keyed, ["ben@example.com", "ana@localhost"], pseudonym) == [person("ben@example.com"), person("ana@localhost")]


def test_another_key_makes_another_name(keyed: Backend, tmp_path: Path) -> None:
    other = connect(tmp_path / "other", hash_key=KEY + "!")
    (one,), (two,) = (values(engine, ["ana@example.com"], pseudonym) for engine in (keyed, other))
    assert one != two


def test_without_a_key_nothing_stays(engine: Backend) -> None:
    assert values(engine, [*ADDRESSES, *RAW_KEYS], pseudonym) == [None] * (len(ADDRESSES) + len(RAW_KEYS))


@pytest.mark.parametrize("raw", RAW_KEYS, ids=range(len(RAW_KEYS)))
def test_a_raw_key_is_its_hash_wherever_it_stands(keyed: Backend, raw: str) -> None:
    alone, twice, within = values(keyed, [raw, raw, f"the key {raw} of ana"], pseudonym)
    assert alone == twice
    assert alone.startswith("key-")
    assert len(alone) == len("key-") + 16
    assert within == alone or len(raw) < 10
    assert values(keyed, [f"Bearer {raw}"], pseudonym) == [alone] or len(raw) < 10


def test_harmless_texts_stay(keyed: Backend) -> None:
    assert values(keyed, [*HARMLESS, None], pseudonym) == [*HARMLESS, None]
    assert values(keyed, [*HARMLESS], masked) == [*HARMLESS]
    assert not any(values(keyed, [*HARMLESS], holds_key))
    assert not any(values(keyed, [*HARMLESS, "claude-sonnet-4@20250514"], holds_address))


def test_hashes_are_harmless_themselves(keyed: Backend) -> None:
    once = values(keyed, [*ADDRESSES, *RAW_KEYS], pseudonym)
    assert values(keyed, once, pseudonym) == once


def test_texts_of_many_parts_are_blotted(engine: Backend) -> None:
    found = values(engine, [f'{{"a": "{one}", "b": "x {one} y", "{one}": 1}}' for one in (*ADDRESSES, *RAW_KEYS)], masked)
    for one, text in zip((*ADDRESSES, *RAW_KEYS), found, strict=True):
        assert one not in text or one == "sk-1234"
        assert text.startswith('{"a": "')
        assert '"b": "x ' in text
    assert values(engine, ['{"key": "sk-1234"}'], masked) == ['{"key": "(key)"}']


def test_the_key_is_in_no_query(keyed: Backend) -> None:
    assert KEY not in keyed.compile(pseudonym(ibis.table({"text": "string"}, name="rows").text))
