"""When a delivery is due: pure, in its time zone. In: a rule, a period, the holidays, when the period was closed. Out: a moment (UTC).

A local time that the clock leaps over counts as it would without the leap (02:30 becomes 03:30); one that comes twice, the first time.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from usage_pipeline.periods import ONE_DAY, Period, month_of
from usage_pipeline.tables.delivery_rules import AFTER_CLOSE, BUSINESS_DAY, DAILY, MONTH_DAY, ON_CLOSE, WEEKDAY, DeliveryRule
from usage_pipeline.tables.spans import DAY, MONTH, WEEK, Span, day_span, month_span, week_span

SATURDAY = 5
SPANS = {DAY: day_span, WEEK: week_span, MONTH: month_span}
SHELF = {DAY: timedelta(days=3), WEEK: timedelta(days=10), MONTH: timedelta(days=62)}
"""How long after its moment a report is still sent by itself, if it could not be sent then: older news is no news."""


def due_at(rule: DeliveryRule, period: Period, holidays: Collection[date], closed_at: datetime | None = None) -> datetime | None:
    """The moment (UTC) when `period`'s report is to go out; None where it waits for the close. Never before `closed_at`, where given."""
    zone = ZoneInfo(rule.time_zone)
    if rule.when.kind in {AFTER_CLOSE, ON_CLOSE}:
        return None if closed_at is None else _after_close(rule, closed_at, zone)
    moment = _moment(rule, period, holidays, zone)
    if closed_at is not None:
        return max(moment, closed_at)
    return None if rule.only_closed else moment


def asked_at(rule: DeliveryRule, period: Period, holidays: Collection[date]) -> datetime | None:
    """The moment of the calendar alone, closed or not; None where only the close counts."""
    if rule.when.kind in {AFTER_CLOSE, ON_CLOSE}:
        return None
    return _moment(rule, period, holidays, ZoneInfo(rule.time_zone))


def next_at(rule: DeliveryRule, now: datetime, holidays: Collection[date]) -> tuple[Span, datetime] | None:
    """The next report that the calendar asks for after `now`, and when; None where only the close counts."""
    for span in spans_from(rule.of.kind, (now - SHELF[rule.of.kind]).date()):
        moment = asked_at(rule, span.period, holidays)
        if moment is None:
            return None
        if moment > now:
            return span, moment
    return None


def spans_from(kind: str, day: date) -> Iterator[Span]:
    """The spans of `kind` from the one that holds `day`, without end."""
    while True:
        span = SPANS[kind](day)
        yield span
        day = span.period.end


def business_days(month: Period, holidays: Collection[date]) -> list[date]:
    """Monday to Friday, without the holidays."""
    return [day for day in month.days() if day.weekday() < SATURDAY and day not in holidays]


def _moment(rule: DeliveryRule, period: Period, holidays: Collection[date], zone: ZoneInfo) -> datetime:
    """By the calendar; never before the period's own end, which is in UTC: east of Greenwich its last hours are another day's morning."""
    return max(_at(_day(rule, period, holidays), rule.at, zone), datetime.combine(period.end, time(), UTC))


def _day(rule: DeliveryRule, period: Period, holidays: Collection[date]) -> date:
    """The day in the rule's zone. Where a month has fewer (business) days than asked for, its last one."""
    when, following = rule.when, month_of(period.end)
    if when.kind == DAILY:
        return period.end
    if when.kind == WEEKDAY:
        return period.end + ONE_DAY * ((when.number - period.end.weekday()) % 7)
    if when.kind == MONTH_DAY:
        return following.start + ONE_DAY * (min(when.number, following.days_count) - 1)
    if when.kind == BUSINESS_DAY:
        days = business_days(following, holidays) or [following.last]
        return days[min(when.number, len(days)) - 1]
    raise ValueError(f"{when.kind} is no day of the calendar")


def _after_close(rule: DeliveryRule, closed_at: datetime, zone: ZoneInfo) -> datetime:
    closed_on = closed_at.astimezone(zone).date()
    if rule.when.kind == AFTER_CLOSE:
        return max(_at(closed_on + ONE_DAY * rule.when.number, rule.at, zone), closed_at)
    if rule.at is None:
        return closed_at
    first = _at(closed_on, rule.at, zone)
    return first if first >= closed_at else _at(closed_on + ONE_DAY, rule.at, zone)


def _at(day: date, at: time | None, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at or time(), zone).astimezone(UTC)
