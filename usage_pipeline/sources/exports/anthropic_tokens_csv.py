"""Anthropic Console's token export (CSV, claude_api_tokens_<from>_to_<to>.csv) → usage events, as the usage report gives them.

Models are ids. Workspace and API key are names, the default workspace is 'Default', where the report has ids and null: rules for the one
do not match the other, and the two are one usage, read one of them. A newer export replaces its days; a day without usage has no row, so
an export cannot say that a day is empty. Bound by name: the header grew, and before the hour-long cache there was one column of writes.
https://support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console
"""

import ibis.expr.types as ir

from usage_pipeline.sources.cells import iso_time
from usage_pipeline.sources.exports.anthropic_console import context_window, period, service_tier
from usage_pipeline.sources.exports.anthropic_counts import NEEDED, events_of
from usage_pipeline.sources.records import NO_SCOPE, days_covered, lines_of
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

COLUMNS = {
    "starting_at": "usage_date_utc",
    "model": "model_version",
    "api_key_name": "api_key",
    "workspace_name": "workspace",
    "service_tier": "usage_type",
    "input": "usage_input_tokens_no_cache",
    "cache_read": "usage_input_tokens_cache_read",
    "cache_write": "usage_input_tokens_cache_write_5m",
    "cache_write_1h": "usage_input_tokens_cache_write_1h",
    "output": "usage_output_tokens",
    "web_searches": "web_search_count",
}
FIELDS = {**{name: COLUMNS.get(name, name) for name in NEEDED}, "cache_write_any": "usage_input_tokens_cache_write"}


def to_events(records: ir.Table) -> ir.Table:
    """One event a line."""
    lines = lines_of(records)
    counts = lines.input.notnull() | lines.output.notnull()
    told = lines.mutate(
        cache_write=lines.cache_write.fill_null(lines.cache_write_any),
        service_tier=service_tier(lines.service_tier),
        context_window=context_window(lines.context_window),
        counts=counts,
        **period(lines.starting_at),
    )
    return events_of(told.mutate(is_unexpected=~told.counts.any().over(group_by=told.source_file)))


def covered(records: ir.Table) -> ir.Table:
    """The line's day."""
    return days_covered(records, iso_time(records.starting_at), NO_SCOPE)


SOURCE = Source(
    kind="anthropic_tokens_csv",
    title="Anthropic Console, token export",
    documentation="https://support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console",
    format=Format.CSV,
    channel="anthropic",
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    snapshot=True,
    covered=covered,
)
