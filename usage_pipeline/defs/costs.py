"""What each project spent, by day and by month."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.defs.bills import bills_by_day, model_ids_of, usage_by_day
from usage_pipeline.defs.closed import open_months, open_spans, still_open, to_revise
from usage_pipeline.defs.computed_days import note_computed
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, DAYS_OF_MONTH, MONTHLY, ONE_RUN
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.usage import report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import Cost, DailyCost, MonthlyCost, daily_costs, monthly_costs
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.summary import by, totals


@dg.asset(
    key=daily_costs.name,
    deps=[priced_usage.name, charges.name, allocations.name],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="costs",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(daily_costs)},
)
def daily_costs_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """What each project spent that day: the bill where there is one, else usage at our rates, split by what logs tell."""
    spans = open_spans(context, workplace)
    rows = [row for days in spans for row in cost_rows(workplace, days)]
    computed = [day for days in spans for day in days.days()]
    with workplace.database().transaction() as transaction:
        still_open(transaction, spans, to_revise(context, workplace))
        transaction.replace(daily_costs, rows, where={"day": computed})
    written = dict.fromkeys(computed, 0)
    for row in rows:
        written[row.day] += 1
    report_days(context, written)
    reasons = {day: because for days in spans for day, because in note_computed(workplace, days, context.run.run_id).items()}
    for day, because in reasons.items():
        context.add_asset_metadata({"because": because}, partition_key=day.isoformat())
    told = markdown([{"day": day, "because": because} for day, because in reasons.items()])
    return dg.MaterializeResult(metadata=cost_metadata(rows) | {"because": told})


def cost_rows(workplace: Workplace, days: Period) -> list[DailyCost]:
    """The daily costs of `days`, out of priced usage and bill lines."""
    lake = workplace.lake(workplace.engine())
    usage = usage_by_day(lake, days)
    billed, dealt = bills_by_day(lake, days)
    settings = workplace.settings()
    teams = {project.id: project.team for project in settings.projects if project.team}
    names = model_ids_of(workplace, billed, days)
    rows: list[DailyCost] = []
    for done, day in enumerate(days.days()):
        tell("daily costs", done, days.days_count)
        rows += daily_costs_of(day, usage[day], billed[day], dealt[day], model_ids=names[day], teams=teams)
    return rows


@dg.asset(
    key=monthly_costs.name,
    deps=[dg.AssetDep(daily_costs.name, partition_mapping=DAYS_OF_MONTH)],
    partitions_def=MONTHLY,
    backfill_policy=ONE_RUN,
    group_name="costs",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(monthly_costs)},
)
def monthly_costs_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """What each project spent in the month: the exact sum of its days."""
    database, months = workplace.database(), open_months(context, workplace)
    rows: list[MonthlyCost] = []
    for month in months:
        rows += monthly_costs_of(month, database.select(daily_costs, where={"day": month}))
    with database.transaction() as transaction:
        still_open(transaction, months, to_revise(context, workplace))
        transaction.replace(monthly_costs, rows, where={"month": [month.start for month in months]})
    return dg.MaterializeResult(metadata=cost_metadata(rows))


def cost_metadata(rows: Sequence[Cost]) -> dict[str, Any]:
    """The totals of cost rows, and the projects with the highest cost."""
    sums = totals(rows)
    projects = [
        {
            "project": group.key,
            "requests": group.requests,
            "billed": group.billed_cost,
            "estimated": group.estimated_cost,
            "cost": group.cost,
        }
        for group in by(rows, "project")
    ]
    return {
        "dagster/row_count": len(rows),
        "cost": amount(sums.cost),
        "billed": amount(sums.billed_cost),
        "unattributed": amount(sums.cost_unattributed),
        "unpriced events": sums.unpriced_events,
        **({} if sums.credits is None else {"credits": amount(sums.credits), "uncredited events": sums.uncredited_events}),
        "requests": sums.requests,
        "by project": markdown(projects),
    }
