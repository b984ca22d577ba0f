"""The forecast: never below what is spent, the same for the same numbers in any order, honest about days that are missing."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline.costs.forecast import Forecast, forecast, straight_line
from usage_pipeline.costs.forecast_model import learn
from usage_pipeline.periods import Period, inclusive, month_of, year_of
from usage_pipeline.tables.forecasts import COMPLETE, STRAIGHT, WEEKLY

MONTH = month_of(date(2026, 10, 1))
TENTH = date(2026, 10, 10)
FIRST = date(2026, 7, 1)
WEEK = (100, 110, 120, 110, 90, 30, 20)


def week_of_spending(first: date = FIRST, last: date = TENTH, growth: str = "0") -> dict[date, Decimal]:
    """By day of the week, to the cent, growing by so much of the first day each day."""
    return {day: Decimal(WEEK[day.weekday()]) * (1 + Decimal(growth) * place) for place, day in enumerate(inclusive(first, last).days())}


def made(amounts: dict[date, Decimal], period: Period = MONTH, through: date = TENTH, **options: object) -> Forecast:
    found = forecast(amounts, period, through, **options)  # type: ignore[arg-type]
    assert found is not None
    return found


money_amounts = st.decimals(min_value=-50, max_value=5000, places=4, allow_nan=False, allow_infinity=False)
histories = st.dictionaries(st.integers(-120, 9).map(lambda number: MONTH.start + timedelta(days=number)), money_amounts, max_size=130)


@settings(max_examples=120, deadline=None)
@given(amounts=histories, partly=st.dictionaries(st.sampled_from(list(MONTH.days())), money_amounts, max_size=2))
def test_whatever_the_numbers(amounts: dict[date, Decimal], partly: dict[date, Decimal]) -> None:
    found = forecast(amounts, MONTH, TENTH, partly=partly)
    if found is None:
        assert not any(amounts.values()) or max(day for day, one in amounts.items() if one) < TENTH - timedelta(days=100)
        return
    spent = sum((one for day, one in amounts.items() if day in MONTH), Decimal(0))
    begun = sum((one for day, one in partly.items() if day not in amounts), Decimal(0))
    first = min(day for day, one in amounts.items() if one)
    assert found.spent == spent + begun or first in MONTH
    assert found.spent <= found.low <= found.mean <= found.high
    assert [day for day, _ in found.path] == [day for day in MONTH.days() if day > TENTH]
    totals = [total for _, total in found.path]
    assert totals == sorted(totals)
    assert found.path[-1][1] == found.mean or found.mean == found.spent
    by_amount = sorted(amounts.items(), key=lambda item: (item[1], item[0]))
    for other in (by_amount, by_amount[::-1]):
        assert forecast(dict(other), MONTH, TENTH, partly=partly) == found


def test_weekends_are_expected_to_be_weekends() -> None:
    """After Thursday to Sunday, the straight line is far too low."""
    sunday = date(2026, 10, 4)
    amounts = week_of_spending(last=sunday)
    actual = sum((Decimal(WEEK[day.weekday()]) for day in MONTH.days()), Decimal(0))
    found = made(amounts, through=sunday)
    assert found.method == WEEKLY
    assert abs(found.mean - actual) < actual / 100
    assert straight_line(found.spent, 4, MONTH) < actual * 4 / 5
    assert found.low <= actual <= found.high
    assert found.history_days == 96


def test_growth_goes_on() -> None:
    amounts = week_of_spending(last=MONTH.last, growth="0.01")
    actual = sum((one for day, one in amounts.items() if day in MONTH), Decimal(0))
    known = {day: one for day, one in amounts.items() if day <= TENTH}
    assert abs(made(known).mean - actual) < actual / 40


def test_days_that_are_missing_are_not_zero() -> None:
    whole = week_of_spending()
    gone = {date(2026, 9, 15), date(2026, 9, 16), date(2026, 10, 6), date(2026, 10, 10)}
    holes = {day: one for day, one in whole.items() if day not in gone}
    zeros = {day: Decimal(0) if day in gone else one for day, one in whole.items()}
    found = made(holes)
    assert (found.missing_days, found.spent) == (2, sum((one for day, one in holes.items() if day in MONTH), Decimal(0)))
    assert abs(found.mean - made(whole).mean) < found.mean / 100
    assert made(zeros).mean < found.mean - 100


def test_days_before_a_project_began_are_not_missing() -> None:
    found = made({day: Decimal(10) for day in inclusive(date(2026, 10, 6), TENTH).days()})
    assert (found.method, found.missing_days, found.history_days) == (STRAIGHT, 0, 5)
    assert found.mean == 50 + 21 * 10


def test_a_short_history_is_a_straight_line_with_a_wide_interval() -> None:
    short, long = (made(week_of_spending(first)) for first in (date(2026, 9, 28), FIRST))
    assert (short.method, long.method) == (STRAIGHT, WEEKLY)
    assert short.high - short.low > 3 * (long.high - long.low)
    assert made({TENTH: Decimal(8)}).mean == 8 * 22


def test_a_holiday_is_like_a_sunday() -> None:
    holiday = date(2026, 10, 14)
    plain, off = made(week_of_spending()), made(week_of_spending(), holidays={holiday})
    assert 80 < plain.mean - off.mean < 120


def test_a_holiday_of_the_past_does_not_pull_its_weekday_down() -> None:
    amounts, holiday = week_of_spending(), date(2026, 10, 7)
    amounts[holiday] = Decimal(20)
    assert made(amounts, holidays={holiday}).mean > made(amounts).mean


def test_an_incident_does_not_come_back_but_a_batch_job_does() -> None:
    calm = week_of_spending(last=MONTH.last)
    known = {day: one for day, one in calm.items() if day <= TENTH}
    incident = known | {date(2026, 10, 6): Decimal(2000), date(2026, 10, 7): Decimal(2000)}
    assert made(incident).mean - (made(known).mean + 4000 - 230) < 100
    batch = known | {day: Decimal(2000) for day in known if day.day in {6, 20}}
    rest = sum((one for day, one in calm.items() if day > TENTH), Decimal(0))
    assert made(batch).mean - made(batch).spent > rest + 1000


def test_a_day_that_is_not_over_is_spent_and_may_grow() -> None:
    today = date(2026, 10, 12)
    amounts = week_of_spending(last=date(2026, 10, 11))
    noon, evening, wild = (made(amounts, through=today - timedelta(days=1), partly={today: Decimal(one)}) for one in ("40", "90", "1000"))
    assert noon.spent + 50 == evening.spent
    assert noon.mean == evening.mean, "of a Monday about a hundred is expected"
    assert wild.mean > noon.mean + 850


def test_the_day_on_which_a_limit_is_reached() -> None:
    amounts = week_of_spending()
    found = made(amounts)
    assert found.crossing_date(found.spent + 50) == date(2026, 10, 12), "a Sunday brings 20, a Monday 100"
    assert found.crossing_date(found.spent + 150) == date(2026, 10, 13)
    assert found.crossing_date(found.mean + 1) is None


def test_a_period_that_is_over_is_what_was_spent() -> None:
    amounts = week_of_spending(last=MONTH.last)
    found = made(amounts, through=MONTH.last)
    assert (found.method, found.mean, found.low, found.high) == (COMPLETE, found.spent, found.spent, found.spent)
    assert found.path == ()


@pytest.mark.parametrize("amounts", [{}, {TENTH: Decimal(0)}, {date(2026, 1, 1): Decimal(5)}], ids=["nothing", "zero", "long-ago"])
def test_of_nothing_known_nothing_is_said(amounts: dict[date, Decimal]) -> None:
    assert forecast(amounts, MONTH, TENTH) is None


def test_a_year_and_a_day_have_forecasts_too() -> None:
    amounts = week_of_spending()
    year = made(amounts, period=year_of(TENTH))
    assert year.high - year.low < year.mean / 4
    assert year.mean > sum(amounts.values())
    day = made(amounts, period=inclusive(date(2026, 10, 11), date(2026, 10, 11)))
    assert 15 < day.mean < 30


def test_refunds_do_not_make_a_forecast_negative() -> None:
    amounts = week_of_spending() | {date(2026, 10, 9): Decimal(-5000)}
    found = made(amounts)
    assert found.spent < 0
    assert found.mean >= found.low >= found.spent
    assert all(one >= 0 for one in learn(amounts, TENTH).expected(list(MONTH.days())))
