"""What prices add to a statement: the range and hint of what is unpriced, list beside contracted price, credits, advice, several books.

Where there is none of it, nothing grows.
"""

import csv
import io
import json
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from invented_month import HINT, advice, agreed, credited, daily_rows, explain, row, snapshot
from pypdf import PdfReader

from usage_pipeline import money
from usage_pipeline.reports.contracted import MOST, contracted_of, contracted_table
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.front import kpis_of, states_of
from usage_pipeline.reports.render import render
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.costs import BILLED

BOOKS = (
    "genai-prices 0.2.3 sha256:e66499c65f52 + agreements sha256:1f2e3d4c5b6a (2026-10-01 to 2026-10-14) · "
    "genai-prices 0.2.4 sha256:a66499c65f52 + agreements sha256:1f2e3d4c5b6a (2026-10-15 to 2026-10-31)"
)


@pytest.fixture(scope="module")
def full() -> Snapshot:
    """The invented month with all of it."""
    return snapshot(daily=credited(agreed(daily_rows())), explain=explain, advice=advice(), price_book=BOOKS)


@pytest.fixture(scope="module")
def files(full: Snapshot, templates: Path) -> dict[str, bytes]:
    return render(full, templates)


@pytest.fixture(scope="module")
def document(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["statement.json"])
    return found


@pytest.fixture(scope="module")
def printed(files: dict[str, bytes]) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(files["statement.pdf"])).pages)


def test_all_of_it_foots(full: Snapshot, files: dict[str, bytes], printed: str) -> None:
    assert differences(files["statement.json"], files["statement.csv"], full, printed) == []


def test_unpriced_usage_has_its_tokens_range_and_hint(document: dict[str, Any]) -> None:
    (one,) = document["unpriced"]
    assert {name: one[name] for name in ("tokens", "low", "high", "range_if", "hint", "billed", "day")} == {
        "tokens": "358610", "low": "0.0119512", "high": "71.886", "range_if": "if it was a model of OpenAI", "hint": HINT,
        "billed": False, "day": "2026-10-12",
    }  # fmt: skip
    totals = document["totals"]
    assert (totals["unpriced_events"], totals["unpriced_tokens"]) == (42, "358610")
    assert (totals["unpriced_low"], totals["unpriced_high"]) == ("0.0119512", "71.886")


def test_what_nobody_can_say_is_null(organisation: Snapshot) -> None:
    document = json.loads(json_of(organisation))
    (one,) = document["unpriced"]
    assert [one[name] for name in ("low", "high", "range_if", "hint")] == [None] * 4
    assert [document["totals"][name] for name in ("unpriced_low", "unpriced_high", "credits")] == [None] * 3
    assert document["agreements"] == document["advice"] == []


def test_the_page_says_what_it_may_cost_and_how_to_mend_it(full: Snapshot, printed: str) -> None:
    said = " ".join(printed.split())
    assert "May cost between $0.01 and $71.89 if it was a model of OpenAI." in said
    assert "{name: gpt-next-preview, provider: openai, model: gpt-5.1}" in said
    unpriced = next(cell for cell in states_of(full) if cell["label"] == "Unpriced")
    assert unpriced["note"] == "not in the total: between $0.01 and $71.89"


def test_a_range_of_less_than_a_cent_is_never_nothing(templates: Path) -> None:
    rows = [row(basis="unpriced", unpriced_quantity=Decimal(5), unpriced_reason="unresolved_model"), row(cost=Decimal(1))]
    tiny = snapshot(daily=rows, explain=lambda one: replace(one, low=Decimal("0.0001"), high=Decimal("0.5"), hint=None))
    assert "May cost between &lt;$0.01 and $0.50." in html_of(tiny, templates)


def test_unpriced_models_in_one_line_do_not_cost_nothing(templates: Path) -> None:
    unknown = {"basis": "unpriced", "unpriced_quantity": Decimal(5), "unpriced_reason": "unresolved_model"}
    rows = [row(model=f"priced-{number:02d}", cost=Decimal(1)) for number in range(20)]
    page = html_of(snapshot(daily=[*rows, *(row(model=f"unknown-{number}", **unknown) for number in range(3))]), templates)
    assert page.count("3 other models") == 1
    assert "$0.00" not in page[page.index("3 other models") :][:400]
    assert "unpriced" in page[page.index("3 other models") :][:400]


def test_what_a_bill_has_is_in_the_total_and_so_it_says(templates: Path) -> None:
    rows = [row(basis=BILLED, billed_cost=Decimal(5), cost=Decimal(5), unpriced_quantity=Decimal(5), unpriced_reason="unresolved_model")]
    billed = snapshot(daily=rows)
    assert "Its cost is in the bill, so in the total." in html_of(billed, templates)
    assert next(cell for cell in states_of(billed) if cell["label"] == "Unpriced")["note"] == "no rate of ours: the bill has its cost"


def test_list_and_contracted_cost_stand_side_by_side(document: dict[str, Any], full: Snapshot) -> None:
    assert [(one["provider"], one["model"], one["percent"]) for one in document["agreements"]] == [
        ("anthropic", "claude-sonnet-4-5", "20"), ("openai", "gpt-5.1", "-11.1111"),
    ]  # fmt: skip
    for one in document["agreements"]:
        listed, contracted, saving = (Decimal(one[name]) for name in ("list_cost", "contracted_cost", "saving"))
        assert listed - contracted == saving
    assert contracted_of(daily_rows()) == ()


