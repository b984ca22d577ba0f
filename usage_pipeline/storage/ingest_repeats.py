"""Which rows of a batch are duplicates, and which rows it supersedes. In: a batch's accepted rows. Out: two small tables, or none.

Of all records with one key the most complete counts: the newest `updated_at`, then the most columns that hold something, then the
first. A file's record that is better than all before it is accepted, and the one that counted so far is superseded: it stays in the
lake, marked. Any other is a duplicate. Files count one after the other, in a batch as in batches of their own, so that the ledger
does not depend on which files were read together.

Keys are compared within a day, unless they are lasting: the source says so (`unique_ids`), or a record says when it was last changed.
A lasting key is looked for a week around, so that an event that moves to another day, or is told again with a later time, counts once.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from usage_pipeline.periods import inclusive
from usage_pipeline.storage.compiled import rows_of, sql_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import DAY, held_rows
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import METER_NAMES
from usage_pipeline.tables.schema import TIMESTAMP, Table
from usage_pipeline.tables.source import Source
from usage_pipeline.tables.usage_events import usage_events

PLACE = ["source_file", "source_line"]
MOVES = timedelta(days=7)
HELD = -1
"""Position of the rows that the lake holds: before every file of the batch."""

TELLING = {
    usage_events.name: (*METER_NAMES, "reasoning_tokens", "reported_cost", "ended_at"),
    charges.name: ("quantity", "list_cost", "effective_cost", "invoice", "period_end"),
}
"""The columns by which a record is more or less complete."""

UPDATED = "updated_at"
FINAL = "final"
_FILL_MAX = 128
"""More than there are telling columns."""
_LATEST = 2**55
"""Microseconds since 1970, about the year 3100: a rank must not leave 64 bits, whatever a record says."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """What is left out of a batch, and what it puts out of the count; None is nothing."""

    dropped: ir.Table | None = None
    """Columns source_file, source_line, and the key where a record gives several rows."""

    superseded: ir.Table | None = None
    """Columns record, of_day, source_file, source_line, by_file, by_line, by_day."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def epoch_us(moment: TIMESTAMP) -> int:  # type: ignore[empty-body]
    """Microseconds since 1970."""


def repeats_in_files(engine: Backend, rows: ir.Table, source: Source, order: ir.Table) -> Repeats:
    """For snapshot sources: in a file the first of equal keys of a day counts. `order`: source_file, position."""
    keys = [*_own(source), DAY, "source_file"]
    twice = repeated(engine, rows, keys)
    if twice is None:
        return Repeats()
    again = rows.select(*dict.fromkeys((*keys, *PLACE))).semi_join(twice, keys).join(order, "source_file")
    place = ibis.row_number().over(group_by=keys, order_by=["position", "source_line"])
    return Repeats(_kept_aside(engine, again.mutate(place=place).filter(lambda row: row.place > 0).select(*_which(source))))


def repeats_anywhere(source_name: str, source: Source, rows: ir.Table, order: ir.Table, *, lake: Lake, database: Database) -> Repeats:
    """For append sources: the rows that are no better than one before them, in the batch or in the lake, and those that they replace.

    Only keys that occur more than once are put in order; the others pass straight. `order`: source_file, position.
    """
    engine, table, own = lake.engine, source.table, _own(source)
    first, last, updates = _extent(engine, rows)
    if first is None or last is None:
        return Repeats()
    is_lasting = source.unique_ids or updates
    keys = own if is_lasting else [*own, DAY]
    days = inclusive(first - MOVES, last + MOVES) if is_lasting else inclusive(first, last)
    held = held_rows(table, days, source_name, lake=lake, database=database)
    twice = repeated(engine, rows, keys)
    known = None if held is None else _kept_aside(engine, held.select(*keys).semi_join(rows, keys).distinct())
    if twice is None and known is None:
        return Repeats()
    found = [one for one in (twice, known) if one is not None]
    named = ibis.union(*found, distinct=True) if len(found) > 1 else found[0]
    contenders = _ranked(rows.semi_join(named, keys), table, own).join(order.select("source_file", "position"), "source_file")
    if held is not None and known is not None:
        contenders = contenders.union(_ranked(held.semi_join(known, keys), table, own).mutate(position=ibis.literal(HELD, "int64")))
    placed = _kept_aside(engine, _in_order(contenders, keys))
    if placed is None:
        return Repeats()
    dropped = placed.filter((placed.position > HELD) & ~placed.is_better).select(*_which(source))
    return Repeats(_kept_aside(engine, dropped), _kept_aside(engine, _superseded(placed, keys, own[0])))


