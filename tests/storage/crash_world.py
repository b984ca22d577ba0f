"""What the tests of crashes share: input of two kinds with all that can happen to a line, an ingest of it, and what came of it."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from usage_pipeline.periods import Period
from usage_pipeline.storage import ingest as ingest_module
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import landed_rejects, landed_rows
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import ingested_days, ingested_files
from usage_pipeline.tables.schema import TIMESTAMP
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAYS = Period(date(2026, 9, 1), date(2026, 12, 1))
FILES_IN_A_BATCH = 2
LOGS, LINES, PULLS = 4, 60, 2


def to_events(records: ir.Table) -> ir.Table:
    return records.select(
        "source_file",
        "source_line",
        reject=ibis.ifelse(records.at.isnull(), "missing_time", ibis.null("string")),
        event_id=records.id,
        view=ibis.literal("log"),
        started_at=records.at.try_cast(TIMESTAMP),
        ended_at=records.end.try_cast(TIMESTAMP),
        status=ibis.literal("success"),
        channel=ibis.literal("openai"),
        user=records.user,
        input=records.input.try_cast("int64"),
        output=records.output.try_cast("int64"),
    )


def to_charges(records: ir.Table) -> ir.Table:
    return records.select(
        "source_file",
        "source_line",
        reject=ibis.null("string"),
        charge_id=records.id,
        channel=ibis.literal("openai"),
        names_project=ibis.literal(value=False),
        category=ibis.literal("Usage"),
        period_start=records.start.try_cast(TIMESTAMP),
        meter=ibis.literal("input"),
        billed_cost=records.amount.try_cast("decimal(38,15)"),
        currency=ibis.literal("USD"),
        amount_text=records.amount,
        finality=ibis.literal("final"),
        snapshot_scope=ibis.literal(""),
    )


def covered(records: ir.Table) -> ir.Table:
    return records.select("source_file", day=records.start.try_cast("date"), snapshot_scope=ibis.literal("")).distinct()


SOURCES = {
    "log": Source(
        kind="log",
        title="Log",
        documentation="",
        format=Format.JSON_LINES,
        table=usage_events,
        fields={name: name for name in ("id", "at", "end", "user", "input", "output")},
        to_rows=to_events,
    ),
    "costs": Source(
        kind="costs",
        title="Costs",
        documentation="",
        format=Format.BUCKET_PAGES,
        table=charges,
        fields={"start": "bucket.day", "id": "result.id", "amount": "result.amount"},
        to_rows=to_charges,
        snapshot=True,
        covered=covered,
    ),
}
"""An append and a snapshot source of few columns: putting queries together is most of the time of a small batch."""


def write_input(folder: Path) -> None:
    """Logs that repeat and complete each other's records, with lines that do not read, one file twice; costs pulled anew."""
    for name in SOURCES:
        (folder / name).mkdir(parents=True)
    for number in range(LOGS):
        lines = [_request(number * LINES * 2 // 3 + place, number) for place in range(LINES)]
        _put(folder / "log" / f"{number}.jsonl", "\n".join([*lines, "torn {", '{"id": "x"}']), number)
    _put(folder / "log" / "copy.jsonl", (folder / "log" / "1.jsonl").read_text(), LOGS)
    for number in range(PULLS):
        _put(folder / "costs" / f"{number}.json", json.dumps(_costs(number)), number)


def _request(request: int, file: int) -> str:
    started = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=11 * request)
    filled = {"input": 100 + request, "output": 7 if request % 3 else None, "end": started.isoformat() if file % 2 else None}
    return json.dumps({"id": f"r{request}", "at": started.isoformat(), "user": f"u{request % 9}", **filled})


def _costs(number: int) -> dict[str, Any]:
    days = range(1 + number, 6 + number)
    results = {day: [{"id": f"c{day}", "amount": f"{day}.{number}5"}] if (day + number) % 3 else [] for day in days}
    return {"data": [{"day": f"2026-10-{day:02}", "results": found} for day, found in results.items()]}


def _put(path: Path, content: str, minute: int) -> None:
    path.write_text(content)
    time = (NOW + timedelta(minutes=minute)).timestamp()
    os.utime(path, (time, time))


def read_all(folder: str, home: str, url: str, told: Connection) -> None:
    """One process's ingest of everything, in small batches; says when it begins and when it is done."""
    ingest_module.BATCH_FILES = FILES_IN_A_BATCH
    database = Database(url)
    engine = connect(Path(home) / "scratch")
    lake = Lake(Path(home) / "lake", engine)
    told.send("begun")
    for name, source in SOURCES.items():
        place = {"lake": lake, "database": database, "engine": engine, "stage": Path(home) / "stage"}
        ingest_module.ingest(name, source, f"{folder}/{name}/*", now=NOW, **place)  # type: ignore[arg-type]
    told.send("done")
    database.close()


def outcome(home: Path, url: str) -> dict[str, list[Any]]:
    """All that counts: rows, rejected lines, and the ledger without the names of parts."""
    database = Database(url)
    engine = connect(home / "scratch")
    lake = Lake(home / "lake", engine)
    tables = {one.name: landed_rows(one, DAYS, lake=lake, database=database) for one in (usage_events, charges)}
    tables["rejects"] = landed_rejects(DAYS, lake=lake, database=database)
    found: dict[str, list[Any]] = {name: sorted(map(repr, engine.to_pyarrow(rows).to_pylist())) for name, rows in tables.items()}
    found["files"] = [
        (one.source, one.uri, one.fingerprint, one.lines, one.accepted, one.duplicates, one.rejected, one.state)
        for one in database.select(ingested_files)
    ]
    found["days"] = database.select(ingested_days)
    database.close()
    return found
