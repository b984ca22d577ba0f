"""Azure cost export, enterprise agreement, actual cost (CSV) → charges for Azure OpenAI and Foundry models.

The month's file is exported anew every day and restates it, so a newer file replaces the billing period. Quantity is in blocks
(UnitOfMeasure 1K, 1M): where Quantity × EffectivePrice does not give Cost the block is not understood, and the quantity is left open.
`Date` is MM/DD/YYYY without a zone, taken as UTC. Tags are JSON without its braces. Lines of other services are set aside.
One file holds one period whole: an export that is split into parts cannot be told apart from a newer one.
https://learn.microsoft.com/en-us/azure/cost-management-billing/automate/understand-usage-details-fields
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import times
from usage_pipeline.sources.cells import decimal, iso_time, quantity
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.exports.azure_meters import AZURE_METERS
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import days_covered, lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.sources.tags import flat_object
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.source import Format, Source

METER_CATEGORIES = ("Foundry Models", "Azure OpenAI", "Cognitive Services")
CATEGORIES = {
    "Usage": "Usage",
    "UnusedReservation": "Usage",
    "Purchase": "Purchase",
    "Refund": "Purchase",
    "Tax": "Tax",
    "Credit": "Credit",
    "RoundingAdjustment": "Adjustment",
}
CORRECTING = ("Refund",)
BLOCKS = {"1": 0, "10": 1, "100": 2, "1K": 3, "10K": 4, "100K": 5, "1M": 6}
"""Units of measure, and by how many digits they move the point."""

MILLION = 6
"""Digits that make a quantity of six decimals whole."""

LARGEST, DEAREST = 10**11, 10**5
"""Quantities, costs and prices beyond these are not multiplied: money has no room for the product."""

FIELDS = {
    "billing_account_id": "BillingAccountId",
    "billing_period_start": "BillingPeriodStartDate",
    "subscription_id": "SubscriptionId",
    "subscription_name": "SubscriptionName",
    "date": "Date",
    "meter_id": "MeterId",
    "meter_category": "MeterCategory",
    "meter_name": "MeterName",
    "amount": "Quantity",
    "effective_price": "EffectivePrice",
    "cost": "Cost",
    "currency": "BillingCurrency",
    "resource_location": "ResourceLocation",
    "resource_id": "ResourceId",
    "tags_text": "Tags",
    "unit_of_measure": "UnitOfMeasure",
    "charge_type": "ChargeType",
    "pricing_model": "PricingModel",
}


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a row."""
    rows = staged(_read(lines_of(records)))
    reject = first_reason(
        *time_checks(rows.date, rows.started_at),
        ("other_service", ~rows.meter_category.isin(METER_CATEGORIES)),
        *amount_checks(rows.cost, rows.billed, rows.currency),
        ("bad_number", rows.amount.notnull() & rows.blocks.isnull()),
    )
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(*(rows[name] for name in FIELDS if name not in {"subscription_name", "tags_text"})),
        channel=constant("azure.openai"),
        provider=constant("azure"),
        billing_account=rows.billing_account_id,
        sub_account_id=rows.subscription_id,
        provider_project_id=rows.subscription_id,
        provider_project_name=rows.subscription_name,
        resource_id=rows.resource_id,
        names_project=rows.resource_id.notnull() | rows.subscription_id.notnull(),
        category=rows.charge_type.cases(*CATEGORIES.items(), else_="Adjustment"),
        charge_class=ibis.ifelse(rows.charge_type.isin(CORRECTING) | (rows.billed < 0), "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.started_at + ibis.interval(days=1),
        sku=rows.meter_name,
        meter=rows.meter_name.cases(*((one.name, one.meter) for one in AZURE_METERS), else_=UNMAPPED),
        model=rows.meter_name.cases(*((one.name, one.model) for one in AZURE_METERS if one.model)),
        service_tier=rows.meter_name.cases(*((one.name, one.tier) for one in AZURE_METERS if one.tier)),
        region=rows.resource_location,
        quantity=ibis.ifelse(_blocks_hold(rows), rows.units, ibis.null(rows.units.type())),
        unit=rows.unit_of_measure,
        billed_cost=rows.billed,
        currency=rows.currency.upper(),
        amount_text=rows.cost,
        finality=constant("provisional"),
        tags=flat_object(ibis.literal("{") + rows.tags_text + "}"),
        snapshot_scope=rows.period,
    )
    return numbered(staged(charged), "charge_id")


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is; `units` is the quantity with its blocks resolved, as given where the unit is none of BLOCKS."""
    digits = lines.unit_of_measure.cases(*BLOCKS.items(), else_=0)
    return lines.mutate(
        started_at=_day(lines.date),
        billed=decimal(lines.cost),
        blocks=quantity(lines.amount),
        units=quantity(lines.amount, shift=digits),
        period=_month(lines),
    )


def _blocks_hold(rows: ir.Table) -> ir.BooleanValue:
    """Whether quantity × price is the cost, to a tenth of a percent: a block that is not what it says is wrong by a factor of ten."""
    price, cost = decimal(rows.effective_price), decimal(rows.cost, shift=MILLION).abs()
    sane = (rows.blocks.abs() < LARGEST) & (price.abs() < DEAREST) & (rows.billed.abs() < LARGEST)
    millionths = ibis.ifelse(sane, decimal(rows.amount, shift=MILLION).try_cast("int64"), ibis.null("int64"))
    difference = (times(millionths, price).abs() - cost).abs()
    near = ibis.ifelse(difference <= cost, difference, ibis.null(difference.type()))
    return times(ibis.literal(1000, "int64"), near) <= cost


def _day(text: ir.StringValue) -> ir.TimestampValue:
    """'10/01/2026', or an ISO date, as the start of that UTC day; null if it is neither."""
    return iso_time(text.re_replace(r"^(\d\d)/(\d\d)/(\d{4})$", r"\3-\1-\2"))


def _month(lines: ir.Table) -> ir.StringValue:
    """'2026-10': the billing period that the line belongs to."""
    return ibis.coalesce(_day(lines.billing_period_start), _day(lines.date)).strftime("%Y-%m")


def covered(records: ir.Table) -> ir.Table:
    """Every day from the first of the billing period to the last that the file names: those without a line are empty."""
    lines = records.select("source_file", period=_month(records), starts=_day(records.billing_period_start), day=_day(records.date))
    files = lines.group_by("source_file", "period").agg(first=lines.starts.min(), last=lines.day.max())
    spans = staged(files.filter(files["first"].notnull() & files["last"].notnull()))
    days = ibis.range(spans["first"], spans["last"] + ibis.interval(days=1), ibis.interval(days=1))
    spread = staged(spans.mutate(day=days.unnest()))
    return days_covered(spread, spread.day, spread.period).union(days_covered(lines, lines.day, lines.period), distinct=True)


SOURCE = Source(
    kind="azure_cost",
    title="Azure cost export (actual cost)",
    documentation="https://learn.microsoft.com/en-us/azure/cost-management-billing/automate/understand-usage-details-fields",
    format=Format.CSV,
    channel="azure.openai",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
