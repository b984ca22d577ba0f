"""Calendar periods in UTC, half-open [start, end): days, ISO weeks, months. Every provider bills in UTC days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days [start, end)."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a period ends on or after its start, got {self.start} to {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def last(self) -> date:
        """The last day inside; a period of no days has none and answers the day before its start."""
        return self.end - ONE_DAY

    @property
    def days_count(self) -> int:
        return (self.end - self.start).days

    def days(self) -> Iterator[date]:
        return (self.start + ONE_DAY * number for number in range(self.days_count))

    def overlaps(self, other: "Period") -> bool:
        return self.start < other.end and other.start < self.end


def inclusive(first: date, last: date) -> Period:
    """The period of both days and all between them, as people give it on a command line."""
    return Period(first, last + ONE_DAY)


def day_of(day: date) -> Period:
    return Period(day, day + ONE_DAY)


def week_of(day: date) -> Period:
    """The ISO week (Monday to Sunday) that holds `day`."""
    monday = day - ONE_DAY * day.weekday()
    return Period(monday, monday + ONE_DAY * 7)


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=32)).replace(day=1))


def quarter_of(day: date) -> Period:
    """The calendar quarter that holds `day`."""
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    return Period(first, month_of(first + timedelta(days=75)).end)


def year_of(day: date) -> Period:
    return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1))


def months_in(period: Period) -> list[Period]:
    """Every calendar month that shares a day with `period`, in order."""
    months: list[Period] = []
    day = period.start
    while day < period.end:
        months.append(month_of(day))
        day = months[-1].end
    return months


def month_name(month: Period) -> str:
    """`2026-10`: how folders, statements and partitions call a month."""
    return f"{month.start:%Y-%m}"


def start_of(day: date) -> datetime:
    """Midnight UTC at which `day` begins."""
    return datetime.combine(day, time(), tzinfo=UTC)


def last_full_day(moment: datetime) -> date:
    """The last UTC day that is wholly over at `moment`."""
    return moment.astimezone(UTC).date() - ONE_DAY
