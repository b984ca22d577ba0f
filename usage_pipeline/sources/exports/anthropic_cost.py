"""Anthropic cost report (GET /v1/organizations/cost_report, pages as JSON) → charges, one per description, workspace and day.

Amounts are decimal text in cents; they become dollars by moving the point, so nothing is rounded. The pull must be grouped by
`workspace_id` and `description` (group_by[]=workspace_id&group_by[]=description): then a null workspace is the default workspace. A pull
that is not grouped holds the same dollars once more; its lines are rejected, so that two pulls of one day never add up.
The report leaves Priority Tier out and has no token counts.
https://docs.claude.com/en/api/admin-api/usage-cost/get-cost-report
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import NO_SCOPE, days_covered, lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.source import Format, Source

TOKEN_TYPES = {
    "uncached_input_tokens": "input",
    "output_tokens": "output",
    "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
}
COST_TYPES = {"web_search": "web_searches", "code_execution": "code_sessions"}
"""Meters of lines without a token type. `session_usage` has no meter of ours and stays unmapped."""

CENTS = -2

FIELDS = {
    "starting_at": "bucket.starting_at",
    "ending_at": "bucket.ending_at",
    "amount": "result.amount",
    "currency": "result.currency",
    "cost_type": "result.cost_type",
    "description": "result.description",
    "model": "result.model",
    "token_type": "result.token_type",
    "service_tier": "result.service_tier",
    "context_window": "result.context_window",
    "inference_geo": "result.inference_geo",
    "workspace_id": "result.workspace_id",
}


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a result, in dollars."""
    lines = lines_of(records)
    rows = staged(
        lines.mutate(
            started_at=iso_time(lines.starting_at),
            ended_at=iso_time(lines.ending_at),
            billed=decimal(lines.amount, shift=CENTS),
            meter=ibis.coalesce(lines.token_type.cases(*TOKEN_TYPES.items()), lines.cost_type.cases(*COST_TYPES.items()), UNMAPPED),
            region=lines.inference_geo.nullif("not_available"),
        )
    )
    reject = first_reason(
        *time_checks(rows.starting_at, rows.started_at),
        *amount_checks(rows.amount, rows.billed, rows.currency),
        ("grouping_mixed", ~_is_grouped(rows)),
    )
    dimensions = [rows[name] for name in FIELDS if name not in {"amount", "currency", "ending_at"}]
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(*dimensions),
        channel=ibis.literal("anthropic"),
        provider=ibis.literal("anthropic"),
        sub_account_id=rows.workspace_id,
        workspace_id=rows.workspace_id,
        names_project=ibis.literal(value=True),
        category=ibis.literal("Usage"),
        charge_class=ibis.ifelse(rows.billed < 0, "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.ended_at,
        sku=rows.description,
        meter=rows.meter,
        model=rows.model,
        service_tier=rows.service_tier,
        region=rows.region,
        billed_cost=rows.billed,
        currency=rows.currency.upper(),
        amount_text=rows.amount,
        finality=ibis.literal("provisional"),
        tags=json_object(context_window=rows.context_window),
        snapshot_scope=NO_SCOPE,
    )
    return numbered(staged(charged), "charge_id")


def _is_grouped(rows: ir.Table) -> ir.BooleanValue:
    return rows.description.notnull() | rows.cost_type.notnull() | rows.token_type.notnull()


def covered(records: ir.Table) -> ir.Table:
    """The bucket's day. A file with results, none of which is grouped, covers nothing, so it never replaces one that is."""
    window = ibis.window(group_by=records.source_file)
    grouped = records.mutate(grouped=_is_grouped(records).any().over(window), filled=records.state.isnull().any().over(window))
    grouped = grouped.filter(grouped.grouped | ~grouped.filled)
    return days_covered(grouped, iso_time(grouped.starting_at), NO_SCOPE)


SOURCE = Source(
    kind="anthropic_cost",
    title="Anthropic cost report",
    documentation="https://docs.claude.com/en/api/admin-api/usage-cost/get-cost-report",
    format=Format.BUCKET_PAGES,
    channel="anthropic",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
