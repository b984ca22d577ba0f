"""One batch of new files: records → rows → without rejects and duplicates → parts of the lake, with the numbers of each file.

Everything here may run again from the start: parts are named by the batch, and count only once the ledger names them.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from usage_pipeline.errors import AccountingError
from usage_pipeline.storage.compiled import named, quoted, rows_of, sql_of, view_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest_privacy import guarded, telling_scope
from usage_pipeline.storage.ingest_repeats import PLACE, Repeats, repeats_anywhere, repeats_in_files
from usage_pipeline.storage.ingest_told import told_fields
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.records import read_records
from usage_pipeline.storage.shards import DAY, SHARDS, STARTED
from usage_pipeline.tables.charges import days_spanned
from usage_pipeline.tables.rejected_lines import SET_ASIDE, rejected_lines
from usage_pipeline.tables.schema import TIMESTAMP, Table
from usage_pipeline.tables.source import EMPTY_BUCKET, Source
from usage_pipeline.tables.superseded_rows import superseded_rows

UNREADABLE = "unreadable_file"
FUTURE = timedelta(days=1)
SMALL_ROWS = 100_000
"""Of a batch up to this size it costs more to plan an expression again than to write down what it gives."""
ORDER = ibis.schema({"source_file": "string", "position": "int64", "uri": "string", "source": "string", "arrived_at": TIMESTAMP})


@dataclass(slots=True)
class Numbers:
    """What was read from one file; lines = accepted + duplicates + rejected."""

    lines: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    empty_buckets: int = 0
    days: dict[tuple[date, str], int] = field(default_factory=dict)
    """Rows accepted per (day, snapshot scope), 0 for a day said to be empty."""

    last_days: dict[tuple[date, str], date] = field(default_factory=dict)
    """The last day that these rows are for: the same day, save where a bill line spans several."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files (fingerprint, uri) of one source that are read together, in the order in which the first of equal rows is kept."""

    source_name: str
    source: Source
    files: Sequence[tuple[str, str]]
    part: str
    now: datetime
    paths: Mapping[str, str] = field(default_factory=dict)
    """Where the content of a fingerprint lies, if not at the uri."""

    tags: tuple[str, ...] | None = None
    """The only keys of labels that are kept; None is all."""

    def order(self, engine: Backend) -> ir.Table:
        """source_file, position, uri, source, arrived_at."""
        rows = [(fingerprint, position, uri, self.source_name, self.now) for position, (fingerprint, uri) in enumerate(self.files)]
        return engine.create_table(ibis.util.gen_name("order"), ibis.memtable(rows, schema=ORDER), temp=True)


def write_batch(batch: Batch, *, lake: Lake, database: Database, engine: Backend, stage: Path) -> dict[str, Numbers]:
    """Read the files and write their shards and rejected lines; the numbers of each file by fingerprint, unreadable ones left out.

    Raises AccountingError if a line was lost or came out twice, which is a mistake of the source's `to_rows`.
    """
    read_from = [(one, batch.paths.get(one, uri)) for one, uri in batch.files]
    records = read_records(engine, read_from, batch.source, stage, dict(batch.files))
    failed = [row["source_file"] for row in rows_of(engine, _unreadable, records)]
    if failed:
        batch = replace(batch, files=[one for one in batch.files if one[0] not in failed])
        records = records.filter(records.source_file.notin(failed))
    records, order = named(engine, records), batch.order(engine)
    converted = _staged(engine, _converted(batch, engine, records), stage)
    whole = _all_or_nothing(batch, engine, converted, stage)
    rows = guarded(engine, whole, batch.source.table, batch.tags)
    if rows is not whole and engine.to_pyarrow(whole.count()).as_py() <= SMALL_ROWS:
        rows = _staged(engine, engine.compile(rows), stage)
    rows = named(engine, rows)
    accepted = view_of(engine, _accepted, rows)
    repeats = _repeats(batch, accepted, order, lake=lake, database=database)
    dropped = repeats.dropped
    kept = accepted if dropped is None else view_of(engine, _without, accepted, dropped)
    table = batch.source.table
    shards = view_of(engine, _shards, kept, facts=(table,))
    written = lake.add_parts(SHARDS[table.name], shards, batch.part, day_column=STARTED[table.name], order=())
    if any(rows_of(engine, _counted_rejects, records, rows)[0].values()):
        rejects = view_of(engine, _rejects, records, rows, order, facts=(tuple(batch.source.fields),))
        lake.add_part(rejected_lines.name, rejects, batch.now.astimezone(UTC).date(), batch.part, order=PLACE)
    _marked(batch, repeats.superseded, lake)
    numbers = _numbers(batch, engine, records, rows, kept, repeats.superseded)
    _check(batch, numbers, written, 0 if dropped is None else engine.to_pyarrow(dropped.count()).as_py())
    return numbers


