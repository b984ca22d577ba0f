"""`forecasts` and `forecast_errors`: what months were expected to come to, and how far off that was. In the database.

Forecasts are estimates; what is spent is exact. A past month is forecast as it would have been on its days 5, 10, 15 and 20, from the
costs of the days before as they are known now.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column

ORGANISATION, PROJECT = "organisation", "project"
JUDGED_DAYS = (5, 10, 15, 20)
"""Days of a month on which forecasts are compared with what came."""
WEEKLY, STRAIGHT, COMPLETE = "weekly", "straight_line", "complete"
METHODS: dict[str, str] = {
    WEEKLY: "recent level and trend, by day of the week",
    STRAIGHT: "a straight line: less than two weeks of history",
    COMPLETE: "every day of the period is known",
}


@dataclass(frozen=True, kw_only=True)
class Forecasted:
    """What a project, or the organisation, was expected to spend in a month, with what was known on a day of it."""

    scope: str = column("'project' or 'organisation'", key=True)
    project: str | None = column("Our project id, null for the organisation", key=True)
    period_start: date = column("First UTC day of the month", key=True)
    period_end: date = column("The day after its last")
    as_of: date = column("The last day known when it was made", key=True)
    spent: Decimal = column("Spent from period_start to as_of inclusive, in the reporting currency")
    forecast: Decimal = column("Expected at the month's end; never below spent")
    low: Decimal = column("Lower end of the 80 % interval")
    high: Decimal = column("Upper end of the 80 % interval")
    method: str = column("'weekly', 'straight_line' (less than two weeks of history) or 'complete'")
    straight_line: Decimal = column("What the straight line says: the same pace to the end")
    history_days: int = column("Days of known costs that it rests on")
    missing_days: int = column("Days of the month until as_of of which nothing is known: expected, not 0")
    actual: Decimal | None = column("What the month came to; null until it is over")
    error: Decimal | None = column("|forecast - actual| in percent of actual, 4 decimals; null until the month is over, or where it is 0")
    straight_line_error: Decimal | None = column("The same of the straight line")


@dataclass(frozen=True, kw_only=True)
class ForecastError:
    """How far off the forecasts of a project's past months were, by the day of the month on which they were made."""

    scope: str = column("'project' or 'organisation'", key=True)
    project: str | None = column("Our project id, null for the organisation", key=True)
    day_of_month: int = column("The day of the month on which they were made: 5, 10, 15 or 20", key=True)
    months: int = column("Months that are over and were forecast on that day")
    error: Decimal = column("Median error of the forecast, in percent of what came")
    straight_line_error: Decimal = column("Median error of the straight line, in percent of what came")
    in_interval: int = column("Months whose amount lay in the 80 % interval")


forecasts = Table("forecasts", Forecasted)
forecast_errors = Table("forecast_errors", ForecastError)
