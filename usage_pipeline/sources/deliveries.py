"""Exports that come in deliveries: which export a file belongs to, which delivery of it and which part, told by where the file lies.

A month's bill is delivered anew again and again, in as many parts as its size needs; lines say nothing of that, the path does:

    aws    <export>/data/BILLING_PERIOD=2026-10/<export>-00001.snappy.parquet                        overwritten in place
    aws    <export>/data/BILLING_PERIOD=2026-10/<time and id of the delivery>/<export>-00001.csv.gz  each delivery beside the others
    azure  <export>/20261001-20261031/<id of the delivery>/part_1_0001.csv
    azure  <export>/20261001-20261031/<export>_<id of the delivery>.csv
    other  focus-2026-11-03.csv, focus.parquet                                                       a time in the name is a delivery's

Parts of one delivery stand side by side; a newer delivery of the same export, account and period replaces the older one whole. In place,
each part replaces its own older version: a delivery with fewer parts than the one before leaves the surplus parts to count, which
is told (defs/surplus_parts.py).
https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html
https://learn.microsoft.com/en-us/azure/cost-management-billing/costs/tutorial-improved-exports
"""

import re

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.records import staged
from usage_pipeline.tables.source import SCOPE_SEPARATOR

AWS_FOLDER = r"BILLING_PERIOD=\d{4}-\d\d/(?:([^/]+)/)?[^/]+$"
AZURE_FOLDER = r"([^/]+)/(20\d{6})-(20\d{6})/(?:([^/]+)/)?[^/]+$"
NAME = r"([^/\\]+)$"
ENDINGS = r"(\.(snappy|zstd|parquet|csv|tsv|json|jsonl|gz|gzip|zst|zip))+$"
PART = r"(part[_-]\d+(?:[_-]\d+)?|-\d{5}$)"
GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
MOMENT = r"20\d\d-\d\d-\d\d(?:[T_ -]?\d\d[-_:.]?\d\d(?:[-_:.]?\d\d)?Z?)?|20[0-9]{6}(?:[T_-]?\d{4,6}Z?)?"
PASSING = rf"({GUID}|{MOMENT})"
"""What changes in a file's name from one delivery to the next."""

_SCOPE = re.compile(rf"(.*?) (\d{{4}}-\d\d-\d\d) (.*?){SCOPE_SEPARATOR}.*{SCOPE_SEPARATOR}")
LONGEST_DAYS = 400
"""A billing period longer than this is a mistake."""


def with_delivery(lines: ir.Table, records: ir.Table) -> ir.Table:
    """`lines` of `records` (with the file's uri as `file`) with `export`, `delivery` ('' where the path names none), `part`, `file_name`,
    and `range_start` and `range_end`: the days, exclusive end, that a folder says the export is of, else null.
    """
    files = records.select("file").distinct()
    path = files.file.fill_null("")
    azure, aws = path.re_search(AZURE_FOLDER), path.re_search(AWS_FOLDER)
    name = path.re_extract(NAME, 1)
    stem = name.lower().re_replace(ENDINGS, "")
    whole = stem.re_replace(PART, "")
    folder = ibis.cases((azure, path.re_extract(AZURE_FOLDER, 1) + "/"), else_="")
    run = ibis.cases((azure, path.re_extract(AZURE_FOLDER, 4)), (aws, path.re_extract(AWS_FOLDER, 1)), else_="")
    known = staged(
        files.select(
            told_file=path,
            export=folder + whole.re_replace(PASSING, ""),
            delivery=ibis.ifelse(run != "", run, ibis.ifelse(whole.re_search(PASSING), whole, "")),
            part=stem.re_extract(PART, 1).re_replace("^-", ""),
            range_start=_day(path, azure, 2),
            range_end=_day(path, azure, 3) + ibis.interval(days=1),
            file_name=name,
        )
    )
    joined = lines.left_join(known, lines.file.fill_null("") == known.told_file)
    return staged(joined.drop("told_file"))


def scope_of(rows: ir.Table, account: ir.StringValue, start: ir.TimestampValue) -> ir.StringValue:
    """The snapshot scope of a line that belongs to this account's billing period; `rows` come from `with_delivery`."""
    what = account.fill_null("") + " " + start.strftime("%Y-%m-%d") + " " + rows.export
    return what + SCOPE_SEPARATOR + rows.delivery + SCOPE_SEPARATOR + rows.part


def export_of(scope: str | None) -> tuple[str, str] | None:
    """Of a scope made by `scope_of`: the export, and the account and billing period. None for other scopes."""
    found = _SCOPE.match(scope or "")
    return (found[3], f"{found[1]} {found[2]}".strip()) if found else None


def month_start(time: ir.TimestampValue) -> ir.TimestampValue:
    """The first moment of its month."""
    return time.truncate("M")


def month_end(start: ir.TimestampValue) -> ir.TimestampValue:
    """The first moment of the next month."""
    return (start + ibis.interval(months=1)).truncate("M")


def periods_covered(rows: ir.Table) -> ir.Table:
    """source_file, day, snapshot_scope: the days that files speak of, those without a line among them.

    `rows` has, from `with_delivery`, a line each: `scope`, `day` (of its charge; null where it is not known), `period_start` and
    `period_end`. A file speaks of the whole billing period of its lines; of the days that its folder names, where it does; and of one
    day alone if its name holds that day and it has lines of no other. What lies outside, it speaks of where it has a line.
    """
    files = rows.group_by("source_file", "scope", "period_start", "file_name", "range_start", "range_end").agg(
        period_end=rows.period_end.max(), first=rows.day.min(), last=rows.day.max()
    )
    files = staged(files.filter(files.period_start.notnull() & files.scope.notnull()))
    written, plain = files["first"].strftime("%Y-%m-%d"), files["first"].strftime("%Y%m%d")
    is_slice = (files["first"] == files["last"]) & (files.file_name.contains(written) | files.file_name.contains(plain))
    one_day = ibis.ifelse(is_slice, files["first"].cast(files.period_start.type()), ibis.null(files.period_start.type()))
    start = ibis.coalesce(files.range_start, one_day, files.period_start)
    end = ibis.coalesce(files.range_end, one_day + ibis.interval(days=1), files.period_end)
    longest = start + ibis.interval(days=LONGEST_DAYS)
    spans = staged(files.select("source_file", snapshot_scope=files.scope, start=start, end=ibis.least(end, longest)))
    days = ibis.range(spans.start, spans.end, ibis.interval(days=1)).unnest()
    spread = staged(spans.select("source_file", "snapshot_scope", day=days))
    named = rows.select("source_file", snapshot_scope=rows.scope, day=rows.day)
    named = named.filter(named.day.notnull() & named.snapshot_scope.notnull())
    spoken = spread.select("source_file", "snapshot_scope", day=spread.day.cast("date")).union(named)
    return spoken.select("source_file", "day", "snapshot_scope").distinct()


def _day(path: ir.StringValue, holds: ir.BooleanValue, group: int) -> ir.TimestampValue:
    digits = path.re_extract(AZURE_FOLDER, group)
    written = digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + " 00:00:00+00:00"
    return ibis.ifelse(holds, written, ibis.null("string")).try_cast("timestamp('UTC', 6)")
