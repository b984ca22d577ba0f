"""What a report is of: a day, an ISO week, a month or any range of days, by its name; and the days that it is compared with. Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import ONE_DAY, Period, day_of, inclusive, month_name, month_of, week_of

DAY, WEEK, MONTH, RANGE = "day", "week", "month", "range"
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`name` is '2026-10-02', '2026-W41', '2026-10' or '2026-10-05_2026-10-20': also the folder of its reports."""

    kind: str
    name: str
    period: Period

    def compared_with(self, shown: Period) -> Period:
        """As many days of the span before; of a day the same weekday of the week before, as a Sunday says little of a Monday.

        `shown` are the span's days that are over. A whole month is compared with the whole month before, a range with the days before it.
        """
        if self.kind == RANGE:
            return Period(self.period.start - ONE_DAY * shown.days_count, self.period.start)
        if self.kind != MONTH:
            return Period(shown.start - _A_WEEK, shown.end - _A_WEEK)
        before = month_of(self.period.start - ONE_DAY)
        return before if shown == self.period else Period(before.start, min(before.start + ONE_DAY * shown.days_count, before.end))


def day_span(day: date) -> Span:
    return Span(kind=DAY, name=day.isoformat(), period=day_of(day))


def week_span(day: date) -> Span:
    """The ISO week that holds `day`."""
    year, week, _ = day.isocalendar()
    return Span(kind=WEEK, name=f"{year}-W{week:02d}", period=week_of(day))


def month_span(day: date) -> Span:
    """The month that holds `day`."""
    return Span(kind=MONTH, name=month_name(month_of(day)), period=month_of(day))


def range_span(first: date, last: date) -> Span:
    """From `first` to `last`, both included; a whole month is that month."""
    period = inclusive(first, last)
    if period == month_of(first):
        return month_span(first)
    return Span(kind=RANGE, name=f"{first.isoformat()}_{last.isoformat()}", period=period)


def span_named(name: str) -> Span:
    """'2026-10-02', '2026-W41' or '2026-10' as a span. Raises UsageConfigError for anything else."""
    try:
        if found := re.fullmatch(r"(\d{4})-W(\d{2})", name):
            return week_span(date.fromisocalendar(int(found[1]), int(found[2]), 1))
        if re.fullmatch(r"\d{4}-\d{2}", name):
            return month_span(date.fromisoformat(f"{name}-01"))
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", name):
            return day_span(date.fromisoformat(name))
    except ValueError:
        pass
    raise UsageConfigError(f"{name!r} is no day, ISO week or month that is in the calendar, such as 2026-10-02, 2026-W41 or 2026-10")
