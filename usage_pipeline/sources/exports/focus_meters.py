"""What a FOCUS line counts: its meter, model, tier and tokens, by the best that the line has.

In this order: the keys for AI in SkuPriceDetails (TokenDirection and TokenCacheAction of the draft of FOCUS 1.5, with or without 'x_'), the
generic names of SkuMeter ('Cache Read Input Tokens'), and the tables of the clouds' own bills: AWS's usage types, Azure's meters, Google's
SKUs. Of nothing that fits, 'unmapped'.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import QUANTITY
from usage_pipeline.sources.bedrock_models import model_in, model_named, product_in, routed
from usage_pipeline.sources.cells import quantity
from usage_pipeline.sources.exports.aws_usage_types import token_digits
from usage_pipeline.sources.exports.azure_meters import azure_meter_columns
from usage_pipeline.sources.exports.gcp_skus import with_skus
from usage_pipeline.sources.records import staged
from usage_pipeline.tables.meters import UNMAPPED

DIRECTIONS = {
    "input uncached": "input",
    "input none": "input",
    "input read": "cache_read",
    "input write": "cache_write",
    "output none": "output",
    "output uncached": "output",
}
"""TokenDirection and TokenCacheAction, in lower case."""

NAMES = {
    "input tokens": "input",
    "uncached input tokens": "input",
    "output tokens": "output",
    "cached input tokens": "cache_read",
    "cache read input tokens": "cache_read",
    "cache write input tokens": "cache_write",
    "cache write 1h input tokens": "cache_write_1h",
}
"""Generic names of SkuMeter, in lower case."""

UNITS = {"tokens": 0, "token": 0, "1000 tokens": 3, "1k tokens": 3, "1000000 tokens": 6, "1m tokens": 6, "million tokens": 6}
CLOUD_UNITS = {
    "azure": {"units": 0, "1000 units": 3, "1000000 units": 6, "1k": 3, "1m": 6},
    "google": {"count": 0, "counts": 0},
}
"""Units that count tokens, in lower case, and by how many digits they move the point; those of a cloud mean so there alone."""


def with_meters(rows: ir.Table, lines: ir.Table) -> ir.Table:
    """`rows` with `meter`, `model`, `tier`, `tokens` (null where the unit is none of tokens); each text of `lines` is looked at once.

    `rows` has cloud, sku_text, the columns of with_usage_types, sku_meter, service_name, resource_id, token_direction, token_cache,
    model_id, service_tier, and consumed and pricing quantities and units; `lines` has sku_text, null where it cannot be Google's.
    """
    texts = lines.filter(lines.sku_text.notnull()).select(sku_description=lines.sku_text).distinct()
    skus = staged(with_skus(texts).rename(google_text="sku_description", google_meter="meter", google_model="model", google_tier="tier"))
    joined = staged(rows.left_join(skus, rows.sku_text == skus.google_text).drop("google_text"))
    joined = staged(
        joined.mutate(
            consumed_digits=_digits(joined, joined.consumed_unit),
            priced_digits=_digits(joined, joined.pricing_unit),
            bedrock_model=_bedrock_model(joined),
        )
    )
    azure = azure_meter_columns(joined.sku_meter)
    is_aws, is_azure = joined.cloud == "aws", joined.cloud == "azure"
    null = ibis.null("string")
    generic = ibis.coalesce(_direction(joined), joined.sku_meter.lower().cases(*NAMES.items(), else_=null))
    own = ibis.cases((is_aws, joined.aws_meter), (is_azure, azure["meter"]), else_=joined.google_meter)
    model = ibis.cases((is_aws, routed(joined.bedrock_model, joined.aws_is_global)), (is_azure, azure["model"]), else_=joined.google_model)
    tier = ibis.cases((is_aws, joined.aws_tier), (is_azure, azure["tier"]), else_=joined.google_tier)
    return joined.mutate(
        meter=ibis.coalesce(generic, own, UNMAPPED),
        model=ibis.coalesce(joined.model_id, model),
        tier=ibis.coalesce(joined.service_tier, tier),
        tokens=_tokens(joined),
    )


def _direction(rows: ir.Table) -> ir.StringValue:
    words = rows.token_direction + " " + rows.token_cache.fill_null("none")
    return words.lower().cases(*DIRECTIONS.items(), else_=ibis.null("string"))


def _bedrock_model(rows: ir.Table) -> ir.StringValue:
    resource = ibis.ifelse(rows.resource_id.contains(":bedrock:"), model_in(rows.resource_id), ibis.null("string"))
    named = ibis.coalesce(product_in(rows.service_name), rows.aws_model)
    return ibis.coalesce(resource, model_named(named))


def _tokens(rows: ir.Table) -> ir.DecimalValue:
    """The consumed quantity where its unit counts tokens, else the pricing quantity where its does."""
    amount = ibis.ifelse(rows.consumed_digits.notnull(), rows.consumed, rows.priced)
    digits = ibis.coalesce(rows.consumed_digits, rows.priced_digits)
    return ibis.ifelse(digits.notnull(), quantity(amount, shift=digits.fill_null(0)), ibis.null(QUANTITY))


def _digits(rows: ir.Table, unit: ir.StringValue) -> ir.IntegerValue:
    plain, null = unit.lower(), ibis.null("int64")
    of_cloud = ibis.cases(
        (rows.cloud == "aws", token_digits(unit, rows.in_millions)),
        *((rows.cloud == cloud, plain.cases(*units.items(), else_=null)) for cloud, units in CLOUD_UNITS.items()),
        else_=null,
    )
    return ibis.coalesce(plain.cases(*UNITS.items(), else_=null), of_cloud).cast("int64")
