"""What changed and why, unit costs, wallets, limits on one request and the reconciliation: told alike in every file, and adding up."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from invented_month import OCTOBER, SEPTEMBER, daily_rows, monthly_rows, row, snapshot
from invented_month import OCTOBER as MONTH
from pypdf import PdfReader

from usage_pipeline import money
from usage_pipeline.budgets.wallet_ledger import Posting, entry
from usage_pipeline.budgets.wallet_told import wallets_told
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.reports.annex_lines import annex_of
from usage_pipeline.reports.change_lines import change_lines
from usage_pipeline.reports.changes import compared_with
from usage_pipeline.reports.facts import Facts
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.formats.csv_more import VIOLATIONS_CSV, WALLETS_CSV
from usage_pipeline.reports.frozen import facts_from, files_of
from usage_pipeline.reports.render import CSV, JSON, PDF, XLSX, render
from usage_pipeline.reports.snapshot import Accounting, Snapshot
from usage_pipeline.reports.unit_costs import per_million_tokens, per_thousand_requests
from usage_pipeline.reports.unit_lines import unit_tables
from usage_pipeline.reports.wallet_lines import wallet_table
from usage_pipeline.tables.configuration import Organisation
from usage_pipeline.tables.reconciled_told import reconciled_told
from usage_pipeline.tables.reconciliations import PRICE, UNEXPLAINED, Reconciliation, ReconciliationCause
from usage_pipeline.tables.request_limits import LimitViolation, Violations
from usage_pipeline.tables.wallets import CONSUMPTION, EXPIRY, GRANT, Wallet, WalletEntry, WalletStatus
from usage_pipeline.tables.wallets_told import WalletTold

WALLET = WalletTold(
    wallet="portal", scope="project", holder="support-copilot", unit="credits", as_of=OCTOBER.last, opening=Decimal("100.005"),
    given=Decimal(50), consumed=Decimal("120.0025"), expired=Decimal("4.125"), closing=Decimal("25.8775"), low=Decimal(30),
    next_expiry=date(2026, 12, 31), next_expiring=Decimal("20.5"),
)  # fmt: skip
SHARED = replace(WALLET, wallet="pool", scope="organisation", holder=None, unit="USD", low=None, next_expiry=None, next_expiring=None)
VIOLATION = LimitViolation(
    event_id="=cmd()", source="gateway", measure="max_tokens", day=OCTOBER.start, started_at=datetime(2026, 10, 1, 8, 30, tzinfo=UTC),
    project="support-copilot", user="u", operation="chat", channel="openai", model="gpt-5.1", amount=Decimal(9000), limit=Decimal(8000),
    source_file="f", source_line=1,
)  # fmt: skip
VIOLATIONS = Violations(count=3, requests=2, worst=(VIOLATION, replace(VIOLATION, measure="max_cost", amount=Decimal("0.6"))))


def cell(channel: str, billed: str | None, counted: str | None, logged: str | None, difference: str) -> Reconciliation:
    costs = {name: None if cost is None else Decimal(cost) for name, cost in (("billed_cost", billed), ("provider_cost", counted))}
    return Reconciliation(
        day=OCTOBER.start, channel=channel, project=None, model="m", meter="input", account=None, invoice=None, finality="final",
        billed_quantity=None, provider_quantity=None, logged_quantity=None, logged_cost=None if logged is None else Decimal(logged),
        difference=Decimal(difference), **costs,
    )  # fmt: skip


def cause(channel: str, name: str, amount: str) -> ReconciliationCause:
    return ReconciliationCause(
        day=OCTOBER.start, channel=channel, project=None, model="m", meter="input", step="bill", cause=name, evidence="", quantity=None,
        amount=Decimal(amount), mend=None,
    )  # fmt: skip


RECONCILED = reconciled_told(
    [cell("openai", "10", "9.5", None, "0.5"), cell("anthropic", "3", None, None, "0"), cell("openai", "5", "5.005", "5", "-0.005")],
    [cause("openai", PRICE, "0.4"), cause("openai", UNEXPLAINED, "0.1"), cause("openai", PRICE, "-0.005")],
)


@pytest.fixture(scope="module")
def whole() -> Snapshot:
    return snapshot(count=3, models=2, wallets=(WALLET, SHARED), violations=VIOLATIONS, reconciled=RECONCILED)


@pytest.fixture(scope="module")
def files(whole: Snapshot, templates: Path) -> dict[str, bytes]:
    return render(whole, templates)


@pytest.fixture(scope="module")
def printed(files: dict[str, bytes]) -> str:
    pages = PdfReader(io.BytesIO(files[PDF])).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_every_file_says_the_same(whole: Snapshot, files: dict[str, bytes]):
    more = {name: files[name] for name in (WALLETS_CSV, VIOLATIONS_CSV)}
    assert differences(files[JSON], files[CSV], whole, workbook=files[XLSX], more=more) == []


def test_a_home_without_them_has_no_such_files(organisation_files: dict[str, bytes]):
    assert {WALLETS_CSV, VIOLATIONS_CSV}.isdisjoint(organisation_files)


def changed(files: dict[str, bytes], change: Any) -> bytes:
    document = json.loads(files[JSON])
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told["changes"]["causes"].update(price="7"), "the change by cause: "),
        (lambda told: told["changes"]["by_project"].pop(0), "the change by project: "),
        (lambda told: told["changes"]["by_model"][0].update(mix="7"), "the causes of "),
        (lambda told: told["changes"].update(now="7"), "cost now: "),
        (lambda told: told["wallets"][0].update(consumed="7"), "the balance of wallet 'portal': "),
        (lambda told: told["wallets"].pop(), "wallets: 2, and 1 is due"),
        (lambda told: told["limit_violations"]["worst"].pop(), "requests over their limit: 2, and 1 is due"),
        (lambda told: told["limit_violations"].update(count=1), "requests over their limit: 1 in all, and 2 listed"),
        (lambda told: told["reconciliation"]["causes"].pop(), "the causes of all differences"),
        (lambda told: told["reconciliation"]["channels"][1].update(difference="7"), "Reconciliation of statement.xlsx says otherwise"),
    ],
    ids=["cause", "project lost", "mover", "now", "consumed", "wallet lost", "violation lost", "count", "reconciled cause", "channel"],
)
def test_a_wrong_figure_is_found(whole: Snapshot, files: dict[str, bytes], change: Any, said: str):
    more = {name: files[name] for name in (WALLETS_CSV, VIOLATIONS_CSV)}
    found = differences(changed(files, change), files[CSV], whole, workbook=files[XLSX], more=more)
    assert any(one.startswith(said) for one in found), found


def test_a_month_closed_before_they_were_told_is_not_compared(whole: Snapshot, files: dict[str, bytes]):
    told = changed(files, lambda document: [document.pop(name) for name in ("changes", "unit_costs", "wallets", "reconciliation")])
    assert differences(told, files[CSV], whole, more={}) == []


def test_printed_parts_add_up(whole: Snapshot):
    lines = change_lines(whole)
    assert lines is not None
    change = dollars(lines.movers[0].total.change)
    assert sum(dollars(value) for _, value, _ in lines.causes) == change
    for table in lines.movers:
        assert sum(dollars(line.change) for line in table.lines) == change
        assert sum(dollars(line.cost) for line in table.lines) == dollars(table.total.cost) == whole.totals.cost.quantize(money.CENT)
    annex = annex_of(whole)
    assert annex is not None
    assert sum(dollars(line.difference) for line in annex.lines[:-1]) == dollars(annex.lines[-1].difference)
    assert annex.lines[0].counted == annex.lines[0].logged == "–"
    assert annex.lines[0].alone == annex.lines[0].billed == "$3.00"
    wallets = wallet_table(whole)
    assert wallets is not None
    portal = wallets.lines[0]
    parts = [Decimal(text) for text in (portal.opening, portal.given, portal.consumed, portal.expired)]
    assert (parts[0] + parts[1] - parts[2] - parts[3], portal.is_low, portal.expiring) == (Decimal("25.88"), True, "20.50 on 31 Dec")


def dollars(text: str) -> Decimal:
    return Decimal(0) if text == "–" else Decimal(re.sub(r"[$,+]", "", text).replace("−", "-"))


def test_the_page_tells_them(printed: str):
    for words in ("What changed and why", "Projects that moved most", "Unit costs by operation", "Credit wallets", "Reconciliation annex"):
        assert words in printed
    assert "1 Oct – 31 Oct against 1 Sep – 30 Sep" in printed
    assert "nothing that is known explains it" in printed


def test_a_project_has_its_own_wallets_and_no_annex():
    one = snapshot("support-copilot", count=3, models=2, wallets=(WALLET, SHARED), reconciled=RECONCILED)
    assert one.wallets == (WALLET,)
    assert one.reconciled is None
    assert one.changes is not None
    assert [name for name, _ in one.changes.movers] == ["model", "operation"]


def test_a_month_that_runs_is_held_against_as_many_days():
    rows = daily_rows(count=2, models=1, days=10)
    days = Period(SEPTEMBER.start, SEPTEMBER.start + ONE_DAY * 10)
    before = [replace(one, days_count=10) for one in monthly_rows(rows)]
    one = snapshot(daily=rows, compared=compared_with(days, before), statuses=[])
    assert one.changes is not None
    assert (one.changes.days, one.changes.compared, one.changes.is_whole) == (Period(OCTOBER.start, date(2026, 10, 11)), days, True)
    lines = change_lines(one)
    assert lines is not None
    assert lines.note == "1 Oct – 10 Oct against 1 Sep – 10 Sep"


def test_what_may_be_a_part_of_a_month_says_so():
    rows = daily_rows(count=2, models=1)
    few = snapshot(daily=rows, previous=[replace(one, days_count=9) for one in monthly_rows(rows)], statuses=[])
    gap = snapshot(daily=[one for one in rows if one.day.day != 5], statuses=[])
    notes = [lines.note for one in (few, gap) if (lines := change_lines(one))]
    assert notes[0].endswith("of which 9 days may be all there is")
    assert notes[1].endswith("; 1 day without data")
    told = [lines for one in (few, gap) if (lines := change_lines(one))]
    assert {line.percent for lines in told for line in lines.movers[0].lines} == {""}


def test_without_a_month_before_nothing_changed():
    assert snapshot(count=2, models=1, previous=None).changes is None
    assert snapshot(count=2, models=1, previous=Decimal(7)).changes is None


def test_unit_costs_count_what_somebody_counts():
    counted = row(meter="requests", requests=4, quantity=Decimal(4), cost=Decimal(0))
    tokens = row(quantity=Decimal(2000), cost=Decimal("0.5"))
    uncounted = row(model="other", quantity=Decimal(2000), cost=Decimal(9))
    assert per_thousand_requests([counted, tokens, uncounted]) == 125
    assert per_million_tokens([counted, tokens, uncounted]) == 2375
    assert per_thousand_requests([uncounted]) is None
    assert per_million_tokens([counted]) is None
    assert per_million_tokens([replace(tokens, cost=None, unpriced_quantity=Decimal(2000))]) is None


def test_unit_costs_move():
    tables = unit_tables(snapshot(count=2, models=2))
    assert [table.head for table in tables] == ["Operation", "Model"]
    assert all(re.fullmatch(r"[+−]\d+%", line.million_moved) for line in tables[1].lines)


STATUS = WalletStatus(
    wallet="w", scope="organisation", holder=None, unit="credits", as_of=date(2026, 11, 5), balance=Decimal(0), overdrawn=Decimal(0),
    low=None, is_low=False, low_since=None, given=Decimal(0), consumed=Decimal(0), expired=Decimal(0), next_expiry=None,
    next_expiring=None, unknown_days=0,
)  # fmt: skip


def entries() -> list[WalletEntry]:
    posting = Posting(now=datetime(2026, 11, 6, tzinfo=UTC), actor="a", open_from=date.min)
    wallet = Wallet(id="w", scope="organisation", holder=None, unit="credits")
    last = date(2026, 10, 20)
    return [
        entry(wallet, GRANT, date(2026, 9, 2), "g1", Decimal(100), posting, expires=last),
        entry(wallet, GRANT, date(2026, 9, 3), "g2", Decimal(40), posting, expires=date(2026, 12, 31)),
        entry(wallet, CONSUMPTION, date(2026, 9, 9), "", Decimal(-30), posting),
        entry(wallet, CONSUMPTION, date(2026, 10, 9), "", Decimal(-20), posting),
        entry(wallet, EXPIRY, last, "g1", Decimal(-50), posting),
        entry(wallet, CONSUMPTION, date(2026, 11, 2), "", Decimal(-7), posting),
    ]


def test_a_wallets_month():
    (october,) = wallets_told([STATUS], entries(), MONTH)
    amounts = (october.opening, october.given, october.consumed, october.expired, october.closing)
    assert amounts == (110, 0, 20, 50, 40)
    assert (october.as_of, october.next_expiry, october.next_expiring) == (OCTOBER.last, date(2026, 12, 31), 40)
    (september,) = wallets_told([STATUS], entries(), SEPTEMBER)
    assert (september.given, september.closing, september.next_expiry, september.next_expiring) == (140, 110, date(2026, 10, 20), 70)
    assert wallets_told([STATUS], entries(), Period(date(2026, 8, 1), date(2026, 9, 1))) == ()


def test_a_close_keeps_them():
    rows = daily_rows(count=2, models=1, days=3)
    facts = Facts(
        month=OCTOBER, revision=1, finalities={"organisation": "closed"}, approval=None, organisation=Organisation(name="Example"),
        projects=(), daily=rows, previous=(), statuses=(), unpriced=(), advice=(), inputs=(), price_book="book", accounting=Accounting(),
        compared=compared_with(Period(SEPTEMBER.start, SEPTEMBER.start + ONE_DAY), monthly_rows(rows[:3])), wallets=(WALLET, SHARED),
        reconciled=RECONCILED,
    )  # fmt: skip
    again = facts_from(files_of(facts))
    assert (again.wallets, again.reconciled) == (facts.wallets, facts.reconciled)
    assert again.compared is not None
    assert again.compared.days == Period(SEPTEMBER.start, SEPTEMBER.start + ONE_DAY)
    assert sorted(one.cost for one in again.compared.rows) == sorted(one.cost for one in monthly_rows(rows[:3]))
    bare = files_of(replace(facts, compared=None, wallets=(), reconciled=None))
    assert "wallets" not in json.loads(bare["tables/statement.json"])
    assert facts_from(bare).compared is None


def test_what_comes_from_outside_is_no_formula(files: dict[str, bytes]):
    lines = list(csv.DictReader(io.StringIO(files[VIOLATIONS_CSV].decode("utf-8-sig"), newline="")))
    assert {line["event_id"] for line in lines} == {"'=cmd()"}
    assert [line["amount"] for line in lines] == ["9000", "0.6"]
