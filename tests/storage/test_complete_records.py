"""Of all records with one key the most complete counts, the others stay explainable, and no event counts twice."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from usage_pipeline.periods import Period, day_of
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage import ingest as ingest_module
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, landed_rows, touched_days
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import held_rows
from usage_pipeline.storage.versions import superseded_records
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedFile
from usage_pipeline.tables.schema import TIMESTAMP, Table
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
OCTOBER = Period(FIRST, date(2026, 11, 1))

Run = Callable[..., list[IngestedFile]]
FIELDS = ("id", "at", "end", "input", "output", "updated")


def to_events(records: ir.Table) -> ir.Table:
    return records.select(
        "source_file",
        "source_line",
        reject=ibis.null("string"),
        event_id=records.id,
        view=ibis.literal("log"),
        started_at=records.at.try_cast(TIMESTAMP),
        ended_at=records.end.try_cast(TIMESTAMP),
        status=ibis.literal("success"),
        channel=ibis.literal("openai"),
        input=records.input.try_cast("int64"),
        output=records.output.try_cast("int64"),
        updated_at=records.updated.try_cast(TIMESTAMP),
    )


def described(kind: str, table: Table[Any], to_rows: Callable[[ir.Table], ir.Table], *, explodes: bool = False) -> Source:
    fields = {name: name for name in FIELDS}
    return Source(kind, kind, "", Format.JSON_LINES, table, fields, to_rows, explodes=explodes)


LOG = described("log", usage_events, to_events)


def to_parts(records: ir.Table) -> ir.Table:
    """Two rows a record: 'id.0' and 'id.1'."""
    rows = to_events(records)
    return rows.union(rows.mutate(event_id=rows.event_id + ".1"))


PARTS = described("parts", usage_events, to_parts, explodes=True)


def to_charges(records: ir.Table) -> ir.Table:
    return records.select(
        "source_file",
        "source_line",
        reject=ibis.null("string"),
        charge_id=records.id,
        channel=ibis.literal("openai"),
        names_project=ibis.literal(value=False),
        category=ibis.literal("Usage"),
        period_start=records.at.try_cast(TIMESTAMP),
        meter=ibis.literal("input"),
        billed_cost=records.input.try_cast("decimal(38,15)"),
        currency=ibis.literal("USD"),
        amount_text=records.input,
        quantity=records.output.try_cast("decimal(38,6)"),
        finality=records.end.fill_null("provisional"),
    )


BILL = described("bill", charges, to_charges)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def run(lake: Lake, database: Database, landing: Path, tmp_path: Path) -> Run:
    def run_it(source: Source = LOG) -> list[IngestedFile]:
        place = {"lake": lake, "database": database, "engine": lake.engine, "stage": tmp_path / "stage"}
        return ingest("logs", source, f"{landing}/*", now=NOW, **place)  # type: ignore[arg-type]

    return run_it


@pytest.fixture
def counting(lake: Lake, database: Database) -> Callable[..., list[tuple[Any, ...]]]:
    def rows(*columns: str, days: Period = OCTOBER, table: Table[Any] = usage_events) -> list[tuple[Any, ...]]:
        found = landed_rows(table, days, lake=lake, database=database).to_pyarrow().to_pylist()
        return sorted((tuple(row[name] for name in (table.key[0], *columns)) for row in found), key=repr)

    return rows


def line(id_: str, at: str = "2026-10-01T12:00:00", **more: Any) -> str:
    return json.dumps({"id": id_, "at": at, "input": 1, **more}) + "\n"


def put(path: Path, content: str, minute: int) -> None:
    path.write_text(content)
    time = (NOW + timedelta(minutes=minute)).timestamp()
    os.utime(path, (time, time))


def numbers(files: list[IngestedFile]) -> list[tuple[str, int, int, int, int]]:
    return [(Path(one.uri).name, one.lines, one.accepted, one.duplicates, one.rejected) for one in files]


def test_in_a_file_the_most_complete_counts(run: Run, landing: Path, counting: Any) -> None:
    put(landing / "a", line("1") + line("1", output=5) + line("1", output=6) + line("2", output=7) + line("2"), 0)
    assert numbers(run()) == [("a", 5, 2, 3, 0)]
    assert counting("output") == [("1", 5), ("2", 7)]


def test_a_more_complete_record_replaces_what_counted(run: Run, landing: Path, counting: Any, lake: Lake, database: Database) -> None:
    put(landing / "a", line("1") + line("2", output=2), 0)
    (first,) = run()
    put(landing / "b", line("1", output=5) + line("2"), 1)
    (second,) = read = run()
    assert numbers(read) == [("b", 2, 1, 1, 0)]
    assert counting("input", "output") == [("1", 1, 5), ("2", 1, 2)]
    assert touched_days(read, database=database) == {FIRST}
    put(landing / "c", line("1", output=9, end="2026-10-01T13:00:00") + line("1"), 2)
    (third,) = read = run()
    assert numbers(read) == [("c", 2, 1, 1, 0)]
    assert counting("output") == [("1", 9), ("2", 2)]
    told = superseded_records(OCTOBER, lake=lake, database=database)
    assert [(one.record, one.source_file, one.source_line, one.by_file, one.by_line, one.uri, one.by_uri) for one in told] == [
        ("1", first.fingerprint, 1, second.fingerprint, 1, first.uri, second.uri),
        ("1", second.fingerprint, 1, third.fingerprint, 1, second.uri, third.uri),
    ]
    held = held_rows(usage_events, OCTOBER, "logs", lake=lake, database=database)
    assert held is not None
    assert held.count().to_pyarrow().as_py() == 2


def test_the_newest_change_counts_however_little_it_holds(run: Run, landing: Path, counting: Any) -> None:
    put(landing / "a", line("1", output=5, updated="2026-10-01T14:00:00") + line("1", output=6), 0)
    put(landing / "b", line("1", updated="2026-10-01T15:00:00") + line("2", updated="2026-10-01T13:00:00.000001"), 1)
    put(landing / "c", line("1", output=7, updated="2026-10-01T14:30:00") + line("2", output=3, updated="2026-10-01T13:00:00"), 2)
    assert numbers(run()) == [("a", 2, 1, 1, 0), ("b", 2, 2, 0, 0), ("c", 2, 0, 2, 0)]
    assert counting("output") == [("1", None), ("2", None)]


RECORDS = {
    "f0": line("1") + line("2", output=1),
    "f1": line("1", output=2) + line("3"),
    "f2": line("1", output=2, end="2026-10-01T13:00:00") + line("3", output=3),
}
RANKS = {"f0": {"1": 0, "2": 0}, "f1": {"1": 1, "3": 0}, "f2": {"1": 2, "3": 1}}
"""How complete each file's records are, by key."""


