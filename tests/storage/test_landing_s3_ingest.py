"""Reading from a real S3 server into the lake: each object asked for once, and no more while it is the same."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from s3_server import Bucket, Fault, Proxy, s3_server

from usage_pipeline.periods import day_of
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage import ingest as ingest_module
from usage_pipeline.storage import landing_s3_download
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, landed_rejects, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.landing import Landing
from usage_pipeline.storage.landing_s3 import S3Store
from usage_pipeline.tables.ingested_files import IngestedFile
from usage_pipeline.tables.usage_events import usage_events

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = day_of(date(2026, 10, 1))
Run = Callable[..., list[IngestedFile]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with s3_server() as proxy:
        for name, value in proxy.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(landing_s3_download, "PAUSE_SECONDS", 0.001)
        yield proxy


@pytest.fixture
def bucket(server: Proxy) -> Bucket:
    return Bucket("logs")


@pytest.fixture
def run(server: Proxy, lake: Lake, database: Database, tmp_path: Path) -> Run:
    def run_it(pattern: str = "s3://logs/**/*.json*") -> list[IngestedFile]:
        stage = tmp_path / "stage"
        read = ingest(
            "app",
            SOURCES["tracker"],
            pattern,
            lake=lake,
            database=database,
            engine=lake.engine,
            stage=stage,
            now=NOW,
            landing=Landing((S3Store(server.url),)),
        )
        assert not stage.exists() or list(stage.iterdir()) == []
        return read

    return run_it


def line(name: str, tokens: int = 1) -> bytes:
    at = "2026-10-01T12:00:00+00:00"
    fields = {"id": name, "started_at": at, "provider": "openai", "model": "gpt-4o-mini", "meters": {"output": tokens}}
    return json.dumps(fields).encode() + b"\n"


def events(lake: Lake, database: Database) -> dict[str, int]:
    rows = landed_rows(usage_events, DAY, lake=lake, database=database)
    return {row["event_id"]: int(row["output"]) for row in rows.to_pyarrow().to_pylist()}


def numbers(files: list[IngestedFile]) -> list[tuple[str, int, int, int, int, str]]:
    return [(Path(one.uri).name, one.lines, one.accepted, one.duplicates, one.rejected, one.state) for one in files]


def test_two_thousand_objects_are_read_once(
    run: Run, bucket: Bucket, server: Proxy, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "BATCH_FILES", 1_500)
    bucket.put({f"2026-10-01/{number:04}.json.gz": gzip.compress(line(f"e{number}", number)) for number in range(2_000)})
    read = run()
    assert [one.accepted for one in read] == [1] * 2_000
    assert read[7].uri == "s3://logs/2026-10-01/0007.json.gz"
    assert events(lake, database) == {f"e{number}": number for number in range(2_000)}
    assert Counter(Counter(server.gets).values()) == {1: 2_000}
    assert server.listings == 2
    server.log.clear()
    assert run() == []
    assert (server.listings, server.gets) == (2, [])


def test_object_that_was_overwritten_is_read_anew(run: Run, bucket: Bucket, server: Proxy, lake: Lake, database: Database) -> None:
    """Even within the second that a listing tells, and with a content as long as before: the ETag is another."""
    bucket.put({"a.json": line("1"), "b.json": line("2")}, NOW)
    run()
    server.log.clear()
    bucket.put({"a.json": line("3")}, NOW)
    assert numbers(run()) == [("a.json", 1, 1, 0, 0, "read")]
    assert server.gets == ["/logs/a.json"]
    assert events(lake, database) == {"1": 1, "2": 1, "3": 1}
    server.log.clear()
    assert run() == []
    assert server.gets == []


def test_copy_and_newer_time_are_looked_at_once(run: Run, bucket: Bucket, server: Proxy, lake: Lake, database: Database) -> None:
    bucket.put({"a.json": line("1")}, NOW)
    run()
    bucket.put({"a.json": line("1"), "copy.json": line("1")}, NOW + timedelta(minutes=1))
    assert numbers(run()) == [("copy.json", 1, 0, 1, 0, "copy")]
    server.log.clear()
    assert run() == []
    assert server.gets == []
    assert events(lake, database) == {"1": 1}


def test_object_that_cannot_be_read_is_told_and_tried_again(
    run: Run, bucket: Bucket, server: Proxy, lake: Lake, database: Database
) -> None:
    bucket.put({"a.json": line("1"), "b.json": line("2"), "c.json": line("3")}, NOW)
    server.harm = lambda request: Fault(403, "InvalidObjectState") if request.path.endswith("b.json") else None
    assert numbers(run()) == [("a.json", 1, 1, 0, 0, "read"), ("b.json", 1, 0, 0, 1, "unreadable"), ("c.json", 1, 1, 0, 0, "read")]
    (reject,) = landed_rejects(day_of(NOW.date()), lake=lake, database=database).to_pyarrow().to_pylist()
    assert (reject["uri"], reject["reason"]) == ("s3://logs/b.json", "unreadable_file")
    assert reject["text"] == "it is archived: restore it first (InvalidObjectState)"
    server.log.clear()
    assert run() == []
    server.harm = lambda _: None
    assert numbers(run()) == [("b.json", 1, 1, 0, 0, "read")]
    assert server.gets == ["/logs/b.json"] * 2
    assert events(lake, database) == {"1": 1, "2": 1, "3": 1}


def test_bodies_that_break_off_change_nothing(run: Run, bucket: Bucket, server: Proxy, lake: Lake, database: Database) -> None:
    bucket.put({f"{number:02}.json": b"".join(line(f"{number}-{one}") for one in range(500)) for number in range(12)})
    server.harm = lambda request: Fault(cut=True) if not request.is_listing and len(server.log) % 3 == 0 else None
    assert [one.accepted for one in run()] == [500] * 12
    assert len(events(lake, database)) == 6_000
    assert len(server.gets) > 12


def test_formats_told_by_name_and_content(run: Run, bucket: Bucket, lake: Lake, database: Database) -> None:
    """What readers look for at the end of a name they find at the copy's, too."""
    bucket.put({"x/y.2026/plain.json": line("1"), "packed.json.gz": gzip.compress(line("2")), "odd name é.json?x": line("3")})
    read: Any = run("s3://logs/**")
    assert [one.accepted for one in read] == [1, 1, 1]
    assert events(lake, database) == {"1": 1, "2": 1, "3": 1}
