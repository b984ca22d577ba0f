"""Helpers over the records that a reader hands over: staging, empty buckets, days covered."""

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.source import SCOPE_SEPARATOR

DAY_SECONDS = 24 * 60 * 60


def staged(rows: ir.Table) -> ir.Table:
    """`rows` as a stage of its own: what builds on its columns refers to them and does not compute them again."""
    return rows.view()


def lines_of(records: ir.Table) -> ir.Table:
    """The records that are lines: without those that stand for an empty bucket."""
    return records.filter(records.state.isnull())


def days_covered(records: ir.Table, start: ir.TimestampValue, scope: ir.StringValue) -> ir.Table:
    """One row (source_file, day, snapshot_scope) for each that the records speak of, empty buckets included."""
    spoken = records.select(source_file=records.source_file, day=start.cast("date"), snapshot_scope=scope)
    return spoken.filter(spoken.day.notnull() & spoken.snapshot_scope.notnull()).distinct()


def bucket_scope(what: ir.StringValue, start: ir.TimestampValue, end: ir.TimestampValue) -> ir.StringValue:
    """The scope of a bucket of `what`: where it is shorter than a day, it replaces itself alone, and not the day's other buckets.

    Its width is the delivery: pages by the hour replace a day that was told as one, and the other way round; they never add up.
    """
    width = end.delta(start, unit="second")
    part = SCOPE_SEPARATOR + width.cast("string") + " s" + SCOPE_SEPARATOR + start.strftime("%H:%M:%S")
    return ibis.ifelse((width > 0) & (width < DAY_SECONDS), what + part, what).fill_null(what)


NO_SCOPE = ibis.literal("")
"""The scope of a source whose newer file replaces whole days."""