@pytest.mark.parametrize("files_in_a_batch", [1, 2, 3])
@pytest.mark.parametrize("names", list(permutations(RECORDS)), ids="-".join)
def test_neither_batches_nor_the_order_of_files_change_what_counts(
    run: Run, landing: Path, counting: Any, monkeypatch: pytest.MonkeyPatch, files_in_a_batch: int, names: tuple[str, ...]
) -> None:
    monkeypatch.setattr(ingest_module, "BATCH_FILES", files_in_a_batch)
    expected: list[tuple[str, int, int, int, int]] = []
    best: dict[str, int] = {}
    for minute, name in enumerate(names):
        put(landing / name, RECORDS[name], minute)
        better = {key: rank for key, rank in RANKS[name].items() if rank > best.get(key, -1)}
        expected.append((name, 2, len(better), 2 - len(better), 0))
        best |= better
    assert numbers(run()) == expected
    assert counting("output", "source_line") == [("1", 2, 1), ("2", 1, 2), ("3", 3, 2)]


def test_the_same_id_on_two_days_is_two_events_unless_it_says_when_it_changed(run: Run, landing: Path, counting: Any) -> None:
    put(landing / "a", line("1") + line("1", "2026-10-02T12:00:00", output=2), 0)
    assert numbers(run()) == [("a", 2, 2, 0, 0)]
    assert counting("output") == [("1", 2), ("1", None)]


LASTING = replace(LOG, unique_ids=True)


def test_a_lasting_id_counts_once_across_midnight(run: Run, landing: Path, counting: Any, database: Database) -> None:
    put(landing / "a", line("1", "2026-10-01T23:59:59") + line("1", "2026-10-02T00:00:01", output=2) + line("2"), 0)
    assert numbers(run(LASTING)) == [("a", 3, 2, 1, 0)]
    assert counting("output") == [("1", 2), ("2", None)]
    put(landing / "b", line("1", "2026-10-03T00:00:01") + line("2", "2026-10-02T00:00:00", output=3) + line("3"), 1)
    read = run(LASTING)
    assert numbers(read) == [("b", 3, 2, 1, 0)]
    assert touched_days(read, database=database) == {FIRST, SECOND}
    assert counting("output") == [("1", 2), ("2", 3), ("3", None)]
    put(landing / "c", line("1", "2026-10-20T00:00:00"), 2)
    assert numbers(run(LASTING)) == [("c", 1, 1, 0, 0)], "no one looks for it longer than a week"


