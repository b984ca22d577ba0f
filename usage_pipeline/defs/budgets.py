"""How every budget stood in every one of its periods that ended in a month, or is running."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import dagster as dg

from usage_pipeline.budgets.status import statuses
from usage_pipeline.defs.closed import open_months
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAYS_OF_MONTH, MONTHLY, ONE_RUN
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, week_of
from usage_pipeline.tables.budgets import PERIODS, Budget, BudgetStatus, budget_status
from usage_pipeline.tables.costs import DailyCost, daily_costs


@dg.asset(
    key=budget_status.name,
    deps=[dg.AssetDep(daily_costs.name, partition_mapping=DAYS_OF_MONTH)],
    partitions_def=MONTHLY,
    backfill_policy=ONE_RUN,
    group_name="budgets",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(budget_status)},
)
def budget_status_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Spent, limit, percent, forecast and crossing date of each budget, for its periods of the month; telling people is `alerts`."""
    database, budgets = workplace.database(), workplace.settings().budgets
    rows: list[BudgetStatus] = []
    for month in open_months(context, workplace):
        costs = database.select(daily_costs, where={"day": Period(week_of(month.start).start, week_of(month.last).end)})
        rows += month_statuses(budgets, costs, month)
    ends = {status.period_end for status in rows}
    database.replace(budget_status, rows, where={"period_end": sorted(ends)})
    worst = sorted(rows, key=lambda status: -status.percent)
    columns = ("project", "period", "period_start", "spent", "limit", "unit", "percent", "level", "crossing_date")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "budgets over their limit": sum(status.remaining < 0 for status in rows),
            "highest": markdown([{name: getattr(status, name) for name in columns} for status in worst], columns),
        }
    )


def month_statuses(budgets: Sequence[Budget], costs: Sequence[DailyCost], month: Period) -> list[BudgetStatus]:
    """One status for each budget and each of its periods, judged on the period's last day or, while it runs, on the last day with data.

    A period belongs to the month of the day it is judged on. `costs` are the days of all weeks that touch the month.
    """
    by_day: dict[date, list[DailyCost]] = defaultdict(list)
    for row in costs:
        by_day[row.day].append(row)
    last = max(by_day, default=None)
    if last is None:
        return []
    found: list[BudgetStatus] = []
    for name, period_of in PERIODS.items():
        chosen = [budget for budget in budgets if budget.period == name]
        judged = {min(period_of(day).last, last) for day in month.days() if day <= last} if chosen else set()
        for day in sorted(day for day in judged if day in month):
            rows = [row for one in period_of(day).days() for row in by_day.get(one, ())]
            found += statuses(chosen, rows, day)
    return found
