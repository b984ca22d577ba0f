"""Sums by day in, what was spent per day out, as each budget counts it. Read once, asked often."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.tables.budgets import CLIENT, COUNTED_UNITS, PROJECT, Budget
from usage_pipeline.tables.day_sums import DaySum

COST = "cost"

_Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class DaySpending:
    """One day on which something is known: the amount, and the part of it that no bill covers."""

    day: date
    amount: Decimal
    estimated: Decimal


@dataclass(frozen=True, slots=True)
class Spending:
    """Sums by what budgets count, then by day. `first` and `last` are the days that are known of at all; None where none is."""

    by_scope: dict[tuple[tuple[str, str], ...], dict[date, list[DaySum]]]
    first: date | None
    last: date | None

    def days(self, budget: Budget, period: Period) -> list[DaySpending]:
        """The days of `period` on which something is known of what `budget` counts, in its unit and in order."""
        known = self.by_scope.get(budget.where, {})
        asked = period.days() if period.days_count < len(known) else sorted(day for day in known if day in period)
        found = (_spent(day, known[day], budget.unit) for day in asked if day in known)
        return [one for one in found if one is not None]

    def knows(self, period: Period) -> bool:
        """Whether anybody spent anything that is known in `period`: only then is nothing spent a 0."""
        return any(day in period for day in self.by_scope.get((), {}))


def index(sums: Sequence[DaySum], budgets: Iterable[Budget]) -> Spending:
    """What each of `budgets` counts of `sums`. One pass over the sums for each kind of scope, such as all budgets of projects."""
    wanted: dict[tuple[str, ...], set[_Values]] = defaultdict(set)
    client_of: dict[str | None, str | None] = {}
    for budget in budgets:
        wanted[tuple(name for name, _ in budget.where)].add(tuple(value for _, value in budget.where))
        if budget.scope == CLIENT:
            client_of.update(dict.fromkeys(budget.projects, budget.holder))
    wanted[()].add(())
    by_scope: dict[tuple[tuple[str, str], ...], dict[date, list[DaySum]]] = defaultdict(lambda: defaultdict(list))
    for names, values in wanted.items():
        for row in sums:
            found = tuple(client_of.get(row.project) if name == CLIENT else getattr(row, name) for name in names)
            if found in values:
                by_scope[tuple(zip(names, found, strict=True))][row.day].append(row)
    days = [row.day for row in sums]
    return Spending({scope: dict(known) for scope, known in by_scope.items()}, min(days, default=None), max(days, default=None))


def dimensions_of(budgets: Iterable[Budget]) -> set[str]:
    """By which columns of daily costs sums are needed to judge `budgets`; a client's projects are told by the project."""
    return {PROJECT if name == CLIENT else name for budget in budgets for name, _ in budget.where}


def days_needed(budgets: Iterable[Budget], as_of: date) -> Period:
    """The days whose sums are needed to judge `budgets` on `as_of`: their periods so far, and the one before where it rolls over."""
    starts = [as_of]
    for budget in budgets:
        period = budget.period_on(as_of)
        if period is None:
            continue
        before = budget.period_on(period.start - ONE_DAY) if budget.rollover else None
        starts.append(period.start if before is None else before.start)
    return Period(min(starts), as_of + ONE_DAY)


def _spent(day: date, rows: Sequence[DaySum], unit: str) -> DaySpending | None:
    name = unit if unit in COUNTED_UNITS else COST
    known = [amount for amount in (getattr(row, name) for row in rows) if amount is not None]
    if not known:
        return None
    estimated = money.total([row.estimated for row in rows]) if name == COST else money.ZERO
    return DaySpending(day, money.total(known), estimated)
