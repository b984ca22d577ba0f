"""How supplements act on the catalog's prices: they fill gaps, they never override.

A variant of the catalog that holds at that moment always wins. Then, for what it leaves open: a variant of a later date that held
already (`same_as_later`), prices of a unit, and factors, which multiply where several contexts meet (batch in a region).
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from genai_prices.types import ClauseEquals, ModelInfo, ModelPrice, PriceVariant, Provider, StartDateConstraint

from usage_pipeline.money import exact, text
from usage_pipeline.prices.catalog import CatalogModel
from usage_pipeline.prices.cells import Price
from usage_pipeline.prices.containers import followed
from usage_pipeline.prices.supplements import Supplement

Pair = tuple[str, str]

REGION = "region"
"""The one word of a context that changes nothing where no supplement speaks of it: most prices are the same everywhere."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The library's prices at a moment and the pairs of the context that they are for.

    `later_keys` are the price keys (input_mtok) that a variant of a later date gave, `later_source` says which.
    """

    prices: ModelPrice
    served: frozenset[Pair]
    later_keys: frozenset[str] = frozenset()
    later_source: str | None = None

    def source_of(self, price_key: str) -> str | None:
        """Where the price of a library unit comes from, if not from the catalog as of that moment."""
        return self.later_source if price_key in self.later_keys else None


def catalog_source(model: CatalogModel) -> str:
    return f"genai-prices:{model.owner}/{model.info.id}"


def relevant(supplements: Iterable[Supplement], model: CatalogModel, context: Mapping[str, str]) -> tuple[Supplement, ...]:
    """Those that speak of this model in (a part of) this context, at any time."""
    return tuple(row for row in supplements if speaks_of(row, model) and all(context.get(key) == value for key, value in row.context))


def speaks_of(row: Supplement, model: CatalogModel) -> bool:
    """Whether the row is about this model, in whatever context."""
    return (
        row.provider == model.provider.id
        and (row.models is None or model.info.id in row.models)
        and (row.owner is None or row.owner == model.owner)
    )


def told_apart(supplements: Iterable[Supplement], model: CatalogModel, context: Mapping[str, str]) -> dict[str, str]:
    """The context without a region that nobody speaks of: requests that differ by nothing else have the same prices."""
    spoken_of = {pair for row in relevant(supplements, model, context) for pair in row.context}
    return {key: value for key, value in context.items() if key != REGION or (key, value) in spoken_of}


def added_model(supplements: Iterable[Supplement], provider: Provider, model: str) -> CatalogModel | None:
    """A model that the provider sells and the catalog does not know: one that rows with a unit price name by exactly this id."""
    if not any(row.provider == provider.id and row.unit_price is not None and model in (row.models or ()) for row in supplements):
        return None
    return CatalogModel(provider, provider.id, ModelInfo(id=model, match=ClauseEquals(model), prices=ModelPrice()))


def breakpoints(rows: Iterable[Supplement]) -> set[date]:
    """Days on which a row begins or ends to hold."""
    return {day for row in rows for day in (row.valid_from, row.valid_to) if day is not None}


def active(rows: Iterable[Supplement], day: date) -> list[Supplement]:
    return [row for row in rows if (row.valid_from is None or row.valid_from <= day) and (row.valid_to is None or day < row.valid_to)]


def ask(model: CatalogModel, context: Mapping[str, str], at: datetime, rows: Sequence[Supplement]) -> Answer:
    """The library's own answer, its later variants included where an active row says that they held already."""
    now = Answer(model.info.get_prices(at, dict(context) if model.is_own else None), _served(model, context, at))
    later = [row for row in rows if row.same_as_later and model.is_own and not now.served.issuperset(row.context)]
    found = [(row, *start) for row in later for start in _next_variant(model, row.context, at)]
    if not found:
        return now
    moment = max(start for _, start, _ in found)
    kept = [(row, variant) for row, _, variant in found if _held_already(model, variant, at, moment)]
    if not kept:
        return now
    pairs = now.served.union(*(row.context for row, _ in kept))
    then = vars(model.info.get_prices(moment, dict(pairs)))
    keys = frozenset(key for _, variant in kept for key in _keys(variant))
    prices = copy(now.prices)
    vars(prices).update({key: then[key] for key in keys})
    citations = " ".join(f"({row.citation})" for row, _ in kept)
    return Answer(prices, pairs, keys, f"{catalog_source(model)} as of {moment.date()} {citations}")


