"""What follows what: every model of the current catalog in every context, against the containment of the library's units."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from library_answers import AROUND, OURS, UNITS

from usage_pipeline.prices import supply
from usage_pipeline.prices.catalog import CatalogModel, current_catalog
from usage_pipeline.prices.cells import Cell, Price
from usage_pipeline.prices.containers import followed
from usage_pipeline.prices.flatten import flatten
from usage_pipeline.prices.wide import SECOND_MEASURE

CATALOG = current_catalog()
ROWS = CATALOG.supplements
METER_OF_KEY = {unit.usage_key: meter for meter, unit in OURS.items()}


@dataclass(frozen=True, slots=True)
class Priced:
    """A model in a context, with its cells of all days, times and tiers."""

    model: CatalogModel
    context: dict[str, str]
    cells: tuple[Cell, ...]


def models() -> Iterator[CatalogModel]:
    """Every model that a provider sells: its own, those of its fallbacks, and those that supplements add."""
    entries = {provider.id: provider.models for provider in CATALOG.providers}
    for provider in CATALOG.providers:
        for owner in (provider.id, *(provider.fallback_model_providers or ())):
            yield from (CatalogModel(provider, owner, info) for info in entries[owner])
        for name in sorted({name for row in ROWS if row.provider == provider.id for name in row.models or ()}):
            added = supply.added_model(ROWS, provider, name)
            if added is not None and CATALOG.find(provider, name) is None:
                yield added


def contexts(model: CatalogModel) -> list[dict[str, str]]:
    """Standard, every context that a variant or a row names, and every two of them at once."""
    named = [{}, *(dict(one.when) for one in model.info.price_variants or ())]
    named += [dict(row.context) for row in ROWS if supply.speaks_of(row, model)]
    both = {tuple(sorted((one | other).items())) for one, other in product(named, named)}
    return [dict(pairs) for pairs in sorted(both)]


@pytest.fixture(scope="module")
def everything() -> list[Priced]:
    asked = ((model, context) for model in models() for context in contexts(model))
    return [Priced(model, context, tuple(flatten(model, context, (), ROWS))) for model, context in asked]


def closest(meter: str, own: set[str]) -> set[str]:
    """The priced containers with the most dimensions."""
    around = {METER_OF_KEY[key] for key in AROUND[meter] if METER_OF_KEY.get(key) in own}
    most = max((len(OURS[one].dimensions) for one in around), default=0)
    return {one for one in around if len(OURS[one].dimensions) == most}


def test_every_meter_without_a_price_of_its_own_has_that_of_its_one_closest_container(everything: list[Priced]):
    seen: dict[frozenset[str], dict[str, set[str]]] = {}
    following = 0
    for one in everything:
        for cell in one.cells:
            prices = {price.meter: price for price in cell.prices}
            own = frozenset(meter for meter, price in prices.items() if price.priced_as is None)
            expected = seen.setdefault(own, {meter: closest(meter, set(own)) for meter in OURS.keys() - own})
            for meter, parents in expected.items():
                assert len(parents) <= 1, f"{one.model.name} {one.context}: {meter} is as close to each of {sorted(parents)}; price it"
                assert (meter in prices) == bool(parents), f"{one.model.name} {one.context}: {meter}"
                for parent in parents:
                    whole = prices[parent]
                    following += 1
                    assert prices[meter] == Price(meter, whole.unit_price, parent, None, whole.source), f"{one.model.name} {one.context}"
    assert following > len(everything)


def test_no_supplement_charges_twice_for_what_two_meters_measure(everything: list[Priced]):
    """Where the catalog alone prices both (two of ElevenLabs', one of Mistral's), that is the library's own price and stays."""
    of_library = set()
    for one in everything:
        twice = doubled(one.cells)
        if twice:
            alone = doubled(flatten(one.model, one.context, supply.breakpoints(supply.relevant(ROWS, one.model, one.context))))
            assert twice <= alone, f"{one.model.name} {one.context}: supplements price both of {sorted(twice - alone, key=str)}"
            of_library.add(one.model.name)
    assert of_library == {
        "elevenlabs/eleven_realtime_v1_max",
        "elevenlabs/eleven_realtime_v1_mini",
        "mistral/voxtral-small-24b-2507",
    }


def doubled(cells: Iterable[Cell]) -> set[tuple[date | None, str, str]]:
    """The first day of a cell and two meters of it that measure the same and both cost something."""
    charged = [(cell.valid_from, {price.meter for price in cell.prices if price.unit_price}) for cell in cells]
    pairs = [(meter, twin) for meter, twins in SECOND_MEASURE.items() for twin in twins]
    return {(day, *pair) for day, meters in charged for pair in pairs if meters.issuperset(pair)}


def test_own_prices_stay_and_others_are_found_anew():
    first = [Price("input", Decimal(2)), Price("cache_audio_read", Decimal(9), "input"), Price("images", Decimal(5))]
    prices = {price.meter: price for price in followed([*first, Price("input_audio", Decimal(3), source="a page")])}
    assert prices["cache_audio_read"] == Price("cache_audio_read", Decimal(3), "input_audio", source="a page")
    assert prices["cache_write_1h"] == Price("cache_write_1h", Decimal(2), "input")
    assert prices["images"] == first[2]
    assert "output" not in prices


def test_of_two_equally_close_containers_the_first_by_name_counts():
    prices = followed([Price("input_audio", Decimal(3)), Price("cache_read", Decimal(1))])
    assert [price.priced_as for price in prices if price.meter == "cache_audio_read"] == ["cache_read"]
    assert len(UNITS["cache_read_tokens"].dimensions) == len(UNITS["input_audio_tokens"].dimensions)
