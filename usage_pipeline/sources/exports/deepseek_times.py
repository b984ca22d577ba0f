"""Times of DeepSeek's exports, and what a newer one replaces.

A time is an instant with the offset of whoever exported; files of before August 2026 have a UTC date instead.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import iso_time
from usage_pipeline.sources.records import days_covered, staged
from usage_pipeline.tables.personal import ID_KEY, pseudonym
from usage_pipeline.tables.schema import TIMESTAMP

TIMES = {"start_iso": "start_time_iso", "end_iso": "end_time_iso", "utc_date": "utc_date"}
OFFSET = r"([+-]\d\d:?\d\d|Z)$"


def offset_time(lines: ir.Table) -> dict[str, ir.Value]:
    """`start` and `end` as given, `started_at` and `ended_at` in UTC; null where there is no offset, as none is guessed."""
    day = iso_time(lines.utc_date)
    return {
        "start": ibis.coalesce(lines.start_iso, lines.utc_date),
        "end": lines.end_iso,
        "started_at": ibis.ifelse(lines.start_iso.notnull(), _instant(lines.start_iso), day),
        "ended_at": ibis.ifelse(lines.start_iso.notnull(), _instant(lines.end_iso), day + ibis.interval(days=1)),
    }


def _instant(text: ir.StringValue) -> ir.TimestampValue:
    return ibis.ifelse(text.re_search(OFFSET), iso_time(text), ibis.null(TIMESTAMP))


def local_day(rows: ir.Table) -> ir.StringValue:
    """What a newer export replaces: an account's day where it was exported, '2026-10-01+08:00 <account>'."""
    account = (ibis.literal(" ") + pseudonym(rows.account, ID_KEY)).fill_null("")
    return ibis.coalesce(_date(rows.start_iso) + _offset(rows.start_iso), rows.utc_date) + account


def _date(text: ir.StringValue) -> ir.StringValue:
    return text.re_extract(r"^(\d{4}-\d\d-\d\d)", 1)


def _offset(text: ir.StringValue) -> ir.StringValue:
    return text.re_extract(OFFSET, 1)


def days_spoken_of(records: ir.Table) -> ir.Table:
    """Each local day, on the UTC days that it reaches into."""
    begins = _date(ibis.coalesce(records.start_iso, records.utc_date)) + "T00:00:00" + _offset(records.start_iso).nullif("").fill_null("Z")
    rows = staged(records.mutate(midnight=iso_time(begins), scope=local_day(records)))
    first = days_covered(rows, rows.midnight, rows.scope)
    last = days_covered(rows, rows.midnight + ibis.interval(hours=24) - ibis.interval(seconds=1), rows.scope)
    return first.union(last, distinct=True)
