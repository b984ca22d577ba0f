"""Equal to genai_prices.calc_price for every model of the catalog, at random dates, times, tiers, contexts and meters."""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from genai_prices.data import providers
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from library_answers import CONTENTS, OURS, UNITS, library_price, priced_units
from priced_events import Price, event

from usage_pipeline.prices.wide import INPUT_METERS, OUTPUT_METERS

CASES_PER_MODEL = 2
DECIMALS = 15
NEAR = Decimal("1e-9")
MODELS = [(provider.id, model) for provider in providers for model in provider.models]


def entries(model: ModelInfo) -> list[ConditionalPrice | PriceVariant]:
    return [*([] if isinstance(model.prices, ModelPrice) else model.prices), *(model.price_variants or [])]


def price_sets(model: ModelInfo) -> list[ModelPrice]:
    return [*([model.prices] if isinstance(model.prices, ModelPrice) else []), *(one.prices for one in entries(model))]


def some_moment(dice: random.Random, model: ModelInfo) -> datetime:
    constraints = [one.constraint for one in entries(model)]
    days = [one.start_date for one in constraints if isinstance(one, StartDateConstraint)] or [date(2026, 7, 1)]
    times = [at for one in constraints if isinstance(one, TimeOfDateConstraint) for at in (one.start_time, one.end_time)]
    day = dice.choice(days) + timedelta(days=dice.choice([-1, -1, 0, 0, 1, 400, -400]))
    at = dice.choice(times).replace(tzinfo=None) if times and dice.random() < 0.8 else time(dice.randrange(24), dice.randrange(60))
    return datetime.combine(day, at, tzinfo=UTC) + timedelta(microseconds=dice.choice([0, -1, 1]))


def some_context(dice: random.Random, model: ModelInfo) -> dict[str, Any]:
    known = [variant.when for variant in model.price_variants or []]
    wanted = dict(dice.choice(known)) if known and dice.random() < 0.7 else {}
    if dice.random() < 0.2:
        wanted[dice.choice(["service_tier", "speed", "processing"])] = dice.choice(["batch", "flex", "priority", "fast", "default"])
    return {
        "is_batch": True if wanted.get("processing") == "batch" else dice.choice([None, False]),
        "service_tier": wanted.get("service_tier") if wanted.get("service_tier") != "batch" else None,
        "speed": wanted.get("speed"),
    }


def some_meters(dice: random.Random, model: ModelInfo) -> dict[str, Any]:
    """Mostly meters that the model has prices for; input tokens often next to a tier's start."""
    priced = {unit.usage_key for one in price_sets(model) for unit in UNITS.values() if getattr(one, unit.price_key) is not None}
    inside = [name for name, unit in OURS.items() if any(unit.usage_key in CONTENTS[key] for key in priced)]
    names = [name for name in inside if dice.random() < 0.4] + dice.sample(sorted(OURS), dice.random() < 0.1)
    quantities: dict[str, Any] = {name: dice.choice([0, 1, dice.randrange(5000), dice.randrange(200_000)]) for name in names}
    if "audio_seconds" in quantities:
        quantities["audio_seconds"] = Decimal(dice.randrange(1, 40_000_000)).scaleb(-6)
    starts = sorted(
        {
            tier.start
            for one in price_sets(model)
            for value in one.__dict__.values()
            if isinstance(value, TieredPrices)
            for tier in value.tiers
        }
    )
    if starts and dice.random() < 0.7:
        others = sum(quantities.get(name, 0) for name in INPUT_METERS if name != "input")
        quantities["input"] = max(0, dice.choice(starts) + dice.choice([-1, 0, 1]) - others)
    if not quantities:
        quantities["input"] = 0
    quantities["reasoning_tokens"] = dice.randrange(quantities.get("output", 0) + 1)
    return quantities


def cases() -> list[dict[str, Any]]:
    dice = random.Random(20_261_121)  # noqa: S311
    rows = []
    for provider_id, model in MODELS:
        for _ in range(CASES_PER_MODEL * (1 + len(entries(model)))):
            moment = some_moment(dice, model)
            row = event(provider_id, model.id, **some_context(dice, model), **some_meters(dice, model))
            rows.append({**row, "started_at": moment})
    return rows


def is_unpriced(row: dict[str, Any], units: dict[str, list[Decimal]]) -> bool:
    used = [unit for name, unit in OURS.items() if row.get(name)]
    return any(not any(unit.usage_key in CONTENTS[key] for key in units) for unit in used)


def check(row: dict[str, Any], priced: dict[str, Any]) -> str:
    """Compare one case; the state it was found in."""
    state = priced["price_state"]
    try:
        answer = library_price(row, row["provider"])
    except LookupError:
        assert state == "unresolved_model", row
        return state
    units = priced_units(answer)
    assert priced["model_id"] == answer.model.id
    if not units:
        assert (state, priced["list_cost"]) == ("free_or_unknown", None), row
    elif is_unpriced(row, units):
        assert (state, priced["list_cost"]) == ("unpriced_meter", None) or has_second_measure(row), row
    else:
        inexact = any(-int(one.normalize().as_tuple().exponent) > DECIMALS for prices in units.values() for one in prices)
        difference = abs(priced["list_cost"] - answer.total_price)
        fractional = Decimal(row.get("audio_seconds") or 0) % 1 != 0
        assert difference <= (NEAR * max(1, answer.total_price) if inexact else Decimal("5e-16") if fractional else 0), (
            row,
            priced,
            answer.total_price,
        )
    assert priced["net_cost"] == priced["list_cost"]
    return state


def has_second_measure(row: dict[str, Any]) -> bool:
    return bool(row.get("input_audio") or row.get("output_audio"))


def test_every_model_costs_what_the_library_says(price: Price):
    rows = cases()
    assert len(rows) > 5000
    states = {check(row, priced) for row, priced in zip(rows, price(rows), strict=True)}
    assert states >= {"priced", "priced_as_parent", "no_variant", "unresolved_model", "unpriced_meter", "free_or_unknown"}


def test_every_priced_unit_of_the_catalog_is_a_meter_of_ours():
    used = {
        unit.usage_key
        for _, model in MODELS
        for one in price_sets(model)
        for unit in UNITS.values()
        if getattr(one, unit.price_key) is not None
    }
    ours = {unit.usage_key for unit in OURS.values()} | {"output_reasoning_tokens", "requests"}
    assert used - ours == {"input_audio_seconds"}, "always at the price of audio_seconds, which contains it"


def test_input_and_output_meters_are_the_librarys():
    directions = {name: unit.dimensions.get("direction") for name, unit in OURS.items() if unit.dimensions["family"] == "tokens"}
    assert {name for name, direction in directions.items() if direction == "input"} == set(INPUT_METERS)
    assert {name for name, direction in directions.items() if direction == "output"} == set(OUTPUT_METERS)


def test_least_seconds_are_seen_wherever_the_library_has_them(price: Price):
    rows = [
        event(provider_id, model.id, audio_seconds=Decimal(3))
        for provider_id, model in MODELS
        if any(one.audio_hours is not None for one in price_sets(model))
    ]
    assert len(rows) > 10
    for row, priced in zip(rows, price(rows), strict=True):
        assert abs(priced["list_cost"] - library_price(row, row["provider"]).total_price) < NEAR
    least = {row["model"]: priced["list_cost"] for row, priced in zip(rows, price(rows), strict=True) if row["provider"] == "groq"}
    assert least["whisper-large-v3"] == Decimal("0.00030833333333"), "ten seconds, not three"
