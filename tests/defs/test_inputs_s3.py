"""Inputs in S3: found while they are there as they were read, each with its own content; missing, changed, shut away told by name."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from s3_server import Bucket, Fault, Proxy, s3_server

from usage_pipeline.defs.inputs import locate
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.storage import landing_s3
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.inputs import Input

CONFIG = """\
organisation: {name: Example Org}
projects: [{id: portal}]
sources:
  - {name: bill, kind: openai_costs, path: "s3://usage/bill/*.json"}
  - {name: log, kind: tracker, path: "s3://usage/log/*.jsonl"}
"""
READ = datetime(2026, 10, 1, tzinfo=UTC)
BILLS = {"bill/a.json": b'{"data": [1]}', "bill/b.json": b'{"data": [2]}', "log/a.jsonl": b'{"id": 1}\n'}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with s3_server() as proxy:
        for name, value in proxy.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(landing_s3, "ATTEMPTS", 2)
        yield proxy


@pytest.fixture
def bucket(server: Proxy) -> Bucket:
    bucket = Bucket("usage")
    bucket.put(BILLS)
    return bucket


@pytest.fixture
def inputs() -> list[Input]:
    return [
        Input(
            source=name.split("/")[0], kind="tracker", uri=f"s3://usage/{name}", sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content), modified_at=READ, read_at=READ, lines=1, accepted=1, duplicates=0, rejected=0,
            speaks_of_month=True, is_replaced=False,
        )
        for name, content in BILLS.items()
    ]  # fmt: skip


def workplace(folder: Path, text: str = CONFIG) -> Workplace:
    (folder / "usage.yaml").write_text(text)
    return Workplace(home_folder=str(Home(folder / "home").create().root), config_file=str(folder / "usage.yaml"))


@pytest.mark.usefixtures("bucket")
def test_each_is_found_with_its_own_content_also_where_usage_yaml_reads_from_elsewhere_now(inputs: list[Input], tmp_path: Path) -> None:
    for number, text in enumerate(
        (CONFIG, CONFIG.replace("s3://usage/bill", "s3://usage/moved"), CONFIG[: CONFIG.index("  - {name: log")])
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        places, gone = locate(workplace(folder, text), inputs, folder)
        assert gone == []
        assert [places[one.source, one.sha256].read_bytes() for one in inputs] == list(BILLS.values())


def test_a_missing_and_a_changed_object_are_told_by_name(bucket: Bucket, inputs: list[Input], tmp_path: Path) -> None:
    bucket.delete("bill/b.json")
    bucket.put({"log/a.jsonl": b'{"id": 2}\n'})
    places, gone = locate(workplace(tmp_path), inputs, tmp_path)
    assert len(places) == 1
    assert [one.words.split(": restore the version with SHA-256")[0] for one in gone] == [
        "s3://usage/bill/b.json (a file of bill) is missing",
        "s3://usage/log/a.jsonl (a file of log) holds something else than when it was read",
    ]


def test_a_store_that_lets_nobody_in_is_told_as_such(server: Proxy, bucket: Bucket, inputs: list[Input], tmp_path: Path) -> None:
    assert bucket.name == "usage"
    server.harm = lambda _: Fault(403, "InvalidAccessKeyId")
    _, gone = locate(workplace(tmp_path), inputs, tmp_path)
    assert len(gone) == 3
    assert gone[0].words.startswith(
        "s3://usage/bill/a.json (a file of bill) cannot be looked at: s3://usage: the store does not know the access"
    )
