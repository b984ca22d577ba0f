"""Sums by day, project and channel in, what each project spent by day out: known days, days known in part, and days that are missing.

A day on which anybody spent anything is known: who has no row on it spent 0. Missing are days of which nothing is known at all, days of
which a project's cost is unknown (unpriced), and the newest days until each channel that the project uses has spoken of them: providers
bill with different delays. What is known of such a day already is kept apart.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.day_sums import DaySum

SILENT_DAYS = 7
"""A channel that is silent for longer than so many days is no longer waited for."""


@dataclass(frozen=True, slots=True)
class Series:
    """One project's amounts, or the organisation's (`project` None): of whole days, and of days that may still grow."""

    project: str | None
    known: dict[date, Decimal]
    partly: dict[date, Decimal]

    def through(self, day: date) -> "Series":
        """As it was at the end of `day`, with what is known now of the days until then."""
        return Series(
            self.project,
            {one: amount for one, amount in self.known.items() if one <= day},
            {one: amount for one, amount in self.partly.items() if one <= day},
        )


def series_of(sums: Sequence[DaySum]) -> list[Series]:
    """The organisation, then each project by its id. `sums` are by project and channel at least."""
    rows: dict[str | None, list[DaySum]] = defaultdict(list)
    for row in sums:
        rows[None].append(row)
        rows[row.project].append(row)
    days = {row.day for row in sums}
    spoken = _last_spoken(sums)
    return [_series(project, rows[project], days, spoken) for project in sorted(rows, key=lambda one: (one is not None, one or ""))]


def _last_spoken(sums: Sequence[DaySum]) -> dict[str | None, date]:
    """The last day of which each channel says anything, of those that are not silent for long."""
    found: dict[str | None, date] = {}
    for row in sums:
        found[row.channel] = max(found.get(row.channel, row.day), row.day)
    last = max(found.values(), default=date.min)
    return {channel: day for channel, day in found.items() if (last - day).days <= SILENT_DAYS}


def _series(project: str | None, rows: Sequence[DaySum], days: set[date], spoken: dict[str | None, date]) -> Series:
    costs: dict[date, list[Decimal | None]] = defaultdict(list)
    for row in rows:
        costs[row.day].append(row.cost)
    used = {row.channel for row in rows}
    whole_until = min((day for channel, day in spoken.items() if channel in used), default=max(days))
    known: dict[date, Decimal] = {}
    partly: dict[date, Decimal] = {}
    for day in sorted(days):
        amounts = costs.get(day)
        if amounts is not None and all(amount is None for amount in amounts):
            continue
        total = money.total(amounts or [])
        if day <= whole_until:
            known[day] = total
        elif amounts is not None:
            partly[day] = total
    return Series(project, known, partly)


def last_whole_day(series: Sequence[Series]) -> date | None:
    """The last day of which everything is known."""
    return max((day for one in series if one.project is None for day in one.known), default=None)