def _unreadable(records: ir.Table) -> ir.Table:
    return records.filter(records.state == UNREADABLE).select("source_file")


def _accepted(rows: ir.Table) -> ir.Table:
    return rows.filter(rows.reject.isnull()).drop("reject")


def _without(rows: ir.Table, dropped: ir.Table) -> ir.Table:
    return rows.anti_join(dropped, dropped.columns)


def _shards(kept: ir.Table, table: Table[Any]) -> ir.Table:
    return table.conform(kept.drop(DAY))


def _converted(batch: Batch, engine: Backend, records: ir.Table) -> str:
    """The source's rows with `source` and `day`; rejected is what starts more than a day from now: the source does not know the time."""
    sql, _ = sql_of(engine, _source_rows, records, facts=(batch.source.to_rows,))
    started = f'CAST("{STARTED[batch.source.table.name]}" AS TIMESTAMPTZ)'
    latest = (batch.now + FUTURE).astimezone(UTC).isoformat()
    reasons = ["reject", f"CASE WHEN {started} > TIMESTAMPTZ {quoted(latest)} THEN 'time_out_of_range' END"]
    added = f"{quoted(batch.source_name)} AS source, CAST({started} AS DATE) AS {DAY}"
    return f"SELECT * REPLACE (coalesce({', '.join(reasons)}) AS reject), {added} FROM ({sql})"


def _source_rows(records: ir.Table, to_rows: Callable[[ir.Table], ir.Table]) -> ir.Table:
    return to_rows(records.filter(records.state.isnull()))


def _staged(engine: Backend, sql: str, stage: Path) -> ir.Table:
    path = stage / f"rows-{uuid4().hex}.parquet"
    engine.con.execute(f"COPY ({sql}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE 20480)")
    return engine.read_parquet(str(path))


def _all_or_nothing(batch: Batch, engine: Backend, rows: ir.Table, stage: Path) -> ir.Table:
    """Where a record may give several rows: a rejected one rejects its record, which then gives that one row alone."""
    if not batch.source.explodes:
        return rows
    if not rows_of(engine, _refused_of_several, rows):
        return rows
    return _staged(engine, sql_of(engine, _refused_as_one, rows)[0], stage)


def _refused_of_several(rows: ir.Table) -> ir.Table:
    """One record that gives several rows of which one is rejected, if there is any."""
    refused = rows.filter(rows.reject.notnull())
    return rows.semi_join(refused, PLACE).group_by(PLACE).having(lambda one: one.count() > 1).agg().limit(1)


def _refused_as_one(rows: ir.Table) -> ir.Table:
    refused = rows.filter(rows.reject.notnull())
    numbered = refused.mutate(place=ibis.row_number().over(group_by=PLACE, order_by="reject"))
    first = numbered.filter(numbered.place == 0).drop("place")
    return rows.anti_join(refused, PLACE).union(first)


def _repeats(batch: Batch, rows: ir.Table, order: ir.Table, *, lake: Lake, database: Database) -> Repeats:
    if batch.source.snapshot:
        return repeats_in_files(lake.engine, rows, batch.source, order)
    return repeats_anywhere(batch.source_name, batch.source, rows, order, lake=lake, database=database)


