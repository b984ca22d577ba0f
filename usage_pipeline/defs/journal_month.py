"""The journal of a month as it is now: what was posted, as it was posted; what a close froze; and what is missing for the month's cost.

In: the month's costs, the audit log's postings, the closed revision's lines, usage.yaml's accounts. Out: `Journal`. Writes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.closed_facts import facts_in, frozen_folder, journal_in
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports.journal import Posting, as_written, check_expense, journal_of, postings_of, reference
from usage_pipeline.reports.tables import project_cents
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.audit_log import audit_log
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.journal import JournalLine, journal
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.shared_costs import JournalAccounts
from usage_pipeline.tables.summary import by

FILE = "journal.csv"
POST = "post journal"
MISSING = (
    "usage.yaml names no accounts: add `journal: {expense_account: ..., accrual_account: ...}`, with the ledger's numbers of the account"
    " that bears the cost and of the one that it is accrued on"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A month's journal. `cents`: what each project's cost is, as the statement prints it."""

    month: Period
    currency: str
    cents: dict[str, Decimal]
    postings: list[Posting]
    lines: list[JournalLine]

    @property
    def draft(self) -> Posting | None:
        """What is not posted yet."""
        return next((one for one in self.postings if not one.is_posted), None)


def journal_for(workplace: Workplace, month: Period) -> Journal:
    """The month's journal as of now; a closed month's draft is the one that was closed. Raises UsageConfigError without accounts."""
    settings, database = workplace.settings(), workplace.database()
    closed = closed_months(database).get(month.start)
    folder = frozen_folder(workplace.home, closed) if closed is not None else None
    written = journal_in(folder) if folder else ()
    frozen = facts_in(folder) if folder and closed and not closed.is_draft else None
    posted = as_written(posted_of(database, month), month, written)
    daily = frozen.daily if frozen else database.select(daily_costs, where={"day": month})
    cents = cents_of(month, daily)
    postings = postings_of(month, cents, posted, workplace.now().date())
    if frozen:
        postings = as_written(postings, month, written)
    organisation, projects = (frozen.organisation, frozen.projects) if frozen else (settings.organisation, settings.projects)
    accounts = settings.journal or _accounts_of(written) or _accounts_of([line for one in posted for line in one.lines])
    if accounts is None:
        raise UsageConfigError(MISSING)
    lines = journal_of(month, postings, accounts, projects, organisation.currency)
    check_expense(lines, cents)
    return Journal(month=month, currency=organisation.currency, cents=cents, postings=postings, lines=lines)


def cents_of(month: Period, daily: Sequence[DailyCost]) -> dict[str, Decimal]:
    """What each project's statement prints as its cost."""
    rows = monthly_costs_of(month, daily)
    return {project: cost for project, cost in project_cents(by(rows, "project")).items() if cost}


def journal_at_close(workplace: Workplace, month: Period) -> list[JournalLine]:
    """The lines that a close of the month as it is now freezes: what was posted as it stands, the draft with usage.yaml's accounts."""
    settings, database = workplace.settings(), workplace.database()
    if settings.journal is None:
        return []
    closed = closed_months(database).get(month.start)
    written = journal_in(frozen_folder(workplace.home, closed)) if closed is not None else ()
    cents = cents_of(month, database.select(daily_costs, where={"day": month}))
    posted = as_written(posted_of(database, month), month, written)
    postings = postings_of(month, cents, posted, workplace.now().date())
    lines = journal_of(month, postings, settings.journal, settings.projects, settings.organisation.currency)
    check_expense(lines, cents)
    return lines


def posted_of(database: Database, month: Period) -> list[Posting]:
    """What was posted of the month, in order."""
    entries = database.select(audit_log, where={"action": POST, "subject": subject_of(month)})
    return sorted((_posting(json.loads(one.after or "{}")) for one in entries), key=lambda one: one.number)


def subject_of(month: Period) -> str:
    """The audit log's name of the month's journal."""
    return f"{journal.name}/{month_name(month)}"


def told_of(found: Journal, one: Posting) -> dict[str, Any]:
    """What the audit log keeps of a posted entry: everything that is posted, line by line."""
    amounts = {project: money.text(cents) for project, cents in one.amounts.items()}
    lines = [
        asdict(line) | {"date": line.date.isoformat(), "debit": money.text(line.debit), "credit": money.text(line.credit)}
        for line in found.lines
        if line.reference == reference(found.month, one)
    ]
    return {"number": one.number, "on": one.on.isoformat(), "amounts": amounts, "lines": lines}


def _posting(told: dict[str, Any]) -> Posting:
    """Entries of earlier versions have no lines."""
    amounts = {project: Decimal(cents) for project, cents in told["amounts"].items()}
    lines = tuple(
        JournalLine(**one | {"date": date.fromisoformat(one["date"]), "debit": Decimal(one["debit"]), "credit": Decimal(one["credit"])})
        for one in told.get("lines", ())
    )
    return Posting(number=told["number"], on=date.fromisoformat(told["on"]), amounts=amounts, lines=lines)


def _accounts_of(lines: Sequence[JournalLine]) -> JournalAccounts | None:
    """The accounts that lines were booked on, where usage.yaml names none any more."""
    expense = next((line.account for line in reversed(lines) if line.project is not None), None)
    accrual = next((line.account for line in reversed(lines) if line.project is None), None)
    return JournalAccounts(expense_account=expense, accrual_account=accrual or expense) if expense else None
