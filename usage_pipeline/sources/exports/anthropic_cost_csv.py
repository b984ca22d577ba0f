"""Anthropic Console's cost export (CSV, claude_api_cost_<from>_to_<to>.csv) → charges, one per line.

Every line is rounded to cents, so the sum of a file ties to the cost report and to the invoice only within half a cent a line (tag
rounded_to): where the micro-dollar matters, read the report (`anthropic_cost`) instead. Models are display names ('Claude Haiku 4.5'),
which the price catalog knows by name; workspace and API key are names, the default workspace is 'Default'. Web searches were seen in
no export: the cost report has them. A newer export replaces its days; a day without cost has no row, so an export cannot say that a day
is empty. Four header generations (7 columns in 2024, 9 in December 2025, 12 in March 2026, 14 since August 2026): bound by name.
https://support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time
from usage_pipeline.sources.exports.anthropic_console import context_window, period, service_tier
from usage_pipeline.sources.exports.anthropic_cost import COST_TYPES
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import NO_SCOPE, days_covered, lines_of, staged
from usage_pipeline.sources.rejects import first_reason, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source

TOKEN_TYPES = {
    "input_no_cache": "input",
    "input_cache_read": "cache_read",
    "input_cache_write_5m": "cache_write",
    "input_cache_write_1h": "cache_write_1h",
    "output": "output",
}
CENT = "0.01"

FIELDS = {
    "usage_date": "usage_date_utc",
    "model": "model",
    "workspace": "workspace",
    "api_key_name": "api_key",
    "api_key_id": "api_key_id",
    "usage_type": "usage_type",
    "context_window": "context_window",
    "token_type": "token_type",
    "cost_type": "cost_type",
    "cost": "cost_usd",
    "list_price": "list_price_usd",
    "inference_geo": "inference_geo",
    "speed": "speed",
}
AMOUNTS = ("cost", "list_price")


def _has_costs(records: ir.Table) -> ir.BooleanValue:
    """Whether any line of the record's file has a cost: the token export beside it has none."""
    return records.cost.notnull().any().over(group_by=records.source_file)


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a line, in dollars and whole cents."""
    lines = lines_of(records)
    rows = staged(
        lines.mutate(
            **period(lines.usage_date),
            is_unexpected=~_has_costs(lines),
            billed=decimal(lines.cost),
            listed=decimal(lines.list_price),
            meter=ibis.coalesce(lines.token_type.cases(*TOKEN_TYPES.items()), lines.cost_type.cases(*COST_TYPES.items()), UNMAPPED),
        )
    )
    reject = first_reason(
        ("unexpected_document", rows.is_unexpected),
        *time_checks(rows.usage_date, rows.started_at),
        ("missing_amount", rows.cost.isnull()),
        ("bad_amount", rows.billed.isnull() | (rows.list_price.notnull() & rows.listed.isnull())),
    )
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(*(rows[name] for name in FIELDS if name not in AMOUNTS)),
        channel=ibis.literal("anthropic"),
        provider=ibis.literal("anthropic"),
        provider_project_name=rows.workspace,
        api_key=rows.api_key_id,
        api_key_name=pseudonym(rows.api_key_name),
        names_project=ibis.literal(value=True),
        category=ibis.literal("Usage"),
        charge_class=ibis.ifelse(rows.billed < 0, "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.ended_at,
        sku=ibis.literal(", ").join([rows.model, rows.token_type.fill_null(rows.cost_type)]).nullif(""),
        meter=rows.meter,
        model=rows.model,
        service_tier=service_tier(rows.usage_type),
        region=rows.inference_geo.nullif("not_available"),
        list_cost=rows.listed,
        billed_cost=rows.billed,
        currency=ibis.literal("USD"),
        amount_text=rows.cost,
        finality=ibis.literal("provisional"),
        tags=json_object(context_window=context_window(rows.context_window), speed=rows.speed, rounded_to=ibis.literal(CENT)),
        snapshot_scope=NO_SCOPE,
    )
    return numbered(staged(charged), "charge_id")


def covered(records: ir.Table) -> ir.Table:
    """The line's day, as a whole; nothing for a file without any cost."""
    told = records.mutate(has_costs=_has_costs(records))
    bill = told.filter(told.has_costs)
    return days_covered(bill, iso_time(bill.usage_date), NO_SCOPE)


SOURCE = Source(
    kind="anthropic_cost_csv",
    title="Anthropic Console, cost export (rounded to cents)",
    documentation="https://support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console",
    format=Format.CSV,
    channel="anthropic",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
