"""Differences of closed months as they were closed: what was frozen takes the place of what would be reckoned now, day by day."""

from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.defs.closed import Closed, closed_months
from usage_pipeline.defs.closed_facts import frozen_folder
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.reports.frozen import TABLES, rows_of
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.reconciliations import reconciliation_causes, reconciliations


def as_they_were_closed(workplace: Workplace, found: Reconciled, days: Period) -> Reconciled:
    """`found`, with the rows of closed months that are not being revised as the newest revision froze them."""
    cells, causes = list(found.cells), list(found.causes)
    for closed in closed_months(workplace.database()).values():
        if closed.is_draft or not any(day in days for day in closed.month.days()):
            continue
        frozen = reconciled_of_closed(workplace.home, closed)
        cells = [row for row in cells if row.day not in closed.month] + [row for row in frozen.cells if row.day in days]
        causes = [row for row in causes if row.day not in closed.month] + [row for row in frozen.causes if row.day in days]
    return Reconciled(sorted(cells, key=lambda row: row.day), sorted(causes, key=lambda row: row.day))


def reconciled_of_closed(home: Home, closed: Closed) -> Reconciled:
    """Both tables of a revision. Raises UsageError where its folder is gone or is not what was closed."""
    tables = frozen_folder(home, closed) / TABLES
    cells, causes = ((tables / f"{name}.parquet").read_bytes() for name in (reconciliations.name, reconciliation_causes.name))
    return Reconciled(list(rows_of(reconciliations, cells)), list(rows_of(reconciliation_causes, causes)))