@pytest.mark.parametrize("kind", sorted(kind for kind, source in SOURCES.items() if source.unique_ids))
def test_requests_of_logs_have_lasting_ids(kind: str) -> None:
    assert SOURCES[kind].table is usage_events
    assert not SOURCES[kind].snapshot


def test_a_request_that_is_logged_again_after_midnight_counts_once(run: Run, landing: Path, counting: Any) -> None:
    request = {"id": "r1", "provider": "openai", "model": "gpt-4o", "meters": {"input": 10, "output": 2}}
    times = ("2026-10-01T23:59:59.9Z", "2026-10-02T00:00:00.1Z")
    put(landing / "a", "\n".join(json.dumps(request | {"started_at": at}) for at in times), 0)
    assert numbers(run(SOURCES["tracker"])) == [("a", 2, 1, 1, 0)]
    assert counting("input") == [("r1", 10)]


def test_an_event_that_moves_to_another_day_counts_once(run: Run, landing: Path, counting: Any, database: Database) -> None:
    put(landing / "a", line("1", "2026-10-01T23:59:59", updated="2026-10-02T00:00:01") + line("2", updated="2026-10-01T12:00:01"), 0)
    run()
    put(landing / "b", line("1", "2026-10-02T00:00:00", updated="2026-10-02T00:00:09"), 1)
    read = run()
    assert numbers(read) == [("b", 1, 1, 0, 0)]
    assert touched_days(read, database=database) == {FIRST, SECOND}
    assert counting(days=day_of(FIRST)) == [("2",)]
    assert counting(days=day_of(SECOND)) == [("1",)]
    put(landing / "c", line("1", "2026-10-01T23:00:00", updated="2026-10-02T00:00:05"), 2)
    assert numbers(run()) == [("c", 1, 0, 1, 0)]
    put(landing / "d", line("1", "2026-10-01T23:00:00", updated="2026-10-03T00:00:00"), 3)
    assert numbers(run()) == [("d", 1, 1, 0, 0)]
    assert counting() == [("1",), ("2",)]
    assert counting(days=day_of(SECOND)) == []


def test_an_event_that_moves_within_a_batch_counts_once(run: Run, landing: Path, counting: Any) -> None:
    put(landing / "a", line("1", "2026-10-01T23:59:59", updated="2026-10-02T00:00:01"), 0)
    put(landing / "b", line("1", "2026-10-02T00:00:00", updated="2026-10-02T00:00:09"), 1)
    assert numbers(run()) == [("a", 1, 1, 0, 0), ("b", 1, 1, 0, 0)]
    assert counting("started_at") == [("1", datetime(2026, 10, 2, tzinfo=UTC))]


def test_rows_of_a_record_that_gives_several_are_compared_each_by_its_key(run: Run, landing: Path, counting: Any) -> None:
    put(landing / "a", line("1"), 0)
    put(landing / "b", line("1", output=4) + line("1.1"), 1)
    assert numbers(run(PARTS)) == [("a", 1, 1, 0, 0), ("b", 2, 2, 0, 0)]
    assert counting("output") == [("1", 4), ("1.1", 4), ("1.1.1", None)]


def test_a_final_charge_replaces_a_provisional_one(run: Run, landing: Path, counting: Any) -> None:
    put(landing / "a", line("1", output=3) + line("2", end="final", output=2), 0)
    put(landing / "b", line("1", end="final") + line("2", output=2), 1)
    assert numbers(run(BILL)) == [("a", 2, 2, 0, 0), ("b", 2, 1, 1, 0)]
    assert counting("finality", table=charges) == [("1", "final"), ("2", "final")]


def test_a_copy_of_what_was_replaced_changes_nothing(run: Run, landing: Path, counting: Any) -> None:
    put(landing / "a", line("1"), 0)
    put(landing / "b", line("1", output=5), 1)
    run()
    put(landing / "c", line("1"), 2)
    put(landing / "d", line("1") + line("9"), 3)
    assert numbers(run()) == [("c", 1, 0, 1, 0), ("d", 2, 1, 1, 0)]
    assert counting("output") == [("1", 5), ("9", None)]
