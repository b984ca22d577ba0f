"""What changed against the month before, and why: the cause split of the whole, and of what moved. Cost rows in, exact values out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from usage_pipeline.periods import ONE_DAY, Period, inclusive, month_of
from usage_pipeline.reports.movers import Mover, movers_of
from usage_pipeline.tables.causes import Causes, causes_of
from usage_pipeline.tables.costs import Cost, MonthlyCost

MOVERS = {True: ("project", "model"), False: ("model", "operation")}
"""By what the movers of the organisation's statement (True) and of a project's are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The month before, as far as this one has gone: its `days`, and cost rows of them alone.

    `days_told`: the most days that one row has.
    """

    days: Period
    rows: Sequence[MonthlyCost]
    days_told: int

    def of(self, project: str) -> "Compared":
        """The part of one project; what is told of the days stays that of all."""
        return replace(self, rows=[row for row in self.rows if row.project == project])


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """`days` against `compared`. `gaps`: days of `days` without data; `days_told`: the most days of `compared` that one row has.

    `movers` by dimension, those that moved most first: their changes sum to the change of the whole, as the parts of `causes` do.
    """

    days: Period
    compared: Period
    gaps: int
    days_told: int
    causes: Causes
    movers: tuple[tuple[str, tuple[Mover, ...]], ...]
    rows: Sequence[MonthlyCost] = field(compare=False, repr=False)
    """What it is compared with, for unit costs."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be missing on either side."""
        return not self.gaps and self.days_told >= self.compared.days_count


def compared_with(days: Period, rows: Sequence[MonthlyCost]) -> Compared:
    """`rows` of `days`, all scopes' together."""
    return Compared(days=days, rows=rows, days_told=max((row.days_count for row in rows), default=0))


def whole_before(month: Period, previous: Sequence[MonthlyCost] | Decimal | None) -> Compared | None:
    """All of the month before; None where only its sum is known, or nothing."""
    if previous is None or isinstance(previous, Decimal):
        return None
    return compared_with(month_of(month.start - ONE_DAY), previous)


def changes_in(
    month: Period, rows: Sequence[MonthlyCost], project: str | None, previous: Compared | None, missing: Sequence[date]
) -> Changes | None:
    """A statement's: `rows` are those of `project`, or all; of `previous` it takes the same. `missing` are days without data."""
    if previous is None:
        return None
    ours = previous if project is None else previous.of(project)
    through = max((day for day in month.days() if day not in missing), default=month.last)
    days = inclusive(month.start, through)
    return changes_of(rows, ours, days, gaps=sum(day in days for day in missing), by=MOVERS[project is None])


def changes_of(now: Sequence[Cost], compared: Compared, days: Period, *, gaps: int, by: Sequence[str]) -> Changes | None:
    """None where nothing is known of the month before, or of this one. `by`: the dimensions of the movers."""
    if not compared.rows or not now:
        return None
    return Changes(
        days=days,
        compared=compared.days,
        gaps=gaps,
        days_told=compared.days_told,
        causes=causes_of(compared.rows, now),
        movers=tuple((name, movers_of(name, now, compared.rows)) for name in by),
        rows=compared.rows,
    )
