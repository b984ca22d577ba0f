"""What another catalog would change: told by model, context, tier and time, and nothing else."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from usage_pipeline.prices.catalog import Catalog, installed_catalog
from usage_pipeline.prices.compare import compare, models_of

DAY = date(2026, 11, 20)


@pytest.fixture
def other() -> Catalog:
    return deepcopy(installed_catalog())


def model_of(catalog: Catalog, name: str) -> ModelInfo:
    return models_of(catalog)[name].info


def test_a_catalog_does_not_differ_from_itself(other: Catalog):
    told = compare(installed_catalog(), other, [DAY])
    assert (told.added, told.gone, told.changes) == ((), (), ())


def test_added_and_gone(other: Catalog):
    smaller = replace(other, providers=tuple(one for one in other.providers if one.id != "anthropic"))
    told = compare(installed_catalog(), smaller, [DAY])
    assert told.added == ()
    assert told.gone
    assert all(name.startswith("anthropic/") for name in told.gone)
    assert compare(smaller, installed_catalog(), [DAY]).added == told.gone


def test_a_changed_price_is_told_once_with_both_amounts(other: Catalog):
    model = model_of(other, "openai/gpt-4o-mini")
    assert isinstance(model.prices, ModelPrice)
    model.prices = ModelPrice(**{**vars(model.prices), "input_mtok": Decimal("0.30")})
    told = compare(installed_catalog(), other, [date(2026, 10, 1), DAY])
    standard = [one for one in told.changes if not one.context and one.meter == "input"]
    assert [(one.model, one.day, one.old, one.new) for one in standard] == [
        ("gpt-4o-mini", date(2026, 10, 1), Decimal("0.00000015"), Decimal("0.0000003"))
    ]
    assert told.repriced == ("openai/gpt-4o-mini",)


def test_a_moved_tier_is_told_where_it_differs(other: Catalog):
    model = model_of(other, "openai/gpt-5.5")
    assert isinstance(model.prices, ModelPrice)
    for name, price in vars(model.prices).items():
        if isinstance(price, TieredPrices):
            tiers = [replace(tier, start=300_000) for tier in price.tiers]
            setattr(model.prices, name, replace(price, tiers=tiers))
    told = [one for one in compare(installed_catalog(), other, [DAY]).changes if one.meter == "input" and not one.context]
    assert [one.input_tokens_gt for one in told] == [272_000], "between the old start and the new one"
    assert told[0].old == 2 * told[0].new
