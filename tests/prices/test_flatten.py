"""Cells of invented models: whatever the rules, the cell that holds at a moment has the library's price of that moment."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
    calc_unit_price,
)
from hypothesis import given, settings
from hypothesis import strategies as some

from usage_pipeline.prices.catalog import CatalogModel
from usage_pipeline.prices.flatten import Cell, flatten
from usage_pipeline.tables.rates import ALL_TOKENS

MILLION = Decimal(1_000_000)
DAYS = some.dates(date(2026, 1, 1), date(2026, 1, 6))
TIMES = some.builds(
    time, some.integers(0, 23), some.sampled_from([0, 30]), tzinfo=some.sampled_from([None, UTC, timezone(timedelta(hours=5))])
)
AMOUNTS = some.integers(0, 999).map(lambda cents: Decimal(cents) / 100)
TIERS = some.lists(some.builds(Tier, some.sampled_from([10, 20, 30]), AMOUNTS), max_size=2, unique_by=lambda tier: tier.start)
PRICES = some.one_of(AMOUNTS, some.builds(TieredPrices, base=AMOUNTS, tiers=TIERS))
SETS = some.builds(ModelPrice, input_mtok=PRICES, output_mtok=PRICES)
WHEN = some.one_of(some.none(), some.builds(StartDateConstraint, DAYS), some.builds(TimeOfDateConstraint, TIMES, TIMES))
VARIANTS = some.lists(some.builds(PriceVariant, when=some.just({"processing": "batch"}), prices=SETS, constraint=WHEN), max_size=2)
LISTS = some.lists(some.builds(ConditionalPrice, constraint=WHEN, prices=SETS), min_size=1, max_size=4)
MOMENTS = some.datetimes(datetime(2025, 12, 30), datetime(2026, 1, 8)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


def model(prices: ModelPrice | list[ConditionalPrice], variants: list[PriceVariant] | None = None) -> CatalogModel:
    info = ModelInfo(id="m", match=ClauseEquals("m"), prices=prices, price_variants=variants)
    return CatalogModel(Provider(id="p", name="P", api_pattern="", models=[info]), "p", info)


def holding(cells: list[Cell], moment: datetime, tokens: int) -> Cell:
    """The one cell for the moment and the tokens; fails if there is none or several."""
    second = moment.hour * 3600 + moment.minute * 60 + moment.second
    [cell] = [
        cell
        for cell in cells
        if (cell.valid_from or date.min) <= moment.date() < (cell.valid_to or date.max)
        and cell.utc_from_second <= second < cell.utc_to_second
        and cell.input_tokens_gt < tokens <= cell.input_tokens_le
    ]
    return cell


@settings(deadline=None, max_examples=200)
@given(prices=some.one_of(SETS, LISTS), variants=VARIANTS, moment=MOMENTS, tokens=some.integers(0, 40), is_batch=some.booleans())
def test_the_cell_in_force_has_the_librarys_price(
    prices: ModelPrice | list[ConditionalPrice], variants: list[PriceVariant], moment: datetime, tokens: int, *, is_batch: bool
):
    invented = model(prices, variants)
    context = {"processing": "batch"} if is_batch else {}
    cell = holding(list(flatten(invented, context, [date(2026, 1, 3)])), moment, tokens)
    asked = invented.info.get_prices(moment, context)
    found = {price.meter: price.unit_price for price in cell.prices}
    for meter in ("input", "output"):
        assert found[meter] * MILLION == calc_unit_price(getattr(asked, f"{meter}_mtok"), 1, tokens, 1)
    is_served = any(one.constraint is None or one.constraint.active(moment) for one in variants)
    assert cell.state == ("no_variant" if is_batch and not is_served else "priced")


@given(prices=some.one_of(SETS, LISTS), variants=VARIANTS, day=DAYS)
def test_the_cells_of_one_day_are_those_that_hold_on_it(
    prices: ModelPrice | list[ConditionalPrice], variants: list[PriceVariant], day: date
):
    invented = model(prices, variants)
    cells = [one for one in flatten(invented, {"processing": "batch"}) if (one.valid_from or date.min) <= day < (one.valid_to or date.max)]
    assert list(flatten(invented, {"processing": "batch"}, only=day)) == cells


def test_a_window_over_midnight():
    night = TimeOfDateConstraint(time(22), time(6))
    prices = [ConditionalPrice(prices=ModelPrice(input_mtok=MILLION)), ConditionalPrice(night, prices=ModelPrice(input_mtok=MILLION / 2))]
    cells = [(cell.utc_from_second, cell.utc_to_second, cell.prices[0].unit_price) for cell in flatten(model(prices), {})]
    assert cells == [(0, 21_600, Decimal("0.5")), (21_600, 79_200, 1), (79_200, 86_400, Decimal("0.5"))]


def test_a_price_without_tiers_is_on_every_tiers_cell():
    tiered = TieredPrices(base=MILLION, tiers=[Tier(200, 2 * MILLION)])
    below, above = flatten(model(ModelPrice(input_mtok=tiered, output_mtok=5 * MILLION)), {})
    assert [(cell.input_tokens_gt, cell.input_tokens_le) for cell in (below, above)] == [(-1, 200), (200, ALL_TOKENS)]
    assert [{price.meter: price.unit_price for price in cell.prices if price.priced_as is None} for cell in (below, above)] == [
        {"input": 1, "output": 5},
        {"input": 2, "output": 5},
    ]


def test_prices_are_quantized_once_at_fifteen_decimals():
    [cell] = flatten(model(ModelPrice(audio_hours=Decimal("0.111"), input_mtok=Decimal("0.08333333333333334"))), {})
    assert {price.meter: price.unit_price for price in cell.prices if price.priced_as is None} == {
        "input": Decimal("0.000000083333333"),
        "audio_seconds": Decimal("0.000030833333333"),
    }


def test_another_providers_entry_has_no_variants():
    batch = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=Decimal(1)))
    own = model(ModelPrice(input_mtok=Decimal(2)), [batch])
    sold = CatalogModel(Provider(id="reseller", name="R", api_pattern=""), "p", own.info)
    [cell], [resold] = flatten(own, {"processing": "batch"}), flatten(sold, {"processing": "batch"})
    assert (cell.state, cell.prices[0].unit_price * MILLION) == ("priced", 1)
    assert (resold.state, resold.prices[0].unit_price * MILLION) == ("no_variant", 2)


def test_no_price_at_all_is_free_or_unknown():
    [cell] = flatten(model(ModelPrice()), {"processing": "batch"})
    assert (cell.state, cell.prices) == ("free_or_unknown", ())
