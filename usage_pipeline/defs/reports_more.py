"""More of what a month's statements are made of, out of the database: the days compared, wallets, and the reconciliation in short."""

from collections.abc import Sequence

from usage_pipeline.budgets.wallet_told import wallets_told
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.closed_facts import frozen_facts
from usage_pipeline.periods import ONE_DAY, Period, month_of
from usage_pipeline.reports.changes import Compared, compared_with
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.reconciled_told import ReconciledTold, reconciled_told
from usage_pipeline.tables.reconciliations import reconciliation_causes, reconciliations
from usage_pipeline.tables.wallets import wallet_entries, wallets
from usage_pipeline.tables.wallets_told import WalletTold


def compared_in(home: Home, database: Database, month: Period, daily: Sequence[DailyCost]) -> Compared | None:
    """The days of the month before that this one has had: a part of a month says nothing beside a whole one. None where it is whole."""
    through = max((row.day for row in daily), default=month.last)
    if through >= month.last:
        return None
    before = month_of(month.start - ONE_DAY)
    days = Period(before.start, min(before.start + (through + ONE_DAY - month.start), before.end))
    closed = closed_months(database).get(before.start)
    if closed is not None and closed.is_draft:
        rows = [row for row in frozen_facts(home, closed).daily if row.day in days]
    else:
        rows = database.select(daily_costs, where={"day": days})
    return compared_with(days, monthly_costs_of(before, rows))


def wallets_in(database: Database, month: Period) -> tuple[WalletTold, ...]:
    """Nothing in a home without wallets."""
    statuses = database.select(wallets)
    return wallets_told(statuses, database.select(wallet_entries), month) if statuses else ()


def reconciled_in(database: Database, month: Period) -> ReconciledTold | None:
    where = {"day": month}
    return reconciled_told(database.select(reconciliations, where=where), database.select(reconciliation_causes, where=where))
