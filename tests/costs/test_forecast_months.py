"""Forecasts of months out of daily sums: which days are known, what past forecasts were off by, and that days to come change nothing."""

from datetime import date, timedelta
from decimal import Decimal

from usage_pipeline.costs.forecast_backtest import errors_of, month_forecasts
from usage_pipeline.costs.forecast_series import Series, series_of
from usage_pipeline.periods import inclusive, month_of
from usage_pipeline.tables.day_sums import DaySum
from usage_pipeline.tables.forecasts import WEEKLY, Forecasted

FIRST, LAST = date(2026, 7, 1), date(2026, 10, 20)
SEPTEMBER, OCTOBER = month_of(date(2026, 9, 1)), month_of(LAST)
WEEK = (100, 110, 120, 110, 90, 30, 20)


def sum_of(day: date, project: str = "portal", channel: str = "openai", cost: str | None = "1") -> DaySum:
    amount = None if cost is None else Decimal(cost)
    return DaySum(day=day, project=project, channel=channel, cost=amount, estimated=None, tokens=None, requests=None, credits=None)


def spending(last: date = LAST) -> list[DaySum]:
    """portal by the week; ranker only on workdays, a tenth of it."""
    days = list(inclusive(FIRST, last).days())
    portal = [sum_of(day, cost=str(WEEK[day.weekday()])) for day in days]
    return portal + [sum_of(day, "ranker", "anthropic", "10") for day in days if day.weekday() < 5]


def by_project(sums: list[DaySum]) -> dict[str | None, Series]:
    return {one.project: one for one in series_of(sums)}


def test_who_has_no_row_on_a_day_that_is_known_spent_nothing() -> None:
    series = by_project(spending())
    saturday = date(2026, 10, 17)
    assert list(series) == [None, "portal", "ranker"]
    assert series["ranker"].known[saturday] == 0
    assert series[None].known[saturday] == 30
    assert series[None].known[date(2026, 10, 19)] == 110


def test_a_day_of_which_nobody_says_anything_is_missing() -> None:
    gone = date(2026, 10, 7)
    series = by_project([one for one in spending() if one.day != gone])
    assert all(gone not in one.known and gone not in one.partly for one in series.values())


def test_a_day_whose_cost_is_unknown_is_missing() -> None:
    unpriced = date(2026, 10, 7)
    sums = [one for one in spending() if (one.project, one.day) != ("portal", unpriced)] + [sum_of(unpriced, cost=None)]
    series = by_project(sums)
    assert unpriced not in series["portal"].known
    assert series["ranker"].known[unpriced] == 10


def test_a_channel_that_is_late_is_waited_for() -> None:
    late = [one for one in spending() if one.channel == "openai" or one.day <= LAST - timedelta(days=4)]
    series = by_project(late)
    assert max(series["portal"].known) == LAST
    assert max(series["ranker"].known) == max(series[None].known) == LAST - timedelta(days=4)
    assert series[None].partly[LAST] == 110
    assert series["ranker"].partly == {}


def test_a_channel_that_was_left_is_not_waited_for() -> None:
    left = [one for one in spending() if one.channel == "openai" or one.day <= date(2026, 9, 20)]
    series = by_project(left)
    assert max(series[None].known) == max(series["ranker"].known) == LAST


def rows_of(month: date, sums: list[DaySum]) -> dict[tuple[str | None, int], Forecasted]:
    return {(row.project, row.as_of.day): row for row in month_forecasts(series_of(sums), month_of(month))}


def test_a_month_that_is_over_is_forecast_as_it_would_have_been() -> None:
    rows = rows_of(SEPTEMBER.start, spending())
    assert sorted(rows, key=str) == sorted(((project, day) for project in (None, "portal", "ranker") for day in (5, 10, 15, 20)), key=str)
    row = rows["portal", 5]
    actual = sum(WEEK[day.weekday()] for day in SEPTEMBER.days())
    assert (row.actual, row.spent, row.method, row.missing_days) == (actual, 110 + 120 + 110 + 90 + 30, WEEKLY, 0)
    assert row.straight_line == row.spent * 6
    assert row.error is not None
    assert row.error < 1
    assert row.straight_line_error == (abs(row.straight_line - actual) * 100 / actual).quantize(Decimal("0.0001"))


def test_later_days_change_no_forecast_of_the_past() -> None:
    then, now = rows_of(OCTOBER.start, spending(date(2026, 10, 15))), rows_of(OCTOBER.start, spending())
    for key in (("portal", 5), (None, 15)):
        assert (then[key].forecast, then[key].low, then[key].high) == (now[key].forecast, now[key].low, now[key].high)


def test_a_running_month_is_forecast_on_its_last_day_known() -> None:
    rows = rows_of(OCTOBER.start, spending(date(2026, 10, 18)))
    assert sorted(day for project, day in rows if project == "portal") == [5, 10, 15, 18]
    assert {row.actual for row in rows.values()} == {None}
    assert errors_of(list(rows.values())) == []


def test_a_month_is_not_over_while_a_channel_is_late() -> None:
    sums = [one for one in spending(date(2026, 9, 30)) if one.channel == "openai" or one.day <= date(2026, 9, 28)]
    rows = rows_of(SEPTEMBER.start, sums)
    assert rows["portal", 30].actual is None
    assert rows["ranker", 30].missing_days == 2


def test_errors_are_the_medians_of_the_months() -> None:
    rows = [row for month in (8, 9) for row in month_forecasts(series_of(spending()), month_of(date(2026, month, 1)))]
    found = {(one.project, one.day_of_month): one for one in errors_of(rows)}
    assert len(found) == 12
    one = found["portal", 10]
    both = [row for row in rows if (row.project, row.as_of.day) == ("portal", 10)]
    assert one.months == 2
    assert one.error == (sum((row.error or Decimal(0) for row in both), Decimal(0)) / 2).quantize(Decimal("0.0001"))
    assert one.in_interval == sum(row.low <= (row.actual or 0) <= row.high for row in both)
    assert one.error < one.straight_line_error


def test_of_no_days_there_are_no_forecasts() -> None:
    assert series_of([]) == []
    assert month_forecasts([], OCTOBER) == []