def repeated(engine: Backend, rows: ir.Table, keys: list[str]) -> ir.Table | None:
    """The keys that more than one row has, as a table of the engine; None if there are none, which is the usual case."""
    sql, _ = sql_of(engine, _several, rows, facts=(tuple(keys),))
    name = ibis.util.gen_name("repeated")
    engine.con.execute(f"CREATE TEMP TABLE {name} AS {sql}")
    found = engine.con.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()
    return engine.table(name) if found else None


def _several(rows: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    return rows.group_by(keys).having(rows.count() > 1).agg()


def _own(source: Source) -> list[str]:
    return [name for name in source.table.key if name != "source"]


def _which(source: Source) -> list[str]:
    """What tells a row of a batch: its record, and its key where a record gives several."""
    return [*PLACE, *_own(source)] if source.explodes else PLACE


def _kept_aside(engine: Backend, rows: ir.Table) -> ir.Table | None:
    """`rows` as a table of the engine, None if there are none."""
    table = engine.create_table(ibis.util.gen_name("repeats"), rows, temp=True)
    return table if engine.to_pyarrow(table.count()).as_py() else None


def _extent(engine: Backend, rows: ir.Table) -> tuple[date | None, date | None, bool]:
    """First and last day, and whether a row says when it was last changed."""
    found = rows_of(engine, _extent_query, rows)[0]
    return found["first"], found["last"], bool(found["updates"])


def _extent_query(rows: ir.Table) -> ir.Table:
    updates = rows[UPDATED].count() if UPDATED in rows.columns else ibis.literal(0)
    return rows.agg(first=rows[DAY].min(), last=rows[DAY].max(), updates=updates)


def _ranked(rows: ir.Table, table: Table[Any], own: list[str]) -> ir.Table:
    """Key, day, place and rank of each row: the higher, the more complete."""
    filled: Any = ibis.literal(0, "int64")
    for name in TELLING[table.name]:
        if name in rows.columns:
            filled = filled + rows[name].notnull().cast("int64")
    rank = filled
    if UPDATED in rows.columns:
        rank = rank + epoch_us(rows[UPDATED].cast(TIMESTAMP)).fill_null(0).clip(0, _LATEST) * _FILL_MAX
    if table is charges:
        rank = rank + (rows.finality == FINAL).cast("int64").fill_null(0) * _FILL_MAX
    return rows.select(*own, DAY, *PLACE, rank=rank.cast("int64"))


def _in_order(contenders: ir.Table, keys: list[str]) -> ir.Table:
    """The best row of each file and key, the others as no better; `is_better` than all of the files before."""
    in_file = ibis.row_number().over(group_by=[*keys, "position"], order_by=[ibis.desc("rank"), "source_line"])
    placed = contenders.mutate(place=ibis.ifelse(contenders.position == HELD, 0, in_file))
    shown = ibis.ifelse(placed.place == 0, placed["rank"], ibis.null("int64"))
    before = shown.max().over(ibis.range_window(preceding=(None, 1), group_by=keys, order_by="position"))
    compared = placed.mutate(before=before).view()
    return compared.mutate(is_better=(compared.place == 0) & (compared.before.isnull() | (compared["rank"] > compared.before)))


def _superseded(placed: ir.Table, keys: list[str], record: str) -> ir.Table:
    """Each row that counted until a row of the batch came, with the first that came."""
    better = placed.filter(placed.is_better & (placed.position > HELD))
    after = better.select(
        *(better[name].name(f"of_{name}") for name in keys),
        after=better.position,
        by_file=better.source_file,
        by_line=better.source_line,
        by_day=better[DAY],
    )
    until = placed.filter((placed.position == HELD) | placed.is_better)
    pairs = until.join(after, [*(until[name] == after[f"of_{name}"] for name in keys), until.position < after.after])
    first = ibis.row_number().over(group_by=[*keys, DAY, *PLACE], order_by="after")
    return (
        pairs.mutate(nearest=first)
        .filter(lambda row: row.nearest == 0)
        .select(*PLACE, "by_file", "by_line", "by_day", of_day=DAY, record=record)
    )
