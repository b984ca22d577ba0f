"""What one unit costs, as genai-prices answers for a whole request: the truth of a generated month's prices."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

import genai_prices
from genai_prices.types import Usage

_PROBES = {
    "input": lambda total: Usage(input_tokens=total),
    "cache_read": lambda total: Usage(input_tokens=total, cache_read_tokens=total),
    "cache_write": lambda total: Usage(input_tokens=total, cache_write_tokens=total),
    "cache_write_1h": lambda total: Usage(input_tokens=total, cache_write_tokens=total, cache_write_1h_tokens=total),
    "output": lambda total: Usage(input_tokens=total, output_tokens=1_000),
}
PROBE, LONG_PROBE = 1_000, 1_000_000


@cache
def list_price(provider: str, model: str, meter: str, day: date, processing: str, *, is_long: bool) -> Decimal:
    """What the library says one unit costs, in a request of few or of many tokens."""
    total = LONG_PROBE if is_long else PROBE
    moment = datetime.combine(day, datetime.min.time(), tzinfo=UTC)

    def price(usage: Usage) -> Decimal:
        context = {} if processing == "standard" else {"processing": "batch"}
        return genai_prices.calc_price(
            usage, model, provider_id=provider, genai_request_timestamp=moment, price_context=context or None
        ).total_price

    if meter == "output":
        return (price(_PROBES["output"](total)) - price(_PROBES["input"](total))) / 1_000
    return price(_PROBES[meter](total)) / total


LONG_FROM = {"gpt-5.6-terra": 272_000, "gpt-5.5": 272_000, "claude-sonnet-4-5": 200_000, "gemini-2.5-pro": 200_000}
