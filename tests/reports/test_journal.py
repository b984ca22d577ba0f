"""The journal: debits equal credits, entries sum to the statement's total, reversed on the first, trued up by what changed."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import month_of
from usage_pipeline.reports.journal import COLUMNS, Posting, check, journal_csv, journal_of, postings_of
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.journal import JournalLine
from usage_pipeline.tables.shared_costs import JournalAccounts

OCTOBER = month_of(date(2026, 10, 1))
FIRST, LAST = date(2026, 11, 1), date(2026, 10, 31)
ACCOUNTS = JournalAccounts(expense_account="6420", accrual_account="2150", cost_center="9900")
PROJECTS = (Project(id="portal", name="Support portal", cost_center="0100"), Project(id="ranker", name="ranker"))
COSTS = {"portal": Decimal("10.05"), "ranker": Decimal("-2.00"), "unattributed": Decimal("0.95")}


def lines_of(cents=COSTS, posted=(), today=date(2026, 11, 3)):
    return journal_of(OCTOBER, postings_of(OCTOBER, cents, posted, today), ACCOUNTS, PROJECTS, "USD")


def told(lines):
    return [
        (line.date, line.reference, line.account, line.cost_center, line.project, line.debit, line.credit, line.status) for line in lines
    ]


def test_an_accrual_is_debited_by_cost_center_credited_at_once_and_reversed_on_the_first():
    accrual, back = "AI-2026-10-1", "AI-2026-10-1R"
    assert told(lines_of()) == [
        (LAST, accrual, "6420", "0100", "portal", Decimal("10.05"), 0, "draft"),
        (LAST, accrual, "6420", "9900", "ranker", 0, Decimal("2.00"), "draft"),
        (LAST, accrual, "6420", "9900", "unattributed", Decimal("0.95"), 0, "draft"),
        (LAST, accrual, "2150", None, None, 0, Decimal("9.00"), "draft"),
        (FIRST, back, "6420", "0100", "portal", 0, Decimal("10.05"), "draft"),
        (FIRST, back, "6420", "9900", "ranker", Decimal("2.00"), 0, "draft"),
        (FIRST, back, "6420", "9900", "unattributed", 0, Decimal("0.95"), "draft"),
        (FIRST, back, "2150", None, None, Decimal("9.00"), 0, "draft"),
    ]
    assert [line.memo for line in lines_of()][:4] == [
        "AI usage October 2026, accrual: Support portal",
        "AI usage October 2026, accrual: ranker",
        "AI usage October 2026, accrual: Unattributed",
        "AI usage October 2026, accrual",
    ]


POSTED = Posting(number=0, on=LAST, amounts=COSTS)


def test_what_was_posted_stands_and_what_changed_since_is_trued_up():
    lines = lines_of({"portal": Decimal("11.05"), "unattributed": Decimal("0.95"), "ranker": Decimal("-3.00")}, [POSTED])
    assert told(lines[8:]) == [
        (LAST, "AI-2026-10-2", "6420", "0100", "portal", Decimal("1.00"), 0, "draft"),
        (LAST, "AI-2026-10-2", "6420", "9900", "ranker", 0, Decimal("1.00"), "draft"),
        (FIRST, "AI-2026-10-2R", "6420", "0100", "portal", 0, Decimal("1.00"), "draft"),
        (FIRST, "AI-2026-10-2R", "6420", "9900", "ranker", Decimal("1.00"), 0, "draft"),
    ]
    assert {line.status for line in lines[:8]} == {"posted"}


def test_nothing_is_trued_up_where_nothing_changed():
    assert postings_of(OCTOBER, COSTS, [POSTED], FIRST) == [POSTED]


def test_a_true_up_after_the_true_up_is_of_its_own_day():
    posted = [POSTED, Posting(number=1, on=LAST, amounts={"portal": Decimal(1)})]
    *_, last = postings_of(OCTOBER, COSTS, posted, date(2027, 1, 19))
    assert (last.number, last.on, last.amounts) == (2, date(2027, 1, 19), {"portal": -1})
    assert {line.date for line in lines_of(posted=posted, today=date(2027, 1, 19))[-4:]} == {date(2027, 1, 19), date(2027, 2, 1)}


def test_the_file_is_what_a_ledger_imports():
    content = journal_csv(lines_of({"=1+1": Decimal("0.10")}))
    assert content.startswith(b"\xef\xbb\xbfdate,reference,entry,account,cost_center,project,debit,credit,currency,memo,status\r\n")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["project"], row["debit"], row["credit"], row["currency"]) for row in rows[:2]] == [
        ("'=1+1", "0.10", "", "USD"),
        ("", "", "0.10", "USD"),
    ]


def test_an_entry_out_of_balance_is_refused():
    line = JournalLine(
        date=LAST, reference="x", entry="accrual", account="1", cost_center=None, project=None, debit=Decimal(1), credit=Decimal(0),
        currency="USD", memo="", status="draft",
    )  # fmt: skip
    with pytest.raises(AccountingError, match="journal x: debits are 1, credits 0"):
        check([line])


CENTS = st.dictionaries(st.sampled_from(["portal", "ranker", "other", "unattributed"]), st.decimals(-(10**7), 10**7, places=2))


@settings(max_examples=200, deadline=None)
@given(CENTS, st.lists(CENTS, max_size=3))
def test_whatever_was_posted_the_expense_is_the_statements_and_reversals_take_all_back(cents, before):
    posted = [Posting(number=number, on=LAST, amounts=amounts) for number, amounts in enumerate(before)]
    lines = lines_of(cents, posted)
    expense = {
        project: money.total(
            [line.debit - line.credit for line in lines if line.project == project and line.account == "6420" and line.entry != "reversal"]
        )
        for project in {line.project for line in lines if line.project}
    }
    assert {project: cost for project, cost in expense.items() if cost} == {project: cost for project, cost in cents.items() if cost}
    for account in ("6420", "2150"):
        assert money.total([line.debit - line.credit for line in lines if line.account == account]) == 0
    for reference in {line.reference for line in lines}:
        assert money.total([line.debit - line.credit for line in lines if line.reference == reference]) == 0
    assert all((line.debit > 0) != (line.credit > 0) for line in lines)
