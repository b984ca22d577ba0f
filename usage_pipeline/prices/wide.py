"""The meters that have rates, and what a quantity costs: shared by row prices and daily sums, so both are equal."""

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY, SCALE, times
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS, TOKEN_METERS
from usage_pipeline.tables.rates import REASONING

RATED = (*METER_NAMES, REASONING, REQUESTS)
BITS: dict[str, int] = {meter: 1 << place for place, meter in enumerate(RATED)}

OUTPUT_METERS = ("output", "output_audio", "output_image", "output_video", "output_citation")
INPUT_METERS = tuple(meter for meter in TOKEN_METERS if meter not in OUTPUT_METERS)

FRACTIONAL = "audio_seconds"
"""The one meter whose quantity is not whole: its cost is rounded to 15 decimals event by event, all others are exact."""

SECOND_MEASURE: dict[str, tuple[str, ...]] = {
    "images": ("output_image",),
    "audio_seconds": ("input_audio", "output_audio"),
    "characters": ("output_audio",),
}
"""Meters that count again what tokens of the same kind count: without a price of their own they cost nothing beside those tokens."""

PARTS = ("list", "net")


def whole_cost(
    quantity: ir.IntegerValue, reasoning: ir.IntegerValue, price: ir.DecimalValue, reasoning_price: ir.DecimalValue
) -> ir.DecimalValue:
    """Quantity at its price, the reasoning part of it at its own where that is not null; null without a price."""
    thought = reasoning.fill_null(0)
    apart = times(quantity - thought, price) + times(thought, reasoning_price)
    return ibis.ifelse(reasoning_price.notnull(), apart, times(quantity, price))


def seconds_cost(seconds: ir.DecimalValue, least: ir.DecimalValue, price: ir.DecimalValue) -> ir.DecimalValue:
    """Seconds, at least `least` of them if any, × price, at 15 decimals, half up."""
    charged = ibis.ifelse((seconds > 0) & (seconds < least), least, seconds)
    return (charged.cast(MONEY) * price).round(SCALE)
