"""Shards: the accepted rows of ingested files, as parts of the lake's days; and which of them count.

A part holds the rows of one batch of files. It counts once the ledger names it, which is the last thing an ingest does: what a crash
leaves behind is on disk and in no number.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import sqlalchemy as sa

from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words, excluded_contents
from usage_pipeline.storage.lake import Lake, Part
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_files
from usage_pipeline.tables.rejected_lines import rejected_lines
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.source import SCOPE_SEPARATOR
from usage_pipeline.tables.superseded_rows import superseded_rows
from usage_pipeline.tables.usage_events import usage_events

SHARDS = {usage_events.name: "usage_shards", charges.name: "charge_shards"}
"""The lake's name for a table's shards."""

STARTED = {usage_events.name: "started_at", charges.name: "period_start"}
"""The column by which a row belongs to a day."""

DAY = "day"
CONTENT = {"source": "string", "source_file": "string"}
REJECTED = {**CONTENT, "part": "string"}
PLACE = ("source", "source_file", "source_line")
EARLIEST = datetime.min.replace(tzinfo=UTC)


def landed_rows(table: Table[Any], days: Period, *, lake: Lake, database: Database, parts: Sequence[Part] | None = None) -> ir.Table:
    """The rows of `days` that count, with exactly the columns of `table`; only those of `parts` of these days, if given.

    Append sources: of each key the most complete row (see ingest_repeats.py). Snapshot sources: for each day and scope the rows of the
    newest file version that speaks of it, so none if that version says the day is empty; of scopes in deliveries, those of the newest
    delivery. Files that `exclude:` names are as good as not there.
    """
    if parts is None:
        parts = counting_parts(SHARDS[table.name], days, lake=lake, database=database)
    rows = lake.read(table, days, name=SHARDS[table.name], parts=parts)
    if not parts:
        return rows
    held = {part.day for part in parts}
    appended = _counting(rows.filter(rows.snapshot_scope.isnull()), table, days, held, lake=lake, database=database)
    snapshots = rows.filter(rows.snapshot_scope.notnull())
    sources = sorted(lake.engine.to_pyarrow(snapshots.select("source").distinct())["source"].to_pylist())
    if not sources:
        return appended
    newest = newest_words(counted_words(database, where={"source": sources, "day": sorted(held)}))
    return appended.union(_of_newest(snapshots, newest, STARTED[table.name]))


def landed_rejects(days: Period, *, lake: Lake, database: Database) -> ir.Table:
    """The rejected lines that arrived on `days`, without those of ingests that did not end."""
    parts = counting_parts(rejected_lines.name, days, lake=lake, database=database)
    rows = lake.read(rejected_lines, days, parts=parts, with_part=True)
    files = database.select(ingested_files, where={"part": sorted({part.name for part in parts})})
    return of_files(rows, files)


def of_files(rejects: ir.Table, files: Iterable[IngestedFile]) -> ir.Table:
    """The rejected lines of these files, of `rejects` with `part`. A file that was read again as another kind has lines in two parts."""
    named = [(file.source, file.fingerprint, file.part) for file in files]
    return rejects.semi_join(ibis.memtable(named, schema=ibis.schema(REJECTED)), list(REJECTED)).drop("part")


def held_rows(table: Table[Any], days: Period, source: str, *, lake: Lake, database: Database) -> ir.Table | None:
    """The rows of one append source that count on `days`, with a column `day`; None if there are none."""
    name = SHARDS[table.name]
    parts = counting_parts(name, days, lake=lake, database=database, source=source)
    if not parts:
        return None
    rows = lake.read(table, days, name=name, parts=parts, with_day=True)
    return _counting(rows, table, days, {part.day for part in parts}, lake=lake, database=database)


def _counting(rows: ir.Table, table: Table[Any], days: Period, held: Collection[date], *, lake: Lake, database: Database) -> ir.Table:
    """The rows of append sources without those that a more complete one replaced, and those of files that are left out.

    `held` are the days of `days` that have rows.
    """
    out = excluded_contents(database)
    if out:
        rows = rows.anti_join(ibis.memtable(out, schema=ibis.schema(CONTENT)), list(CONTENT))
    marks = [part for part in counting_parts(superseded_rows.name, days, lake=lake, database=database) if part.day in held]
    if not marks:
        return rows
    replaced = lake.read(superseded_rows, days, parts=marks).rename({table.key[0]: "record"})
    return rows.anti_join(replaced, [*PLACE, table.key[0]])


def counting_parts(name: str, days: Period, *, lake: Lake, database: Database, source: str | None = None) -> list[Part]:
    """The parts of `days` that the ledger names; only those of `source` if given."""
    parts = lake.parts(name, days)
    if not parts:
        return []
    ledger = sql_table(ingested_files).c
    query = sa.select(ledger.part).distinct()
    with database.transaction() as transaction:
        named = set(transaction.connection.scalars(query if source is None else query.where(ledger.source == source)))
    return [part for part in parts if part.name in named]


def newest_words(spoken: Iterable[IngestedDay]) -> list[IngestedDay]:
    """Of these words of snapshot sources (see excluded.counted_words) those that count: of each day and scope the newest, and of
    deliveries the newest delivery.
    """
    newest: dict[tuple[Any, ...], IngestedDay] = {}
    for one in spoken:
        place = (one.source, one.day, one.snapshot_scope)
        if place not in newest or newness(one, one.fingerprint) > newness(newest[place], newest[place].fingerprint):
            newest[place] = one
    latest: dict[tuple[Any, ...], tuple[datetime, datetime, str]] = {}
    for one in newest.values():
        what, delivery = delivery_of(one)
        latest[what] = max(latest.get(what, newness(one, delivery)), newness(one, delivery))
    return [one for one in newest.values() if latest[delivery_of(one)[0]][-1] == delivery_of(one)[1]]


def newness(one: IngestedDay, name: str) -> tuple[datetime, datetime, str]:
    """The greater, the newer: by the file's time, then by when it was read, then by `name`, its fingerprint or its delivery."""
    return one.modified_at, one.ingested_at or EARLIEST, name


def delivery_of(one: IngestedDay) -> tuple[tuple[Any, ...], str]:
    """What a newer delivery replaces, and the delivery: '' where the scope names none, so that the newest file of each scope counts."""
    what, *rest = one.snapshot_scope.split(SCOPE_SEPARATOR)
    return (one.source, one.day, what), rest[0] if rest else ""


def _of_newest(rows: ir.Table, newest: list[IngestedDay], started: str) -> ir.Table:
    columns = {"source": "string", DAY: "date", "snapshot_scope": "string", "source_file": "string"}
    versions = [(one.source, one.day, one.snapshot_scope, one.fingerprint) for one in newest if one.rows]
    chosen = ibis.memtable(versions, schema=ibis.schema(columns))
    with_day = rows.mutate(**{DAY: rows[started].date()})
    return with_day.semi_join(chosen, list(columns)).drop(DAY)