def _marked(batch: Batch, superseded: ir.Table | None, lake: Lake) -> None:
    """Enter in the lake which rows count no more."""
    if superseded is not None:
        marks = superseded.mutate(source=ibis.literal(batch.source_name))
        lake.add_parts(superseded_rows.name, superseded_rows.conform(marks), batch.part, day_column="of_day")


def _counted_rejects(records: ir.Table, rows: ir.Table) -> ir.Table:
    """How many there are of each kind of `_rejects`."""
    unread = records.filter(records.state.notnull() & (records.state != EMPTY_BUCKET))
    return unread.agg(unread=unread.count()).cross_join(rows.agg(refused=rows.reject.count()))


def _rejects(records: ir.Table, rows: ir.Table, order: ir.Table, fields: tuple[str, ...]) -> ir.Table:
    """Both kinds: what did not read as a record, and what the source does not accept, with its declared fields as JSON."""
    unread = records.filter(records.state.notnull() & (records.state != EMPTY_BUCKET))
    unread = unread.select(*PLACE, reason=unread.state, text=unread.text)
    refused = rows.filter(rows.reject.notnull()).select(*PLACE, reason="reject")
    known = refused.left_join(records.drop("state", "text"), PLACE)  # first: a text is made of the few refused, not of every record
    told = known.select(*PLACE, "reason", text=told_fields(known, fields))
    both = unread.union(told)
    return rejected_lines.conform(both.join(order, "source_file").select(*PLACE, "uri", "reason", "text", "source", "arrived_at"))


def _numbers(
    batch: Batch, engine: Backend, records: ir.Table, rows: ir.Table, kept: ir.Table, superseded: ir.Table | None
) -> dict[str, Numbers]:
    numbers = {fingerprint: Numbers() for fingerprint, _ in batch.files}
    for row in rows_of(engine, _records_by_state, records):
        one = numbers[row["source_file"]]
        if row["state"] == EMPTY_BUCKET:
            one.empty_buckets += row["rows"]
            continue
        one.lines += row["rows"]
        one.rejected += row["rows"] if row["state"] else 0
    lines = _lines if batch.source.explodes else _rows
    for row in rows_of(engine, _lines_by_file, rows, facts=(lines,)):
        numbers[row["source_file"]].rejected += row["rejected"]
        numbers[row["source_file"]].duplicates = row["lines"] - row["rejected"]
    for row in rows_of(engine, _kept_by_file, kept, facts=(lines,)):
        numbers[row["source_file"]].accepted = row["lines"]
        numbers[row["source_file"]].duplicates -= row["lines"]
    for row in _spoken_days(batch, engine, records, rows, kept, superseded):
        place = (row[DAY], row["snapshot_scope"])
        numbers[row["source_file"]].days[place] = row["rows"]
        numbers[row["source_file"]].last_days[place] = row["last_day"]
    return numbers


def _records_by_state(records: ir.Table) -> ir.Table:
    return records.group_by("source_file", "state").agg(rows=records.count())


def _lines_by_file(rows: ir.Table, lines: Callable[[ir.Table], ir.IntegerScalar]) -> ir.Table:
    return rows.group_by("source_file").agg(rejected=rows.reject.count(), lines=lines(rows))


def _kept_by_file(kept: ir.Table, lines: Callable[[ir.Table], ir.IntegerScalar]) -> ir.Table:
    return kept.group_by("source_file").agg(lines=lines(kept))


def _rows(rows: ir.Table) -> ir.IntegerScalar:
    """How many records `rows` come from, where each gives one row."""
    return rows.count()


def _lines(rows: ir.Table) -> ir.IntegerScalar:
    """How many records `rows` come from, where one may give several."""
    return rows.source_line.nunique()


