"""AWS cost and usage report 2.0 (Data Exports; Parquet or CSV) → charges for Bedrock, its marketplace models among them.

Every customer's report has other columns: those at hand are read. A month's partition is delivered anew up to three times a day and
restates the month, so a newer delivery replaces the older (sources/deliveries.py); `bill_invoice_id` stands in it once the month is final.
Third-party models (Claude) are sold through AWS Marketplace: their lines have a random product code, the model is the product's name, and
a Unit is a million tokens. `line_item_unblended_cost` is what is billed; credits, refunds, tax and discounts are lines of their own.
Lines of other services are set aside; tax, credits and the like of the bill as a whole count, under the channel `aws`; those that have the
code of a model's product alone are known by it (aws_products.py).
https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html
https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-understanding-cur-data.html
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.bedrock_models import model_in, model_named, product_in, routed
from usage_pipeline.sources.cells import decimal, iso_time, quantity
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.deliveries import month_end, month_start, periods_covered, scope_of, with_delivery
from usage_pipeline.sources.exports.aws_products import BEDROCK_ARN, MARKETPLACE, with_known_products
from usage_pipeline.sources.exports.aws_tags import aws_tags, with_aws_tags
from usage_pipeline.sources.exports.aws_usage_types import NO, token_digits, with_usage_types
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import FILE, Format, Source

BEDROCK = "aws.bedrock"
WHOLE_BILL = "aws"
"""The channel of lines for the bill as a whole: tax, credits, refunds, discounts."""

OWN_CODE = r"^(Amazon|AWS|aws)"
PRODUCT_CODES = ("AmazonBedrock", "AmazonBedrockService", "AmazonBedrockFoundationModels", "AmazonBedrockAgentCore")

CATEGORIES = {
    "Usage": "Usage",
    "DiscountedUsage": "Usage",
    "SavingsPlanCoveredUsage": "Usage",
    "SavingsPlanNegation": "Adjustment",
    "Fee": "Purchase",
    "RIFee": "Purchase",
    "SavingsPlanRecurringFee": "Purchase",
    "SavingsPlanUpfrontFee": "Purchase",
    "Tax": "Tax",
    "Credit": "Credit",
    "Refund": "Credit",
    "Discount": "Credit",
    "EdpDiscount": "Credit",
    "PrivateRateDiscount": "Credit",
    "BundledDiscount": "Credit",
    "RiVolumeDiscount": "Credit",
    "SppDiscount": "Credit",
}
"""Types of lines; another one is an adjustment: its money counts."""

TAGS = ("resource_tags", "tags", "cost_category")
OF_THE_BILL = ("Tax", "Credit", "Adjustment")
TYPES_AMORTIZED = ("DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "RIFee", "SavingsPlanRecurringFee")
"""Lines whose effective cost is another than the billed one, and left open."""

FIELDS = {
    "file": FILE,
    "identity": "identity_line_item_id",
    "identity_interval": "identity_time_interval",
    "billing_entity": "bill_billing_entity",
    "billing_start": "bill_billing_period_start_date",
    "billing_end": "bill_billing_period_end_date",
    "invoice": "bill_invoice_id",
    "payer": "bill_payer_account_id",
    "line_type": "line_item_line_item_type",
    "start": "line_item_usage_start_date",
    "end": "line_item_usage_end_date",
    "account": "line_item_usage_account_id",
    "account_name": "line_item_usage_account_name",
    "product_code": "line_item_product_code",
    "service_code": "product_servicecode",
    "usage_type": "line_item_usage_type",
    "operation": "line_item_operation",
    "description": "line_item_line_item_description",
    "amount": "line_item_usage_amount",
    "unit": "pricing_unit",
    "cost": "line_item_unblended_cost",
    "currency": "line_item_currency_code",
    "public_cost": "pricing_public_on_demand_cost",
    "resource": "line_item_resource_id",
    "principal": "line_item_iam_principal",
    "product_name": "product.product_name",
    "product_model": "product.model",
    "product_region": "product.region",
    "older_product_name": "product_product_name",
    "region": "product_region_code",
    "resource_tags": "resource_tags",
    "tags": "tags",
    "cost_category": "cost_category",
}
KEY = (
    "identity", "identity_interval", "payer", "account", "line_type", "product_code", "usage_type", "operation", "description", "resource",
    "principal", "invoice", "amount", "cost", "part",
)  # fmt: skip
"""What a line is known by, with its time: its id is unique in one version of a month only, and may not be in the report."""


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a line."""
    rows = _read(records)
    reject = first_reason(
        ("unexpected_document", rows.line_type.isnull()),
        *time_checks(rows.start, rows.started_at),
        ("unknown_product", rows.is_unknown_product),
        ("other_service", ~rows.is_bedrock & ~_is_of_the_bill(rows)),
        *amount_checks(rows.cost, rows.billed, rows.currency),
        ("bad_number", rows.amount.notnull() & rows.given.isnull()),
    )
    is_usage, none = rows.category == "Usage", ibis.null("string")
    needs_tags = reject.isnull() & ~rows.is_told
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(rows.started_at, *(rows[name] for name in KEY)),
        channel=ibis.ifelse(rows.is_bedrock, BEDROCK, WHOLE_BILL),
        provider=constant("aws"),
        billing_account=rows.payer,
        sub_account_id=rows.account,
        provider_project_id=rows.account,
        provider_project_name=pseudonym(rows.account_name),
        principal=pseudonym(rows.principal),
        resource_id=rows.resource,
        names_project=rows.is_bedrock & (rows.account.notnull() | rows.resource.notnull()),
        invoice=rows.invoice,
        category=rows.category,
        charge_class=ibis.ifelse(rows.line_type == "Refund", "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.ended_at,
        sku=ibis.coalesce(rows.usage_type, rows.description, rows.line_type),
        meter=ibis.ifelse(is_usage, rows.aws_meter, UNMAPPED),
        model=routed(rows.model, rows.aws_is_global),
        service_tier=rows.aws_tier,
        region=ibis.ifelse(rows.aws_is_global, "global", ibis.coalesce(rows.region, rows.product_region)),
        quantity=ibis.ifelse(is_usage & (rows.aws_meter != UNMAPPED), rows.tokens, rows.given),
        unit=rows.unit,
        list_cost=ibis.ifelse(rows.billing_entity == MARKETPLACE, ibis.null(rows.listed.type()), rows.listed),
        billed_cost=rows.billed,
        effective_cost=ibis.ifelse(rows.line_type.isin(TYPES_AMORTIZED), ibis.null(rows.billed.type()), rows.billed),
        currency=rows.currency.upper(),
        amount_text=rows.cost,
        finality=ibis.ifelse(rows.invoice.notnull(), "final", "provisional"),
        tags=ibis.ifelse(rows.is_told, rows.told_tags, aws_tags(*(ibis.ifelse(needs_tags, rows[name], none) for name in TAGS))),
        snapshot_scope=rows.scope,
    )
    return numbered(staged(charged), "charge_id")


