"""Volume tiers: units counted once, graduated by the period, a day's price exact, and what a crossing day's blend may differ by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from priced_events import Price, event, events_table

from usage_pipeline.periods import Period, inclusive, months_in, quarter_of
from usage_pipeline.prices.apply import KEY, keys_of
from usage_pipeline.prices.book import PriceBook, PricedKeys, build_book
from usage_pipeline.prices.tiers import Volumes, graduated, net_price, parts_on
from usage_pipeline.prices.volume import days_needed, volumes_of
from usage_pipeline.prices.words import terms_of
from usage_pipeline.tables.configuration import Agreement, Alias, VolumeTier
from usage_pipeline.tables.rates import Scopes, resolutions

NOTHING = Decimal(0)
HALF = Decimal("5e-16")
"""The most by which a unit price differs from the exact one."""


def tier(above: int, unit_price: str | None = None, off: str | None = None) -> VolumeTier:
    price, percent = (None if one is None else Decimal(one) for one in (unit_price, off))
    return VolumeTier(above=Decimal(above), unit_price=price, discount_percent=percent)


SCALE = Agreement(
    provider="openai",
    model="gpt-4.1",
    meter="input",
    tiers=(tier(0, "0.000002"), tier(1_000_000, "0.0000015"), tier(3_000_000, "0.000001")),
    source="scale plan",
)
DISCOUNTS = Agreement(provider="openai", tiers=(tier(0, off="0"), tier(100_000_000, off="10")), per="month", source="plan")


@dataclass(frozen=True)
class WithVolumes:
    """A book that knows how much was used, as an asset gives it."""

    book: PriceBook
    volumes: Volumes

    @property
    def scopes(self) -> Scopes:
        return self.book.scopes

    def resolve(self, keys: pa.Table) -> PricedKeys:
        return self.book.resolve(keys, volumes=self.volumes)


def counted(engine: Any, rows: list[dict[str, Any]], book: PriceBook) -> Volumes:
    return volumes_of(ibis.memtable(events_table(rows)), book, engine)


def priced(engine: Any, price: Price, rows: list[dict[str, Any]], *agreements: Agreement, aliases: tuple[Alias, ...] = ()) -> list[Decimal]:
    """Net costs of the events, all of which count."""
    book = build_book(agreements, aliases)
    return [row["net_cost"] for row in price(rows, WithVolumes(book, counted(engine, rows, book)))]


def used(day: int, units: int, **columns: Any) -> dict[str, Any]:
    return {**event("openai", "gpt-4.1", at=f"2026-11-{day:02}T12:00:00", input=units), **columns}


def marginal(tiers: tuple[VolumeTier, ...], units: int, list_price: Decimal = NOTHING) -> Fraction:
    """The graduated amount of the first `units`, as the contract has it: each unit at its own tier's price."""
    edges = [*(int(one.above) for one in tiers), max(units, int(tiers[-1].above))]
    prices = [
        Fraction(one.unit_price) if one.unit_price is not None else Fraction(list_price) * (100 - Fraction(one.discount_percent or 0)) / 100
        for one in tiers
    ]
    return sum((price * max(min(units, end) - start, 0) for price, (start, end) in zip(prices, pairwise(edges), strict=True)), Fraction(0))


def test_each_unit_costs_what_its_tier_says(price_engine: Any, price: Price):
    rows = [used(2, 600_000), used(3, 700_000), used(3, 300_000), used(9, 1_000_000), used(20, 1_000_000)]
    found = priced(price_engine, price, rows, SCALE)
    blend = Decimal("0.0000017")  # 400,000 of the day's million at 0.000002, 600,000 at 0.0000015
    assert found == [Decimal("1.2"), 700_000 * blend, 300_000 * blend, Decimal("1.5"), Decimal("1.2")]
    assert Fraction(sum(found)) == marginal(SCALE.tiers, 3_600_000)


