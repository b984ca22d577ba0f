"""Periods that are over: what was spent in their last hours, or became known a day late, is told still, once. Budgets in, alerts out.

A period is judged for FOUND_DAYS after its last day. What was found and may not go out yet (the 24 hours rule, quiet hours, a mail server
that is away) waits on for TOLD_DAYS: the end of its period does not silence it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from usage_pipeline.alerts.rules import due, still_true
from usage_pipeline.periods import ONE_DAY
from usage_pipeline.tables.alerts import Alert
from usage_pipeline.tables.budgets import Budget, BudgetStatus

FOUND_DAYS = 3
"""Bills and logs come a day or two late."""
TOLD_DAYS = 7


@dataclass(frozen=True, slots=True)
class Ended:
    """How a budget stood at the end of a period that is over; `status.as_of` is its last day."""

    budget: Budget
    status: BudgetStatus


def ended_on(budgets: Iterable[Budget], as_of: date) -> dict[date, list[Budget]]:
    """By last day, the budgets whose period ended within TOLD_DAYS before `as_of`, as they were in force on that day."""
    found: dict[date, list[Budget]] = defaultdict(list)
    days = [as_of - ONE_DAY * number for number in range(1, TOLD_DAYS + 1)]
    for budget in budgets:
        for day in days:
            period = budget.period_on(day)
            if budget.in_force(day) and period is not None and period.last == day:
                found[day].append(budget)
    return dict(found)


def found_late(ended: Sequence[Ended], known: Sequence[Alert], now: datetime, as_of: date) -> list[Alert]:
    """An alert for each threshold that a period of the last FOUND_DAYS reached and `known` does not hold."""
    recent = [one for one in ended if one.status.as_of >= as_of - ONE_DAY * FOUND_DAYS]
    return [alert for day, budgets, found in _by_day(recent) for alert in due(found, budgets, known, now, day)]


def held_late(ended: Sequence[Ended], known: Sequence[Alert]) -> list[Alert]:
    """The open alerts of `known` that are about periods that are over, and are to be told still."""
    return [alert for day, _, found in _by_day(ended) for alert in still_true(found, known, day)]


def _by_day(ended: Sequence[Ended]) -> list[tuple[date, list[Budget], list[BudgetStatus]]]:
    days: dict[date, list[Ended]] = defaultdict(list)
    for one in ended:
        days[one.status.as_of].append(one)
    return [(day, [one.budget for one in found], [one.status for one in found]) for day, found in days.items()]
