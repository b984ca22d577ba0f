"""FOCUS 1.0 to 1.4 cost and usage, from any vendor (CSV or Parquet; columns bound by name) → charges for AI: the universal connector.

BilledCost is what counts, EffectiveCost and ListCost beside it; a credit or correction is a line of its own. The text 'NULL' is null, a
time without a zone is UTC. Which lines are about AI is told in focus_services.py, what they count in focus_meters.py. A file replaces
what an older one said of the same export, account and billing period (sources/deliveries.py).
A gateway's export in the shape of a bill (LiteLLM's: requests for tokens, its own estimates as costs, each file repeating the day's
running total) is no bill: its lines are refused as 'estimated_cost', and the gateway's log tells the same requests with their tokens.
https://focus.finops.org/focus-specification/
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time, quantity
from usage_pipeline.sources.deliveries import month_end, month_start, periods_covered, scope_of, with_delivery
from usage_pipeline.sources.exports.aws_tags import aws_tags
from usage_pipeline.sources.exports.aws_usage_types import with_usage_types
from usage_pipeline.sources.exports.focus_meters import with_meters
from usage_pipeline.sources.exports.focus_services import CLOUDS, with_service
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.sources.tags import flat_object, labels_object
from usage_pipeline.tables.charges import CATEGORIES, charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import FILE, Format, Source

NULL_TEXT = "NULL"
CORRECTION = "Correction"
GATEWAY_TAG = '"custom_llm_provider"'
GATEWAY_ACCOUNT = "API Key"
REQUESTS = "Requests"
TAXED = r"usage type (\S+)"
"""A tax line of AWS names what it taxes in its description alone."""

SUBSCRIPTION = r"(?i)^/subscriptions/"

FIELDS = {
    "file": FILE,
    "cost": "BilledCost",
    "effective": "EffectiveCost",
    "listed": "ListCost",
    "currency": "BillingCurrency",
    "account": "BillingAccountId",
    "account_type": "BillingAccountType",
    "sub_account": "SubAccountId",
    "sub_account_name": "SubAccountName",
    "period_start": "BillingPeriodStart",
    "period_end": "BillingPeriodEnd",
    "charge_start": "ChargePeriodStart",
    "charge_end": "ChargePeriodEnd",
    "charge_category": "ChargeCategory",
    "charge_class": "ChargeClass",
    "description": "ChargeDescription",
    "frequency": "ChargeFrequency",
    "invoice": "InvoiceId",
    "issuer": "InvoiceIssuerName",
    "older_provider": "ProviderName",
    "newer_provider": "ServiceProviderName",
    "publisher": "PublisherName",
    "service_category": "ServiceCategory",
    "service_name": "ServiceName",
    "service_code": "x_ServiceCode",
    "usage_type": "x_UsageType",
    "meter_category": "x_SkuMeterCategory",
    "sku_id": "SkuId",
    "sku_price": "SkuPriceId",
    "sku_meter": "SkuMeter",
    "token_direction_new": "SkuPriceDetails.TokenDirection",
    "token_direction_own": "SkuPriceDetails.x_TokenDirection",
    "token_type": "SkuPriceDetails.TokenType",
    "token_cache_new": "SkuPriceDetails.TokenCacheAction",
    "token_cache_own": "SkuPriceDetails.x_TokenCacheAction",
    "model_new": "SkuPriceDetails.ModelId",
    "model_own": "SkuPriceDetails.x_ModelId",
    "service_tier": "SkuPriceDetails.x_ServiceTier",
    "consumed": "ConsumedQuantity",
    "consumed_unit": "ConsumedUnit",
    "priced": "PricingQuantity",
    "pricing_unit": "PricingUnit",
    "region": "RegionId",
    "resource_id": "ResourceId",
    "principal": "PrincipalId",
    "tags": "Tags",
}
UNKEYED = frozenset({"file", "effective", "listed", "sub_account_name", "tags"})
"""Fields that may change while the line stays the same; all others are what it is known by."""


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a line."""
    rows = staged(_read(records))
    numbers = [rows[name].notnull() & rows[f"n_{name}"].isnull() for name in ("consumed", "priced")]
    costs = [rows[name].notnull() & rows[f"n_{name}"].isnull() for name in ("effective", "listed")]
    reject = first_reason(
        ("unexpected_document", rows.charge_category.isnull()),
        ("estimated_cost", _is_estimate(rows)),
        *time_checks(rows.charge_start, rows.started_at),
        ("other_service", ~rows.is_ai),
        *amount_checks(rows.cost, rows.billed, rows.currency),
        ("bad_amount", costs[0] | costs[1]),
        ("bad_number", numbers[0] | numbers[1]),
    )
    is_usage = rows.category == "Usage"
    counts_tokens = is_usage & (rows.meter != UNMAPPED)
    listed = rows.n_listed
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(*(rows[name] for name in FIELDS if name not in UNKEYED), rows.part),
        channel=rows.channel,
        provider=rows.price_provider,
        billing_account=rows.account,
        sub_account_id=rows.sub_account_id,
        provider_project_id=rows.sub_account_id,
        provider_project_name=pseudonym(rows.sub_account_name),
        principal=pseudonym(rows.principal),
        resource_id=rows.resource_id,
        names_project=rows.sub_account.notnull() | rows.resource_id.notnull(),
        invoice=rows.invoice,
        category=rows.category,
        charge_class=ibis.ifelse(rows.charge_class == CORRECTION, CORRECTION, ibis.null("string")),
        period_start=rows.started_at,
        period_end=iso_time(rows.charge_end),
        sku=ibis.coalesce(rows.sku_meter, rows.usage_type, rows.description, rows.sku_id, rows.service_name),
        meter=ibis.ifelse(is_usage, rows.meter, UNMAPPED),
        model=rows.model,
        service_tier=rows.tier,
        region=ibis.ifelse(rows.aws_is_global & (rows.cloud == "aws"), "global", rows.region),
        quantity=ibis.ifelse(counts_tokens, rows.tokens, ibis.coalesce(rows.n_consumed, rows.n_priced)),
        unit=ibis.ifelse(rows.consumed.notnull(), rows.consumed_unit, rows.pricing_unit),
        list_cost=ibis.ifelse((listed == 0) & (rows.billed != 0), ibis.null(listed.type()), listed),
        billed_cost=rows.billed,
        effective_cost=rows.n_effective,
        currency=rows.currency.upper(),
        amount_text=rows.cost,
        finality=ibis.ifelse(rows.invoice.notnull(), "final", "provisional"),
        tags=_tags(rows),
        snapshot_scope=rows.scope,
    )
    return numbered(staged(charged), "charge_id")


