"""Alerts and past deliveries in, mails to send out: one mail a project, at most one in 24 hours, unless the level rises.

An alert that may not go out yet stays 'open' and goes with the next mail allowed, if it is still true then. Of several thresholds of
one budget only the highest is told ('sent'); those below it are 'covered' by the same mail, as is the forecast of crossing it.
In quiet hours only critical mails go. A mail that waits to be sent, however long, counts as one of the last 24 hours.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from usage_pipeline import money
from usage_pipeline.alerts.rules import BUDGET_THRESHOLD, COVERED, HELD, SENT
from usage_pipeline.tables.alerts import ALERT_KIND, DEAD, UNSENT, Alert, Delivery
from usage_pipeline.tables.budgets import LEVELS

QUIET = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PlannedMail:
    """One mail to a project's people (None: the organisation's). `told` most severe first; `covered` are the lower thresholds.

    Of a digest `projects` are those that it is about, and `project` is None.
    """

    project: str | None
    level: str
    told: tuple[Alert, ...]
    covered: tuple[Alert, ...]
    projects: tuple[str, ...] = ()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return (*self.told, *self.covered)

    @property
    def alert_ids(self) -> tuple[str, ...]:
        return tuple(sorted(alert.alert_id for alert in self.alerts))

    @property
    def about(self) -> tuple[str, ...]:
        """What makes its key: the alerts, and how often each was told before."""
        return tuple(alert.alert_id if not alert.told else f"{alert.alert_id} {alert.told}" for alert in self.alerts)

    @property
    def step(self) -> int:
        """The furthest of owners, team and finance that any of it goes to."""
        return max(alert.step for alert in self.told)


def plan(
    new_and_held: Sequence[Alert], deliveries: Sequence[Delivery], now: datetime, *, is_quiet: bool = False
) -> tuple[list[PlannedMail], list[Alert]]:
    """The mails to send at `now`, and every alert given, in order, with the state it has once they are sent.

    `deliveries` are those recorded so far; only alert mails within 24 hours of `now`, and those that wait, matter. Exactly 24 hours
    later is allowed. `is_quiet`: whether `now` lies in quiet hours.
    """
    by_project: dict[str | None, list[Alert]] = defaultdict(list)
    for alert in new_and_held:
        if alert.state == HELD:
            by_project[alert.project].append(alert)
    mails = [_mail(project, alerts) for project, alerts in by_project.items()]
    allowed = [mail for mail in mails if _may_go(mail, deliveries, now, is_quiet=is_quiet)]
    return allowed, marked(new_and_held, allowed)


def marked(alerts: Sequence[Alert], mails: Sequence[PlannedMail]) -> list[Alert]:
    """`alerts` as they stand once `mails` are out."""
    states = {alert.alert_id: SENT for mail in mails for alert in mail.told}
    states |= {alert.alert_id: COVERED for mail in mails for alert in mail.covered}
    return [replace(alert, state=states.get(alert.alert_id, alert.state)) for alert in alerts]


def bundled(mails: Sequence[PlannedMail]) -> PlannedMail:
    """Several projects' mails as one."""
    told = sorted((alert for mail in mails for alert in mail.told), key=_most_severe)
    covered = tuple(alert for mail in mails for alert in mail.covered)
    projects = tuple(sorted(mail.project or "" for mail in mails))
    return PlannedMail(None, told[0].level, tuple(told), covered, projects)


def severity(level: str) -> int:
    """How severe a level is: its place in LEVELS."""
    return LEVELS.index(level)


def _mail(project: str | None, alerts: Sequence[Alert]) -> PlannedMail:
    told: list[Alert] = []
    covered: list[Alert] = []
    for _, group in groupby(sorted(alerts, key=_of_the_same), key=lambda alert: _of_the_same(alert)[:4]):
        *lower, highest = group
        told.append(highest)
        covered.extend(lower)
    told.sort(key=_most_severe)
    return PlannedMail(project, told[0].level, tuple(told), tuple(covered))


def _most_severe(alert: Alert) -> tuple[object, ...]:
    percent = money.ZERO if alert.percent is None else -alert.percent
    return (-severity(alert.level), percent, alert.budget_id or "", alert.rule, alert.scope, alert.alert_id)


def _of_the_same(alert: Alert) -> tuple[str, str, str, date, bool, object, str]:
    """What one block of a mail is about, then how high: the forecast of a budget below its thresholds."""
    is_threshold = alert.rule == BUDGET_THRESHOLD
    height = money.ZERO if alert.threshold is None else alert.threshold
    about = ("", alert.budget_id, "") if alert.budget_id else (alert.rule, "", alert.scope)
    return (*about, alert.period_start, is_threshold, (height, severity(alert.level)), alert.alert_id)


def _may_go(mail: PlannedMail, deliveries: Sequence[Delivery], now: datetime, *, is_quiet: bool) -> bool:
    """Whether no alert mail of the project lies within 24 hours, or its level is above theirs. Either side: clocks may be simulated."""
    if is_quiet and severity(mail.level) < len(LEVELS) - 1:
        return False
    recent = [
        delivery.level
        for delivery in deliveries
        if delivery.kind == ALERT_KIND
        and delivery.state != DEAD
        and mail.project in _projects(delivery)
        and (delivery.state in UNSENT or abs(now - delivery.sent_at) < QUIET)
    ]
    return all(level is not None and severity(mail.level) > severity(level) for level in recent)


def _projects(delivery: Delivery) -> frozenset[str | None]:
    return frozenset(None if one == "" else one for one in delivery.about_projects)
