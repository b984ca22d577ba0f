"""What would have been told, had alerts been judged at the end of every day: days and their statuses in, alerts and breaches out.

Each day is judged by what is known now of the days before it, not by what was known then: late bills are in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from usage_pipeline.alerts.conditions import FORECAST, Condition, forecast_conditions, over, raised
from usage_pipeline.alerts.ledger import PlannedMail, plan
from usage_pipeline.alerts.rules import BUDGET_THRESHOLD, HELD, due, still_true
from usage_pipeline.periods import ONE_DAY, Period, start_of
from usage_pipeline.tables.alerts import ALERT_KIND, RESOLVED, Alert, Delivery
from usage_pipeline.tables.budgets import Budget, BudgetStatus

EARLY_DAYS = 3
"""A breach is warned of early where the first word of it came so many days before."""


@dataclass(frozen=True, slots=True)
class JudgedDay:
    """One day as alerts would judge it at its end."""

    day: date
    statuses: Sequence[BudgetStatus]
    conditions: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True)
class ReplayedDay:
    """What would have been found and told on a day."""

    day: date
    alerts: tuple[Alert, ...]
    mails: tuple[PlannedMail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One budget in one period: when it was first told of, and when it reached its limit. `is_over`: the period ended in the replay."""

    budget_id: str
    project: str | None
    period_start: date
    period_end: date
    told_on: date | None
    told_by: str | None
    breached_on: date | None
    forecast_on: date | None
    is_over: bool

    @property
    def days_ahead(self) -> int | None:
        """Days from the first word to the breach; None without a breach or a word before it."""
        if self.breached_on is None or self.told_on is None or self.told_on > self.breached_on:
            return None
        return (self.breached_on - self.told_on).days

    @property
    def is_needless(self) -> bool:
        """Told as forecast to cross its limit, and it did not."""
        return self.forecast_on is not None and self.breached_on is None and self.is_over


@dataclass(frozen=True, slots=True)
class Replay:
    """A whole replay: its days, and the course of each budget and period that was told of or breached."""

    days: tuple[ReplayedDay, ...]
    courses: tuple[Course, ...]

    @property
    def breaches(self) -> list[Course]:
        return [one for one in self.courses if one.breached_on is not None]

    @property
    def early(self) -> list[Course]:
        """Breaches warned of at least EARLY_DAYS ahead."""
        return [one for one in self.breaches if (one.days_ahead or 0) >= EARLY_DAYS]

    @property
    def needless(self) -> list[Course]:
        return [one for one in self.courses if one.is_needless]

    @property
    def warnable(self) -> list[Course]:
        """Breaches that could be warned of early: not in the first days of their period."""
        return [one for one in self.breaches if one.breached_on and (one.breached_on - one.period_start).days >= EARLY_DAYS]


def replay(judged_days: Iterable[JudgedDay], budgets: Sequence[Budget], rules: Sequence[str]) -> Replay:
    """Judge the days in order, each knowing what was told before."""
    known: dict[str, Alert] = {}
    sent: list[Delivery] = []
    days: list[ReplayedDay] = []
    courses: dict[tuple[str, date], Course] = {}
    for one in judged_days:
        found, mails = _judged(one, budgets, rules, known, sent)
        days.append(ReplayedDay(one.day, tuple(found), tuple(mails)))
        for status in one.statuses:
            _follow(courses, status, one.day)
        for alert in (alert for mail in mails for alert in mail.told):
            _note(courses, alert, one.day)
    told = [course for course in courses.values() if course.told_on or course.breached_on]
    return Replay(tuple(days), tuple(sorted(told, key=lambda one: (one.period_start, one.budget_id))))


def _judged(
    one: JudgedDay, budgets: Sequence[Budget], rules: Sequence[str], known: dict[str, Alert], sent: list[Delivery]
) -> tuple[list[Alert], list[PlannedMail]]:
    """The new alerts of a day and its mails; `known` and `sent` go on with it."""
    now, before = start_of(one.day + ONE_DAY), list(known.values())
    in_force = [budget for budget in budgets if budget.in_force(one.day)]
    wanted = [*one.conditions, *(forecast_conditions(one.statuses, before, one.day) if FORECAST in rules else ())]
    thresholds = BUDGET_THRESHOLD in rules
    found = [*(due(one.statuses, in_force, before, now, one.day) if thresholds else ()), *raised(wanted, before, now, one.day)]
    held = still_true(one.statuses, before, one.day) if thresholds else []
    mails, marks = plan(list({alert.alert_id: alert for alert in (*found, *held)}.values()), sent, now)
    new = [alert for alert in marks if alert.alert_id not in known]
    told = {alert.alert_id for mail in mails for alert in mail.alerts}
    known.update({alert.alert_id: replace(alert, told=1, told_at=now) if alert.alert_id in told else alert for alert in marks})
    known.update({alert.alert_id: replace(alert, state=RESOLVED) for alert in over(wanted, before, rules, one.day) if alert.state != HELD})
    sent[:] = [*(delivery for delivery in sent if delivery.as_of >= one.day - ONE_DAY), *(_delivery(mail, one.day) for mail in mails)]
    return new, mails


def _delivery(mail: PlannedMail, day: date) -> Delivery:
    return Delivery(
        delivery_id=mail.alert_ids[0],
        kind=ALERT_KIND,
        project=mail.project,
        level=mail.level,
        recipients="",
        subject="",
        channel="",
        about="",
        as_of=day,
        sent_at=start_of(day + ONE_DAY),
        receipt="",
    )


def _follow(courses: dict[tuple[str, date], Course], status: BudgetStatus, day: date) -> None:
    key = (status.budget_id, status.period_start)
    period = Period(status.period_start, status.period_end)
    course = courses.get(key) or Course(
        budget_id=status.budget_id,
        project=status.project,
        period_start=period.start,
        period_end=period.end,
        told_on=None,
        told_by=None,
        breached_on=None,
        forecast_on=None,
        is_over=False,
    )
    breached = day if course.breached_on is None and 0 < status.limit <= status.spent else course.breached_on
    courses[key] = replace(course, breached_on=breached, is_over=course.is_over or day == period.last)


def _note(courses: dict[tuple[str, date], Course], alert: Alert, day: date) -> None:
    key = (alert.budget_id or "", alert.period_start)
    course = courses.get(key)
    if course is None:
        return
    if course.told_on is None:
        course = replace(course, told_on=day, told_by=alert.rule)
    courses[key] = replace(course, forecast_on=day) if alert.rule == FORECAST and course.forecast_on is None else course
