"""Azure cost export, actual cost (CSV, Parquet; EA or customer agreement) → charges for Azure OpenAI and Foundry models.

The month is exported anew every day and restates itself: a newer delivery replaces the older, whatever parts either has
(sources/deliveries.py). Headers differ by agreement and version and are bound by name. `Date` is MM/DD/YYYY or ISO without a zone, taken
as UTC. Tags are JSON without its braces. Quantity is in blocks (UnitOfMeasure 1K, 1M): where quantity × price does not give the cost to
the file's own digits the block is not understood and the quantity is left open; where it is off by more than a factor of two, which no
blended price explains, the line is refused. Amortized exports, which spread purchases over time, are refused whole: lines of both would
count a purchase twice. Hours of provisioned throughput are charged without tokens. Lines of other services are set aside.
https://learn.microsoft.com/en-us/azure/cost-management-billing/automate/understand-usage-details-fields
https://learn.microsoft.com/en-us/azure/cost-management-billing/dataset-schema/cost-usage-details-mca
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import times
from usage_pipeline.sources.cells import decimal, half_step, iso_time, quantity
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.deliveries import month_end, month_start, periods_covered, scope_of, with_delivery
from usage_pipeline.sources.exports.azure_meters import azure_meter_columns
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.sources.tags import flat_object
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import FILE, Format, Source

METER_CATEGORIES = ("Foundry Models", "Azure OpenAI", "Cognitive Services", "Azure AI Foundry Models")
PURCHASED = r"(?i)^(azure openai|foundry models|microsoft foundry|azure ai foundry)\b"
"""Products of purchases and refunds, which have no meter category."""

PUBLISHERS = r"(?i)^(anthropic|cohere|mistral ai|meta|xai|deepseek)\b"
"""Who sells models through the marketplace of Azure. By their names alone: no such line was seen."""

CATEGORIES = {
    "Usage": "Usage",
    "UnusedReservation": "Usage",
    "UnusedSavingsPlan": "Usage",
    "Purchase": "Purchase",
    "Refund": "Purchase",
    "Tax": "Tax",
    "Credit": "Credit",
    "RoundingAdjustment": "Adjustment",
}
"""Types of charges; another one is an adjustment: its money counts."""

CORRECTING = ("Refund",)
UNUSED = ("UnusedReservation", "UnusedSavingsPlan")
COMMITTED = ("Reservation", "SavingsPlan")
AMORTIZED_FILE = r"(?i)amorti[sz]ed"
BLOCKS = {"1": 0, "10": 1, "100": 2, "1K": 3, "10K": 4, "100K": 5, "1M": 6, "1 Million": 6, "1000": 3, "1000000": 6}
"""Units of measure, and by how many digits they move the point."""

MILLION = 6
"""Digits that make a quantity of six decimals whole."""

LARGEST, DEAREST = 10**11, 10**5
"""Quantities, costs and prices beyond these are not multiplied: money has no room for the product."""

FIELDS = {
    "file": FILE,
    "billing_account_id": "BillingAccountId",
    "billing_period_start": "BillingPeriodStartDate",
    "billing_period_end": "BillingPeriodEndDate",
    "invoice": "InvoiceId",
    "subscription_id": "SubscriptionId",
    "subscription_name": "SubscriptionName",
    "date": "Date",
    "meter_id": "MeterId",
    "meter_category": "MeterCategory",
    "meter_name": "MeterName",
    "product": "Product",
    "product_name": "ProductName",
    "publisher": "PublisherName",
    "publisher_type": "PublisherType",
    "amount": "Quantity",
    "effective_price": "EffectivePrice",
    "cost_ea": "Cost",
    "cost_mca": "CostInBillingCurrency",
    "cost_in_pricing_currency": "CostInPricingCurrency",
    "currency_ea": "BillingCurrency",
    "currency_mca": "BillingCurrencyCode",
    "resource_location": "ResourceLocation",
    "resource_id": "ResourceId",
    "reservation_id": "ReservationId",
    "tags_text": "Tags",
    "unit_of_measure": "UnitOfMeasure",
    "charge_type": "ChargeType",
    "pricing_model": "PricingModel",
}
KEY = (
    "billing_account_id", "billing_period_start", "subscription_id", "date", "meter_id", "meter_category", "meter_name", "product",
    "product_name", "amount", "effective_price", "cost", "currency", "resource_location", "resource_id", "reservation_id",
    "unit_of_measure", "charge_type", "pricing_model", "invoice", "part",
)  # fmt: skip


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a row."""
    rows = staged(_read(with_delivery(lines_of(records), records)))
    is_usage = rows.category == "Usage"
    reject = first_reason(
        *time_checks(rows.date, rows.started_at),
        ("amortized_cost", rows.is_amortized.any().over(group_by="source_file")),
        ("other_service", ~_is_ai(rows)),
        *amount_checks(rows.cost, rows.billed, rows.currency),
        ("bad_number", rows.amount.notnull() & rows.blocks.isnull()),
        ("price_mismatch", is_usage & (rows.agreement == FAR)),
    )
    is_known = (rows.agreement == EXACT) | ~is_usage
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(*(rows[name] for name in KEY)),
        channel=constant("azure.openai"),
        provider=constant("azure"),
        billing_account=rows.billing_account_id,
        sub_account_id=rows.subscription_id,
        provider_project_id=rows.subscription_id,
        provider_project_name=pseudonym(rows.subscription_name),
        resource_id=rows.resource_id,
        names_project=rows.resource_id.notnull() | rows.subscription_id.notnull(),
        invoice=rows.invoice,
        category=rows.category,
        charge_class=ibis.ifelse(rows.charge_type.isin(CORRECTING) | (rows.billed < 0), "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.started_at + ibis.interval(days=1),
        sku=ibis.coalesce(rows.meter_name, rows.product, rows.product_name, rows.charge_type),
        meter=ibis.ifelse(is_usage, rows.meter, UNMAPPED),
        model=rows.model,
        service_tier=rows.tier,
        region=rows.resource_location,
        quantity=ibis.ifelse(is_known, rows.units, ibis.null(rows.units.type())),
        unit=rows.unit_of_measure,
        billed_cost=rows.billed,
        currency=rows.currency.upper(),
        amount_text=rows.cost,
        finality=ibis.ifelse(rows.invoice.notnull(), "final", "provisional"),
        tags=flat_object(_braced(rows.tags_text)),
        snapshot_scope=rows.scope,
    )
    return numbered(staged(charged), "charge_id")


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is; `units` is the quantity with its blocks resolved, as given where the unit is none of BLOCKS."""
    cost = ibis.coalesce(lines.cost_mca, lines.cost_ea)
    lines = staged(lines.mutate(cost=cost, currency=ibis.coalesce(lines.currency_ea, lines.currency_mca), **_times(lines)))
    digits = lines.unit_of_measure.cases(*BLOCKS.items(), else_=0)
    rows = staged(
        lines.mutate(
            billed=decimal(lines.cost),
            blocks=quantity(lines.amount),
            units=quantity(lines.amount, shift=digits),
            **azure_meter_columns(lines.meter_name),
            category=lines.charge_type.cases(*CATEGORIES.items(), else_="Adjustment"),
            scope=scope_of(lines, lines.billing_account_id, lines.month),
        )
    )
    rows = _compared(rows)
    return staged(rows.mutate(agreement=_agreement(rows), is_amortized=_is_amortized(rows)))


def _times(lines: ir.Table) -> dict[str, ir.TimestampValue]:
    start = _day(lines.date)
    return {"started_at": start, "month": month_start(ibis.coalesce(_day(lines.billing_period_start), start))}


def _is_ai(rows: ir.Table) -> ir.BooleanValue:
    """By the meter's category; a purchase by its product; a line of the marketplace by who sells there."""
    no = ibis.literal(value=False)
    purchased = (rows.category != "Usage") & ibis.coalesce(rows.product, rows.product_name).re_search(PURCHASED)
    sold = (rows.publisher_type == "Marketplace") & rows.publisher.re_search(PUBLISHERS)
    return rows.meter_category.isin(METER_CATEGORIES).fill_null(no) | purchased.fill_null(no) | sold.fill_null(no)


