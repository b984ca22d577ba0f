"""Anthropic cost reports (pages as JSON) → charges: the Console organisation's, one per description, workspace and day, and that of
Claude Enterprise's Analytics API, one per product, model, cost type and whatever else it was grouped by.

Amounts are decimal text in cents; they become dollars by moving the point, so nothing is rounded. The pull must be grouped by
`workspace_id` and `description` (group_by[]=workspace_id&group_by[]=description): then a null workspace is the default workspace. A pull
that is not grouped holds the same dollars once more; its lines are rejected, so that two pulls of one day never add up.
The report leaves Priority Tier out and has no token counts.
The Analytics report (told by its list_amount) names no workspace: its lines are allocated by usage unless a rule matches its tags product
or rbac_group_id. Its amounts are after discounts and before credits, list_amount is before both. A row for the whole of a group (no
cost_type) is charged as 'unmapped'. Pull it by day, grouped by product, model, cost_type and token_type, and never two groupings into
one source; grouped by more, it gives but the 100 largest groups. It goes on to change for weeks.
GET /v1/organizations/cost_report: https://docs.claude.com/en/api/admin-api/usage-cost/get-cost-report
GET /v1/organizations/analytics/cost_report: https://platform.claude.com/docs/en/api/admin/analytics/cost/list
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import days_covered, lines_of, staged
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
ANALYTICS = "analytics"

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
    "product": "result.product",
    "list_amount": "result.list_amount",
    "speed": "result.speed",
    "rbac_group_id": "result.rbac_group_id",
}
AMOUNTS = ("amount", "list_amount", "currency", "ending_at")
"""Fields that do not tell lines apart."""


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a result, in dollars."""
    lines = lines_of(records)
    rows = staged(
        lines.mutate(
            started_at=iso_time(lines.starting_at),
            ended_at=iso_time(lines.ending_at),
            billed=decimal(lines.amount, shift=CENTS),
            listed=decimal(lines.list_amount, shift=CENTS),
            is_grouped=_is_grouped(lines),
            scope=_scope(lines),
            meter=ibis.coalesce(lines.token_type.cases(*TOKEN_TYPES.items()), lines.cost_type.cases(*COST_TYPES.items()), UNMAPPED),
            region=lines.inference_geo.nullif("not_available"),
        )
    )
    reject = first_reason(
        *time_checks(rows.starting_at, rows.started_at),
        *amount_checks(rows.amount, rows.billed, rows.currency),
        ("bad_amount", rows.list_amount.notnull() & rows.listed.isnull()),
        ("grouping_mixed", ~rows.is_grouped),
    )
    dimensions = [rows[name] for name in FIELDS if name not in AMOUNTS]
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(*dimensions),
        channel=ibis.literal("anthropic"),
        provider=ibis.literal("anthropic"),
        sub_account_id=rows.workspace_id,
        workspace_id=rows.workspace_id,
        names_project=rows.list_amount.isnull(),
        category=ibis.literal("Usage"),
        charge_class=ibis.ifelse(rows.billed < 0, "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.ended_at,
        sku=rows.description,
        meter=rows.meter,
        model=rows.model,
        service_tier=rows.service_tier,
        region=rows.region,
        list_cost=rows.listed,
        billed_cost=rows.billed,
        currency=rows.currency.upper(),
        amount_text=rows.amount,
        finality=ibis.literal("provisional"),
        tags=json_object(context_window=rows.context_window, product=rows.product, rbac_group_id=rows.rbac_group_id, speed=rows.speed),
        snapshot_scope=rows.scope,
    )
    return numbered(staged(charged), "charge_id")


def _is_grouped(lines: ir.Table) -> ir.BooleanValue:
    """Whether the line's pull was grouped. In Analytics a group's own name may be null, so that another line of the file tells."""
    by_component = lines.description.notnull() | lines.cost_type.notnull() | lines.token_type.notnull()
    named = ibis.coalesce(lines.product, lines.model, lines.rbac_group_id).notnull() | by_component
    return by_component | (lines.list_amount.notnull() & named.any().over(group_by=lines.source_file))


def _scope(records: ir.Table) -> ir.StringValue:
    """Which of the two reports the record's file is of: they are two organisations' bills, neither replaces the other."""
    return ibis.ifelse(records.list_amount.notnull().any().over(group_by=records.source_file), ANALYTICS, "")


def covered(records: ir.Table) -> ir.Table:
    """The bucket's day. A file with results, none of which is grouped, covers nothing, so it never replaces one that is."""
    told = records.mutate(is_grouped=_is_grouped(records), scope=_scope(records))
    window = ibis.window(group_by=told.source_file)
    grouped = told.mutate(grouped=told.is_grouped.any().over(window), filled=told.state.isnull().any().over(window))
    grouped = grouped.filter(grouped.grouped | ~grouped.filled)
    return days_covered(grouped, iso_time(grouped.starting_at), grouped.scope)


SOURCE = Source(
    kind="anthropic_cost",
    title="Anthropic cost reports",
    documentation="https://docs.claude.com/en/api/admin-api/usage-cost/get-cost-report",
    format=Format.BUCKET_PAGES,
    channel="anthropic",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
