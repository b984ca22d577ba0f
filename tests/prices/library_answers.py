"""The library's own row-by-row answer to one of our events: the truth of these tests."""

from decimal import Decimal, localcontext
from typing import Any

from genai_prices import Usage, calc_price
from genai_prices.decompose import is_descendant_or_self
from genai_prices.types import PriceCalculation
from genai_prices.units import _get_registry

from usage_pipeline.tables.meters import METERS

UNITS = _get_registry().units
OURS = {meter.name: UNITS[meter.library_key] for meter in METERS if meter.library_key is not None}

CONTENTS = {key: {other.usage_key for other in UNITS.values() if is_descendant_or_self(unit, other)} for key, unit in UNITS.items()}
"""The units inside a unit, itself among them."""


def usage_of(row: dict[str, Any]) -> Usage:
    """Our disjoint meters as the library's nested units: each the sum of what it contains."""
    nested: dict[str, Any] = {
        key: sum(row.get(name) or 0 for name, part in OURS.items() if part.usage_key in inside)
        for key, inside in CONTENTS.items()
        if key != "requests"
    }
    return Usage(**nested | {"output_reasoning_tokens": row.get("reasoning_tokens") or 0})


def context_of(row: dict[str, Any]) -> dict[str, str]:
    given = {"processing": "batch" if row.get("is_batch") else None, "service_tier": row.get("service_tier"), "speed": row.get("speed")}
    return {name: value for name, value in given.items() if value is not None}


def library_price(row: dict[str, Any], provider_id: str) -> PriceCalculation:
    """Raises LookupError where the library does not know the model."""
    with localcontext() as context:
        context.prec = 60
        return calc_price(
            usage_of(row), row["model"], provider_id=provider_id, genai_request_timestamp=row["started_at"], price_context=context_of(row)
        )


def priced_units(answer: PriceCalculation) -> dict[str, list[Decimal]]:
    """Every price, per one unit, of each library unit that has one."""
    with localcontext() as context:
        context.prec = 60
        found = {}
        for key, unit in UNITS.items():
            value = getattr(answer.model_price, unit.price_key)
            if value is not None:
                values = [value] if isinstance(value, Decimal) else [value.base, *(tier.price for tier in value.tiers)]
                found[key] = [one / unit.per for one in values]
        return found