def test_a_crossing_day_is_exact_up_to_the_rounding_of_its_unit_price(price_engine: Any, price: Price):
    rows = [used(1, 999_999), used(2, 3)]
    first, crossing = priced(price_engine, price, rows, SCALE)
    exact = marginal(SCALE.tiers, 1_000_002)
    assert exact == Fraction("2.000003")
    assert (first, crossing) == (Decimal("1.999998"), 3 * Decimal("0.000001666666667"))
    assert first + crossing - Decimal("2.000003") == Decimal("0.000000000000001")
    assert abs(Fraction(first + crossing) - exact) <= 3 * Fraction(HALF)


def test_the_count_starts_again_with_each_period(price_engine: Any, price: Price):
    rows = [
        event("openai", "gpt-4.1", at=f"{day}T12:00:00", input=1_000_000)
        for day in ("2026-09-30", "2026-10-31", "2026-11-01", "2027-01-01")
    ]
    first, second = Decimal(2), Decimal("1.5")
    assert priced(price_engine, price, rows, SCALE) == [first] * 4
    assert priced(price_engine, price, rows, replace(SCALE, per="quarter")) == [first, first, second, first]
    assert priced(price_engine, price, rows, replace(SCALE, per="year")) == [first, second, second, first]


def test_list_and_contracted_cost_stand_side_by_side(price_engine: Any, price: Price):
    tiers = (tier(0, off="0"), tier(1000, off="10"), tier(2000, off="-5"))
    book = build_book([replace(DISCOUNTS, tiers=tiers)])
    rows = [used(1, 500, output=500), used(2, 1000), used(3, 1000, cache_read=1000)]
    found = price(rows, WithVolumes(book, counted(price_engine, rows, book)))
    assert [(row["list_cost"], row["net_cost"]) for row in found] == [
        (Decimal("0.005"), Decimal("0.005")),
        (Decimal("0.002"), Decimal("0.0018")),
        (Decimal("0.0025"), Decimal("0.002625")),
    ]


def test_tokens_of_all_models_count_where_the_agreement_names_none(price_engine: Any):
    rows = [used(1, 5, cache_read=7, output=11, web_searches=99), event("openai", "gpt-5", at="2026-11-01T00:00:00", input=100)]
    rows += [event("azure", "gpt-5", at="2026-11-01T00:00:00", input=1000), event("openai", "gpt-9", at="2026-11-01T00:00:00", input=1)]
    found = counted(price_engine, rows, build_book([DISCOUNTS]))
    assert found.units == {DISCOUNTS: {date(2026, 11, 1): Decimal(123)}}


@pytest.mark.parametrize(
    ("scope", "units"),
    [
        ({"model": "gpt-4.1"}, 50),
        ({"model": "gpt-4.1-2025-04-14"}, 20),
        ({"meter": "output"}, 4),
        ({"meter": "web_searches"}, 2),
        ({"meter": "requests"}, 4),
        ({"meter": "reasoning"}, 1),
        ({"meter": "audio_seconds"}, Decimal("1.5")),
        ({"project": "search"}, 20),
        ({"account": "org-7"}, 10),
        ({"project": "search", "account": "org-7"}, 0),
    ],
    ids=["model", "model as given", "meter", "searches", "requests", "reasoning", "seconds", "project", "account", "both"],
)
def test_only_units_in_scope_count(price_engine: Any, scope: Mapping[str, Any], units: int | Decimal):
    rows = [
        used(1, 10, workspace_id="org-7"),
        used(1, 20, project="search", model="gpt-4.1-2025-04-14", sub_account_id="org-8"),
        used(1, 20, workspace_id="org-9"),
        event("openai", "gpt-5", at="2026-11-01T01:00:00", output=4, reasoning_tokens=1, web_searches=2, audio_seconds=Decimal("1.5")),
    ]
    agreement = Agreement(provider="openai", tiers=(tier(0, off="1"),), **scope)
    found = counted(price_engine, rows, build_book([agreement]))
    assert found.on(agreement, date(2026, 11, 1)) == units


