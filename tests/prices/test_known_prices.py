"""Prices that usage may have had: every processing and tier of a model, list and agreed, by the day, whatever the usage says."""

from datetime import date
from decimal import Decimal

from usage_pipeline.periods import inclusive
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.known import Prices, Words
from usage_pipeline.tables.configuration import Agreement, Alias
from usage_pipeline.tables.reconciled_usage import KnownPrice

DAYS = inclusive(date(2026, 11, 1), date(2026, 11, 30))
TERMS = (
    Agreement(provider="openai", discount_percent=Decimal(8), valid_from=date(2026, 7, 1), source="contract"),
    Agreement(provider="openai", model="gpt-5.5", meter="output", project="vip", unit_price=Decimal("0.00002")),
)
MINE = (Alias(name="ours", model="gpt-5.5"),)


def known(named: str = "gpt-5.5", days: object = DAYS) -> Prices:
    prices = Prices()
    words = Words("openai", "openai", named, None, "gpt-5.5")
    prices.add(build_book(TERMS, MINE), [words], days)  # type: ignore[arg-type]
    return prices


def of(prices: Prices, meter: str, processing: str, tier: int = -1) -> list[KnownPrice]:
    return [one for one in prices.prices if (one.meter, one.processing, one.tier) == (meter, processing, tier)]


def test_every_processing_and_tier_with_list_and_agreed_price() -> None:
    prices = known()
    (standard,) = of(prices, "input", "standard")
    assert (standard.list_unit_price, standard.net_unit_price) == (Decimal("0.000005"), Decimal("0.0000046"))
    assert standard.agreement is not None
    assert "8 %" in standard.agreement
    assert of(prices, "input", "batch")[0].list_unit_price == Decimal("0.0000025")
    assert of(prices, "input", "priority")[0].list_unit_price == Decimal("0.0000125")
    assert of(prices, "input", "standard", 272_000)[0].list_unit_price == Decimal("0.00001")
    assert {one.provider for one in prices.prices} == {"openai"}
    assert set(prices.tiers.values()) == {-1, 272_000}


def test_prices_of_projects_that_agreements_name_come_after_the_general_ones() -> None:
    assert [one.net_unit_price for one in of(known(), "output", "standard")] == [Decimal("0.0000276"), Decimal("0.00002")]


def test_a_mode_without_a_price_of_its_own_has_none() -> None:
    prices = Prices()
    prices.add(build_book(), [Words("azure.openai", "azure", "gpt-5-mini", None, "gpt-5-mini")], DAYS)
    assert {one.processing for one in prices.prices} == {"standard"}


def test_an_alias_has_the_prices_of_its_model_and_an_unknown_name_none() -> None:
    assert [one.list_unit_price for one in of(known("ours"), "input", "standard")] == [Decimal("0.000005")]
    assert not known("nobody's").prices


def test_prices_hold_on_the_days_of_their_book() -> None:
    assert {(one.valid_from, one.valid_to) for one in known().prices} == {(DAYS.start, DAYS.end)}
    (one,) = of(known(days=None), "input", "batch")
    assert (one.valid_from, one.holds_on(date(2026, 10, 1))) == (date(2026, 10, 14), False)
