"""Which days to ask an API for, and in which stretches. Pure: times and what is known are arguments."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from usage_pipeline.periods import ONE_DAY, Period, start_of

Known = Callable[[date], tuple[bool, datetime | None]]
"""Of a day: whether it landed, and when it was answered last."""


def days_wanted(run: Period, now: datetime, again_days: int, polled_seconds: int, known: Known) -> list[date]:
    """The days of `run` that are not final, and the last `again_days` before today; none that lies ahead.

    A day is final once an answer came `again_days` after it began: providers restate until then. A day answered less than
    `polled_seconds` ago is left in peace.
    """
    today = now.date()
    recent = Period(today - ONE_DAY * again_days, today)
    wanted = {day for day in run.days() if day <= today} | set(recent.days())
    return sorted(day for day in wanted if _is_due(day, day in recent or day == today, now, again_days, polled_seconds, known))


def _is_due(day: date, is_recent: bool, now: datetime, again_days: int, polled_seconds: int, known: Known) -> bool:  # noqa: FBT001
    has_landed, answered_at = known(day)
    if not has_landed or answered_at is None:
        return True
    if now - answered_at < timedelta(seconds=polled_seconds):
        return False
    return is_recent or answered_at < start_of(day) + ONE_DAY * max(again_days, 1)


def stretches(days: list[date], longest: int) -> Iterator[Period]:
    """`days` (sorted) as runs of neighbours, none longer than `longest`."""
    start = 0
    for place in range(1, len(days) + 1):
        if place == len(days) or days[place] - days[place - 1] != ONE_DAY or place - start == longest:
            yield Period(days[start], days[place - 1] + ONE_DAY)
            start = place


def halves(days: Period) -> tuple[Period, Period]:
    middle = days.start + ONE_DAY * (days.days_count // 2)
    return Period(days.start, middle), Period(middle, days.end)
