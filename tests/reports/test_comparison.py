"""The comparison across projects: it sums to the organisation, its causes to the change, and reads with one project and with many."""

import csv
import io
import json
import subprocess
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from invented_month import OCTOBER, daily_rows, status
from invented_use import HOSTILE, comparison_facts

from usage_pipeline.errors import AccountingError
from usage_pipeline.reports import comparison
from usage_pipeline.reports.comparison_facts import ComparisonFacts, Told, compared_of, own_budget, told_by_project
from usage_pipeline.reports.comparison_files import CAUSES
from usage_pipeline.reports.comparison_page import page_of
from usage_pipeline.reports.formats.guards import unguarded
from usage_pipeline.reports.formats.xlsx_read import sheets_in
from usage_pipeline.tables.looks import LETTER, Looks


@pytest.fixture(scope="module")
def facts() -> ComparisonFacts:
    return comparison_facts(names=HOSTILE)


@pytest.fixture(scope="module")
def files(facts: ComparisonFacts, templates: Path) -> dict[str, bytes]:
    return comparison.render(facts, templates)


def told(tool: str, path: Path, *words: str) -> str:
    """What one of poppler's tools says; `words` stand before the path."""
    last = ["-"] if tool == "pdftotext" else []
    return subprocess.run([tool, *words, str(path), *last], capture_output=True, text=True, check=True).stdout


def cents(text: str) -> Decimal:
    return Decimal(0) if text == "–" else Decimal(text.replace("−", "-").replace("+", "").replace("$", "").replace(",", ""))


def test_projects_sum_to_the_daily_costs(facts: ComparisonFacts, files: dict[str, bytes]) -> None:
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for row in daily_rows():
        expected[row.project] += row.cost or 0
    lines = list(csv.DictReader(io.StringIO(files["comparison.csv"].decode("utf-8-sig"), newline="")))
    assert {line["project"]: Decimal(line["cost"] or 0) for line in lines} == expected
    document = json.loads(files["comparison.json"])
    assert Decimal(document["cost"]) == sum(expected.values()) == facts.whole.cost
    for one in (document["total"], *document["projects"]):
        assert sum(Decimal(one[name]) for name in CAUSES) == Decimal(one["change"])
    rows = sheets_in(files["comparison.xlsx"])["Projects"]
    assert [row[1] for row in rows[1:]] == [*(line["project"] for line in lines), "Total"]


def test_printed_cents_add_up_down_and_across(facts: ComparisonFacts) -> None:
    page = page_of(facts, "comparison.csv")
    for column in ("cost", "before", "change"):
        assert sum(cents(line[column]) for line in page["lines"]) == cents(page["whole"][column])
    for line in (*page["lines"], page["whole"]):
        assert sum(map(cents, line["causes"])) == cents(line["change"])
        assert cents(line["cost"]) - cents(line["before"]) == cents(line["change"])
    for place, _ in enumerate(CAUSES):
        assert sum(cents(line["causes"][place]) for line in page["lines"]) == cents(page["whole"]["causes"][place])


def test_the_dearest_come_first_and_what_has_no_project_last(facts: ComparisonFacts) -> None:
    costs = [one.cost for one in facts.lines[:-1]]
    assert costs == sorted(costs, reverse=True)
    assert facts.lines[-1].project == "unattributed"


def test_hostile_names_stay_words(files: dict[str, bytes], tmp_path: Path) -> None:
    lines = list(csv.DictReader(io.StringIO(files["comparison.csv"].decode("utf-8-sig"), newline="")))
    named = {unguarded(line["name"]) for line in lines}
    assert {name for name in HOSTILE if name} <= named
    assert [line["name"] for line in lines if line["name"][:1] in {"=", "+", "-", "@", "\t"}] == []
    (tmp_path / "c.pdf").write_bytes(files["comparison.pdf"])
    assert "<script>alert(1)</script>" in told("pdftotext", tmp_path / "c.pdf")


