"""What else may be worth telling, as conditions: each says of what, since when, how loudly and in which words. Conditions in, alerts out.

A condition becomes one alert for its rule, scope, period and level, ever; of a budget, another limit arms it anew. An alert whose
condition does not hold any more is resolved. Conditions that are events (a day's anomaly, requests over a limit) hold until their
`period_end`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts.rules import BUDGET_THRESHOLD, HELD, armed_limit, found_for, hash_of, judged, scope_of
from usage_pipeline.tables.alerts import UNRESOLVED, Alert
from usage_pipeline.tables.budgets import BudgetStatus

FORECAST, ANOMALY, UNPRICED, STALE_SOURCE = "forecast", "anomaly", "unpriced", "stale_source"
RECONCILIATION_GAP, WALLET_LOW, REQUEST_LIMIT = "reconciliation_gap", "wallet_low", "request_limit"
WARNING = "warning"

SURE_ENOUGH = Decimal(105)
"""Percent of the limit that a forecast comes to before it is told; below NO_LONGER it is taken back. Between the two nothing changes."""
SURE_LOW = Decimal(85)
"""Percent of the limit that the lower end of its interval comes to: spending by leaps is not told of at every leap
(benchmarks/README.md: of forecasts for batch jobs half as many turn out needless, and as many of office weeks are told).
"""
NO_LONGER = Decimal(95)
FULL = Decimal(100)
PACE_DAYS, PACE_SURE = 7, Decimal(115)
"""A straight line is believed after so many days, and where it goes so far beyond the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that holds now. `words` is a sentence or two; where `status` is given, the budget's own figures say it."""

    rule: str
    scope: str
    project: str | None
    period_start: date
    period_end: date | None
    level: str
    words: str | None
    status: BudgetStatus | None = None

    @property
    def key(self) -> tuple[str, str, str | None, date, str]:
        return (self.rule, self.scope, self.status.budget_id if self.status else None, self.period_start, self.level)


def forecast_conditions(statuses: Sequence[BudgetStatus], known: Sequence[Alert], as_of: date) -> list[Condition]:
    """Budgets that are forecast to cross their limit before their period ends, and have not reached it.

    What is told once holds until the forecast falls below NO_LONGER, so that one that wavers around the limit is no news.
    """
    told = {(one.budget_id, one.period_start, found_for(one)) for one in known if one.rule == FORECAST and one.state in UNRESOLVED}
    return [
        Condition(
            rule=FORECAST,
            scope=scope_of(status),
            project=status.project,
            period_start=status.period_start,
            period_end=status.period_end,
            level=WARNING,
            words=None,
            status=status,
        )
        for status in judged(statuses, as_of)
        if _crosses(status, is_told=(status.budget_id, status.period_start, armed_limit(status)) in told)
    ]


def raised(conditions: Sequence[Condition], known: Sequence[Alert], now: datetime, as_of: date) -> list[Alert]:
    """An alert for each condition that `known` does not hold yet, and those of it that are still open."""
    recorded: dict[object, list[Alert]] = {}
    for alert in known:
        if alert.rule != BUDGET_THRESHOLD:
            recorded.setdefault(_key_of(alert), []).append(alert)
    found: list[Alert] = []
    for condition in {one.key: one for one in conditions}.values():
        before = recorded.get(condition.key, [])
        armed = None if condition.status is None else armed_limit(condition.status)
        same = [one for one in before if found_for(one) == armed]
        if same:
            found += [one for one in same if one.state == HELD]
        else:
            found.append(_alert(condition, now, as_of, is_again=bool(before)))
    return found


def holding(conditions: Sequence[Condition], known: Sequence[Alert]) -> list[Alert]:
    """The alerts of `known` whose condition holds now."""
    armed = {(one.key, None if one.status is None else armed_limit(one.status)) for one in conditions}
    return [one for one in known if (_key_of(one), found_for(one)) in armed]


def over(conditions: Sequence[Condition], known: Sequence[Alert], rules: Collection[str], as_of: date) -> list[Alert]:
    """The alerts of `known` that are over: their period ended, or their rule is one of `rules` and its condition holds no more."""
    true = {one.alert_id for one in holding(conditions, known)}
    events = (ANOMALY, REQUEST_LIMIT)
    return [
        alert
        for alert in known
        if alert.state in UNRESOLVED
        and alert.as_of <= as_of
        and (
            (alert.period_end is not None and alert.period_end <= as_of)
            or (alert.rule in rules and alert.rule not in events and alert.rule != BUDGET_THRESHOLD and alert.alert_id not in true)
        )
    ]


def _crosses(status: BudgetStatus, *, is_told: bool) -> bool:
    if status.forecast is None or status.limit <= 0 or status.spent >= status.limit:
        return False
    percent = money.percent(status.forecast, status.limit)
    if is_told:
        return percent >= NO_LONGER
    if status.forecast_low is None:
        return (status.days_so_far or 0) >= PACE_DAYS and percent >= PACE_SURE
    low = money.percent(status.forecast_low, status.limit)
    return low >= FULL or (percent >= SURE_ENOUGH and low >= SURE_LOW)


def _key_of(alert: Alert) -> tuple[str, str, str | None, date, str]:
    return (alert.rule, alert.scope, alert.budget_id, alert.period_start, alert.level)


def _alert(condition: Condition, now: datetime, as_of: date, *, is_again: bool) -> Alert:
    status = condition.status
    armed = None if status is None else armed_limit(status)
    about = (condition.rule, condition.scope, status.budget_id if status else "", condition.period_start.isoformat(), condition.level)
    alert = Alert(
        alert_id=hash_of(*about, *((money.text(armed),) if armed is not None and is_again else ())),
        rule=condition.rule,
        budget_id=None,
        project=condition.project,
        period_start=condition.period_start,
        threshold=None,
        level=condition.level,
        percent=None,
        spent=None,
        limit=None,
        unit=None,
        as_of=as_of,
        found_at=now,
        state=HELD,
        scope=condition.scope,
        period_end=condition.period_end,
        words=condition.words,
    )
    if status is None:
        return alert
    return replace(
        alert,
        budget_id=status.budget_id,
        percent=status.percent,
        spent=status.spent,
        limit=status.limit,
        unit=status.unit,
        armed_limit=armed,
    )
