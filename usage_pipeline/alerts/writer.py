"""A planned mail in, its delivery and its message out: what all mails of one check are written from, gathered once."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from usage_pipeline.alerts.drivers import days_compared
from usage_pipeline.alerts.facts import Facts, facts_of
from usage_pipeline.alerts.ledger import PlannedMail
from usage_pipeline.alerts.letter import Letter
from usage_pipeline.alerts.mail import compose
from usage_pipeline.alerts.more import NO_MORE, More
from usage_pipeline.alerts.notes import as_one, beside, letter_of_notes
from usage_pipeline.alerts.phrasing import letter_of
from usage_pipeline.alerts.recipients import Recipients
from usage_pipeline.alerts.savings import is_savable, savings_for
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.alerts import ALERT_KIND, PENDING, Alert, Delivery
from usage_pipeline.tables.budgets import LONG, Budget, BudgetStatus
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.unpriced import Explain, as_it_is


def unsaid() -> None:
    """How final the figures are, where nobody says."""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes the mails of one check. `last_whole_day` is the last day up to `as_of` that is wholly over."""

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
    finality: Callable[[], FinalityTold | None] = unsaid
    more: More = NO_MORE

    def write(self, mail: PlannedMail, project: Project | None, recipients: Recipients, key: str) -> tuple[Delivery, EmailMessage]:
        """The delivery still to be made (channel and receipt empty), and its message."""
        letter = replace(self._letter(mail, project, recipients), links=tuple(self.more.links(mail.project)))
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
        of_budgets = [alert for alert in told if alert.budget_id in self._statuses]
        rest = [alert for alert in told if alert.budget_id not in self._statuses]
        if not of_budgets:
            return letter_of_notes(rest, project=project, organisation=self.organisation, why=why, now=self.now)
        shown = {alert.budget_id for alert in of_budgets}
        others = [
            (self._budgets[status.budget_id], status)
            for status in self.statuses
            if status.project == name and status.budget_id not in shown
        ]
        facts = self._facts(name, of_budgets)
        letter = letter_of(facts, others, project=project, organisation=self.organisation, why=why, now=self.now)
        return beside(letter, rest)

    def _facts(self, name: str | None, told: Sequence[Alert]) -> list[Facts]:
        return [self._of(alert, status, name) for alert in told if (status := self._statuses.get(alert.budget_id or ""))]

    def _of(self, alert: Alert, status: BudgetStatus, name: str | None) -> Facts:
        budget = self._budgets[status.budget_id]
        costs, daily = (self.costs if name is None else self._costs_by_project[name]), None
        if budget.period in LONG:
            whole, before = days_compared(budget, status.as_of, self.last_whole_day)
            costs = self.more.sums(budget, [before, whole, Period(whole.end, status.as_of + ONE_DAY)])
            daily = self.more.amounts(budget, Period(status.period_start, status.as_of + ONE_DAY))
        facts = facts_of(alert, budget, status, costs, self.last_whole_day, self.explain, daily)
        savings = savings_for(budget, status, self._savings) if is_savable(budget) else ()
        return replace(facts, finality=self._finality, savings=savings)

    @cached_property
    def _savings(self) -> Sequence[Advice]:
        return self.more.savings()

    @cached_property
    def _finality(self) -> FinalityTold | None:
        return self.finality()

    @cached_property
    def _budgets(self) -> dict[str, Budget]:
        return {budget.budget_id: budget for budget in self.budgets}

    @cached_property
    def _statuses(self) -> dict[str, BudgetStatus]:
        return {status.budget_id: status for status in self.statuses}

    @cached_property
    def _costs_by_project(self) -> dict[str, list[DailyCost]]:
        by_project: dict[str, list[DailyCost]] = defaultdict(list)
        for row in self.costs:
            by_project[row.project].append(row)
        return by_project