def _is_amortized(rows: ir.Table) -> ir.BooleanValue:
    """Whether the line tells an amortized export: unused commitments, or usage that is covered by one and yet has a cost."""
    covered_usage = (rows.charge_type == "Usage") & rows.pricing_model.isin(COMMITTED) & (rows.billed != 0)
    found = (rows.charge_type.isin(UNUSED) | covered_usage) & _is_ai(rows)
    return found.fill_null(ibis.literal(value=False)) | rows.export.re_search(AMORTIZED_FILE)


EXACT, NEAR, FAR = "exact", "near", "far"


def _agreement(rows: ir.Table) -> ir.StringValue:
    """How quantity × price meets the cost: EXACT to the digits the file has, or to a tenth of a percent; NEAR within a factor of two,
    as blended prices are; else FAR. A block that is not what it says is wrong by a factor of ten. Null where there is nothing to compare:
    no price or no cost, or one of them 0.
    """
    difference = (rows.product_millionths - rows.cost_millionths).abs()
    near = ibis.ifelse(difference <= rows.cost_millionths, difference, ibis.null(difference.type()))
    return ibis.cases(
        ((difference <= rows.digits) | (times(ibis.literal(1000, "int64"), near) <= rows.cost_millionths), EXACT),
        (
            (rows.product_millionths <= rows.cost_millionths + rows.cost_millionths)
            & (rows.cost_millionths <= rows.product_millionths + rows.product_millionths),
            NEAR,
        ),
        ((rows.price != 0) & (rows.cost_millionths != 0), FAR),
        else_=ibis.null("string"),
    )


