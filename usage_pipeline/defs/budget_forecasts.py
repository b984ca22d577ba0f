"""What running budgets will come to at their period's end: joins the budgets' status with the forecast of their own daily amounts.

Where there are less than two weeks of history, or the period is over, the status stays as it is: with the straight line.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

from usage_pipeline import money
from usage_pipeline.budgets.spending import Spending
from usage_pipeline.costs.forecast import forecast
from usage_pipeline.costs.forecast_model import HISTORY_DAYS
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.tables.budgets import Budget, BudgetStatus
from usage_pipeline.tables.forecasts import WEEKLY


def with_forecasts(
    statuses: Sequence[BudgetStatus],
    budgets: Sequence[Budget],
    spending: Spending,
    holidays: Collection[date] = (),
    *,
    complete_through: date | None = None,
) -> list[BudgetStatus]:
    """`statuses` with forecast, 80 % interval and crossing date of the days known. `spending` should reach back `history_of` their days."""
    return [_with_forecast(one, budgets, spending, holidays, complete_through) for one in statuses]


def history_of(days: Period) -> Period:
    """`days` and those before that forecasts rest on."""
    return Period(days.start - timedelta(days=HISTORY_DAYS), days.end)


def _with_forecast(
    status: BudgetStatus, budgets: Sequence[Budget], spending: Spending, holidays: Collection[date], complete_through: date | None
) -> BudgetStatus:
    period = Period(status.period_start, status.period_end)
    through = status.as_of if complete_through is None else min(status.as_of, complete_through)
    budget = next((one for one in budgets if one.budget_id == status.budget_id and one.in_force(status.as_of)), None)
    if budget is None or status.forecast is None or through >= period.last:
        return status
    known = history_of(Period(period.start, status.as_of + ONE_DAY))
    spent = {day.day: day.amount for day in spending.days(budget, known)}
    unknown = {day for day in spending.by_scope.get(budget.where, {}) if day not in spent}
    observed = [day for day in spending.by_scope.get((), {}) if day in known and day <= through and day not in unknown]
    made = forecast(
        {day: spent.get(day, money.ZERO) for day in observed},
        period,
        through,
        holidays=holidays,
        partly={day: amount for day, amount in spent.items() if day > through},
    )
    if made is None or made.method != WEEKLY:
        return status
    is_reached = 0 < status.spent >= status.limit
    return replace(
        status,
        forecast=made.mean,
        forecast_low=made.low,
        forecast_high=made.high,
        forecast_method=made.method,
        crossing_date=status.crossing_date if is_reached else made.crossing_date(status.limit),
    )
