"""The library's own row-by-row answer to one of our events: the truth of these tests.

Runs under older versions of the library too: `catalogs/make.py` writes down their answers with it.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from genai_prices import Usage, calc_price
from genai_prices.decompose import compute_leaf_values, is_descendant_or_self
from genai_prices.types import PriceCalculation, calc_unit_price
from genai_prices.units import _get_registry

from usage_pipeline.tables.meters import METERS

DIGITS = 60
"""The library's result depends on the caller's decimal context: with the default of 28 digits it may round."""

REASONING_KEY = "output_reasoning_tokens"
REQUESTS_KEY = "requests"
UNITS = _get_registry().units
OURS = {meter.name: UNITS[meter.library_key] for meter in METERS if meter.library_key in UNITS}
TAKES_CONTEXT = "price_context" in inspect.signature(calc_price).parameters

CONTENTS = {key: {other.usage_key for other in UNITS.values() if is_descendant_or_self(unit, other)} for key, unit in UNITS.items()}
"""The units inside a unit, itself among them."""

AROUND = {name: [key for key, inside in CONTENTS.items() if unit.usage_key in inside] for name, unit in OURS.items()}
"""The units that one of our meters is a part of."""

NOTHING = dict.fromkeys((key for key in UNITS if key != REQUESTS_KEY), 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the library says: an error's name, or amounts. `by_unit` is its own breakdown, `prices` those of one unit, tiers and all."""

    error: str | None
    calculation: PriceCalculation | None
    by_unit: Mapping[str, Decimal]
    prices: Mapping[str, list[Decimal]]


def usage_of(row: Mapping[str, Any]) -> Usage:
    """Our disjoint meters as the library's nested units: each the sum of what it contains. Raises ValueError for a negative sum."""
    nested: dict[str, Any] = dict(NOTHING)
    for name, keys in AROUND.items():
        quantity = row.get(name)
        if quantity:
            for key in keys:
                nested[key] += quantity
    return Usage(**nested | {REASONING_KEY: row.get("reasoning_tokens") or 0})


def context_of(row: dict[str, Any]) -> dict[str, str]:
    given = {"processing": "batch" if row.get("is_batch") else None, "service_tier": row.get("service_tier"), "speed": row.get("speed")}
    return {name: value for name, value in given.items() if value is not None}


def library_price(row: dict[str, Any], provider_id: str) -> PriceCalculation:
    """Raises LookupError where the library does not know the model."""
    return calculation(provider_id, row["model"], row["started_at"], context_of(row), row)


def calculation(provider_id: str, model: str, at: datetime, context: Mapping[str, str], meters: Mapping[str, Any]) -> PriceCalculation:
    """calc_price in a decimal context wide enough for every digit. Versions without contexts are not told any."""
    more: dict[str, Any] = {"price_context": context} if TAKES_CONTEXT else {}
    with localcontext() as digits:
        digits.prec = DIGITS
        return calc_price(usage_of(meters), model, provider_id=provider_id, genai_request_timestamp=at, **more)


def answer(provider_id: str, model: str, at: datetime, context: Mapping[str, str], meters: Mapping[str, Any]) -> Answer:
    """calc_price with its breakdown by unit, or with the name of its error."""
    try:
        calculated = calculation(provider_id, model, at, context, meters)
    except (LookupError, ValueError) as error:
        return Answer(type(error).__name__, None, {}, {})
    return Answer(None, calculated, unit_costs(calculated, meters), priced_units(calculated))


def unit_costs(calculated: PriceCalculation, meters: Mapping[str, Any]) -> dict[str, Decimal]:
    """The library's own steps inside calc_price, kept apart: what each priced unit costs, without what is inside it and priced itself.

    Not for models with a least quantity (Groq's Whisper), whose rule stands in calc_price before these steps.
    """
    usage = usage_of(meters)
    priced = {unit.usage_key: (unit, price) for unit, price in _priced(calculated)}
    apart = {key: unit for key, (unit, _) in priced.items() if key != REQUESTS_KEY}
    counts = compute_leaf_values(set(apart), usage, apart) | {REQUESTS_KEY: 1}
    with localcontext() as digits:
        digits.prec = DIGITS
        return {key: calc_unit_price(price, counts[key], usage.input_tokens, unit.per) for key, (unit, price) in priced.items()}


def priced_units(calculated: PriceCalculation) -> dict[str, list[Decimal]]:
    """Every price, per one unit, of each library unit that has one."""
    with localcontext() as digits:
        digits.prec = DIGITS
        return {unit.usage_key: [one / unit.per for one in amounts(price)] for unit, price in _priced(calculated)}


def amounts(price: Any) -> list[Decimal]:
    """A plain price, or those of its tiers, as the catalog has it (per million, thousand or hour)."""
    return [price] if isinstance(price, Decimal) else [price.base, *(tier.price for tier in price.tiers)]


def _priced(calculated: PriceCalculation) -> list[tuple[Any, Any]]:
    given = vars(calculated.model_price)
    return [(unit, given[unit.price_key]) for unit in UNITS.values() if given.get(unit.price_key) is not None]
