"""Helpers over the records that a reader hands over: staging, empty buckets, days covered."""

import ibis
import ibis.expr.types as ir


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


NO_SCOPE = ibis.literal("")
"""The scope of a source whose newer file replaces whole days."""
