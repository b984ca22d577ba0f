"""Hostile names in project, user and model are only text in every file; ten thousand rows and long names have their place."""

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from invented_month import OCTOBER, ORGANISATION, row, snapshot
from openpyxl import load_workbook
from pypdf import PdfReader

from usage_pipeline.periods import ONE_DAY
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.formats.guards import DANGER, guarded, unguarded
from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.ledger import MODELS_MOST, ROWS_MOST
from usage_pipeline.reports.render import render
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.configuration import Project

NAMES = (
    "<script>alert(1)</script>", "=cmd()", "=cmd|'/C calc'!A0", "@SUM(1)", "+1-1", "-2", "\t=1", " =1", "\u3000=1", "\ufeff=1", "＝1",
    "../../x", "..\\..\\x", "n" * 300, "🚀🧨", "مشروع", "a\u202egnp.exe", "שלום", "<r><t>1</t></r>", "{{7*7}}", "支持",
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile() -> Snapshot:
    rows = [
        row(project=name, user=name, model=name, meter="output", quantity=Decimal(10), cost=Decimal(place))
        for place, name in enumerate(NAMES, 1)
    ]
    return snapshot(
        daily=rows,
        projects=[Project(id=name, name=name) for name in NAMES],
        statuses=[],
        organisation=replace(ORGANISATION, name=NAMES[0]),
    )


@pytest.fixture(scope="module")
def files(hostile: Snapshot, templates: Path) -> dict[str, bytes]:
    return render(hostile, templates)


def test_pdf_shows_names_as_text_and_does_nothing(files: dict[str, bytes]):
    reader = PdfReader(io.BytesIO(files["statement.pdf"]))
    printed = "\n".join(page.extract_text() for page in reader.pages)
    for name in ("<script>alert(1)</script>", "=cmd()", "../../x", "🚀", "支持", "{{7*7}}"):
        assert name in printed
    assert "\u202e" not in printed
    assert list(reader.attachments) == ["statement.csv"]
    catalog = reader.trailer["/Root"]
    assert "/JavaScript" not in str(catalog.get("/Names", ""))
    assert "/OpenAction" not in catalog


def test_html_has_no_markup_of_theirs(hostile: Snapshot, templates: Path):
    page = html_of(hostile, templates)
    assert "<script" not in page
    assert "<r><t>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_csv_has_no_cell_that_runs_and_keeps_every_name(files: dict[str, bytes]):
    lines = list(csv.DictReader(io.StringIO(files["statement.csv"].decode("utf-8-sig"), newline="")))
    for column in ("project", "user", "model"):
        assert not [line[column] for line in lines if line[column].lstrip(" \u00a0\u3000\ufeff").startswith(DANGER)]
        assert {unguarded(line[column]) for line in lines} == set(NAMES)
    assert {line["cost"] for line in lines} == {str(place) for place in range(1, len(NAMES) + 1)}, "numbers stay numbers"


def test_xlsx_has_text_only_and_keeps_every_name(files: dict[str, bytes]):
    book = load_workbook(io.BytesIO(files["statement.xlsx"]))
    cells = [cell for page in book for line in page.iter_rows() for cell in line if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    users = {cell.value for cell in book["By user"]["A"]}
    assert {name for name in NAMES if name != "<r><t>1</t></r>"} <= users


def test_json_keeps_every_name_as_it_is(files: dict[str, bytes]):
    document = json.loads(files["statement.json"])
    for dimension in ("project", "user", "model"):
        assert {line["key"] for line in document[f"by_{dimension}"]} == set(NAMES)


def test_all_of_them_foot(hostile: Snapshot, files: dict[str, bytes]):
    printed = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(files["statement.pdf"])).pages)
    assert differences(files["statement.json"], files["statement.csv"], hostile, printed, workbook=files["statement.xlsx"]) == []


@pytest.mark.parametrize(
    "space", [" ", "\u00a0", "\u2003", "\u200b", "\u3000", "\ufeff"], ids=["space", "nbsp", "em", "zero", "wide", "mark"]
)
def test_a_formula_behind_any_space_is_guarded_and_comes_back(space: str):
    assert guarded(space + "=1") == "'" + space + "=1"
    assert unguarded(guarded(space + "=1")) == space + "=1"
    assert guarded(space + "a=1") == space + "a=1"


def test_ten_thousand_rows_are_printed_in_part_and_attached_whole(templates: Path):
    rows = [
        row(
            day=OCTOBER.start + ONE_DAY * (number % 31), project=f"p{number % 40:02}", user=f"u{number % 997}",
            model=f"{'long-name-of-a-model-' * 4}{number % 251}", meter="output", quantity=Decimal(number), cost=Decimal(number) / 1000,
        )
        for number in range(10_000)
    ]  # fmt: skip
    one = snapshot(daily=rows, projects=[Project(id=f"p{number:02}", name="Long name " * 20) for number in range(40)], statuses=[])
    assert len(one.rows) == 10_000
    files = render(one, templates)
    reader = PdfReader(io.BytesIO(files["statement.pdf"]))
    printed = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
    assert len(reader.pages) <= 46
    assert f"{40 - ROWS_MOST // (MODELS_MOST + 1)} other projects" in printed
    assert "230 other models" in printed
    assert "All rows are in statement.csv (attached) and statement.xlsx." in printed
    assert reader.attachments["statement.csv"] == [files["statement.csv"]]
    assert files["statement.csv"].count(b"\r\n") == 10_001
    assert differences(files["statement.json"], files["statement.csv"], one, printed, workbook=files["statement.xlsx"]) == []
