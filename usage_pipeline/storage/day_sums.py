"""Sums of daily costs by day and dimension, grouped in the database: for a year of many projects not all of its rows are read."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.exact_sum import exact_sum
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.costs import BILLED, daily_costs
from usage_pipeline.tables.day_sums import DIMENSIONS, DaySum
from usage_pipeline.tables.meters import REQUESTS, TOKEN_METERS
from usage_pipeline.tables.usage_events import SUCCESS


def day_sums(database: Database, days: Period, dimensions: Collection[str]) -> list[DaySum]:
    """What `tables.day_sums.day_sums_of` says of the daily costs of `days`, summed by the database."""
    table = sql_table(daily_costs)
    names = [name for name in DIMENSIONS if name in dimensions]
    with database.reading() as reading:
        dialect = reading.connection.dialect.name
        money_type, count_type = table.c.cost.type, table.c.quantity.type
        zero = sa.literal("0", sa.Text()) if dialect == "sqlite" else sa.literal(0, sa.Numeric())
        tokens = sa.case(
            (sa.and_(table.c.meter.in_(TOKEN_METERS), table.c.status == SUCCESS), sa.type_coerce(table.c.quantity, zero.type)),
            (table.c.meter.in_(TOKEN_METERS), zero),
        )
        requests = sa.func.sum(sa.case((table.c.meter == REQUESTS, table.c.requests)))
        groups = [table.c.day, *(table.c[name] for name in names)]
        found = reading.connection.execute(
            sa.select(
                *groups,
                exact_sum(table.c.cost, money_type, dialect),
                exact_sum(sa.case((table.c.basis != BILLED, table.c.cost)), money_type, dialect),
                exact_sum(tokens, count_type, dialect),
                requests,
                exact_sum(table.c.credits, money_type, dialect),
            )
            .where(table.c.day >= days.start, table.c.day < days.end)
            .group_by(*groups)
        )
        return [_row(names, list(values)) for values in found]


def _row(names: list[str], values: list[Any]) -> DaySum:
    day, *rest = values
    said = dict(zip((*names, "cost", "estimated", "tokens", "requests", "credits"), rest, strict=True))
    if said["requests"] is not None:
        said["requests"] = Decimal(int(said["requests"]))
    return DaySum(day=day, **said)
