"""Anthropic usage report (GET /v1/organizations/usage_report/messages, pages as JSON) → usage events, one per bucket and group.

The four input counts are disjoint already: nothing is subtracted. The report has no number of requests. Pull by day, grouped by model,
workspace_id, api_key_id, service_tier, context_window and inference_geo: then a null workspace is the default one.
https://docs.claude.com/en/api/admin-api/usage-cost/get-messages-usage-report
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import iso_time, whole_number
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import NO_SCOPE, days_covered, lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import PROVIDER_VIEW, SUCCESS, usage_events

BATCH = "batch"

QUANTITIES = {
    "input": "uncached_input_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation.ephemeral_5m_input_tokens",
    "cache_write_1h": "cache_creation.ephemeral_1h_input_tokens",
    "output": "output_tokens",
    "web_searches": "server_tool_use.web_search_requests",
}
"""Our meters and where the report has them."""

DIMENSIONS = (
    "account_id", "api_key_id", "context_window", "inference_geo", "model", "service_account_id", "service_tier", "speed", "workspace_id",
)  # fmt: skip
FIELDS = {
    "starting_at": "bucket.starting_at",
    "ending_at": "bucket.ending_at",
    **{name: f"result.{name}" for name in DIMENSIONS},
    **{meter: f"result.{path}" for meter, path in QUANTITIES.items()},
}


def to_events(records: ir.Table) -> ir.Table:
    """One event a result, without a number of requests."""
    lines = lines_of(records)
    rows = staged(
        lines.mutate(
            started_at=iso_time(lines.starting_at),
            ended_at=iso_time(lines.ending_at),
            **{f"n_{meter}": whole_number(lines[meter]) for meter in QUANTITIES},
        )
    )
    reject = first_reason(
        *time_checks(rows.starting_at, rows.started_at),
        *quantity_checks([(rows[meter], rows[f"n_{meter}"]) for meter in QUANTITIES]),
        ("missing_usage", rows.input.isnull() | rows.output.isnull()),
        ("grouping_mixed", rows.model.isnull()),
    )
    is_batch = rows.service_tier == BATCH
    events = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=natural_key(rows.starting_at, *(rows[name] for name in DIMENSIONS)),
        view=constant(PROVIDER_VIEW),
        started_at=rows.started_at,
        ended_at=rows.ended_at,
        user=rows.account_id,
        api_type=ibis.ifelse(is_batch, "batch", "text"),
        status=constant(SUCCESS),
        channel=constant("anthropic"),
        provider=constant("anthropic"),
        model=rows.model,
        region=rows.inference_geo.nullif("not_available"),
        service_tier=ibis.ifelse(is_batch, "standard", rows.service_tier),
        speed=rows.speed,
        is_batch=is_batch,
        api_key=rows.api_key_id,
        workspace_id=rows.workspace_id,
        sub_account_id=rows.workspace_id,
        principal=rows.service_account_id,
        tags=json_object(context_window=rows.context_window),
        snapshot_scope=NO_SCOPE,
        **{meter: rows[f"n_{meter}"] for meter in QUANTITIES},
    )
    return numbered(staged(events), "event_id")


def covered(records: ir.Table) -> ir.Table:
    """The bucket's day. A file with results, none of which names a model, is not grouped and covers nothing."""
    window = ibis.window(group_by=records.source_file)
    grouped = records.mutate(
        named=records.model.notnull().any().over(window),
        filled=records.state.isnull().any().over(window),
    )
    grouped = grouped.filter(grouped.named | ~grouped.filled)
    return days_covered(grouped, iso_time(grouped.starting_at), NO_SCOPE)


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
