"""The journal of a month: `reports/<month>/organisation/journal.csv`; and the mark that it was posted, in the audit log."""

import hashlib
import json

import dagster as dg

from usage_pipeline import money
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.journal_month import FILE, MISSING, POST, Journal, journal_for, subject_of, told_of
from usage_pipeline.defs.partitions import MONTHLY, ONE_RUN, months_of
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.reports import REPORT, write_if_changed
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageError
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports.journal import journal_csv
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.costs import monthly_costs
from usage_pipeline.tables.journal import journal

JOURNAL = journal.name


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
        entry_id=hashlib.sha256(f"{POST} {subject_of(month)} {draft.number}".encode()).hexdigest(),
        at=workplace.now(),
        actor=by_name,
        action=POST,
        subject=subject_of(month),
        before=None,
        after=json.dumps(told_of(found, draft), sort_keys=True),
        why=note,
    )
    workplace.database().insert(audit_log, [entry])
    return write_journal(workplace, month)
