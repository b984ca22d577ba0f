"""What one unit costs, asked from genai-prices itself, one day at a time: the truth shares no code with the `prices` room.

The library is asked for the price of 1,000 units of one meter (a power of ten, so the price per unit is exact), with the model,
the day and the context of the request. Requests of the demo stay below every context tier, so prices are linear in the quantity.
"""

from datetime import date
from decimal import Decimal
from functools import cache

import genai_prices
from genai_prices.types import Usage

from usage_pipeline.periods import start_of

PROBE = 1000

_USAGE: dict[str, dict[str, int]] = {
    "input": {"input_tokens": PROBE},
    "cache_read": {"input_tokens": PROBE, "cache_read_tokens": PROBE},
    "cache_write": {"input_tokens": PROBE, "cache_write_tokens": PROBE},
    "cache_write_1h": {"input_tokens": PROBE, "cache_write_tokens": PROBE, "cache_write_1h_tokens": PROBE},
    "output": {"output_tokens": PROBE},
    "web_searches": {"web_searches": PROBE},
}


@cache
def unit_price(provider: str, model: str, meter: str, day: date, context: tuple[str, str] | None) -> Decimal | None:
    """USD for one unit of `meter` on `day` (UTC); None where the catalog does not know the model."""
    try:
        price = genai_prices.calc_price(
            Usage(**_USAGE[meter]),
            model,
            provider_id=provider,
            genai_request_timestamp=start_of(day),
            price_context=dict([context]) if context else None,
        )
    except LookupError:
        return None
    return price.total_price / PROBE