def _cleaned(lines: ir.Table) -> ir.Table:
    """Every cell without the texts that stand for null, and with the names of all versions brought together."""
    plain = staged(lines.mutate(**{name: lines[name].nullif(NULL_TEXT) for name in FIELDS}))
    taxed = plain.description.re_extract(TAXED, 1).nullif("")
    is_marketplace = plain.description.startswith("AWS Marketplace software usage|")
    told = ibis.coalesce(taxed, ibis.ifelse(is_marketplace, plain.description, ibis.null("string")))
    return staged(
        plain.mutate(
            provider_name=ibis.coalesce(plain.newer_provider, plain.older_provider, plain.issuer),
            sku_text=ibis.ifelse(_is_googles(plain), ibis.coalesce(plain.sku_meter, plain.description), ibis.null("string")),
            usage_text=ibis.coalesce(plain.usage_type, plain.sku_meter, told),
            token_direction=ibis.coalesce(plain.token_direction_new, plain.token_direction_own, plain.token_type),
            token_cache=ibis.coalesce(plain.token_cache_new, plain.token_cache_own),
            model_id=ibis.coalesce(plain.model_new, plain.model_own),
            **_times(plain),
        )
    )


def _is_googles(lines: ir.Table) -> ir.BooleanValue:
    name = ibis.coalesce(lines.newer_provider, lines.older_provider, lines.issuer).lower().strip()
    return name.isin([name for name, cloud in CLOUDS.items() if cloud == "google"])


def _times(lines: ir.Table) -> dict[str, ir.TimestampValue]:
    start = iso_time(lines.charge_start)
    period = ibis.coalesce(iso_time(lines.period_start), month_start(start))
    return {"started_at": start, "billing_start": period}


def _read(records: ir.Table) -> ir.Table:
    lines = _cleaned(lines_of(records))
    typed = with_usage_types(lines, lines)
    category = ibis.ifelse(typed.charge_category.isin(CATEGORIES), typed.charge_category, "Adjustment")
    serviced = with_service(staged(typed.mutate(category=category)))
    metered = with_meters(staged(serviced.mutate(**_tag_texts(serviced))), lines)
    rows = with_delivery(staged(metered), records)
    return rows.mutate(
        given_tags=ibis.coalesce(labels_object(rows.listed_tags), flat_object(rows.braced_tags)),
        billed=decimal(rows.cost),
        n_effective=decimal(rows.effective),
        n_listed=decimal(rows.listed),
        n_consumed=quantity(rows.consumed),
        n_priced=quantity(rows.priced),
        sub_account_id=rows.sub_account.re_replace(SUBSCRIPTION, ""),
        scope=scope_of(rows, rows.account, rows.billing_start),
    )


def _is_estimate(rows: ir.Table) -> ir.BooleanValue:
    """The shape of LiteLLM's export: requests as the quantity, and its own tags or a key as the account."""
    told = rows.tags.contains(GATEWAY_TAG).fill_null(ibis.literal(value=False)) | (rows.account_type == GATEWAY_ACCOUNT)
    return (rows.consumed_unit == REQUESTS) & told & rows.sku_id.isnull()


def _tag_texts(rows: ir.Table) -> dict[str, ir.StringValue]:
    """Tags are a JSON object; or a list of keys and values; or an object without its braces, as Azure's older exports have it."""
    text, null = rows.tags, ibis.null("string")
    braced = ibis.ifelse(text.startswith("{"), text, ibis.literal("{") + text + "}")
    kept = rows.is_ai & text.notnull()
    return {
        "listed_tags": ibis.ifelse(kept & text.startswith("["), text, null),
        "braced_tags": ibis.ifelse(kept & ~text.startswith("["), braced, null),
    }


def _tags(rows: ir.Table) -> ir.StringValue:
    is_aws = rows.cloud == "aws"
    return ibis.ifelse(is_aws, aws_tags(ibis.ifelse(is_aws, rows.given_tags, ibis.null("string"))), rows.given_tags)


def covered(records: ir.Table) -> ir.Table:
    """Every day of the billing period; of the days that the folder names; or the one day that the file's name and lines are of."""
    lines = with_delivery(_cleaned(lines_of(records)), records)
    end = ibis.coalesce(iso_time(lines.period_end), month_end(lines.billing_start))
    scope = scope_of(lines, lines.account, lines.billing_start)
    day = lines.started_at.cast("date")
    return periods_covered(staged(lines.mutate(scope=scope, day=day, period_start=lines.billing_start.truncate("D"), period_end=end)))


SOURCE = Source(
    kind="focus",
    title="FOCUS 1.0 to 1.4 cost and usage (any vendor)",
    documentation="https://focus.finops.org/focus-specification/",
    format=Format.ROWS,
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
