"""Cost rows summed over the days of a period, grouped in the database: what a budget of a year or a fixed span was spent on."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.exact_sum import exact_sum
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.costs import DailyCost, daily_costs

KEPT = ("project", "channel", "provider", "model", "operation", "status", "meter", "basis", "unpriced_reason")
PERSONAL = ("user", "team")
_MONEY = ("list_cost", "estimated_cost", "billed_cost", "cost", "credits")
_QUANTITIES = ("quantity", "unpriced_quantity")
_COUNTS = ("requests", "unpriced_events", "uncredited_events")


def first_day(database: Database) -> date | None:
    """The first day of which any cost is known."""
    with database.reading() as reading:
        found: date | None = reading.connection.execute(sa.select(sa.func.min(sql_table(daily_costs).c.day))).scalar_one()
    return found


def period_sums(database: Database, days: Period, where: Sequence[tuple[str, Sequence[str]]], *, personal: bool) -> list[DailyCost]:
    """The costs of `days` as one row for each combination, on the period's first day; the API type is left out.

    `where`: columns of daily_costs, each with the values that count. `personal`: whether users and teams are told apart, else they are
    left out, but for those that `where` names.
    """
    if days.days_count == 0:
        return []
    table = sql_table(daily_costs)
    names = [*KEPT, *(name for name in PERSONAL if personal or name in dict(where))]
    with database.reading() as reading:
        dialect = reading.connection.dialect.name
        sums = [exact_sum(table.c[name], table.c[name].type, dialect) for name in (*_MONEY, *_QUANTITIES)]
        counts = [sa.func.sum(table.c[name]) for name in _COUNTS]
        groups = [table.c[name] for name in names]
        found = reading.connection.execute(
            sa.select(*groups, *sums, *counts)
            .where(table.c.day >= days.start, table.c.day < days.end, *(table.c[name].in_(list(values)) for name, values in where))
            .group_by(*groups)
        )
        return [_row(days.start, dict(zip((*names, *_MONEY, *_QUANTITIES, *_COUNTS), values, strict=True))) for values in found]


def _row(day: date, said: dict[str, Any]) -> DailyCost:
    nothing = {"user": None, "team": None, "api_type": None}
    counted = {name: int(said[name] or 0) for name in _COUNTS} | {name: said[name] or Decimal(0) for name in _QUANTITIES}
    return DailyCost(day=day, **(nothing | said | counted))
