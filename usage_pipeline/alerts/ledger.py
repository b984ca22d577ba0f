"""Alerts and past deliveries in, mails to send out: one mail a project, at most one in 24 hours, unless the level rises.

An alert that may not go out yet is 'held' and goes with the next mail allowed, if it is still true then. Of several thresholds of
one budget only the highest is told ('sent'); those below it are 'covered' by the same mail.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from usage_pipeline.alerts.rules import COVERED, HELD, SENT
from usage_pipeline.tables.alerts import Alert, Delivery
from usage_pipeline.tables.budgets import LEVELS

QUIET = timedelta(hours=24)
ALERT_KIND = "alert"


@dataclass(frozen=True, slots=True)
class PlannedMail:
    """One mail to a project's people (None: the organisation's). `told` most severe first; `covered` are the lower thresholds."""

    project: str | None
    level: str
    told: tuple[Alert, ...]
    covered: tuple[Alert, ...]

    @property
    def alert_ids(self) -> tuple[str, ...]:
        return tuple(sorted(alert.alert_id for alert in (*self.told, *self.covered)))


def plan(new_and_held: Sequence[Alert], deliveries: Sequence[Delivery], now: datetime) -> tuple[list[PlannedMail], list[Alert]]:
    """The mails to send at `now`, and every alert given, in order, with the state it has once they are sent.

    `deliveries` are those recorded so far; only alert mails within 24 hours of `now` matter. Exactly 24 hours later is allowed.
    """
    by_project: dict[str | None, list[Alert]] = defaultdict(list)
    for alert in new_and_held:
        if alert.state == HELD:
            by_project[alert.project].append(alert)
    mails = [_mail(project, alerts) for project, alerts in by_project.items()]
    allowed = [mail for mail in mails if _may_go(mail, deliveries, now)]
    states = {alert.alert_id: SENT for mail in allowed for alert in mail.told}
    states |= {alert.alert_id: COVERED for mail in allowed for alert in mail.covered}
    return allowed, [replace(alert, state=states.get(alert.alert_id, alert.state)) for alert in new_and_held]


def severity(level: str) -> int:
    """How severe a level is: its place in LEVELS."""
    return LEVELS.index(level)


def _mail(project: str | None, alerts: Sequence[Alert]) -> PlannedMail:
    told: list[Alert] = []
    covered: list[Alert] = []
    for _, group in groupby(sorted(alerts, key=_budget_then_threshold), key=lambda alert: (alert.budget_id, alert.period_start)):
        *lower, highest = group
        told.append(highest)
        covered.extend(lower)
    told.sort(key=lambda alert: (-severity(alert.level), -alert.percent, alert.budget_id))
    return PlannedMail(project, told[0].level, tuple(told), tuple(covered))


def _budget_then_threshold(alert: Alert) -> tuple[str, date, object]:
    return (alert.budget_id, alert.period_start, alert.threshold)


def _may_go(mail: PlannedMail, deliveries: Sequence[Delivery], now: datetime) -> bool:
    """Whether no alert mail of the project lies within 24 hours, or its level is above theirs. Either side: clocks may be simulated."""
    recent = [
        delivery.level
        for delivery in deliveries
        if delivery.kind == ALERT_KIND and delivery.project == mail.project and abs(now - delivery.sent_at) < QUIET
    ]
    return all(level is not None and severity(mail.level) > severity(level) for level in recent)
