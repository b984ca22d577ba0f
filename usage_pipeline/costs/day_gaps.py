"""Days of which a source says nothing although it speaks of every day: a gap, judged by the source's own rhythm.

In: the days that a source speaks of, in the month and around it. Out: its gaps among them. What lies before its first day and after its
last is no gap: it had not begun, or it ended, or its newest data is late, which is told elsewhere. Days that it says are empty are spoken.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from usage_pipeline.periods import inclusive

LEAST_DAYS = 7
"""A source that speaks of fewer other days has no rhythm yet."""
TIMES_AS_LONG = 2
"""A hole that is longer than this many times all other days together is no gap in a rhythm: most likely the source ended, or began anew."""
LOG_DAYS = (9, 10)
"""A log speaks only of what was used: it is daily if it speaks of so many of its other days. One of weekdays alone never is."""
BILL_DAYS = (2, 3)
"""A bill or a provider's count that may leave out unused days: one that speaks of so many days, and of so many of that day of the week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How a source speaks of days. `is_log`: of requests, not of days. `tells_empty`: it has said of a day that it was empty."""

    spoken: frozenset[date]
    is_log: bool
    tells_empty: bool


def gap_days(rhythm: Rhythm) -> list[date]:
    """The days between its first and its last of which it should have spoken, in order."""
    if not rhythm.spoken:
        return []
    span = set(inclusive(min(rhythm.spoken), max(rhythm.spoken)).days())
    return [day for hole in _holes(rhythm.spoken) for day in _expected(hole, span - set(hole), rhythm)]


def _holes(spoken: Collection[date]) -> Iterator[list[date]]:
    """The days between two spoken ones that are not neighbours."""
    days = sorted(spoken)
    for before, after in pairwise(days):
        if (after - before).days > 1:
            yield [before + timedelta(days=step) for step in range(1, (after - before).days)]


def _expected(hole: list[date], others: Collection[date], rhythm: Rhythm) -> list[date]:
    """Those days of a hole that are against the rhythm of the `others`."""
    if len(rhythm.spoken) < LEAST_DAYS or len(hole) > TIMES_AS_LONG * len(rhythm.spoken):
        return []
    if rhythm.is_log:
        return hole if _is_usual(others, rhythm.spoken, LOG_DAYS) else []
    if rhythm.tells_empty:
        return hole
    if not _is_usual(others, rhythm.spoken, BILL_DAYS):
        return []
    return [day for day in hole if _is_usual([one for one in others if one.weekday() == day.weekday()], rhythm.spoken, BILL_DAYS)]


def _is_usual(days: Collection[date], spoken: Collection[date], share: tuple[int, int]) -> bool:
    part, whole = share
    return bool(days) and sum(day in spoken for day in days) * whole >= len(days) * part
