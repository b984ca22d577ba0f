"""Budgets and daily costs in, one status a budget out: how each stands in the period that holds a day.

Periods are UTC days, ISO weeks, calendar months and years, and fixed spans. Money budgets count `cost` (unknown costs are left out:
they are told, never taken for 0), the others tokens, credits or requests. An organisation's budget counts every project, the
unattributed rest included. The limit is that of the version in force on the day judged, raised where a raise holds on it, and with what
the period before left where it rolls over: at most one declared limit, and never what had rolled over into that period itself.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.budgets.spending import DaySpending, Spending, index
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.tables.budgets import STRAIGHT_LINE, Budget, BudgetStatus
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.day_sums import day_sums_of


def statuses(
    budgets: Sequence[Budget], costs: Sequence[DailyCost], as_of: date, *, complete_through: date | None = None
) -> list[BudgetStatus]:
    """The status of each budget in force, in their order. `costs` may hold other days and projects; it is read once.

    `complete_through` is the last day that is wholly over; None says that `as_of` is. A day that is not over counts as spent but
    not towards the pace: the straight line runs through the whole days only, so a check at noon does not halve the forecast.
    """
    return standing(budgets, index(day_sums_of(costs), budgets), as_of, complete_through=complete_through)


def status_of(budget: Budget, costs: Sequence[DailyCost], as_of: date, *, complete_through: date | None = None) -> BudgetStatus:
    """The status of one budget in force; see `statuses`, which is the way to ask for many."""
    (status,) = statuses([budget], costs, as_of, complete_through=complete_through)
    return status


def standing(budgets: Sequence[Budget], spending: Spending, as_of: date, *, complete_through: date | None = None) -> list[BudgetStatus]:
    """The same of sums that are indexed already. A budget not in force on `as_of`, or whose span does not hold it, has no status."""
    versions: dict[str, list[Budget]] = {}
    for budget in budgets:
        versions.setdefault(budget.budget_id, []).append(budget)
    return [
        _status(budget, period, versions[budget.budget_id], spending, as_of, complete_through)
        for budget in budgets
        if budget.in_force(as_of) and (period := budget.period_on(as_of)) is not None
    ]


def _status(
    budget: Budget, period: Period, versions: Sequence[Budget], spending: Spending, as_of: date, complete_through: date | None
) -> BudgetStatus:
    last_whole_day = as_of if complete_through is None else min(as_of, complete_through)
    days = spending.days(budget, Period(period.start, as_of + ONE_DAY))
    spent = money.total([day.amount for day in days])
    spent_in_whole_days = money.total([day.amount for day in days if day.day <= last_whole_day])
    elapsed = max(0, (last_whole_day - period.start).days + 1)
    known = bool(days) and elapsed > 0
    raised = budget.raised(as_of)
    raised_by = money.total([raised.limit, -budget.limit]) if raised else None
    rolled_over = _left_before(budget, period, versions, spending) if budget.rollover else None
    limit = money.total([budget.limit, raised_by, rolled_over])
    reached = budget.reached(spent, limit)
    ahead = _day_ahead(spent_in_whole_days, elapsed, limit, period)
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
        limit=limit,
        spent=spent,
        percent=money.percent(spent, limit),
        remaining=money.total([limit, -spent]),
        forecast=max(spent, money.share_of(spent_in_whole_days, period.days_count, elapsed)) if known else None,
        crossing_date=_day_reached(days, limit) if 0 < spent >= limit else ahead,
        threshold=reached[-1].percent if reached else None,
        level=reached[-1].level if reached else None,
        days_with_data=len(days),
        estimated_share=_estimated_share(days, spent),
        holder=budget.holder,
        model=budget.model,
        channel=budget.channel,
        declared_limit=budget.limit,
        raised_by=raised_by,
        raise_ends=raised.last_day if raised else None,
        raise_why=raised.why if raised else None,
        rolled_over=rolled_over,
        run_rate=money.share_of(spent_in_whole_days, 1, elapsed) if known else None,
        forecast_method=STRAIGHT_LINE if known else None,
        days_so_far=(as_of - period.start).days + 1,
    )


def _left_before(budget: Budget, period: Period, versions: Sequence[Budget], spending: Spending) -> Decimal | None:
    """What the period before left of its declared limit, from 0 to all of it; null where nothing is known of that period.

    The version in force on its last day decides; without one there was no budget, and nothing of it is left.
    """
    last = period.start - ONE_DAY
    before = next((one for one in versions if one.in_force(last)), None)
    previous = before.period_on(last) if before else None
    if before is None or previous is None:
        return money.ZERO
    if not spending.knows(previous):
        return None
    spent = money.total([day.amount for day in spending.days(budget, previous)])
    return min(max(money.total([before.limit, -spent]), money.ZERO), before.limit)


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
    """How much of `spent` no bill covers yet, between 0 and 100 percent. What is counted is never estimated."""
    share = money.percent(money.total([day.estimated for day in days]), spent)
    return min(max(share, money.ZERO), Decimal(100))
