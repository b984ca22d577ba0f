"""Shards: the accepted rows of ingested files, as parts of the lake's days; and which of them count.

A part holds the rows of one batch of files. It counts once the ledger names it, which is the last thing an ingest does: what a crash
leaves behind is on disk and in no number.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import sqlalchemy as sa

from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.lake import Lake, Part
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedDay, ingested_days, ingested_files
from usage_pipeline.tables.rejected_lines import rejected_lines
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.usage_events import usage_events

SHARDS = {usage_events.name: "usage_shards", charges.name: "charge_shards"}
"""The lake's name for a table's shards."""

STARTED = {usage_events.name: "started_at", charges.name: "period_start"}
"""The column by which a row belongs to a day."""

DAY = "day"


def landed_rows(table: Table[Any], days: Period, *, lake: Lake, database: Database) -> ir.Table:
    """The rows of `days` that count, with exactly the columns of `table`.

    Append sources: every row of every file read, once per key and day. Snapshot sources: for each day and scope the rows of the newest
    file version that speaks of it, so none if that version says the day is empty.
    """
    parts = counting_parts(SHARDS[table.name], days, lake=lake, database=database)
    rows = lake.read(table, days, name=SHARDS[table.name], parts=parts)
    if not parts:
        return rows
    appended = rows.filter(rows.snapshot_scope.isnull())
    appended = appended.anti_join(_repeats(lake, table, appended), ["source", "source_file", "source_line"])
    snapshots = rows.filter(rows.snapshot_scope.notnull())
    sources = sorted(lake.engine.to_pyarrow(snapshots.select("source").distinct())["source"].to_pylist())
    if not sources:
        return appended
    newest = _newest(database.select(ingested_days, where={"source": sources, "day": days}))
    return appended.union(_of_newest(snapshots, newest, STARTED[table.name]))


def landed_rejects(days: Period, *, lake: Lake, database: Database) -> ir.Table:
    """The rejected lines that arrived on `days`, without those of ingests that did not end."""
    parts = counting_parts(rejected_lines.name, days, lake=lake, database=database)
    return lake.read(rejected_lines, days, parts=parts)


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


def repeated(engine: Any, rows: ir.Table, keys: Sequence[str]) -> ir.Table | None:
    """The keys that more than one row has, as a table of the engine; None if there are none, which is the usual case."""
    counted = rows.group_by(list(keys)).having(rows.count() > 1).agg()
    table = engine.create_table(ibis.util.gen_name("repeated"), counted, temp=True)
    return table if engine.to_pyarrow(table.count()).as_py() else None


def _repeats(lake: Lake, table: Table[Any], rows: ir.Table) -> ir.Table:
    """The rows (source, source_file, source_line) whose key another row of the same day has, save the first of them.

    They come from two ingests that ran side by side. Per day, so that a day's rows do not depend on which other days are asked for.
    """
    places = ("source", "source_file", "source_line")
    narrow = rows.select(*dict.fromkeys((*table.key, *places)), day=rows[STARTED[table.name]].date())
    keys = (*table.key, DAY)
    twice = repeated(lake.engine, narrow, keys)
    if twice is None:
        return narrow.select(*places).limit(0)
    again = narrow.semi_join(twice, list(keys))
    place = ibis.row_number().over(group_by=list(keys), order_by=["source_file", "source_line"])
    return again.mutate(place=place).filter(lambda row: row.place > 0).select(*places)


def _newest(spoken: Iterable[IngestedDay]) -> list[IngestedDay]:
    newest: dict[tuple[Any, ...], IngestedDay] = {}
    for one in spoken:
        place = (one.source, one.day, one.snapshot_scope)
        if place not in newest or (one.modified_at, one.fingerprint) > (newest[place].modified_at, newest[place].fingerprint):
            newest[place] = one
    return list(newest.values())


def _of_newest(rows: ir.Table, newest: list[IngestedDay], started: str) -> ir.Table:
    columns = {"source": "string", DAY: "date", "snapshot_scope": "string", "source_file": "string"}
    versions = [(one.source, one.day, one.snapshot_scope, one.fingerprint) for one in newest if one.rows]
    chosen = ibis.memtable(versions, schema=ibis.schema(columns))
    with_day = rows.mutate(**{DAY: rows[started].date()})
    return with_day.semi_join(chosen, list(columns)).drop(DAY)
