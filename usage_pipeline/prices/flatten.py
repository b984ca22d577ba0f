"""A model's price rules, flattened: the library's own answer in every cell of date, time of day and input tokens.

Prices change at finitely many points only, so asking once between each two of them says all there is to know.
In: a catalog model and a context such as {'processing': 'batch'}. Out: cells of list prices per one unit of our meters.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal, localcontext

from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
    Usage,
    calc_unit_price,
)
from genai_prices.units import UnitDef

from usage_pipeline.money import exact
from usage_pipeline.prices import supply
from usage_pipeline.prices.catalog import CatalogModel
from usage_pipeline.prices.cells import Cell, Price
from usage_pipeline.prices.containers import METER_OF_KEY, closest_priced, registry
from usage_pipeline.prices.supplements import Supplement
from usage_pipeline.tables.meters import METERS, REQUESTS
from usage_pipeline.tables.priced_usage import FREE_OR_UNKNOWN, NO_VARIANT, PRICED
from usage_pipeline.tables.rates import ALL_TOKENS, DAY_SECONDS, NO_TOKENS, REASONING

__all__ = ["Cell", "Price", "flatten"]

REASONING_KEY = "output_reasoning_tokens"
REQUESTS_KEY = "requests"

_WIDE = Context(prec=60)
_LONG_AGO = date(1970, 1, 1)
_MANY = 100_000


def flatten(
    model: CatalogModel,
    context: Mapping[str, str],
    dates: Iterable[date] = (),
    supplements: Iterable[Supplement] = (),
    *,
    only: date | None = None,
) -> Iterator[Cell]:
    """Every cell of `model` in `context`, with further breakpoints at `dates`, in order of day, second and tokens.

    `supplements` fill what the catalog leaves open; without them the prices are the library's own, to the last digit.
    With `only`, the cells that hold on that day.
    """
    told = supply.relevant(supplements, model, context)
    starts = [None, *sorted({*dates, *_start_dates(model.info), *supply.breakpoints(told)})]
    seconds = sorted({0, *_seconds(model.info)})
    spans = zip(starts, [*starts[1:], None], strict=True)
    for valid_from, valid_to in spans:
        if only is not None and not (valid_from or date.min) <= only < (valid_to or date.max):
            continue
        for second, next_second in zip(seconds, [*seconds[1:], DAY_SECONDS], strict=True):
            at = _moment(valid_from, valid_to, second)
            rows = supply.active(told, at.date())
            answer = supply.ask(model, context, at, rows)
            for above, up_to in _tiers(answer.prices):
                cell_prices = tuple(supply.fill(model, _prices(model, answer, at, above + 1), rows, answer.served))
                state = _state(answer.prices, cell_prices, context, supply.covered(rows, answer.served))
                yield Cell(valid_from, valid_to, second, next_second, above, up_to, state, cell_prices)


def _moment(valid_from: date | None, valid_to: date | None, second: int) -> datetime:
    """A moment inside the cell: on its first day, or on the day before its end where it has no first."""
    day = valid_from or (valid_to - timedelta(days=1) if valid_to else _LONG_AGO)
    return datetime.combine(day, time(), tzinfo=UTC) + timedelta(seconds=second)


def _conditions(model: ModelInfo) -> Iterator[StartDateConstraint | TimeOfDateConstraint]:
    entries: list[ConditionalPrice | PriceVariant] = list(model.price_variants or ())
    if not isinstance(model.prices, ModelPrice):
        entries += model.prices
    return (entry.constraint for entry in entries if entry.constraint is not None)


def _start_dates(model: ModelInfo) -> Iterator[date]:
    return (one.start_date for one in _conditions(model) if isinstance(one, StartDateConstraint))


def _seconds(model: ModelInfo) -> Iterator[int]:
    for one in _conditions(model):
        if isinstance(one, TimeOfDateConstraint):
            for at in (one.start_time, one.end_time):
                moment = datetime.combine(_LONG_AGO, at, tzinfo=at.tzinfo or UTC).astimezone(UTC)
                yield moment.hour * 3600 + moment.minute * 60 + moment.second


def _tiers(prices: ModelPrice) -> list[tuple[int, int]]:
    """The intervals (above, up to] of a request's input tokens between the tiers' starts."""
    starts = sorted({tier.start for price in _priced(prices).values() if isinstance(price, TieredPrices) for tier in price.tiers})
    return list(zip([NO_TOKENS, *starts], [*starts, ALL_TOKENS], strict=True))


def _priced(prices: ModelPrice) -> dict[str, Decimal | TieredPrices]:
    """Price of each library unit that has one, by usage key."""
    units = registry().units.values()
    given = vars(prices)
    return {unit.usage_key: given[unit.price_key] for unit in units if given.get(unit.price_key) is not None}


def _state(listed: ModelPrice, prices: Sequence[Price], context: Mapping[str, str], served: frozenset[supply.Pair]) -> str:
    if not _priced(listed) and not prices:
        return FREE_OR_UNKNOWN
    asked = {pair for pair in context.items() if pair[0] != supply.REGION}
    return PRICED if asked <= served else NO_VARIANT


def _prices(model: CatalogModel, answer: supply.Answer, at: datetime, input_tokens: int) -> Iterator[Price]:
    """Our meters' prices. A unit without a price of its own costs what the closest unit that contains it costs."""
    priced = _priced(answer.prices)
    units = registry().units
    for meter in METERS:
        if meter.library_key is None:
            continue
        unit = closest_priced(units[meter.library_key], priced)
        if unit is not None:
            price = _unit_price(unit, priced[unit.usage_key], input_tokens)
            parent = None if unit.usage_key == meter.library_key else METER_OF_KEY[unit.usage_key]
            least = None if meter.tokens or parent else _minimum_quantity(model, unit, price, at)
            yield Price(meter.name, price, parent, least, answer.source_of(unit.price_key))
    for meter_name, usage_key in ((REASONING, REASONING_KEY), (REQUESTS, REQUESTS_KEY)):
        if usage_key in priced:
            source = answer.source_of(units[usage_key].price_key)
            yield Price(meter_name, _unit_price(units[usage_key], priced[usage_key], input_tokens), source=source)


def _unit_price(unit: UnitDef, price: Decimal | TieredPrices, input_tokens: int) -> Decimal:
    with localcontext(_WIDE):  # the library calculates in its caller's decimal context
        return exact(calc_unit_price(price, 1, input_tokens, unit.per))


def _minimum_quantity(model: CatalogModel, unit: UnitDef, unit_price: Decimal, at: datetime) -> Decimal | None:
    """The least quantity charged, where the library's code has such a rule: seen by asking for the price of one unit and of many.

    Both at the standard price, whatever the context of `unit_price`: the rule is of quantities, not of prices.
    """
    if unit_price == 0:
        return None
    keys = {unit.usage_key, *registry().ancestor_usage_keys(unit.usage_key)}
    with localcontext(_WIDE):
        none, one, many = (
            model.info.calc_price(Usage(**dict.fromkeys(keys, quantity)), model.provider, genai_request_timestamp=at).total_price
            for quantity in (0, 1, _MANY)
        )
        if many == none:
            return None
        charged = ((one - none) * _MANY / (many - none)).quantize(Decimal("0.000001"))
    return charged if charged > 1 else None
