"""The month's journal for the ledger: what is accrued for each project, reversed on the first of the next month, trued up when it changes.

In: the month's cost by project in cents, as the statement prints them, and what was posted before. Out: lines in the ledger's terms.
Every entry has a reference of its own; its debits equal its credits, and all entries of a month sum to the statement's total.
What was posted is reversed as it was posted, and trued up where it was posted, whatever usage.yaml names now.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import Period, month_name, month_of
from usage_pipeline.reports import words
from usage_pipeline.reports.formats.guards import guarded
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.journal import JournalLine, journal
from usage_pipeline.tables.shared_costs import JournalAccounts

COLUMNS = journal.names
ACCRUAL, TRUE_UP, REVERSAL = "accrual", "true-up", "reversal"
DRAFT, POSTED = "draft", "posted"
CENTS = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One entry as it was or would be posted: cents by project, which may be negative in a true-up.

    `lines` are those that stand in the ledger, or that a close froze; without them they are worked out.
    """

    number: int
    on: date
    amounts: Mapping[str, Decimal]
    is_posted: bool = True
    lines: Sequence[JournalLine] = ()

    @property
    def kind(self) -> str:
        return TRUE_UP if self.number else ACCRUAL


def postings_of(month: Period, cents: Mapping[str, Decimal], posted: Sequence[Posting], today: date) -> list[Posting]:
    """What was posted, and a draft of what is missing for the month's cost: the accrual, or the true-up of what changed since.

    A true-up is of the month's last day while that is all there is to correct, else, once one was posted, of the day it is made.
    """
    known = {project for one in posted for project in one.amounts} | set(cents)
    missing = {
        project: money.total([cents.get(project), *(-one.amounts.get(project, money.ZERO) for one in posted)]) for project in sorted(known)
    }
    left = {project: amount for project, amount in missing.items() if amount}
    if posted and not left:
        return list(posted)
    on = max(month.last, today) if len(posted) > 1 else month.last
    return [*posted, Posting(number=len(posted), on=on, amounts=left, is_posted=False)]


def as_written(postings: Sequence[Posting], month: Period, written: Sequence[JournalLine]) -> list[Posting]:
    """Those without lines get the entry that was written down under their reference, where it is of the same amounts."""
    return [_as_written(one, [line for line in written if line.reference == reference(month, one)]) for one in postings]


def _as_written(one: Posting, lines: Sequence[JournalLine]) -> Posting:
    amounts = {line.project: line.debit - line.credit for line in lines if line.project is not None}
    is_same = not one.lines and bool(lines) and amounts == dict(one.amounts)
    return replace(one, on=lines[0].date, lines=tuple(lines)) if is_same else one


def journal_of(
    month: Period, postings: Sequence[Posting], accounts: JournalAccounts, projects: Sequence[Project], currency: str
) -> list[JournalLine]:
    """The lines of all entries and of their reversals. Raises AccountingError where an entry's debits are not its credits."""
    lines: list[JournalLine] = []
    booked: dict[str | None, JournalLine] = {}
    for one in postings:
        status, memo = POSTED if one.is_posted else DRAFT, _memo(month, one)
        worked_out = one.lines or entry_of(month, one, accounts, projects, currency, booked)
        entry = [replace(line, status=status) for line in worked_out]
        if one.is_posted:
            booked |= {line.project: line for line in entry}
        back = [_reversed(line, month_of(one.on).end, f"{line.reference}R", f"{memo}, reversed") for line in entry]
        lines += [*entry, *back]
    check(lines)
    return lines


def reference(month: Period, one: Posting) -> str:
    """What names the entry in the ledger: 'AI-2026-10-1'."""
    return f"AI-{month_name(month)}-{one.number + 1}"


def entry_of(
    month: Period,
    one: Posting,
    accounts: JournalAccounts,
    projects: Sequence[Project],
    currency: str,
    booked: Mapping[str | None, JournalLine],
) -> list[JournalLine]:
    """The entry's lines. A project that was `booked` before stays with the account and the cost center that it was booked on."""
    memo = _memo(month, one)
    declared = {project.id: project for project in projects}
    named: list[tuple[str, str | None, str | None, Decimal, str]] = []
    for project, amount in sorted(one.amounts.items(), key=lambda item: (item[0] == UNATTRIBUTED, item[0])):
        owner, before = declared.get(project), booked.get(project)
        name = words.project_name(owner) if owner else words.name_of("project", None if project == UNATTRIBUTED else project)
        account = before.account if before else accounts.expense_account
        center = before.cost_center if before else (owner and owner.cost_center) or accounts.cost_center
        named.append((account, center, project, amount, f"{memo}: {name}"))
    whole = money.total(list(one.amounts.values()))
    accrued = booked.get(None)
    named.append((accrued.account if accrued else accounts.accrual_account, None, None, -whole, memo))
    return [
        JournalLine(
            date=one.on,
            reference=reference(month, one),
            entry=one.kind,
            account=account,
            cost_center=center,
            project=project,
            debit=max(amount, money.ZERO),
            credit=max(-amount, money.ZERO),
            currency=currency,
            memo=told,
            status=DRAFT,
        )
        for account, center, project, amount, told in named
        if amount
    ]


def _memo(month: Period, one: Posting) -> str:
    return f"AI usage {month.start:%B %Y}, {one.kind}"


def _reversed(line: JournalLine, on: date, reference: str, memo: str) -> JournalLine:
    return JournalLine(
        date=on,
        reference=reference,
        entry=REVERSAL,
        account=line.account,
        cost_center=line.cost_center,
        project=line.project,
        debit=line.credit,
        credit=line.debit,
        currency=line.currency,
        memo=memo,
        status=line.status,
    )


def check(lines: Sequence[JournalLine]) -> None:
    """Raises AccountingError, naming the entry and both sums, where debits and credits of one entry differ."""
    for reference in dict.fromkeys(line.reference for line in lines):
        debit = money.total([line.debit for line in lines if line.reference == reference])
        credit = money.total([line.credit for line in lines if line.reference == reference])
        if debit != credit:
            raise AccountingError(f"journal {reference}: debits are {debit}, credits {credit}")


def check_expense(lines: Sequence[JournalLine], cents: Mapping[str, Decimal]) -> None:
    """Raises AccountingError where the entries, without their reversals, are not what each project's cost is in cents."""
    projects = {line.project for line in lines if line.project is not None} | set(cents)
    for project in sorted(projects):
        booked = money.total([line.debit - line.credit for line in lines if line.project == project and line.entry != REVERSAL])
        if booked != cents.get(project, money.ZERO):
            raise AccountingError(f"journal: {project} is booked with {booked}, its cost is {cents.get(project, money.ZERO)}")


def journal_csv(lines: Sequence[JournalLine]) -> bytes:
    """UTF-8 with byte order mark and CRLF, amounts with two decimals and a point, an empty field where there is none."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        cells = [getattr(line, name) for name in COLUMNS]
        writer.writerow([_cell(cell) for cell in cells])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.quantize(CENTS):f}" if value else ""
    return "" if value is None else guarded(str(value))
