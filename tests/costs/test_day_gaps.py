"""Gaps of a source are judged by its own rhythm: what speaks daily and left days out; what is sparse, began or ended has none."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from usage_pipeline.costs.day_gaps import Rhythm, gap_days

FIRST = date(2026, 10, 1)
"""A Thursday."""
ALL = range(31)


def gaps(spoken: Iterable[int], *, is_log: bool = False, tells_empty: bool = False) -> list[int]:
    days = frozenset(FIRST + timedelta(days=one) for one in spoken)
    return [(day - FIRST).days for day in gap_days(Rhythm(spoken=days, is_log=is_log, tells_empty=tells_empty))]


def without(*days: int) -> list[int]:
    return [one for one in ALL if one not in days]


SIX = range(9, 15)
WEEKDAYS = [one for one in ALL if (FIRST + timedelta(days=one)).weekday() < 5]


@pytest.mark.parametrize("is_log", [False, True], ids=["bill", "log"])
def test_a_hole_in_a_daily_source_is_a_gap(*, is_log: bool) -> None:
    assert gaps(ALL, is_log=is_log) == []
    assert gaps(without(*SIX), is_log=is_log) == list(SIX)
    assert gaps(without(12), is_log=is_log) == [12]


def test_a_bill_with_two_holes_has_both() -> None:
    assert gaps(without(*SIX, 19, 20)) == [*SIX, 19, 20]
    assert gaps([*range(5), *range(19, 25)]) == list(range(5, 19))


@pytest.mark.parametrize("is_log", [False, True], ids=["bill", "log"])
def test_what_came_before_the_first_day_and_after_the_last_is_no_gap(*, is_log: bool) -> None:
    assert gaps(range(10, 31), is_log=is_log) == []
    assert gaps(range(10), is_log=is_log) == []
    assert gaps([], is_log=is_log) == []


@pytest.mark.parametrize("is_log", [False, True], ids=["bill", "log"])
def test_a_source_of_weekdays_has_no_gaps_at_weekends(*, is_log: bool) -> None:
    assert gaps(WEEKDAYS, is_log=is_log) == []
    weekends = [one for one in ALL if one not in WEEKDAYS]
    assert gaps(weekends, is_log=is_log) == []


def test_a_bill_of_weekdays_lacks_the_weekdays_of_a_week() -> None:
    week = [one for one in WEEKDAYS if 11 <= one <= 15]
    assert gaps([one for one in WEEKDAYS if one not in week]) == week


@pytest.mark.parametrize("is_log", [False, True], ids=["bill", "log"])
def test_a_sparse_source_has_no_gaps(*, is_log: bool) -> None:
    assert gaps([0, 6, 11, 20, 29], is_log=is_log) == []
    assert gaps([0, 3, 4, 9, 13, 14, 20, 22, 27, 30], is_log=is_log) == []
    assert gaps([0, 1, 2, 30], is_log=is_log) == [], "too few days to have a rhythm"


def test_a_week_of_days_and_a_fee_a_month_later_leave_none_out() -> None:
    assert gaps([*range(7), 30]) == []


def test_a_source_that_says_when_a_day_was_empty_leaves_none_out_without_a_gap() -> None:
    irregular = [0, 1, 2, 5, 6, 7, 8, 20, 21, 22, 23]
    assert gaps(irregular, tells_empty=True) == [3, 4, *range(9, 20)]
