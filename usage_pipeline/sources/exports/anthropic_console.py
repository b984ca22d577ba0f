"""What the Console's exports write in words of their own, in the words of Anthropic's reports."""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import iso_time

SERVICE_TIERS = {"message": "standard"}
"""`usage_type`: 'message' in the cost export, 'standard' in the token export; 'batch' in both."""

CONTEXT_WINDOWS = {"≤ 200k": "0-200k", "> 200k": "200k-1M"}
"""`context_window`. The words for a long context are not verified; what is not listed stays as it is."""

WHOLE_DAY = r"^\d{4}-\d\d-\d\d$"


def service_tier(usage_type: ir.StringValue) -> ir.StringValue:
    return usage_type.cases(*SERVICE_TIERS.items(), else_=usage_type)


def context_window(text: ir.StringValue) -> ir.StringValue:
    return text.cases(*CONTEXT_WINDOWS.items(), else_=text)


def period(usage_date: ir.StringValue) -> dict[str, ir.TimestampValue]:
    """Start and end (UTC) of a line. Where the export is by the hour, the end is not said."""
    start = iso_time(usage_date)
    end = ibis.ifelse(usage_date.re_search(WHOLE_DAY), start + ibis.interval(days=1), ibis.null(start.type()))
    return {"started_at": start, "ended_at": end}