def _spoken_days(
    batch: Batch, engine: Backend, records: ir.Table, rows: ir.Table, kept: ir.Table, superseded: ir.Table | None
) -> list[dict[str, Any]]:
    """source_file, day, snapshot_scope, rows, last_day: the days of the rows kept and, with 0 rows, those that a snapshot says are empty
    and those from which a row moved away. `last_day` is the last that the rows are for.

    A record that was rejected speaks of no day: a pull that does not read must not erase what an older one said. One that is only set
    aside does: a part that holds other services alone replaces what it held before. Nothing is said of days to come.
    """
    if superseded is not None:
        return rows_of(engine, _kept_and_left_days, kept, superseded)
    if batch.source.covered is None:
        return rows_of(engine, _kept_days, kept)
    return rows_of(engine, _kept_and_covered_days, kept, records, rows, facts=(batch.source.covered, batch.now.astimezone(UTC).date()))


def _kept_days(kept: ir.Table) -> ir.Table:
    scope = kept.snapshot_scope.fill_null("") if "snapshot_scope" in kept.columns else ibis.literal("")
    last = kept.day
    if "period_end" in kept.columns:
        last = last + (days_spanned(kept.period_start, kept.period_end) - 1).as_interval("D")
    return kept.group_by(source_file=kept.source_file, day=kept.day, snapshot_scope=scope).agg(
        rows=kept.count(), last_day=last.max().cast("date")
    )


def _kept_and_left_days(kept: ir.Table, superseded: ir.Table) -> ir.Table:
    nothing = {"snapshot_scope": ibis.literal(""), "rows": ibis.literal(0, "int64")}
    left = superseded.select(source_file="by_file", day="of_day", last_day="of_day", **nothing).distinct()
    return _summed(_kept_days(kept).union(left.select("source_file", "day", "snapshot_scope", "rows", "last_day")))


def _kept_and_covered_days(
    kept: ir.Table, records: ir.Table, rows: ir.Table, covered_by: Callable[[ir.Table], ir.Table], today: date
) -> ir.Table:
    refused = rows.filter(rows.reject.notnull() & rows.reject.notin(sorted(SET_ASIDE))).select(*PLACE)
    told = records.filter(records.state.isnull() | (records.state == EMPTY_BUCKET)).anti_join(refused, PLACE)
    covered = covered_by(told)
    covered = covered.filter(covered.day <= today).mutate(snapshot_scope=telling_scope(covered.snapshot_scope))
    empty = covered.select("source_file", "day", "snapshot_scope", rows=ibis.literal(0, "int64"), last_day="day")
    return _summed(_kept_days(kept).union(empty))


def _summed(spoken: ir.Table) -> ir.Table:
    keys = ("source_file", "day", "snapshot_scope")
    return spoken.group_by(*keys).agg(rows=spoken.rows.sum().cast("int64"), last_day=spoken.last_day.max())


def _check(batch: Batch, numbers: dict[str, Numbers], written: dict[date, int], dropped: int) -> None:
    """Lines read, rows written and rows left out, each counted for itself, must meet."""
    for fingerprint, uri in batch.files:
        one = numbers[fingerprint]
        is_less_than_nothing = min(one.accepted, one.duplicates, one.rejected) < 0
        if is_less_than_nothing or one.lines != one.accepted + one.duplicates + one.rejected:
            raise AccountingError(
                f"{uri}: {one.lines} lines, but {one.accepted} accepted + {one.duplicates} duplicates + {one.rejected} rejected:"
                f" {batch.source.kind}.to_rows must give one row a record"
            )
    by_day: Counter[date] = Counter()
    for one in numbers.values():
        for (day, _), count in one.days.items():
            by_day[day] += count
    if {day: count for day, count in by_day.items() if count} != written:
        raise AccountingError(f"{batch.source_name}: the lake wrote {written}, the files hold {dict(by_day)}")
    duplicates = sum(one.duplicates for one in numbers.values())
    if duplicates != dropped and not batch.source.explodes:
        raise AccountingError(f"{batch.source_name}: {dropped} rows were left out as known, the files say {duplicates}")
