"""A planned mail in, its delivery and its message out: what all mails of one check are written from, gathered once."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.message import EmailMessage
from functools import cache, cached_property
from pathlib import Path

from usage_pipeline.alerts.drivers import days_compared
from usage_pipeline.alerts.facts import Facts, facts_of
from usage_pipeline.alerts.late import Ended
from usage_pipeline.alerts.ledger import PlannedMail
from usage_pipeline.alerts.letter import Letter
from usage_pipeline.alerts.mail import compose
from usage_pipeline.alerts.more import NO_MORE, More
from usage_pipeline.alerts.notes import as_one, beside, letter_of_notes
from usage_pipeline.alerts.phrasing import letter_of
from usage_pipeline.alerts.recipients import Recipients
from usage_pipeline.alerts.savings import is_savable, savings_for
from usage_pipeline.periods import ONE_DAY, Period, month_of
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.alerts import ALERT_KIND, PENDING, Alert, Delivery
from usage_pipeline.tables.budgets import LONG, Budget, BudgetStatus
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.unpriced import Explain, as_it_is

Standing = tuple[Budget, BudgetStatus]


def unsaid(_day: date) -> None:
    """How final the figures are, where nobody says."""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes the mails of one check. `last_whole_day` is the last day up to `as_of` that is wholly over; `ended` are periods that are."""

    statuses: Sequence[BudgetStatus]
    budgets: Sequence[Budget]
    costs: Sequence[DailyCost]
    organisation: Organisation
    now: datetime
    as_of: date
    last_whole_day: date
    templates: Path
    sender: str
    projects: Sequence[Project] = ()
    explain: Explain = as_it_is
    finality: Callable[[date], FinalityTold | None] = unsaid
    more: More = NO_MORE
    ended: Sequence[Ended] = ()

    def write(self, mail: PlannedMail, project: Project | None, recipients: Recipients, key: str) -> tuple[Delivery, EmailMessage]:
        """The delivery still to be made (channel and receipt empty), and its message."""
        letter = replace(self._letter(mail, project, recipients), links=tuple(self.more.links(mail.project, self._day_told(mail))))
        message = compose(
            letter,
            key=key,
            project=mail.project,
            level=mail.level,
            recipients=recipients.addresses,
            sender=self.sender,
            templates=self.templates,
            now=self.now,
            as_of=self.as_of,
        )
        delivery = Delivery(
            delivery_id=key,
            kind=ALERT_KIND,
            project=mail.project,
            level=mail.level,
            recipients=",".join(recipients.addresses),
            subject=letter.subject,
            channel="",
            about=",".join(mail.alert_ids),
            as_of=self.as_of,
            sent_at=self.now,
            receipt="",
            state=PENDING,
            projects="\n".join(mail.projects) or None,
        )
        return delivery, message

    def subject(self, mail: PlannedMail, project: Project | None, recipients: Recipients) -> str:
        """What the mail says in one line."""
        return self._letter(mail, project, recipients).subject

    def _letter(self, mail: PlannedMail, project: Project | None, recipients: Recipients) -> Letter:
        if not mail.projects:
            return self._letter_of(mail.project, mail.told, project, recipients.why)
        named = {one.id: one for one in self.projects}
        told: dict[str | None, list[Alert]] = defaultdict(list)
        for alert in mail.told:
            told[alert.project].append(alert)
        letters = [
            (name or self.organisation.name, self._letter_of(name, alerts, named.get(name, Project(id=name, name=name)) if name else None,
                                                             recipients.why))
            for name, alerts in told.items()
        ]  # fmt: skip
        return as_one(letters, self.organisation)

    def _letter_of(self, name: str | None, told: Sequence[Alert], project: Project | None, why: str) -> Letter:
        """The words for alerts of one project; None is the organisation."""
        of_budgets = [alert for alert in told if _key(alert) in self._standing]
        rest = [alert for alert in told if _key(alert) not in self._standing]
        if not of_budgets:
            return letter_of_notes(rest, project=project, organisation=self.organisation, why=why, now=self.now)
        shown = {_key(alert) for alert in of_budgets}
        others = [self._standing[_key(one)] for one in self.statuses if one.project == name and _key(one) not in shown]
        facts = [self._of(alert, *self._standing[_key(alert)], name) for alert in of_budgets]
        letter = letter_of(facts, others, project=project, organisation=self.organisation, why=why, now=self.now)
        return beside(letter, rest)

    def _of(self, alert: Alert, budget: Budget, status: BudgetStatus, name: str | None) -> Facts:
        last_whole_day = min(self.last_whole_day, status.as_of)
        costs, daily = (self.costs if name is None else self._costs_by_project[name]), None
        if budget.period in LONG:
            whole, before = days_compared(budget, status.as_of, last_whole_day)
            costs = self.more.sums(budget, [before, whole, Period(whole.end, status.as_of + ONE_DAY)])
            daily = self.more.amounts(budget, Period(status.period_start, status.as_of + ONE_DAY))
        facts = facts_of(alert, budget, status, costs, last_whole_day, self.explain, daily)
        is_running = self.as_of < status.period_end  # advice is about the month that runs
        savings = savings_for(budget, status, self._savings) if is_running and is_savable(budget) else ()
        return replace(facts, finality=self._finality(month_of(status.as_of).start), savings=savings)

    def _day_told(self, mail: PlannedMail) -> date:
        """The day that the mail's first alert is about: the last of a period that is over."""
        found = self._standing.get(_key(mail.told[0]))
        return found[1].as_of if found else self.as_of

    @cached_property
    def _savings(self) -> Sequence[Advice]:
        return self.more.savings()

    @cached_property
    def _finality(self) -> Callable[[date], FinalityTold | None]:
        return cache(self.finality)

    @cached_property
    def _standing(self) -> dict[tuple[str | None, date], Standing]:
        """Each budget in each period that may be told of, and how it stands."""
        named = {budget.budget_id: budget for budget in self.budgets}
        ended = {_key(one.status): (one.budget, one.status) for one in self.ended}
        return ended | {_key(one): (named[one.budget_id], one) for one in self.statuses}

    @cached_property
    def _costs_by_project(self) -> dict[str, list[DailyCost]]:
        by_project: dict[str, list[DailyCost]] = defaultdict(list)
        for row in self.costs:
            by_project[row.project].append(row)
        return by_project


def _key(one: Alert | BudgetStatus) -> tuple[str | None, date]:
    return (one.budget_id, one.period_start)