def test_usage_counts_once_and_only_what_was_done(price_engine: Any):
    rows = [
        used(1, 10),
        used(1, 1000, status="failure"),
        used(1, 1000, status="cache_hit"),
        used(2, 10),
        used(2, 10),
        used(2, 21, view="provider", request_count=2, model="gpt-4.1-2025-04-14"),
        used(3, -5),
        used(3, 7),
    ]
    found = counted(price_engine, rows, build_book([SCALE]))
    assert found.units == {SCALE: {date(2026, 11, 1): Decimal(10), date(2026, 11, 2): Decimal(21), date(2026, 11, 3): Decimal(7)}}


def test_aliases_count_on_their_days(price_engine: Any, price: Price):
    chat = Alias(name="chat", provider="openai", model="gpt-4.1", valid_from=date(2026, 11, 3))
    rows = [used(day, 1_000_000, model="chat") for day in (2, 3, 4)]
    assert counted(price_engine, rows, build_book([SCALE], [chat])).units == {
        SCALE: {date(2026, 11, 3): Decimal(10**6), date(2026, 11, 4): Decimal(10**6)}
    }
    assert priced(price_engine, price, rows, SCALE, aliases=(chat,)) == [None, Decimal(2), Decimal("1.5")]


def test_without_volumes_the_first_tier_holds(price: Price):
    book = build_book([SCALE])
    rows = [used(1, 10_000_000), used(30, 1_000_000)]
    assert [row["net_cost"] for row in price(rows, book)] == [Decimal(20), Decimal(2)]


def test_a_day_without_volume_of_its_own_is_where_the_count_stands(price: Price):
    book = build_book([SCALE])
    volumes = Volumes({SCALE: {date(2026, 11, 1): Decimal(500_000), date(2026, 11, 5): Decimal(500_000)}})
    rows = [used(day, 100) for day in (1, 3, 5, 6)] + [event("openai", "gpt-4.1", at="2026-12-01T00:00:00", input=100)]
    found = [row["net_cost"] / 100 for row in price(rows, WithVolumes(book, volumes))]
    assert found == [Decimal(one) for one in ("0.000002", "0.000002", "0.000002", "0.0000015", "0.000002")]


def test_the_agreements_own_days_bound_it_and_the_period_counts_whole(price_engine: Any, price: Price):
    dated = replace(
        SCALE, valid_from=date(2026, 11, 2), valid_to=date(2026, 11, 4), tiers=(tier(0, "0.000009"), tier(1_000_000, "0.000007"))
    )
    rows = [used(day, 1_000_000) for day in (1, 2, 3, 4)]
    assert priced(price_engine, price, rows, dated) == [Decimal(2), Decimal(7), Decimal(7), Decimal(2)]


def test_a_more_specific_agreement_sets_the_price_and_the_volume_counts_all_the_same(price_engine: Any, price: Price):
    project = Agreement(provider="openai", project="search", discount_percent=Decimal(50))
    rows = [used(1, 1_000_000, project="search"), used(2, 1_000_000)]
    assert priced(price_engine, price, rows, SCALE, project) == [Decimal(1), Decimal("1.5")]


def test_the_tier_of_a_request_and_the_tier_of_a_contract_are_two_things(price_engine: Any, price: Price):
    plan = replace(DISCOUNTS, model="gpt-5.5", tiers=(tier(0, off="0"), tier(272_001, off="10")))
    rows = [event("openai", "gpt-5.5", at=f"2026-11-{day:02}T00:00:00", input=272_001) for day in (1, 2)]
    assert priced(price_engine, price, rows, plan) == [Decimal("2.72001"), Decimal("2.72001") * Decimal("0.9")]


def test_a_meter_without_a_list_price_gets_its_tiers(price_engine: Any, price: Price):
    images = Agreement(provider="openai", meter="images", tiers=(tier(0, "0.04"), tier(10, "0.03")))
    rows = [event("openai", "gpt-image-1", at=f"2026-11-{day:02}T00:00:00", images=10) for day in (1, 2)]
    assert priced(price_engine, price, rows, images) == [Decimal("0.4"), Decimal("0.3")]


