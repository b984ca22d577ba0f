"""A planned mail in, its delivery and its message out: what all mails of one check are written from, gathered once."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from usage_pipeline.alerts.facts import Facts, facts_of
from usage_pipeline.alerts.ledger import ALERT_KIND, PlannedMail
from usage_pipeline.alerts.mail import compose
from usage_pipeline.alerts.phrasing import letter_of
from usage_pipeline.alerts.recipients import Recipients
from usage_pipeline.tables.alerts import Delivery
from usage_pipeline.tables.budgets import Budget, BudgetStatus
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
    explain: Explain = as_it_is
    finality: Callable[[], FinalityTold | None] = unsaid

    def write(self, mail: PlannedMail, project: Project | None, recipients: Recipients, key: str) -> tuple[Delivery, EmailMessage]:
        """The delivery still to be made (channel and receipt empty), and its message."""
        told = {alert.budget_id for alert in mail.told}
        others = [
            (self._budgets[status.budget_id], status)
            for status in self.statuses
            if status.project == mail.project and status.budget_id not in told
        ]
        letter = letter_of(self._facts(mail), others, project=project, organisation=self.organisation, why=recipients.why, now=self.now)
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
        )
        return delivery, message

    def _facts(self, mail: PlannedMail) -> list[Facts]:
        costs = self.costs if mail.project is None else self._costs_by_project[mail.project]
        return [
            replace(
                facts_of(alert, self._budgets[alert.budget_id], self._statuses[alert.budget_id], costs, self.last_whole_day, self.explain),
                finality=self._finality,
            )
            for alert in mail.told
        ]

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
