"""What months are expected to come to, and how far off such forecasts were."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

import dagster as dg

from usage_pipeline.costs.forecast_backtest import errors_of, month_forecasts
from usage_pipeline.costs.forecast_model import HISTORY_DAYS
from usage_pipeline.costs.forecast_series import Series, series_of
from usage_pipeline.defs.closed import open_months, still_open, to_revise
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAYS_OF_MONTH, MONTHLY, ONE_RUN
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.day_sums import day_sums
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.forecasts import Forecasted, ForecastError, forecast_errors, forecasts


@dg.asset(
    key=forecasts.name,
    deps=[dg.AssetDep(daily_costs.name, partition_mapping=DAYS_OF_MONTH)],
    partitions_def=MONTHLY,
    backfill_policy=ONE_RUN,
    group_name="costs",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(forecasts)},
)
def forecasts_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """What each project will have spent at the end of the month, with an 80 % interval, and the errors of past forecasts."""
    database, holidays = workplace.database(), workplace.settings().holidays
    months = open_months(context, workplace)
    rows = [row for month in months for row in forecasts_of(database, month, holidays)]
    with database.transaction() as transaction:
        still_open(transaction, months, to_revise(context, workplace))
        transaction.replace(forecasts, rows, where={"period_start": [month.start for month in months]})
        errors = errors_of(transaction.select(forecasts))
        transaction.replace(forecast_errors, errors, where={})
    return dg.MaterializeResult(metadata=forecast_metadata(rows, errors))


def forecasts_of(database: Database, month: Period, holidays: Collection[date]) -> list[Forecasted]:
    """The rows of `month`, out of its daily costs and those of the months before."""
    return month_forecasts(spending_around(database, month), month, holidays)


def spending_around(database: Database, days: Period) -> list[Series]:
    """What each project spent on each of `days`, and on those before that forecasts rest on."""
    return series_of(day_sums(database, Period(days.start - timedelta(days=HISTORY_DAYS), days.end), ("project", "channel")))


def forecast_metadata(rows: Sequence[Forecasted], errors: Sequence[ForecastError]) -> dict[str, Any]:
    """The newest forecasts, and how far off past ones were: ours and the straight line's."""
    newest = max((row.as_of for row in rows if row.actual is None), default=None)
    shown = sorted((row for row in rows if row.as_of == newest), key=lambda row: -row.forecast)
    columns = ("project", "as_of", "spent", "forecast", "low", "high", "straight_line", "method", "missing_days")
    judged = [row for row in errors if row.months]
    told: dict[str, Any] = {
        "dagster/row_count": len(rows),
        "expected": markdown([{name: getattr(row, name) for name in columns} for row in shown], columns),
        "errors": markdown(
            [
                {
                    "project": row.project or "organisation",
                    "made on day": row.day_of_month,
                    "months": row.months,
                    "error %": row.error,
                    "straight line %": row.straight_line_error,
                    "in interval": row.in_interval,
                }
                for row in sorted(judged, key=lambda row: -row.error)
            ]
        ),
    }
    if judged:
        told["median error %"] = str(median(row.error for row in judged))
        told["median error % of the straight line"] = str(median(row.straight_line_error for row in judged))
    return told
