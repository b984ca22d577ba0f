"""By what ids are hashed is decided once a home: a key that is set later, or changed, lets no line that comes again count twice."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.engine import connect, hash_ids_plainly
from usage_pipeline.storage.id_hashes import has_read, ids_by_key
from usage_pipeline.storage.ingest import ingest, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.usage_events import usage_events

KEY, OTHER = "a key of more than sixteen characters", "another key of more than sixteen"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAYS = Period(date(2026, 10, 1), date(2026, 10, 4))
LINE = {"started_at": "2026-10-02T09:01:05Z", "provider": "openai", "model": "gpt-5", "meters": {"input": 7, "output": 5}}
LOG = [LINE | {"id": "ana@example.org/1", "user": "ana@example.org"}, LINE | {"id": "x" * 300}, LINE | {"id": "plain"}]
ACTOR = {
    "date": "2026-10-02T00:00:00Z",
    "actor": {"type": "user_actor", "email_address": "ana@example.org"},
    "organization_id": "o",
    "customer_type": "api",
    "terminal_type": "vscode",
    "model_breakdown": [
        {"model": "claude-sonnet-4-5", "tokens": {"input": 7, "output": 5}, "estimated_cost": {"currency": "USD", "amount": 1}}
    ],
}


def read(home: Path, kind: str, name: str, content: str, key: str | None) -> list[dict[str, Any]]:
    """What counts after the file was read with this key, as an ingest of the home does it."""
    (home / "landing").mkdir(parents=True, exist_ok=True)
    (home / "landing" / name).write_text(content)
    engine = connect(home / "scratch", hash_key=key)
    database = Database(f"sqlite:///{home / 'usage.db'}")
    database.migrate()
    if not ids_by_key(home / "hashed_ids.json", key, is_new=not has_read(database), now=NOW):
        hash_ids_plainly(engine)
    lake = Lake(home / "lake", engine)
    place: dict[str, Any] = {"lake": lake, "database": database, "engine": engine, "stage": home / "scratch" / "s"}
    ingest("it", SOURCES[kind], f"{home}/landing/*", now=NOW, **place)
    rows: list[dict[str, Any]] = engine.to_pyarrow(landed_rows(usage_events, DAYS, lake=lake, database=database)).to_pylist()
    database.close()
    return rows


def lines(told: Sequence[dict[str, Any]]) -> str:
    return "\n".join(map(json.dumps, told))


@pytest.mark.parametrize("keys", [(None, KEY), (None, KEY, OTHER), (KEY, KEY)], ids=["set", "set and changed", "kept"])
def test_a_line_that_comes_again_counts_once_whatever_the_key(tmp_path: Path, keys: Sequence[str | None]) -> None:
    for number, key in enumerate(keys):
        rows = read(tmp_path, "tracker", f"{number}.jsonl", lines([*LOG, LINE | {"id": f"new {number}", "user": "ben@example.org"}]), key)
        assert len(rows) == len(LOG) + number + 1
    users = {row["event_id"]: row["user"] for row in rows if row["event_id"].startswith("new")}
    assert users["new 0"] is None if keys[0] is None else users["new 0"] == users["new 1"]
    assert users["new 1"].startswith("person-")


@pytest.mark.parametrize("keys", [(None, KEY), (KEY, KEY)], ids=["set", "kept"])
def test_a_person_in_a_scope_is_hashed_as_before(tmp_path: Path, keys: Sequence[str | None]) -> None:
    for number, key in enumerate(keys):
        rows = read(tmp_path, "claude_code", f"{number}.json", json.dumps({"data": [ACTOR], "number": number}), key)
        assert [(row["input"], row["output"]) for row in rows] == [(7, 5)]
    assert str(rows[0]["user"]).startswith("person-")


@pytest.mark.parametrize(("key", "words"), [(OTHER, "is another one"), (None, "is not set")])
def test_a_home_that_began_with_a_key_reads_with_no_other(tmp_path: Path, key: str | None, words: str) -> None:
    read(tmp_path, "tracker", "a.jsonl", lines(LOG), KEY)
    with pytest.raises(
        UsageConfigError, match=rf"USAGE_HASH_KEY: it {words}, but .* set that key; if it is lost, name a new home"
    ) as raised:
        read(tmp_path, "tracker", "b.jsonl", lines(LOG), key)
    assert raised.value.exit_code == 2
    assert OTHER not in str(raised.value)
    note = (tmp_path / "hashed_ids.json").read_text()
    assert note.startswith('{"ids_hashed_by": "scrypt ')
    assert KEY not in note


def test_until_something_was_read_it_is_decided_anew(tmp_path: Path) -> None:
    note = tmp_path / "hashed_ids.json"
    assert [ids_by_key(note, key, is_new=True, now=NOW) for key in (KEY, None, OTHER)] == [True, False, True]
    assert [ids_by_key(note, OTHER, is_new=False, now=NOW) for _ in range(2)] == [True, True]
    note.write_text("{")
    with pytest.raises(UsageConfigError, match=r"hashed_ids\.json: it does not read .* restore it from a backup"):
        ids_by_key(note, OTHER, is_new=False, now=NOW)