def fill(model: CatalogModel, prices: Iterable[Price], rows: Sequence[Supplement], served: frozenset[Pair]) -> list[Price]:
    """The prices of a cell with the gaps filled that `served` leaves: what has a price of its own for this context stays.

    `rows` are the active ones for the model and context. A fee of all models alone does not make a model without prices priced.
    A meter that neither catalog nor row has a price for follows the closest one with a price that contains it.
    """
    listed = {price.meter: price for price in prices}
    if not rows:
        return list(listed.values())
    factors = [row for row in rows if row.factor is not None and not served.issuperset(row.context)]
    units = [row for row in rows if row.unit_price is not None and not (row.context and served.issuperset(row.context))]
    if not listed:
        units = [row for row in units if row.models is not None]
    best = {meter: row for meter in _meters(units) if (row := _best(meter, listed.get(meter), units)) is not None}
    standing = followed((listed | {meter: _at_unit_price(meter, row) for meter, row in best.items()}).values())
    if not factors:
        return standing
    settled = {meter: frozenset(row.context) for meter, row in best.items()}
    return followed(_times_factors(model, price, settled.get(price.priced_as or price.meter, frozenset()), factors) for price in standing)


def covered(rows: Iterable[Supplement], served: frozenset[Pair]) -> frozenset[Pair]:
    """The pairs of a context that the catalog or one of the rows has a price for."""
    return served.union(*(row.context for row in rows if row.factor is not None or row.unit_price is not None))


def _meters(units: Iterable[Supplement]) -> list[str]:
    """The meters that the rows price, in order, each once."""
    return list(dict.fromkeys(meter for row in units for meter in row.meters or ()))


def _best(meter: str, listed: Price | None, units: Iterable[Supplement]) -> Supplement | None:
    """The most specific row that may set the meter's price: one of any context, or a standard one where it has none of its own."""
    is_own = listed is not None and listed.priced_as is None
    rows = [row for row in units if meter in (row.meters or ()) and (row.context or not is_own)]
    return max(rows, key=lambda row: len(row.context), default=None)


def _at_unit_price(meter: str, row: Supplement) -> Price:
    return Price(meter, exact(row.unit_price or Decimal(0)), source=row.citation)


def _times_factors(model: CatalogModel, price: Price, settled: frozenset[Pair], factors: Iterable[Supplement]) -> Price:
    """The price times the factors of whatever context is not `settled`: one of its own where a row names it and not what it follows."""
    rows = [row for row in factors if _prices(row, price) and not settled.intersection(row.context)]
    rows = [row for row in rows if not any(set(row.context) < set(other.context) for other in rows)]
    if any(row.meters is not None and price.priced_as not in row.meters for row in rows):
        price = replace(price, priced_as=None)
    for row in rows:
        source = f"{price.source or catalog_source(model)} × {text(row.factor or Decimal(0))} ({row.citation})"
        price = replace(price, unit_price=exact(price.unit_price * (row.factor or Decimal(0))), source=source)
    return price


def _prices(row: Supplement, price: Price) -> bool:
    """A meter priced as another one follows that one."""
    return row.meters is None or price.meter in row.meters or price.priced_as in row.meters


def _served(model: CatalogModel, context: Mapping[str, str], at: datetime) -> frozenset[Pair]:
    """The pairs of the context that variants ask for which hold at that moment."""
    variants = model.info.price_variants or () if model.is_own else ()
    return frozenset(
        pair for variant in variants if _holds(variant, at) and variant.when.items() <= context.items() for pair in variant.when.items()
    )


def _holds(variant: PriceVariant, at: datetime) -> bool:
    return variant.constraint is None or variant.constraint.active(at)


def _next_variant(model: CatalogModel, context: Sequence[Pair], at: datetime) -> list[tuple[datetime, PriceVariant]]:
    """The first variant for exactly this context that starts after `at`, with the same time of day on its first day; or nothing."""
    later = [
        (datetime.combine(variant.constraint.start_date, at.timetz()), variant)
        for variant in model.info.price_variants or ()
        if variant.when == dict(context) and isinstance(variant.constraint, StartDateConstraint) and not _holds(variant, at)
    ]
    return sorted(later, key=lambda one: one[0])[:1]


def _held_already(model: CatalogModel, variant: PriceVariant, at: datetime, moment: datetime) -> bool:
    """Whether the variant holds at `moment` and the standard prices of what it prices are then what they are at `at`."""
    now, then = vars(model.info.get_prices(at)), vars(model.info.get_prices(moment))
    return _holds(variant, moment) and all(now.get(key) == then.get(key) for key in _keys(variant))


def _keys(variant: PriceVariant) -> list[str]:
    return [key for key, price in vars(variant.prices).items() if price is not None]
