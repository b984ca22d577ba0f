"""What each project spent, by day and by month."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.costs.usage import usage_rows_of
from usage_pipeline.defs.computed_days import note_computed
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, DAYS_OF_MONTH, MONTHLY, ONE_RUN, days_of, months_of
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.usage import report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import Charge, charges
from usage_pipeline.tables.costs import Cost, DailyCost, MonthlyCost, daily_costs, monthly_costs
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import applied_rates
from usage_pipeline.tables.summary import by, totals
from usage_pipeline.tables.usage_costs import UsageCost

ModelIds = Mapping[tuple[str | None, str | None], str]
DIMENSIONS = ("view", "project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status")


@dg.asset(
    key=daily_costs.name,
    deps=[priced_usage.name, charges.name],
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
    engine, days = workplace.engine(), days_of(context)
    lake = workplace.lake(engine)
    usage, billed = _usage(lake, days), _charges(lake, days)
    settings = workplace.settings()
    teams = {project.id: project.team for project in settings.projects if project.team}
    names = _model_ids(workplace, billed, days)
    rows: list[DailyCost] = []
    for done, day in enumerate(days.days()):
        tell("daily costs", done, days.days_count)
        rows += daily_costs_of(day, usage[day], billed[day], model_ids=names[day], teams=teams)
    workplace.database().replace(daily_costs, rows, where={"day": list(days.days())})
    written = dict.fromkeys(days.days(), 0)
    for row in rows:
        written[row.day] += 1
    report_days(context, written)
    reasons = note_computed(workplace, days, context.run.run_id)
    for day, because in reasons.items():
        context.add_asset_metadata({"because": because}, partition_key=day.isoformat())
    told = markdown([{"day": day, "because": because} for day, because in reasons.items()])
    return dg.MaterializeResult(metadata=cost_metadata(rows) | {"because": told})


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
    database, months = workplace.database(), months_of(context)
    rows: list[MonthlyCost] = []
    for month in months:
        rows += monthly_costs_of(month, database.select(daily_costs, where={"day": month}))
    database.replace(monthly_costs, rows, where={"month": [month.start for month in months]})
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


def _usage(lake: Lake, days: Period) -> dict[date, list[UsageCost]]:
    """The days' priced usage, summed per dimensions and meter by the engine, at the rates that it was priced by."""
    engine = lake.engine
    priced, rates = lake.read(priced_usage, days), lake.read(applied_rates, days).distinct()
    named = priced.mutate(day=priced.started_at.date(), model=priced.model_id.fill_null(priced.model))
    answer = engine.to_pyarrow(usage_costs(named, rates, ("day", *DIMENSIONS)))
    by_day: dict[date, list[UsageCost]] = defaultdict(list)
    for day, row in zip(answer["day"].to_pylist(), usage_rows_of(answer), strict=True):
        by_day[day].append(row)
    return by_day


def _model_ids(workplace: Workplace, billed: Mapping[date, Sequence[Charge]], days: Period) -> dict[date, ModelIds]:
    """On each day, what the price book of that day calls the models of its bills."""
    found: dict[date, ModelIds] = {}
    for span, book in workplace.books().in_force(days):
        words = {day: {(one.provider, one.model) for one in billed.get(day, ())} for day in span.days()}
        if book.aliases:
            found |= {day: book.model_ids(words[day], day) for day in span.days()}
        else:
            found |= dict.fromkeys(span.days(), book.model_ids(set().union(*words.values())))
    return found


def _charges(lake: Lake, days: Period) -> dict[date, list[Charge]]:
    """The days' bill lines."""
    by_day: dict[date, list[Charge]] = defaultdict(list)
    for record in lake.engine.to_pyarrow(lake.read(charges, days)).to_pylist():
        by_day[record["period_start"].date()].append(Charge(**record))
    return by_day
