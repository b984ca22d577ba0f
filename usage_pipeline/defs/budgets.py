"""How every budget stood in every one of its periods."""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from usage_pipeline.budgets.spending import days_needed, dimensions_of, index
from usage_pipeline.budgets.status import standing
from usage_pipeline.defs.budget_changes import note_changes
from usage_pipeline.defs.budget_forecasts import history_of, with_forecasts
from usage_pipeline.defs.closed import open_months
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAYS_OF_MONTH, MONTHLY, ONE_RUN
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, last_full_day, week_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.day_sums import day_sums
from usage_pipeline.tables.budgets import LONG, PERIODS, Budget, BudgetStatus, budget_status
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.day_sums import DaySum


@dg.asset(
    key=budget_status.name,
    deps=[dg.AssetDep(daily_costs.name, partition_mapping=DAYS_OF_MONTH)],
    partitions_def=MONTHLY,
    backfill_policy=ONE_RUN,
    group_name="budgets",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="3",
    metadata={"dagster/column_schema": schema_of(budget_status)},
)
def budget_status_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Spent, limit, percent, forecast and crossing date of each budget, for its periods of the month; telling people is `alerts`."""
    database, settings = workplace.database(), workplace.settings()
    budgets, whole = settings.budgets, last_full_day(workplace.now())
    changed = note_changes(workplace)
    rows: list[BudgetStatus] = []
    months = open_months(context, workplace)
    for month in months:
        sums = sums_around(database, budgets, month)
        found = month_statuses(budgets, sums, month)
        rows += with_forecasts(found, budgets, index(sums, budgets), settings.holidays, complete_through=whole)
    _replace(database, rows, months)
    worst = sorted(rows, key=lambda status: -status.percent)
    columns = ("project", "period", "period_start", "spent", "limit", "unit", "percent", "level", "crossing_date")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "budgets over their limit": sum(status.remaining < 0 for status in rows),
            "budgets changed": len(changed.entries),
            "highest": markdown([{name: getattr(status, name) for name in columns} for status in worst], columns),
        }
    )


def sums_around(database: Database, budgets: Sequence[Budget], month: Period) -> list[DaySum]:
    """The sums that `month_statuses` needs: all weeks that touch the month, what came before of longer periods, and for forecasts."""
    earliest = min(days_needed(budgets, day).start for day in (month.start, month.last))
    around = Period(min(earliest, week_of(month.start).start), week_of(month.last).end)
    return day_sums(database, history_of(around), dimensions_of(budgets))


def month_statuses(budgets: Sequence[Budget], sums: Sequence[DaySum], month: Period) -> list[BudgetStatus]:
    """One status for each budget and each of its periods, judged on the period's last day or, while it runs, on the last day with data.

    A period belongs to the month of the day it is judged on; one that may be longer is judged at the end of each month. `sums` are those
    of `sums_around`.
    """
    spending = index(sums, budgets)
    if spending.last is None:
        return []
    found: list[BudgetStatus] = []
    for name, period_of in PERIODS.items():
        chosen = [budget for budget in budgets if budget.period == name and name not in LONG]
        judged = {min(period_of(day).last, spending.last) for day in month.days() if day <= spending.last} if chosen else set()
        for day in sorted(day for day in judged if day in month):
            found += standing(chosen, spending, day)
    long = [(budget, _judged(budget, month, spending.last)) for budget in budgets if budget.period in LONG]
    for day in sorted({day for _, day in long if day is not None}):
        found += standing([budget for budget, judged in long if judged == day], spending, day)
    return found


def _judged(budget: Budget, month: Period, last: date) -> date | None:
    """The day of `month` on which a long budget is judged: the last one with data of its period; null where the month has none."""
    end = min(month.last, last, budget.last_day or month.last)
    return end if end in month and budget.period_on(end) is not None else None


def _replace(database: Database, rows: Sequence[BudgetStatus], months: Sequence[Period]) -> None:
    """A short period's row is replaced as a whole; a long one's has a row for each month."""
    short = [row for row in rows if row.period not in LONG]
    ends = sorted({row.period_end for row in short})
    with database.transaction() as transaction:
        transaction.replace(budget_status, short, where={"period": [name for name in PERIODS if name not in LONG], "period_end": ends})
        for month in months:
            kept = [row for row in rows if row.period in LONG and row.as_of in month]
            transaction.replace(budget_status, kept, where={"period": LONG, "as_of": month})