def test_rates_say_their_tier_or_blend():
    day, next_day = date(2026, 11, 1), date(2026, 11, 2)
    volumes = Volumes({DISCOUNTS: {day: Decimal(99_000_000), next_day: Decimal(3_000_000)}})
    words = [terms_of(DISCOUNTS, parts_on(DISCOUNTS, one, volumes)) for one in (day, next_day, next_day + timedelta(1))]
    assert words == [
        "plan: tier above 0 tokens a month: list price on openai",
        "plan: blend of the day's 1,000,000 tokens at list price (tier above 0) and 2,000,000 tokens at 10 % discount (tier above"  # noqa: ISC004
        " 100,000,000), by the month on openai",
        "plan: tier above 100,000,000 tokens a month: 10 % discount on openai",
    ]


def test_a_card_is_the_same_whatever_is_known_of_other_days(price_engine: Any):
    book = build_book([SCALE])
    rows = [used(day, 600_000) for day in (1, 2, 3)]
    keys = price_engine.to_pyarrow(keys_of(ibis.memtable(events_table(rows)), book.scopes))
    known = [book.resolve(keys, volumes=counted(price_engine, rows[:count], book)) for count in (1, 2, 3)]
    of_second = [[card["rate_card"] for card in one.rate_cards.to_pylist() if card["valid_from"] == date(2026, 11, 2)] for one in known[1:]]
    assert of_second[0] == of_second[1]
    assert len({tuple(row.items()) for row in known[2].rates.select(["rate_card", "meter"]).to_pylist()}) == known[2].rates.num_rows


def test_where_an_agreement_stands_says_nothing():
    volumes = Volumes({replace(SCALE, line=3): {date(2026, 11, 1): Decimal(5)}})
    assert volumes.on(replace(SCALE, line=99), date(2026, 11, 1)) == 5


LATE = inclusive(date(2026, 11, 20), date(2026, 11, 21))
TWO_MONTHS = inclusive(date(2026, 10, 20), LATE.last)


@pytest.mark.parametrize(
    ("days", "agreements", "needed"),
    [
        (LATE, [SCALE], inclusive(date(2026, 11, 1), LATE.last)),
        (TWO_MONTHS, [SCALE], inclusive(date(2026, 10, 1), LATE.last)),
        (LATE, [SCALE, replace(SCALE, per="quarter")], inclusive(date(2026, 10, 1), LATE.last)),
        (LATE, [replace(SCALE, per="year")], inclusive(date(2026, 1, 1), LATE.last)),
        (TWO_MONTHS, [replace(SCALE, valid_from=date(2026, 11, 5))], inclusive(date(2026, 11, 1), LATE.last)),
        (LATE, [replace(SCALE, valid_to=LATE.start)], None),
        (LATE, [replace(SCALE, valid_from=LATE.end)], None),
        (LATE, [Agreement(provider="openai", discount_percent=Decimal(1))], None),
        (Period(LATE.start, LATE.start), [SCALE], None),
    ],
    ids=["month", "two months", "quarter", "year", "begins later", "over", "not yet", "no tiers", "no days"],
)
def test_the_days_that_decide(days: Period, agreements: list[Agreement], needed: Period | None):
    assert days_needed(days, agreements) == needed


@settings(deadline=None)
@given(st.dates(min_value=date(1, 1, 1), max_value=date(9998, 12, 31)))
def test_a_quarter_is_three_months_that_hold_the_day(day: date):
    quarter = quarter_of(day)
    assert day in quarter
    assert (quarter.start.day, quarter.start.month % 3) == (1, 1)
    assert months_in(quarter)[0].start == quarter.start
    assert len(months_in(quarter)) == 3
    assert months_in(quarter)[-1].end == quarter.end


def test_nothing_is_counted_without_tiers(price_engine: Any, book: PriceBook):
    assert counted(price_engine, [used(1, 1)], book).units == {}


