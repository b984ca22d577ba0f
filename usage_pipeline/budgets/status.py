"""Budgets and daily costs in, one status a budget out: how each stands in the period that holds a day.

Periods are UTC days, ISO weeks and calendar months. USD budgets count `cost` (unknown costs are left out: they are told, never
taken for 0); token budgets count `tokens_of`. An organisation's budget counts every project, the unattributed rest included.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.budgets.spending import DaySpending, Spending, index
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.tables.budgets import PERIODS, Budget, BudgetStatus
from usage_pipeline.tables.costs import DailyCost


def statuses(
    budgets: Sequence[Budget], costs: Sequence[DailyCost], as_of: date, *, complete_through: date | None = None
) -> list[BudgetStatus]:
    """The status of each budget, in their order. `costs` may hold other days and projects; it is read once.

    `complete_through` is the last day that is wholly over; None says that `as_of` is. A day that is not over counts as spent but
    not towards the pace: the straight line runs through the whole days only, so a check at noon does not halve the forecast.
    """
    spending = index(costs)
    return [_status(budget, spending, as_of, complete_through) for budget in budgets]


def status_of(budget: Budget, costs: Sequence[DailyCost], as_of: date, *, complete_through: date | None = None) -> BudgetStatus:
    """The status of one budget; see `statuses`, which is the way to ask for many."""
    return _status(budget, index(costs), as_of, complete_through)


def _status(budget: Budget, spending: Spending, as_of: date, complete_through: date | None) -> BudgetStatus:
    period = PERIODS[budget.period](as_of)
    last_whole_day = as_of if complete_through is None else min(as_of, complete_through)
    days = spending.days(budget.project, budget.operation, budget.unit, Period(period.start, as_of + ONE_DAY))
    spent = money.total([day.amount for day in days])
    spent_in_whole_days = money.total([day.amount for day in days if day.day <= last_whole_day])
    elapsed = max(0, (last_whole_day - period.start).days + 1)
    known = bool(days) and elapsed > 0
    reached = budget.reached(spent)
    ahead = _day_ahead(spent_in_whole_days, elapsed, budget.limit, period)
    return BudgetStatus(
        budget_id=budget.budget_id,
        period_start=period.start,
        period_end=period.end,
        as_of=as_of,
        scope=budget.scope,
        project=budget.project,
        period=budget.period,
        unit=budget.unit,
        operation=budget.operation,
        limit=budget.limit,
        spent=spent,
        percent=money.percent(spent, budget.limit),
        remaining=money.total([budget.limit, -spent]),
        forecast=max(spent, money.share_of(spent_in_whole_days, period.days_count, elapsed)) if known else None,
        crossing_date=_day_reached(days, budget.limit) if 0 < spent >= budget.limit else ahead,
        threshold=reached[-1].percent if reached else None,
        level=reached[-1].level if reached else None,
        days_with_data=len(days),
        estimated_share=_estimated_share(days, spent),
    )


def _day_reached(days: Sequence[DaySpending], limit: Decimal) -> date | None:
    """The first day at whose end the running total is at the limit, or null."""
    running = money.ZERO
    for day in days:
        running = money.total([running, day.amount])
        if running > 0 and running >= limit:
            return day.day
    return None


def _day_ahead(spent: Decimal, elapsed: int, limit: Decimal, period: Period) -> date | None:
    """The first day after the `elapsed` ones on which the straight line from the period's start reaches the limit, or null."""
    reached = (
        number
        for number in range(elapsed + 1, period.days_count + 1)
        if elapsed and spent > 0 and money.multiply(number, spent) >= money.multiply(elapsed, limit)
    )
    number = next(reached, None)
    return None if number is None else period.start + ONE_DAY * (number - 1)


def _estimated_share(days: Sequence[DaySpending], spent: Decimal) -> Decimal:
    """How much of `spent` no bill covers yet, between 0 and 100 percent. Tokens are counted, so none of theirs is estimated."""
    share = money.percent(money.total([day.estimated for day in days]), spent)
    return min(max(share, money.ZERO), Decimal(100))
