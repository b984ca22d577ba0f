"""Anthropic usage report (GET /v1/organizations/usage_report/messages, pages as JSON) → usage events, one per bucket and group.

Pull by day, grouped by model, workspace_id, api_key_id, service_tier, context_window and inference_geo: then a null workspace is the
default one.
Of pages by the hour or minute, each bucket replaces itself alone.
https://docs.claude.com/en/api/admin-api/usage-cost/get-messages-usage-report
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import iso_time
from usage_pipeline.sources.exports.anthropic_counts import DIMENSIONS, NAMES, events_of
from usage_pipeline.sources.records import NO_SCOPE, bucket_scope, days_covered, lines_of
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

QUANTITIES = {
    "input": "uncached_input_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation.ephemeral_5m_input_tokens",
    "cache_write_1h": "cache_creation.ephemeral_1h_input_tokens",
    "output": "output_tokens",
    "web_searches": "server_tool_use.web_search_requests",
}
"""Our meters and where the report has them."""

FIELDS = {
    "starting_at": "bucket.starting_at",
    "ending_at": "bucket.ending_at",
    **{name: f"result.{name}" for name in DIMENSIONS},
    **{meter: f"result.{path}" for meter, path in QUANTITIES.items()},
}


def to_events(records: ir.Table) -> ir.Table:
    """One event a result."""
    lines = lines_of(records)
    times = {"started_at": iso_time(lines.starting_at), "ended_at": iso_time(lines.ending_at)}
    nothing = dict.fromkeys(NAMES, ibis.null("string"))
    return events_of(lines.mutate(is_unexpected=ibis.literal(value=False), **times, **nothing))


def covered(records: ir.Table) -> ir.Table:
    """The bucket. A file with results, none of which names a model, is not grouped and covers nothing."""
    window = ibis.window(group_by=records.source_file)
    grouped = records.mutate(
        named=records.model.notnull().any().over(window),
        filled=records.state.isnull().any().over(window),
    )
    grouped = grouped.filter(grouped.named | ~grouped.filled)
    start = iso_time(grouped.starting_at)
    return days_covered(grouped, start, bucket_scope(NO_SCOPE, start, iso_time(grouped.ending_at)))


SOURCE = Source(
    kind="anthropic_usage",
    title="Anthropic usage report",
    documentation="https://docs.claude.com/en/api/admin-api/usage-cost/get-messages-usage-report",
    format=Format.BUCKET_PAGES,
    channel="anthropic",
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    snapshot=True,
    covered=covered,
)
