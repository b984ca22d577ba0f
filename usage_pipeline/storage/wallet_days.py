"""What projects and teams used on days, for wallets, summed out of daily_costs by the database."""

import sqlalchemy as sa

from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Transaction
from usage_pipeline.storage.exact_sum import exact_sum
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.wallets import WalletDay


def wallet_days(reading: Transaction, days: Period) -> list[WalletDay]:
    """A row for each day, project and team of `days`. A row without a cost of its own counts as uncosted."""
    table = sql_table(daily_costs)
    dialect = reading.connection.dialect.name
    groups = (table.c.day, table.c.project, table.c.team)
    found = reading.connection.execute(
        sa.select(
            *groups,
            exact_sum(table.c.credits, table.c.credits.type, dialect),
            sa.func.sum(table.c.uncredited_events),
            exact_sum(table.c.cost, table.c.cost.type, dialect),
            sa.func.sum(sa.case((table.c.cost.is_(None), 1), else_=0)),
        )
        .where(table.c.day >= days.start, table.c.day < days.end)
        .group_by(*groups)
    )
    return [
        WalletDay(day=day, project=project, team=team, credits=credited, uncredited=int(uncredited), cost=cost, uncosted=int(uncosted))
        for day, project, team, credited, uncredited, cost, uncosted in found
    ]
