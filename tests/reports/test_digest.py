"""Digests and one-pagers: what they sum to, what their page holds, and that it is one page, archival and the same every time."""

import csv
import io
import json
import subprocess
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from invented_month import ORGANISATION
from invented_span import DAY_SPAN, LAST, MONTH_SPAN, WEEK_SPAN, facts, many_unpriced, two_months

from usage_pipeline import money
from usage_pipeline.reports import digest, onepager
from usage_pipeline.reports.catalog import SPAN_REPORTS
from usage_pipeline.reports.movers import movers_of
from usage_pipeline.reports.span_facts import SpanFacts, at_risk
from usage_pipeline.reports.span_files import csv_of, json_of
from usage_pipeline.reports.span_page import cause_cents, page_of
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.looks import LETTER, Looks
from usage_pipeline.tables.spans import MONTH, Span

SPANS = (DAY_SPAN, WEEK_SPAN, MONTH_SPAN)


@pytest.fixture(scope="module")
def known() -> list[DailyCost]:
    return two_months()


def rendered(one: SpanFacts, templates: Path) -> dict[str, bytes]:
    report = onepager if one.span.kind == MONTH else digest
    return report.render(one, templates)


def pdf_in(files: dict[str, bytes], folder: Path) -> Path:
    (name,) = (name for name in files if name.endswith(".pdf"))
    (folder / name).write_bytes(files[name])
    return folder / name


def told(tool: str, path: Path, last: str | None = None) -> str:
    """What one of poppler's tools says; `last` stands after the path, or before it where it is -meta."""
    words = [tool, str(path)] if last is None else [tool, last, str(path)] if last == "-meta" else [tool, str(path), last]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.kind)
def test_csv_and_json_sum_to_the_daily_costs(span: Span, known: list[DailyCost]):
    """Summed here row by row, with nothing of the report's own."""
    one = facts(span, known)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for row in known:
        if row.day in span.period and row.cost is not None:
            expected[row.project] += row.cost
    lines = list(csv.DictReader(io.StringIO(csv_of(one).decode("utf-8-sig"))))
    by_project: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        by_project[line["project"]] += Decimal(line["cost"] or 0)
    document = json.loads(json_of(one, "digest"))
    movers = {mover["key"]: Decimal(mover["cost"]) for mover in document["movers"]["project"] if mover["cost"] is not None}
    assert {key: cost for key, cost in by_project.items() if cost} == {key: cost for key, cost in expected.items() if cost}
    assert {key: cost for key, cost in movers.items() if cost} == {key: cost for key, cost in expected.items() if cost}
    assert Decimal(document["cost"]) == sum(expected.values())
    assert sum(Decimal(line["change"] or 0) for line in lines) == Decimal(document["change"])
    assert sum(map(Decimal, document["causes"].values())) == Decimal(document["change"])
    assert sum(Decimal(mover["change"]) for mover in document["movers"]["model"]) == Decimal(document["change"])
    assert sum(int(line["requests"]) for line in lines) == sum(row.requests for row in known if row.day in span.period)


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.kind)
def test_cents_on_the_page_add_up(span: Span, known: list[DailyCost]):
    one = facts(span, known)
    page = page_of(one, "digest.csv", "DG", "Digest")
    for table in page["movers"].values():
        for column in ("cost", "change"):
            shown = [amount(line[column]) for line in table["lines"]]
            assert sum(shown) == amount(table["total"][column])
    parts = sum(value for _, value in cause_cents(one))
    assert parts == amount(page["movers"]["project"]["total"]["change"])


def amount(text: str) -> Decimal:
    return Decimal(0) if text == "–" else Decimal(text.replace("−", "-").replace("$", "").replace(",", "").replace("+", ""))


@pytest.mark.parametrize("paper", ["A4", LETTER])
@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.kind)
def test_all_that_can_be_told_fits_on_one_page(span: Span, paper: str, known: list[DailyCost], templates: Path, tmp_path: Path):
    """Six unpriced models, five anomalies, five findings, seven budgets at risk, names as long as they may be."""
    one = facts(span, [*known, *many_unpriced(span.period)], looks=Looks(paper=paper))
    long_names = tuple(Project(id=project.id, name="Department of long names " * 8) for project in one.projects)
    path = pdf_in(rendered(replace(one, projects=long_names), templates), tmp_path)
    assert "Pages:           1\n" in told("pdfinfo", path)


