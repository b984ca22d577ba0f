"""When a delivery is due: business days, holidays, month ends, closes and clocks that leap, over years."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline.periods import ONE_DAY, day_of, month_of, week_of
from usage_pipeline.tables.delivery_calendar import asked_at, business_days, due_at, next_at, spans_from
from usage_pipeline.tables.delivery_rules import (
    AFTER_CLOSE,
    BUSINESS_DAY,
    DAILY,
    MONTH_DAY,
    ON_CLOSE,
    WEEKDAY,
    DeliveryRule,
    When,
)

BERLIN = "Europe/Berlin"
CHRISTMAS = {date(2026, 12, 25), date(2027, 1, 1)}
ZONES = st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns"])
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0))


def rule(kind: str, number: int = 0, *, report: str = "statement", at: time | None = time(7), zone: str = "UTC", closed: bool = False):
    return DeliveryRule(
        name="it", report=report, scope="organisation", formats=("pdf",), when=When(kind=kind, number=number), words="", at=at,
        time_zone=zone, only_closed=closed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "number", "month", "expected"),
    [
        (BUSINESS_DAY, 1, "2026-10", "2026-11-02"),  # the 1st is a Sunday
        (BUSINESS_DAY, 1, "2026-12", "2027-01-04"),  # New Year, then a weekend
        (BUSINESS_DAY, 2, "2026-08", "2026-09-02"),
        (BUSINESS_DAY, 20, "2027-01", "2027-02-26"),  # February 2027 has exactly 20
        (BUSINESS_DAY, 20, "2026-11", "2026-12-29"),  # Christmas is none
        (MONTH_DAY, 5, "2026-10", "2026-11-05"),
        (MONTH_DAY, 31, "2027-01", "2027-02-28"),
        (MONTH_DAY, 31, "2028-01", "2028-02-29"),
        (MONTH_DAY, 30, "2026-12", "2027-01-30"),
    ],
)
def test_days_of_the_month_that_follows(kind: str, number: int, month: str, expected: str) -> None:
    period = month_of(date.fromisoformat(f"{month}-01"))
    found = due_at(rule(kind, number), period, CHRISTMAS)
    assert found == datetime.combine(date.fromisoformat(expected), time(7), UTC)


def test_a_month_of_holidays_takes_its_last_day() -> None:
    period = month_of(date(2026, 10, 1))
    november = set(month_of(date(2026, 11, 1)).days())
    assert asked_at(rule(BUSINESS_DAY, 1), period, november) == datetime(2026, 11, 30, 7, tzinfo=UTC)
    assert asked_at(rule(BUSINESS_DAY, 9), period, november - {date(2026, 11, 4)}) == datetime(2026, 11, 4, 7, tzinfo=UTC)


def test_weeks_and_days() -> None:
    week = week_of(date(2026, 10, 19))
    assert due_at(rule(WEEKDAY, 0, report="digest_week"), week, ()) == datetime(2026, 10, 26, 7, tzinfo=UTC)
    assert due_at(rule(WEEKDAY, 4, report="digest_week"), week, ()) == datetime(2026, 10, 30, 7, tzinfo=UTC)
    assert due_at(rule(DAILY, report="digest_day"), day_of(date(2026, 12, 31)), CHRISTMAS) == datetime(2027, 1, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "day", "expected"),
    [
        (time(7), date(2026, 3, 28), "2026-03-29T05:00"),  # summer time begins that morning
        (time(7), date(2026, 3, 27), "2026-03-28T06:00"),
        (time(2, 30), date(2026, 3, 28), "2026-03-29T01:30"),  # a time that is not: as 03:30
        (time(2, 30), date(2026, 10, 24), "2026-10-25T00:30"),  # a time that is twice: the first
        (time(7), date(2026, 10, 24), "2026-10-25T06:00"),
    ],
)
def test_the_clock_leaps(at: time, day: date, expected: str) -> None:
    found = due_at(rule(DAILY, report="digest_day", at=at, zone=BERLIN), day_of(day), ())
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_after_the_close() -> None:
    month, closed_at = month_of(date(2026, 10, 1)), datetime(2026, 11, 4, 23, 30, tzinfo=UTC)  # the 5th in Berlin
    after = rule(AFTER_CLOSE, 5, zone=BERLIN, closed=True)
    assert due_at(after, month, ()) is None
    assert due_at(after, month, (), closed_at) == datetime(2026, 11, 10, 6, tzinfo=UTC)
    assert due_at(rule(ON_CLOSE, at=None, closed=True), month, (), closed_at) == closed_at
    assert due_at(rule(ON_CLOSE, zone=BERLIN, closed=True), month, (), closed_at) == datetime(2026, 11, 5, 6, tzinfo=UTC)
    late = closed_at + timedelta(hours=8)
    assert due_at(rule(ON_CLOSE, zone=BERLIN, closed=True), month, (), late) == datetime(2026, 11, 6, 6, tzinfo=UTC)
    assert asked_at(after, month, ()) is None
    assert next_at(after, closed_at, ()) is None


def test_a_close_after_its_day_is_due_at_once() -> None:
    month, closed_at = month_of(date(2026, 10, 1)), datetime(2026, 11, 20, 12, tzinfo=UTC)
    waits = rule(BUSINESS_DAY, 1, closed=True)
    assert due_at(waits, month, ()) is None
    assert due_at(waits, month, (), closed_at) == closed_at
    assert due_at(waits, month, (), datetime(2026, 11, 1, tzinfo=UTC)) == datetime(2026, 11, 2, 7, tzinfo=UTC)


def test_not_before_the_period_is_over_in_utc() -> None:
    """7:00 in Tokyo is 22:00 of the day before in UTC, whose last two hours are still to come."""
    day = day_of(date(2026, 11, 6))
    assert due_at(rule(DAILY, at=time(7), zone="Asia/Tokyo"), day, ()) == datetime(2026, 11, 7, tzinfo=UTC)
    assert asked_at(rule(DAILY, at=time(10), zone="Asia/Tokyo"), day, ()) == datetime(2026, 11, 7, 1, tzinfo=UTC)


@given(day=DAYS, number=st.integers(1, 20), at=TIMES, zone=ZONES, holidays=st.sets(DAYS, max_size=30))
def test_every_business_day(day: date, number: int, at: time, zone: str, holidays: set[date]) -> None:
    """The Nth one has N-1 before it in its month, is no weekend and no holiday, and shows the asked time on the wall."""
    period = month_of(day)
    moment = due_at(rule(BUSINESS_DAY, number, at=at, zone=zone), period, holidays)
    assert moment is not None
    local = moment.astimezone(ZoneInfo(zone))
    following = month_of(period.end)
    assert local.date() in following
    known = business_days(following, holidays)
    if len(known) >= number:
        assert known.index(local.date()) == number - 1
        assert local.weekday() < 5
        assert local.date() not in holidays
    wall = local.replace(tzinfo=None) - datetime.combine(local.date(), at)
    if moment == datetime.combine(period.end, time(), UTC):
        return  # asked for before the period is over
    assert wall in {timedelta(0), timedelta(hours=1), timedelta(minutes=30)}  # later only where the clock leaps over it


@given(day=DAYS, number=st.integers(1, 31), zone=ZONES)
def test_moments_follow_each_other_without_gaps(day: date, number: int, zone: str) -> None:
    """Month by month exactly one moment, rising; what comes next is the first of them after now."""
    asked = rule(MONTH_DAY, number, zone=zone)
    now = datetime.combine(day, time(), UTC)
    following = next_at(asked, now, ())
    assert following is not None
    assert following[1] > now
    before = asked_at(asked, month_of(following[0].period.start - ONE_DAY), ())
    assert before is not None
    assert before <= now
    spans = spans_from("month", day)
    moments = [asked_at(asked, next(spans).period, ()) for _ in range(14)]
    assert moments == sorted(set(moments), key=str)


@given(day=DAYS, weekday=st.integers(0, 6), zone=ZONES)
def test_every_week_has_its_day(day: date, weekday: int, zone: str) -> None:
    week = week_of(day)
    moment = asked_at(rule(WEEKDAY, weekday, report="digest_week", zone=zone), week, ())
    assert moment is not None
    local = moment.astimezone(ZoneInfo(zone)).date()
    assert local.weekday() == weekday
    assert week.end <= local < week.end + ONE_DAY * 7
