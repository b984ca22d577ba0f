"""Budget status in, alerts out: which thresholds were reached that nobody was told of yet.

A threshold of a budget is an event once per period, ever: an alert's id is made of rule, budget, period and threshold, so whatever
the ledger already holds is not found again. Two things arm a threshold anew: the next period, and another limit (declared or raised;
what rolled over is not the limit's doing) than any for which it was found.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables import alerts as states
from usage_pipeline.tables.alerts import OPEN, SENT, Alert
from usage_pipeline.tables.budgets import Budget, BudgetStatus

BUDGET_THRESHOLD = "budget_threshold"

HELD = OPEN
"""An alert is found to be told; one that may not go out yet stays so."""
COVERED = states.COVERED

__all__ = ["BUDGET_THRESHOLD", "COVERED", "HELD", "SENT", "alert_id", "due", "still_true"]


def due(statuses: Sequence[BudgetStatus], budgets: Sequence[Budget], known: Sequence[Alert], now: datetime, as_of: date) -> list[Alert]:
    """An alert for each threshold reached that `known` (every alert recorded so far) does not hold, in order of the statuses, rising.

    Only periods that hold `as_of` are judged, so statuses of other days are silent. An alert is found 'open': `ledger.plan` tells
    the highest of a budget and covers those below. A threshold below one that was told already is 'covered' from the start.
    """
    by_id = {budget.budget_id: budget for budget in budgets}
    recorded = _armed_limits(known)
    told = _highest_told(known)
    found: list[Alert] = []
    for status in judged(statuses, as_of):
        armed = armed_limit(status)
        for threshold in by_id[status.budget_id].reached(status.spent, status.limit):
            limits = recorded.get((status.budget_id, status.period_start, threshold.percent), set())
            if armed in limits:
                continue
            key = alert_id(status.budget_id, status.period_start, threshold.percent, armed if limits else None)
            highest = told.get((status.budget_id, status.period_start, armed), money.ZERO)
            found.append(_alert(key, status, threshold.percent, threshold.level, now, COVERED if threshold.percent < highest else HELD))
    return found


def still_true(statuses: Sequence[BudgetStatus], known: Sequence[Alert], as_of: date) -> list[Alert]:
    """The open alerts of `known` that are worth telling still: their period holds `as_of` and their threshold is reached."""
    return [alert for alert in reached_still(statuses, known, as_of) if alert.state == HELD]


def reached_still(statuses: Sequence[BudgetStatus], known: Sequence[Alert], as_of: date) -> list[Alert]:
    """The thresholds of `known`, whatever became of them, that are reached now, at the limit of now, in a period that holds `as_of`."""
    standing = {(status.budget_id, status.period_start): status for status in judged(statuses, as_of)}
    of_budgets = [(alert, standing.get((alert.budget_id or "", alert.period_start))) for alert in known if alert.rule == BUDGET_THRESHOLD]
    return [
        alert
        for alert, status in of_budgets
        if status
        and alert.threshold is not None
        and money.reaches(status.spent, status.limit, alert.threshold)
        and found_for(alert) == armed_limit(status)
    ]


def alert_id(budget_id: str, period_start: date, threshold: Decimal, armed: Decimal | None = None) -> str:
    """32 hex digits that name one threshold of one budget in one period, whenever and however often it is judged.

    `armed`: the limit for which it was armed anew; None for the first time.
    """
    about = (BUDGET_THRESHOLD, budget_id, period_start.isoformat(), money.text(threshold))
    return hash_of(*about, *(() if armed is None else (money.text(armed),)))


def hash_of(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def armed_limit(status: BudgetStatus) -> Decimal:
    """The limit in force without what rolled over, which late bills of the period before would move."""
    declared = status.limit if status.declared_limit is None else status.declared_limit
    return money.total([declared, status.raised_by])


def found_for(alert: Alert) -> Decimal | None:
    """The limit for which an alert was found."""
    return alert.limit if alert.armed_limit is None else alert.armed_limit


def judged(statuses: Iterable[BudgetStatus], as_of: date) -> list[BudgetStatus]:
    return [status for status in statuses if status.period_start <= as_of < status.period_end]


def scope_of(status: BudgetStatus) -> str:
    """'organisation', 'projects/<id>', 'teams/<id>', ..."""
    return status.scope if status.owner is None else f"{status.scope}s/{status.owner}"


def was_told(alert: Alert) -> bool:
    """Whether a message told it; of rows of older versions the state says so."""
    return alert.told > 0 or alert.state == SENT


def _armed_limits(known: Sequence[Alert]) -> dict[tuple[str | None, date, Decimal | None], set[Decimal | None]]:
    """The limits for which each threshold was found so far."""
    found: dict[tuple[str | None, date, Decimal | None], set[Decimal | None]] = {}
    for alert in known:
        if alert.rule == BUDGET_THRESHOLD:
            found.setdefault((alert.budget_id, alert.period_start, alert.threshold), set()).add(found_for(alert))
    return found


def _highest_told(known: Sequence[Alert]) -> dict[tuple[str | None, date, Decimal | None], Decimal]:
    """The highest threshold told so far, by budget, period and limit."""
    told: dict[tuple[str | None, date, Decimal | None], Decimal] = {}
    for alert in known:
        if alert.rule == BUDGET_THRESHOLD and alert.threshold is not None and alert.state != COVERED and was_told(alert):
            key = (alert.budget_id, alert.period_start, found_for(alert))
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
        scope=scope_of(status),
        period_end=status.period_end,
        armed_limit=armed_limit(status),
    )
