"""`usage-pipeline journal`: a month's accrual for the ledger, and the mark that it was posted."""

from dataclasses import asdict
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.defs.close import check_name
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.journal import post_journal, write_journal
from usage_pipeline.defs.journal_month import FILE, Journal
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home

COLUMNS = ("date", "reference", "account", "cost center", "project", "debit", "credit", "status")


def run_journal(environment: Environment, month: Period, by: str | None, note: str | None, output: Output) -> int:
    """Write the month's journal and show it; with an approver, note that it was posted."""
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    if by is None:
        journal = write_journal(workplace, month)
    else:
        check_name(by, note)
        journal = post_journal(workplace, month, by, note)
    path = home.reports / month_name(month) / ORGANISATION / FILE
    if output.as_json:
        output.document(_document(journal, path.relative_to(home.root).as_posix()))
        return 0
    output.heading(f"Journal of {month_name(month)}, {journal.currency}")
    output.table(
        COLUMNS,
        [
            (line.date, line.reference, line.account, line.cost_center, line.project, _sum(line.debit), _sum(line.credit), line.status)
            for line in journal.lines
        ],
        numbers=("debit", "credit"),
    )
    if by is None and journal.draft and journal.draft.amounts:
        mend = f"`usage-pipeline journal {month_name(month)} --post NAME` notes that it was posted"
        output.say(f"Not posted yet: the {journal.draft.kind}; {mend}.")
    output.say(f"Written to {path}")
    return 0


def _sum(amount: Any) -> str:
    return dollars(amount) if amount else ""


def _document(journal: Journal, path: str) -> dict[str, Any]:
    return {
        "month": month_name(journal.month),
        "currency": journal.currency,
        "cost": money.text(money.total(list(journal.cents.values()))),
        "file": path,
        "posted": [one.number + 1 for one in journal.postings if one.is_posted],
        "lines": [
            {**asdict(line), "date": line.date.isoformat(), "debit": money.text(line.debit), "credit": money.text(line.credit)}
            for line in journal.lines
        ],
    }
