"""Budget status in, alerts out: which thresholds were reached that nobody was told of yet.

A threshold of a budget is an event once per period, ever: an alert's id is made of rule, budget, period and threshold, so whatever
the ledger already holds is not found again. A limit that is raised within a period does not arm its thresholds anew; the next period does.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.alerts import Alert
from usage_pipeline.tables.budgets import Budget, BudgetStatus

BUDGET_THRESHOLD = "budget_threshold"

HELD = "held"
SENT = "sent"
COVERED = "covered"


def due(statuses: Sequence[BudgetStatus], budgets: Sequence[Budget], known: Sequence[Alert], now: datetime, as_of: date) -> list[Alert]:
    """An alert for each threshold reached that `known` (every alert recorded so far) does not hold, in order of the statuses, rising.

    Only periods that hold `as_of` are judged, so statuses of other days are silent. An alert is found 'held': `ledger.plan` tells
    the highest of a budget and covers those below. A threshold below one that was told already is 'covered' from the start.
    """
    by_id = {budget.budget_id: budget for budget in budgets}
    recorded = {alert.alert_id for alert in known}
    told = _highest_told(known)
    found: list[Alert] = []
    for status in _judged(statuses, as_of):
        for threshold in by_id[status.budget_id].reached(status.spent, status.limit):
            key = alert_id(status.budget_id, status.period_start, threshold.percent)
            if key not in recorded:
                covered = threshold.percent < told.get((status.budget_id, status.period_start), money.ZERO)
                found.append(_alert(key, status, threshold.percent, threshold.level, now, COVERED if covered else HELD))
    return found


def still_true(statuses: Sequence[BudgetStatus], known: Sequence[Alert], as_of: date) -> list[Alert]:
    """The held alerts of `known` that are worth telling still: their period holds `as_of` and their threshold is reached."""
    now_standing = {(status.budget_id, status.period_start): status for status in _judged(statuses, as_of)}
    held = [(alert, now_standing.get((alert.budget_id, alert.period_start))) for alert in known if alert.state == HELD]
    return [alert for alert, status in held if status and money.reaches(status.spent, status.limit, alert.threshold)]


def alert_id(budget_id: str, period_start: date, threshold: Decimal) -> str:
    """32 hex digits that name one threshold of one budget in one period, whenever and however often it is judged."""
    about = "\n".join((BUDGET_THRESHOLD, budget_id, period_start.isoformat(), money.text(threshold)))
    return hashlib.sha256(about.encode()).hexdigest()[:32]


def _judged(statuses: Iterable[BudgetStatus], as_of: date) -> list[BudgetStatus]:
    return [status for status in statuses if status.period_start <= as_of < status.period_end]


def _highest_told(known: Sequence[Alert]) -> dict[tuple[str, date], Decimal]:
    """The highest threshold sent so far, by budget and period."""
    told: dict[tuple[str, date], Decimal] = {}
    for alert in known:
        if alert.state == SENT:
            key = (alert.budget_id, alert.period_start)
            told[key] = max(alert.threshold, told.get(key, alert.threshold))
    return told


def _alert(key: str, status: BudgetStatus, threshold: Decimal, level: str, now: datetime, state: str) -> Alert:
    return Alert(
        alert_id=key,
        rule=BUDGET_THRESHOLD,
        budget_id=status.budget_id,
        project=status.project,
        period_start=status.period_start,
        threshold=threshold,
        level=level,
        percent=status.percent,
        spent=status.spent,
        limit=status.limit,
        unit=status.unit,
        as_of=status.as_of,
        found_at=now,
        state=state,
    )