def _read(records: ir.Table) -> ir.Table:
    """Every cell as what it is; `tokens` is the quantity with its blocks resolved, null where the unit is none of tokens."""
    lines = lines_of(records)
    typed = staged(lines.mutate(**_times(lines), usage_text=lines.usage_type, product=_product(lines)))
    lines = with_delivery(with_usage_types(typed, typed), records)
    is_counted = lines.aws_meter != UNMAPPED  # most lines are of other services: what costs time is looked at only where it counts
    digits = ibis.ifelse(is_counted, token_digits(lines.unit, lines.in_millions), ibis.null("int64"))
    counted = ibis.ifelse(is_counted, lines.amount, ibis.null("string"))
    named = ibis.coalesce(lines["product"], lines.product_model, lines.aws_model)
    read = staged(
        lines.mutate(
            billed=decimal(lines.cost),
            listed=decimal(lines.public_cost),
            given=quantity(lines.amount),
            tokens=ibis.ifelse(digits.notnull(), quantity(counted, shift=digits.fill_null(0)), ibis.null("decimal(38, 6)")),
            category=lines.line_type.cases(*CATEGORIES.items(), else_="Adjustment"),
            is_bedrock=_is_bedrock(lines),
            model=ibis.coalesce(_model_of_resource(lines), model_named(named)),
            scope=scope_of(lines, lines.payer, lines.month),
        )
    )
    known = with_known_products(read, "is_bedrock", lines_of(records))
    return with_aws_tags(known, TAGS, _maybe_of_models(lines_of(records)))


def _maybe_of_models(lines: ir.Table) -> ir.Table:
    """Without the usage of AWS's own other services, which is most of a report, and of which nothing is kept."""
    is_other = lines.product_code.re_search(OWN_CODE) & ~lines.product_code.isin(PRODUCT_CODES) & (lines.line_type == "Usage")
    return lines.filter(~is_other.fill_null(NO))


def _times(lines: ir.Table) -> dict[str, ir.TimestampValue]:
    start = iso_time(lines.start)
    month = month_start(ibis.coalesce(iso_time(lines.billing_start), start))
    return {"started_at": start, "ended_at": iso_time(lines.end), "month": month}


def _product(lines: ir.Table) -> ir.StringValue:
    """The model's name of a marketplace line, 'Claude Haiku 4.5'."""
    return product_in(ibis.coalesce(lines.product_name, lines.older_product_name))


def _model_of_resource(lines: ir.Table) -> ir.StringValue:
    return ibis.ifelse(lines.resource.re_search(BEDROCK_ARN), model_in(lines.resource), ibis.null("string"))


def _is_bedrock(lines: ir.Table) -> ir.BooleanValue:
    """By any of the marks that a line of Bedrock has: product or service code, marketplace product, usage type or resource."""
    marks = (
        lines.product_code.isin(PRODUCT_CODES),
        lines.service_code.isin(PRODUCT_CODES),
        lines["product"].notnull(),
        lines.in_millions,
        lines.resource.re_search(BEDROCK_ARN),
    )
    found = ibis.literal(value=False)
    for mark in marks:
        found = found | ibis.coalesce(mark, ibis.literal(value=False))
    return found


def _is_of_the_bill(rows: ir.Table) -> ir.BooleanValue:
    """Tax, credits and the like that name no service at all."""
    return rows.category.isin(OF_THE_BILL) & rows.product_code.isnull() & rows.service_code.isnull() & rows.usage_type.isnull()


def covered(records: ir.Table) -> ir.Table:
    """Every day of the billing period, whichever part of the delivery it is."""
    lines = with_delivery(lines_of(records), records)
    lines = staged(lines.mutate(**_times(lines)))
    end = ibis.coalesce(iso_time(lines.billing_end), month_end(lines.month))
    scope = scope_of(lines, lines.payer, lines.month)
    return periods_covered(staged(lines.mutate(scope=scope, day=lines.started_at.cast("date"), period_start=lines.month, period_end=end)))


SOURCE = Source(
    kind="aws_cur",
    title="AWS cost and usage report 2.0 (Bedrock)",
    documentation="https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html",
    format=Format.ROWS,
    channel=BEDROCK,
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