def test_the_columns_of_list_and_contracted_price_add_up(full: Snapshot) -> None:
    table = contracted_table(full.agreements, full.totals, "USD")
    assert table is not None
    assert [line.label for line in table.lines] == ["claude-sonnet-4-5", "gpt-5.1", "All usage at list prices", "Total"]
    for name in ("list_cost", "contracted_cost", "saving"):
        *parts, total = [Decimal(getattr(line, name).replace("$", "").replace(",", "").replace("−", "-")) for line in table.lines]
        assert sum(parts) == total
    assert table.lines[-1].list_cost == f"${full.totals.list_cost:,.2f}"
    assert table.exact == f"Exactly, in USD: list {money.text(full.totals.list_cost)} · contracted {money.text(full.totals.estimated_cost)}"


def test_many_agreements_fold_into_one_line() -> None:
    costs = {"list_cost": Decimal("1.005"), "estimated_cost": Decimal("0.905"), "cost": Decimal("0.905")}
    many = snapshot(daily=[row(model=f"model-{number:02d}", **costs) for number in range(30)])
    table = contracted_table(many.agreements, many.totals, "USD")
    assert table is not None
    assert len(table.lines) == MOST + 2
    assert table.lines[-2].label == "10 more and all usage at list prices"
    assert table.lines[-1].saving == "−$3.00"


def test_credits_stand_beside_dollars(full: Snapshot, document: dict[str, Any], printed: str) -> None:
    assert full.totals.credits is not None
    assert document["totals"]["credits"] == money.text(full.totals.credits)
    assert money.total([Decimal(line["credits"]) for line in document["by_project"] if line["credits"] is not None]) == full.totals.credits
    assert f"Credits, exactly: {money.text(full.totals.credits)}" in printed
    assert ("Credits", "207 k", "unknown for 42 requests") in kpis_of(full)


def test_credits_of_a_project_add_up_in_hundredths(templates: Path) -> None:
    parts = {"meter": "requests", "requests": 1, "quantity": Decimal(1), "cost": Decimal(0)}
    third = Decimal("0.333333333333333")
    one = snapshot(daily=[row(project=name, credits=third, **parts) for name in ("a", "b", "c")], statuses=[])
    page = html_of(one, templates)
    assert page.count('<td class="num">0.33</td>') == 2
    assert page.count('<td class="num">0.34</td>') == 1
    assert '<td class="num">1.00</td>' in page


def test_a_schedule_that_knows_nothing_yet_is_said(templates: Path) -> None:
    one = snapshot(daily=[row(meter="requests", requests=3, quantity=Decimal(3), uncredited_events=3, cost=Decimal(0))], statuses=[])
    assert kpis_of(one)[-1] == ("Credits", "–", "unknown for 3 requests")
    assert '<th scope="col" class="num">Credits</th>' not in html_of(one, templates)


def test_the_rows_carry_list_cost_credits_and_what_is_unpriced(files: dict[str, bytes]) -> None:
    lines = list(csv.DictReader(io.StringIO(files["statement.csv"].decode("utf-8-sig"), newline="")))
    newest = ["credits", "unpriced_quantity", "unpriced_events", "revision", "finality", "grade"]
    assert list(lines[0])[-len(newest) :] == newest, "new columns come last"
    unknown = [line for line in lines if line["model"] == "gpt-next-preview"]
    assert sum(int(line["unpriced_events"]) for line in unknown) == 42
    assert {line["credits"] for line in unknown} == {""}, "unknown, not 0"


def test_advice_is_an_estimate_and_the_rest_is_counted(document: dict[str, Any], printed: str) -> None:
    said = " ".join(printed.split())
    assert [Decimal(one["saving"]) for one in document["advice"]] == sorted((one.saving for one in advice()), reverse=True)
    assert len(document["advice"]) == 10
    assert set(document["advice"][0]) == set(asdict(advice()[0]))
    assert "they overlap, so do not add them" in said
    assert "Saving, est." in said
    assert "2 more are in statement.json." in said


def test_a_project_has_its_own_advice(templates: Path) -> None:
    one = snapshot("support-copilot", daily=daily_rows(), advice=advice())
    assert {each.project for each in one.advice} == {"support-copilot"}
    assert len(one.advice) == 5
    assert "2 more are in statement.json." in html_of(one, templates)


def test_every_price_book_has_a_line(templates: Path, full: Snapshot) -> None:
    page = html_of(full, templates)
    assert page.count("<div>genai-prices 0.2.") == 2
    assert "<dt>Price books</dt>" in page
    assert "(2026-10-15 to 2026-10-31)</div>" in page


def test_nothing_grows_where_there_is_none_of_it(templates: Path) -> None:
    rows = [one for one in daily_rows() if not (one.unpriced_events or one.unpriced_quantity)]
    page = html_of(snapshot(daily=rows), templates)
    for words in ("List and contracted price", "What could cost less", "Not priced", "Credits", "May cost", "To mend", "Price books"):
        assert words not in page
    assert "Price book" in page


def test_a_hostile_hint_is_only_text(templates: Path) -> None:
    bad = "<script>alert(1)</script>{{7*7}}" + "x" * 600
    one = snapshot(explain=lambda each: replace(each, hint=bad), advice=[replace(advice()[0], words=bad, model=bad)])
    page = html_of(one, templates)
    assert "<script" not in page
    assert "x" * 500 not in page