def _compared(rows: ir.Table) -> ir.Table:
    """`rows` with what `_agreement` compares: a million times quantity × price, the cost, and half of the last digits they have."""
    priced_cost = ibis.coalesce(rows.cost_in_pricing_currency, rows.cost)
    rows = staged(rows.mutate(price=decimal(rows.effective_price), priced_cost=priced_cost, size=decimal(priced_cost).abs()))
    sane = (rows.blocks.abs() < LARGEST) & (rows.price.abs() < DEAREST) & (rows["size"] < LARGEST)
    whole = decimal(rows.amount, shift=MILLION).try_cast("int64").abs()
    rows = staged(rows.mutate(millionths=ibis.ifelse(sane, whole, ibis.null("int64"))))
    digits = times(rows.millionths, half_step(rows.effective_price)) + times(
        ibis.literal(10**MILLION, "int64"), half_step(rows.priced_cost)
    )
    product = times(rows.millionths, rows.price).abs()
    cost = ibis.ifelse(rows.millionths.notnull(), decimal(rows.priced_cost, shift=MILLION).abs(), ibis.null(product.type()))
    return staged(rows.mutate(digits=digits, product_millionths=product, cost_millionths=cost))


def _braced(tags: ir.StringValue) -> ir.StringValue:
    return ibis.ifelse(tags.startswith("{"), tags, ibis.literal("{") + tags + "}")


def _day(text: ir.StringValue) -> ir.TimestampValue:
    """'10/01/2026', or an ISO date or time, as the start of that UTC day; null if it is neither."""
    return iso_time(text.re_replace(r"^(\d\d)/(\d\d)/(\d{4})$", r"\3-\1-\2")).truncate("D")


def covered(records: ir.Table) -> ir.Table:
    """Every day of the billing period, or of the days that the export's folder names."""
    lines = with_delivery(lines_of(records), records)
    lines = staged(lines.mutate(**_times(lines)))
    end = ibis.coalesce(_day(lines.billing_period_end) + ibis.interval(days=1), month_end(lines.month))
    scope = scope_of(lines, lines.billing_account_id, lines.month)
    return periods_covered(staged(lines.mutate(scope=scope, day=lines.started_at.cast("date"), period_start=lines.month, period_end=end)))


SOURCE = Source(
    kind="azure_cost",
    title="Azure cost export (actual cost)",
    documentation="https://learn.microsoft.com/en-us/azure/cost-management-billing/automate/understand-usage-details-fields",
    format=Format.ROWS,
    channel="azure.openai",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