def test_without_usage_nothing_is_known(price_engine: Any):
    assert counted(price_engine, [], build_book([SCALE])).units == {SCALE: {}}


def test_volumes_make_few_cards():
    """A year of days inside three tiers is three prices and the days between them."""
    yearly = replace(SCALE, per="year")
    days = {date(2026, 1, 1) + timedelta(number): Decimal(10_000) for number in range(365)}
    key = dict.fromkeys(KEY) | {"provider": "openai", "model": "gpt-4.1"}
    keys = pa.Table.from_pylist([key], schema=resolutions.schema.to_pyarrow()).select(KEY)
    found = build_book([yearly]).resolve(keys, volumes=Volumes({yearly: days}))
    assert len(set(found.rate_cards["rate_card"].to_pylist())) == 3
    assert found.rate_cards["valid_from"].to_pylist() == [None, date(2026, 4, 11), date(2026, 10, 28), date(2027, 1, 1)]


quantities = st.integers(min_value=0, max_value=10**9)
unit_prices = st.integers(min_value=0, max_value=10**10).map(lambda number: Decimal(number).scaleb(-15))
steps = st.lists(st.tuples(st.integers(min_value=1, max_value=10**9), unit_prices), max_size=4)


@st.composite
def tiers_of(draw: st.DrawFn) -> tuple[VolumeTier, ...]:
    above, found = 0, [VolumeTier(above=NOTHING, unit_price=draw(unit_prices))]
    for width, unit_price in draw(steps):
        above += width
        found.append(VolumeTier(above=Decimal(above), unit_price=unit_price))
    return tuple(found)


@settings(deadline=None)
@given(tiers_of(), st.dictionaries(st.integers(min_value=0, max_value=29), quantities, max_size=12))
def test_days_sum_to_the_graduated_amount(tiers: tuple[VolumeTier, ...], by_day: dict[int, int]):
    agreement = replace(SCALE, tiers=tiers)
    days = {date(2026, 11, 1) + timedelta(number): Decimal(units) for number, units in by_day.items()}
    volumes = Volumes({agreement: days})
    amount, bound = Fraction(0), Fraction(0)
    for day, units in days.items():
        parts = parts_on(agreement, day, volumes)
        amount += Fraction(units) * Fraction(net_price(NOTHING, parts))
        bound += Fraction(units) * Fraction(HALF) if len(parts) > 1 else 0
        assert len(parts) == 1 or sum(part.units or 0 for part in parts) == units
    assert abs(amount - marginal(tiers, sum(by_day.values()))) <= bound


@settings(deadline=None)
@given(st.lists(st.decimals(min_value=-100, max_value=100, places=3), min_size=1, max_size=4), st.lists(quantities, max_size=8))
def test_discount_tiers_sum_to_the_graduated_amount(percents: list[Decimal], by_day: list[int]):
    tiers = tuple(VolumeTier(above=Decimal(number * 10**8), discount_percent=percent) for number, percent in enumerate(percents))
    agreement, list_price = replace(DISCOUNTS, tiers=tiers), Decimal("0.00000123")
    days = {date(2026, 11, 1) + timedelta(number): Decimal(units) for number, units in enumerate(by_day)}
    volumes = Volumes({agreement: days})
    amount = sum(
        (Fraction(units) * Fraction(net_price(list_price, parts_on(agreement, day, volumes))) for day, units in days.items()), Fraction(0)
    )
    assert abs(amount - marginal(tiers, sum(by_day), list_price)) <= sum(by_day) * Fraction(HALF)


@settings(deadline=None)
@given(tiers_of(), quantities, quantities)
def test_a_days_units_are_dealt_out_without_rest(tiers: tuple[VolumeTier, ...], opening: int, units: int):
    dealt = graduated(tiers, Decimal(opening), Decimal(units))
    assert sum(share for _, share in dealt) == units
    assert all(share > 0 for _, share in dealt) or (units == 0 and len(dealt) == 1)
