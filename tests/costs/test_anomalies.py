"""Anomalies: what is unusual for its weekday is told with the money it cost, and nothing else is."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline.costs.anomalies import anomalies_of, days_needed
from usage_pipeline.periods import day_of, inclusive
from usage_pipeline.tables.anomalies import COST, UNIT_COST, Anomaly, AnomalyRules
from usage_pipeline.tables.day_sums import DaySum

TUESDAY, SUNDAY = date(2026, 10, 20), date(2026, 10, 18)
WEEK = (20, 21, 22, 21, 19, 6, 4)
RULES = AnomalyRules()


def sum_of(day: date, cost: str | Decimal | None, **said: object) -> DaySum:
    """By default a hundred requests of ten thousand tokens each a dollar."""
    amount = None if cost is None else Decimal(cost)
    units = amount or Decimal(0)
    told = {"project": "portal", "model": "gpt-5", "channel": "openai", "requests": units * 100, "tokens": units * 1_000_000} | said
    return DaySum(day=day, cost=amount, estimated=None, credits=None, **told)  # type: ignore[arg-type]


def history(last: date, first: date = date(2026, 8, 1), **said: object) -> list[DaySum]:
    """Weeks of work with up to 8 percent of unrest, always the same."""
    days = inclusive(first, last).days()
    return [sum_of(day, Decimal(WEEK[day.weekday()]) * (100 + (day.toordinal() * 7 % 17) - 8) / 100, **said) for day in days]


def judged(
    day: date, cost: str | None, rules: AnomalyRules = RULES, holidays: frozenset[date] = frozenset(), **said: object
) -> list[Anomaly]:
    sums = [*history(day - timedelta(days=1)), sum_of(day, cost, **said)]
    return anomalies_of(sums, day_of(day), rules, holidays)[0]


def test_a_runaway_day_is_told_with_its_money_and_words() -> None:
    (found,) = judged(TUESDAY, "160")
    assert (found.project, found.model, found.kind, found.unit, found.actual) == ("portal", "gpt-5", COST, None, 160)
    assert 19 < found.expected < 23
    assert found.excess == 160 - found.expected
    assert found.low < found.expected < found.high < 40
    assert found.compared_days == 8
    assert found.words.startswith("portal spent 160.00 on gpt-5 on Tuesday 2026-10-20: 7.")
    assert found.words.endswith(" is usual)")


@pytest.mark.parametrize("day", [TUESDAY, SUNDAY], ids=str)
def test_a_usual_day_is_not(day: date) -> None:
    assert judged(day, str(WEEK[day.weekday()])) == []


def test_a_workday_s_cost_on_a_sunday_is_unusual() -> None:
    assert judged(TUESDAY, "20") == []
    (found,) = judged(SUNDAY, "20")
    assert found.expected < 5


def test_a_holiday_is_compared_with_sundays() -> None:
    assert judged(TUESDAY, "20") == []
    (found,) = judged(TUESDAY, "20", holidays=frozenset({TUESDAY}))
    assert found.expected < 5
    assert " of a holiday " in found.words
    assert judged(TUESDAY, "4", holidays=frozenset({TUESDAY})) == []


def test_the_floor_is_money() -> None:
    (found,) = judged(TUESDAY, "60")
    at, above = AnomalyRules(floor=found.excess), AnomalyRules(floor=found.excess + Decimal("0.01"))
    assert judged(TUESDAY, "60", at) == [found]
    assert judged(TUESDAY, "60", above) == []


def test_less_than_usual_is_not_told() -> None:
    assert judged(TUESDAY, "0.5") == []


def test_a_dearer_request_is_told_though_the_day_is_usual() -> None:
    (found,) = judged(TUESDAY, "22", requests=Decimal(1000), tokens=Decimal(10_000_000))
    assert (found.kind, found.unit, found.actual, found.expected) == (UNIT_COST, "request", Decimal("0.022"), Decimal("0.01"))
    assert found.excess == 12
    assert found.words == (
        "portal paid 0.0220 a request for gpt-5 on Tuesday 2026-10-20: 2.2 times the usual 0.0100, which made 12.00 more"
    )


def test_without_requests_a_million_tokens_is_the_unit() -> None:
    sums = [*history(TUESDAY - timedelta(days=1), requests=None), sum_of(TUESDAY, "22", requests=None, tokens=Decimal(5_000_000))]
    ((found,), _) = anomalies_of(sums, day_of(TUESDAY), RULES)
    assert (found.unit, found.actual, found.expected) == ("1M tokens", Decimal("4.4"), Decimal(1))
    assert " per million tokens " in found.words


def test_an_incident_of_days_is_told_every_day() -> None:
    days = [TUESDAY + timedelta(days=number) for number in range(3)]
    sums = [*history(TUESDAY - timedelta(days=1)), *(sum_of(day, "160") for day in days)]
    found, _ = anomalies_of(sums, inclusive(days[0], days[-1]), RULES)
    assert sorted(one.day for one in found) == days


def test_a_batch_job_that_came_twice_is_usual() -> None:
    batches = {TUESDAY - timedelta(days=back) for back in (8, 33)}
    calm = [one for one in history(TUESDAY - timedelta(days=1)) if one.day not in batches]
    sums = [*calm, *(sum_of(day, "170") for day in batches), sum_of(TUESDAY, "160")]
    assert anomalies_of(sums, day_of(TUESDAY), RULES)[0] == []
    once = [*history(TUESDAY - timedelta(days=1)), sum_of(TUESDAY, "160")]
    assert len(anomalies_of(once, day_of(TUESDAY), RULES)[0]) == 1


def test_a_young_project_is_compared_with_all_its_days_and_allowed_more() -> None:
    sums = [*history(TUESDAY - timedelta(days=1), first=TUESDAY - timedelta(days=12)), sum_of(TUESDAY, "90")]
    ((found,), _) = anomalies_of(sums, day_of(TUESDAY), RULES)
    assert (found.compared_days, found.high) == (9, 3 * found.expected)


def test_a_project_without_a_past_is_not_judged() -> None:
    assert anomalies_of([sum_of(TUESDAY, "900")], day_of(TUESDAY), RULES) == ([], 1)


def test_unknown_costs_and_charges_without_usage_are_not_judged() -> None:
    assert judged(TUESDAY, None) == []
    sums = [*history(TUESDAY - timedelta(days=1), model=None), sum_of(TUESDAY, "900", model=None, requests=None, tokens=None)]
    assert anomalies_of(sums, day_of(TUESDAY), RULES) == ([], 0)


def test_channels_of_one_model_are_one() -> None:
    sums = [*history(TUESDAY - timedelta(days=1)), *(sum_of(TUESDAY, "80", channel=channel) for channel in ("openai", "azure.openai"))]
    ((found,), judged_count) = anomalies_of(sums, day_of(TUESDAY), RULES)
    assert (found.actual, judged_count) == (160, 1)


def test_days_needed_reach_back_eight_weeks() -> None:
    assert days_needed(day_of(TUESDAY)).start == TUESDAY - timedelta(days=59)


costs = st.decimals(min_value=0, max_value=900, places=3, allow_nan=False, allow_infinity=False)


@settings(max_examples=60, deadline=None)
@given(amounts=st.dictionaries(st.integers(0, 60), costs, min_size=1, max_size=60))
def test_whatever_the_numbers(amounts: dict[int, Decimal]) -> None:
    sums = [sum_of(TUESDAY - timedelta(days=back), amount) for back, amount in amounts.items()]
    days = inclusive(TUESDAY - timedelta(days=10), TUESDAY)
    found, count = anomalies_of(sums, days, RULES)
    assert count == sum(back <= 10 for back in amounts)
    for one in found:
        assert one.day in days
        assert 0 <= one.low <= one.expected <= one.high < one.actual
        assert one.excess >= RULES.floor
    for other in (sums[::-1], sorted(sums, key=lambda row: (row.cost, row.day))):
        assert anomalies_of(other, days, RULES) == (found, count)