def test_the_page_is_archival_and_holds_its_csv(known: list[DailyCost], templates: Path, tmp_path: Path):
    files = rendered(facts(WEEK_SPAN, known), templates)
    assert tuple(files) == digest.FILES
    path = pdf_in(files, tmp_path)
    metadata = told("pdfinfo", path, "-meta")
    assert ('pdfuaid:part="1"' in metadata, "<pdfaid:part>3" in metadata or 'pdfaid:part="3"' in metadata) == (True, True)
    assert "Tagged:          yes" in told("pdfinfo", path)
    subprocess.run(["pdfdetach", "-saveall", "-o", str(tmp_path), str(path)], check=True)
    assert (tmp_path / "digest.csv").read_bytes() == files["digest.csv"]
    words = told("pdftotext", path, "-")
    assert "Weekly digest" in words
    assert "Budgets at risk" in words


def test_the_same_facts_give_the_same_bytes(known: list[DailyCost], templates: Path):
    one = facts(DAY_SPAN, known)
    assert rendered(one, templates) == rendered(facts(DAY_SPAN, two_months()), templates)


def test_nothing_known_before_is_not_nothing_spent(known: list[DailyCost], templates: Path, tmp_path: Path):
    one = facts(DAY_SPAN, [row for row in known if row.day == LAST])
    document = json.loads(json_of(one, "digest"))
    assert (document["cost_before"], document["change"], document["causes"]) == (None, None, None)
    assert {line["change"] for line in csv.DictReader(io.StringIO(csv_of(one).decode("utf-8-sig")))} == {""}
    words = told("pdftotext", pdf_in(rendered(one, templates), tmp_path), "-")
    assert "nothing is known of 5 October 2026" in " ".join(words.split())


def test_no_data_at_all_is_said(templates: Path, tmp_path: Path):
    one = facts(MONTH_SPAN, [])
    assert json.loads(json_of(one, "onepager"))["cost"] is None
    assert "no data" in told("pdftotext", pdf_in(rendered(one, templates), tmp_path), "-")


def test_hostile_names_are_text(known: list[DailyCost], templates: Path, tmp_path: Path):
    names = {"support-copilot": "<script>alert(1)</script>", "search-rag": "=cmd()|x", "sandbox": "../../x"}
    rows = [replace(row, project=names.get(row.project, row.project), model=row.model and f"=<b>{row.model}") for row in known]
    one = facts(DAY_SPAN, rows, organisation=replace(ORGANISATION, name="<i>Org"))
    files = rendered(one, templates)
    assert b"\n=cmd" not in files["digest.csv"]
    assert b",=cmd" not in files["digest.csv"]
    assert b",'=cmd()|x," in files["digest.csv"]
    words = told("pdftotext", pdf_in(files, tmp_path), "-")
    assert "<script>alert(1)</script>" in words
    assert "<i>Org" in words


def test_movers_sum_to_the_change_and_stand_by_size(known: list[DailyCost]):
    now, before = [row for row in known if row.day in WEEK_SPAN.period], [row for row in known if row.day < WEEK_SPAN.period.start]
    found = movers_of("model", now, before)
    assert [abs(one.change) for one in found] == sorted((abs(one.change) for one in found), reverse=True)
    whole = money.total([row.cost for row in now]) - money.total([row.cost for row in before])
    assert money.total([one.change for one in found]) == whole


def test_budgets_at_risk_stand_by_what_they_come_to():
    one = facts(DAY_SPAN)
    assert one.budgets[0].spent > one.budgets[0].limit
    calm = replace(one.budgets[-1], level=None, threshold=None, spent=Decimal(1), forecast=Decimal(2))
    assert at_risk([calm]) == ()
    assert at_risk([replace(calm, forecast=Decimal(100))]) != ()


def test_the_catalog_lists_the_files(known: list[DailyCost], templates: Path):
    one = facts(WEEK_SPAN, known)
    for report in SPAN_REPORTS:
        assert tuple(report.render(one, templates)) == report.files
