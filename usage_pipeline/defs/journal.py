"""The journal of a month: `reports/<month>/organisation/journal.csv`; and the mark that it was posted, in the audit log."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import dagster as dg

from usage_pipeline import money
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import MONTHLY, ONE_RUN, months_of
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.publish import frozen_facts
from usage_pipeline.defs.reports import REPORT, write_if_changed
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports.journal import Posting, journal_csv, journal_of, postings_of
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.reports.tables import project_cents
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.costs import daily_costs, monthly_costs
from usage_pipeline.tables.journal import JournalLine, journal
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.summary import by

JOURNAL, FILE = journal.name, "journal.csv"
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


@dg.asset(
    key=JOURNAL,
    deps=[monthly_costs.name, REPORT],
    partitions_def=MONTHLY,
    backfill_policy=ONE_RUN,
    group_name="reports",
    kinds={"python", "csv"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(journal)},
)
def journal_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """The month's accrual for the ledger, its reversal and what it was trued up by; written where usage.yaml names the accounts."""
    if workplace.settings().journal is None:
        return dg.MaterializeResult(metadata={"journal": dg.MetadataValue.text(MISSING)})
    journals = [write_journal(workplace, month) for month in months_of(context)]
    shown = [
        {"month": month_name(one.month), "entry": line.reference, "account": line.account, "debit": line.debit, "credit": line.credit}
        for one in journals
        for line in one.lines
    ]
    whole = money.total([cost for one in journals for cost in one.cents.values()])
    return dg.MaterializeResult(metadata={"dagster/row_count": len(shown), "accrued": amount(whole), "lines": markdown(shown)})


def journal_for(workplace: Workplace, month: Period) -> Journal:
    """The month's journal as of now. Raises UsageConfigError where usage.yaml names no accounts."""
    settings, database = workplace.settings(), workplace.database()
    if settings.journal is None:
        raise UsageConfigError(MISSING)
    closed = closed_months(database).get(month.start)
    frozen = frozen_facts(workplace.home, closed) if closed is not None and not closed.is_draft else None
    rows = monthly_costs_of(month, frozen.daily if frozen else database.select(daily_costs, where={"day": month}))
    organisation, projects = (frozen.organisation, frozen.projects) if frozen else (settings.organisation, settings.projects)
    cents = {project: cost for project, cost in project_cents(by(rows, "project")).items() if cost}
    postings = postings_of(month, cents, posted_of(workplace, month), workplace.now().date())
    lines = journal_of(month, postings, settings.journal, projects, organisation.currency)
    return Journal(month=month, currency=organisation.currency, cents=cents, postings=postings, lines=lines)


def write_journal(workplace: Workplace, month: Period) -> Journal:
    """The month's journal, written to its file where that said something else."""
    found = journal_for(workplace, month)
    write_if_changed(workplace.home.reports / month_name(month) / ORGANISATION / FILE, journal_csv(found.lines))
    return found


def post_journal(workplace: Workplace, month: Period, by_name: str, note: str | None) -> Journal:
    """Note that the draft was posted: from then on it stands, and what changes is trued up. Raises UsageError where there is none."""
    found = journal_for(workplace, month)
    draft = found.draft
    if draft is None or not draft.amounts:
        raise UsageError(f"the journal of {month_name(month)} has nothing that is not posted yet")
    if workplace.now().date() < month.end:
        raise UsageError(f"{month_name(month)} is not over: its accrual is posted from {month.end} on")
    entry = AuditEntry(
        entry_id=hashlib.sha256(f"{POST} {_subject(month)} {draft.number}".encode()).hexdigest(),
        at=workplace.now(),
        actor=by_name,
        action=POST,
        subject=_subject(month),
        before=None,
        after=json.dumps(_told(draft), sort_keys=True),
        why=note,
    )
    workplace.database().insert(audit_log, [entry])
    return write_journal(workplace, month)


def posted_of(workplace: Workplace, month: Period) -> list[Posting]:
    """What was posted of the month, in order."""
    entries = workplace.database().select(audit_log, where={"action": POST, "subject": _subject(month)})
    return sorted((_posting(json.loads(one.after or "{}")) for one in entries), key=lambda one: one.number)


def _subject(month: Period) -> str:
    return f"{JOURNAL}/{month_name(month)}"


def _told(one: Posting) -> dict[str, Any]:
    amounts = {project: money.text(cents) for project, cents in one.amounts.items()}
    return {"number": one.number, "on": one.on.isoformat(), "amounts": amounts}


def _posting(told: dict[str, Any]) -> Posting:
    amounts = {project: Decimal(cents) for project, cents in told["amounts"].items()}
    return Posting(number=told["number"], on=date.fromisoformat(told["on"]), amounts=amounts)