def test_the_page_is_archival_landscape_and_holds_its_csv(files: dict[str, bytes], tmp_path: Path) -> None:
    assert tuple(files) == comparison.FILES
    path = tmp_path / "comparison.pdf"
    path.write_bytes(files["comparison.pdf"])
    words = told("pdfinfo", path)
    assert "Tagged:          yes" in words
    assert "841.89 x 595.276 pts (A4)" in words
    subprocess.run(["pdfdetach", "-saveall", "-o", str(tmp_path), str(path)], check=True)
    assert (tmp_path / "comparison.csv").read_bytes() == files["comparison.csv"]


def test_the_same_facts_give_the_same_bytes(templates: Path) -> None:
    assert comparison.render(comparison_facts(2), templates) == comparison.render(comparison_facts(2), templates)


@pytest.mark.parametrize(("count", "pages"), [(1, 2), (30, 3)])
def test_one_project_and_many(count: int, pages: int, templates: Path, tmp_path: Path) -> None:
    """Charts on the first page, then the tables; every page of a table has its head."""
    path = tmp_path / "c.pdf"
    path.write_bytes(comparison.render(comparison_facts(count), templates)["comparison.pdf"])
    assert f"Pages:           {pages}\n" in told("pdfinfo", path)
    for number in range(2, pages + 1):
        assert "Project" in told("pdftotext", path, "-f", str(number), "-l", str(number))


def test_a_running_month_has_forecasts_on_its_own_paper(templates: Path, tmp_path: Path) -> None:
    one = comparison_facts(3, is_running=True, looks=Looks(paper=LETTER))
    page = page_of(one, "comparison.csv")
    assert (page["lines"][0]["forecast"], page["lines"][0]["range"], page["kpis"][3][0]) == ("$120.00", "$90–$150", "Forecast")
    (tmp_path / "c.pdf").write_bytes(comparison.render(one, templates)["comparison.pdf"])
    assert "792 x 612 pts (letter)" in told("pdfinfo", tmp_path / "c.pdf")


def test_nothing_known_before_is_not_nothing_spent(templates: Path) -> None:
    one = comparison_facts(2, knows_before=False)
    document = json.loads(comparison.render(one, templates)["comparison.json"])
    assert {(line["cost_before"], line["change"], line["volume"]) for line in document["projects"]} == {(None, None, None)}
    assert {line["change"] for line in page_of(one, "x")["lines"]} == {"–"}


def test_a_project_too_little_is_found(facts: ComparisonFacts, templates: Path) -> None:
    with pytest.raises(AccountingError, match="comparison 2026-10: cost: "):
        comparison.render(replace(facts, lines=facts.lines[1:]), templates)


def test_shares_are_of_what_sources_tell() -> None:
    rows = [
        {"project": "a", "view": "log", "told": 10, "batch": 1, "requests": 5, "failed": 2},
        {"project": "a", "view": "provider", "told": 100, "batch": 25, "requests": 900, "failed": 0},
        {"project": "b", "view": "provider", "told": 0, "batch": 0, "requests": 7, "failed": 0},
    ]
    found = told_by_project(rows)
    assert found["a"] == Told(batch=25, of_tokens=100, failed=2, of_requests=5), "batches of the view that tells more, failures of logs"
    line = compared_of("b", [], [], OCTOBER, knows_before=False, budget=None, outcome=None, grade=None, told=found["b"])
    assert (line.batch_percent, line.failure_percent, line.cost, line.cost_per_request) == (None, None, None, None)


def test_the_own_budget_is_monthly_whole_and_in_money() -> None:
    whole = status("a", "100", Decimal(40))
    others = [status("a", "10", Decimal(9), period="daily"), status("a", "10", Decimal(9), unit="tokens"), status("b", "5", Decimal(5))]
    assert own_budget([*others, whole], "a", OCTOBER) == whole
    assert own_budget(others, "a", OCTOBER) is None


def test_days_without_data_are_no_percent() -> None:
    one = comparison_facts(2, days_present=12)
    page = page_of(one, "x")
    assert {line["moved"] for line in page["lines"]} == {""}
    assert "Data covers 12 of 31 days and 30 of the 30 compared with, so no change in percent is given." in page["foot"]
    assert one.lines[0].daily[0][0] == date(2026, 10, 1)
