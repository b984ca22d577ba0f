"""What a meter without a price of its own costs: what the closest priced meter that contains it costs, by the library's units.

Cached audio, for one, is inside audio, cached input and input. In: prices, a supplement's included. Out: the prices of all meters inside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from genai_prices.units import UnitDef, UnitRegistry, _get_registry  # the library has no public name for its units

from usage_pipeline.prices.cells import Price
from usage_pipeline.tables.meters import METERS

KEY_OF_METER = {meter.name: meter.library_key for meter in METERS if meter.library_key is not None}
METER_OF_KEY = {key: meter for meter, key in KEY_OF_METER.items()}


def registry() -> UnitRegistry:
    return _get_registry()


def closest_priced(unit: UnitDef, priced: Mapping[str, object]) -> UnitDef | None:
    """The unit itself or the smallest priced one that contains it.

    The library sees to it that its catalog has only one such; of two equally close ones the first by name counts.
    """
    keys = {unit.usage_key, *registry().ancestor_usage_keys(unit.usage_key)} & priced.keys()
    return max((registry().units[key] for key in sorted(keys)), key=lambda other: len(other.dimensions), default=None)


def followed(prices: Iterable[Price]) -> list[Price]:
    """The prices that are a meter's own, as they are, and for every other meter inside one the price of the closest."""
    given = {price.meter: price for price in prices}
    own = {KEY_OF_METER[name]: price for name, price in given.items() if price.priced_as is None and name in KEY_OF_METER}
    closest = {name: closest_priced(registry().units[key], own) for name, key in KEY_OF_METER.items() if key not in own}
    following = {name: _as(name, own[unit.usage_key]) for name, unit in closest.items() if unit is not None}
    return list((given | following).values())


def _as(meter: str, price: Price) -> Price:
    return replace(price, meter=meter, priced_as=price.meter, minimum_quantity=None)
