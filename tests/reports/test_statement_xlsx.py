"""statement.xlsx: typed, filterable, the same bytes always, never a formula, and cell by cell what the other files say."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_month import OCTOBER, row, snapshot, status
from openpyxl import load_workbook

from usage_pipeline import money
from usage_pipeline.errors import UsageError
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.formats.csv import COLUMNS, csv_of
from usage_pipeline.reports.formats.json import DIMENSIONS, json_of
from usage_pipeline.reports.formats.xlsx import LONGEST, cell_number, cell_text, xlsx_of
from usage_pipeline.reports.formats.xlsx_read import sheets_in
from usage_pipeline.reports.sheets import ROWS, SUMMARY, Column, Sheet, sheet_name, sheets_of
from usage_pipeline.reports.sheets_more import CHANGES, UNIT_COSTS
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.costs import DailyCost

HOSTILE = (
    "<script>alert(1)</script>", "=cmd()", '=HYPERLINK("http://x")', "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "../../x",
    "n" * 300, "🚀 rocket", "مشروع", "שלום", "<r><t>x</t></r>", "_x0041_", "a&b\"'>", "line\nbreak", "\x00\x1f", "\ufffe\uffff", "支持门户",
)  # fmt: skip


def opened(content: bytes) -> Any:
    return load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module")
def book(organisation: Snapshot) -> Any:
    return opened(xlsx_of(organisation))


def test_sheets_are_typed_filterable_and_frozen(book: Any, organisation: Snapshot):
    assert book.sheetnames == [SUMMARY, *map(sheet_name, DIMENSIONS), "Budgets", "Unpriced", CHANGES, UNIT_COSTS, ROWS]
    for page in book:
        assert page.auto_filter.ref
        assert page.freeze_panes
        assert page.print_title_rows
    rows = book[ROWS]
    assert [cell.value for cell in rows[1]] == list(COLUMNS)
    assert rows.max_row == len(organisation.rows) + 1
    cost = rows.cell(2, COLUMNS.index("cost") + 1)
    assert cost.data_type == "n"
    assert cost.number_format == "#,##0.00####"
    day = book["By day"].cell(2, 1)
    assert day.value == datetime(2026, 10, 1)  # noqa: DTZ001
    assert day.number_format == "yyyy-mm-dd"


def test_a_total_stands_below_each_breakdown_outside_its_filter(book: Any, organisation: Snapshot):
    for dimension in DIMENSIONS:
        page = book[sheet_name(dimension)]
        assert page.cell(page.max_row, 1).value == "Total"
        assert page.auto_filter.ref.endswith(str(page.max_row - 1))
    heads = [cell.value for cell in book["By team"][1]]
    page = book["By team"]
    assert page.cell(page.max_row, heads.index("cost (USD)") + 1).value == float(organisation.totals.cost)


def test_the_summary_has_all_digits(organisation: Snapshot, book: Any):
    told = {line[0].value: (line[1].value, line[2].value) for line in book[SUMMARY].iter_rows(max_col=3)}
    assert told["cost"] == (float(organisation.totals.cost), money.text(organisation.totals.cost))
    assert told["Period"][0] == "2026-10"
    assert told["State"][0] == "provisional, revision 1"


def test_null_is_an_empty_cell(organisation: Snapshot, book: Any):
    place = next(number for number, one in enumerate(organisation.rows, 2) if one.cost is None)
    assert book[ROWS].cell(place, COLUMNS.index("cost") + 1).value is None


def test_same_bytes_and_the_data_dates_it(organisation: Snapshot):
    content = xlsx_of(organisation)
    assert xlsx_of(organisation) == content
    assert opened(content).properties.created == datetime(2026, 10, 31)  # noqa: DTZ001
    assert {one.date_time[0] for one in zipfile.ZipFile(io.BytesIO(content)).infolist()} == {1980}


def test_names_are_only_text(organisation: Snapshot):
    rows = [row(project=name, team=name, user=name, model=name, operation=name, cost=Decimal(1)) for name in HOSTILE]
    one = snapshot(daily=rows, projects=[], statuses=[status(HOSTILE[1], "1", Decimal(2), budget_id=HOSTILE[1])])
    content = xlsx_of(one)
    assert differences(json_of(one), csv_of(one), one, workbook=content) == []
    book = opened(content)
    assert not any(cell.data_type == "f" or cell.hyperlink for page in book for line in page.iter_rows() for cell in line)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet or b"<r><t>" in sheet or b"<script" in sheet for sheet in sheets)
    users = {cell.value for cell in book["By user"]["A"]}
    assert {"=cmd()", "../../x", "n" * 300, "🚀 rocket", "مشروع", "<r><t>x</t></r> "} <= users


@given(st.text(st.characters(codec="utf-8")))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_back(name: str):
    one = snapshot(daily=[row(project="one", user=name, cost=Decimal(1))], projects=[], statuses=[])
    shown = sheets_in(xlsx_of(one))[ROWS][1][COLUMNS.index("user")] or ""
    assert shown.replace("\r\n", "\n") == cell_text(name).replace("\r\n", "\n")


def test_a_text_too_long_for_a_cell_is_cut():
    assert len(cell_text("🚀" * 20_000).encode("utf-16-le")) // 2 <= LONGEST
    assert cell_text("a" * LONGEST) == "a" * LONGEST
    assert cell_text("a" * 40_000).endswith("…")


def test_a_number_is_the_nearest_that_a_cell_holds():
    assert cell_number(Decimal("0.1")) == Decimal("0.1")
    assert cell_number(Decimal("1526.143211000000001")) == Decimal("1526.143211")
    assert cell_number(10**15) == 10**15


def test_more_rows_than_a_sheet_has_go_on_in_another(organisation: Snapshot, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("usage_pipeline.reports.sheets.ROWS_A_SHEET", 100)
    names = [sheet.name for sheet in sheets_of(organisation) if sheet.name.startswith(ROWS)]
    assert names[:2] == [ROWS, "Rows 2"]
    assert len(names) == -(-len(organisation.rows) // 100)
    assert differences(json_of(organisation), csv_of(organisation), organisation, workbook=xlsx_of(organisation)) == []


def test_an_empty_month_has_its_sheets():
    one = snapshot(daily=[], statuses=[], previous=None, inputs=[])
    content = xlsx_of(one)
    assert opened(content).sheetnames == [SUMMARY, *map(sheet_name, DIMENSIONS), ROWS]
    assert differences(json_of(one), csv_of(one), one, workbook=content) == []


def mutated(one: Snapshot, name: str, change: Any, monkeypatch: pytest.MonkeyPatch) -> bytes:
    def changed(snapshot: Snapshot, more: Sequence[Sheet] = ()) -> list[Sheet]:
        return [change(sheet) if sheet.name == name else sheet for sheet in sheets_of(snapshot, more)]

    monkeypatch.setattr("usage_pipeline.reports.formats.xlsx.sheets_of", changed)
    return xlsx_of(one)


def with_cell(sheet: Sheet, line: int, head: str, value: Any) -> Sheet:
    place = next(place for place, column in enumerate(sheet.columns) if column.head == head)
    rows = [list(values) for values in sheet.rows]
    rows[line][place] = value
    return replace(sheet, rows=[tuple(values) for values in rows])


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (ROWS, lambda sheet: with_cell(sheet, 0, "cost", Decimal("0.0000001")), "cost of line 2: csv "),
        (ROWS, lambda sheet: with_cell(sheet, 0, "user", "another"), "user of line 2: csv "),
        (ROWS, lambda sheet: replace(sheet, rows=sheet.rows[1:]), "Rows of statement.xlsx has "),
        ("By team", lambda sheet: with_cell(sheet, 0, "cost (USD)", None), "cost of "),
        ("By team", lambda sheet: with_cell(sheet, 0, "team", "x"), "By team of statement.xlsx has 'x'"),
        ("By user", lambda sheet: replace(sheet, rows=sheet.rows[1:]), "By user of statement.xlsx has "),
        ("By day", lambda sheet: replace(sheet, name="By date"), "statement.xlsx has no sheet 'By day'"),
        (CHANGES, lambda sheet: with_cell(sheet, 0, "change (USD)", Decimal(7)), "Changes of statement.xlsx says otherwise"),
        (SUMMARY, lambda sheet: with_cell(sheet, 3, "exact", "1.5"), "tokens: json "),
        (SUMMARY, lambda sheet: replace(sheet, rows=[]), "Summary of statement.xlsx lacks requests"),
    ],
    ids=["cost of a row", "text of a row", "row lost", "cost lost", "name", "line lost", "no sheet", "change", "exact digits", "no totals"],
)  # fmt: skip
def test_a_wrong_cell_is_found(project: Snapshot, name: str, change: Any, said: str, monkeypatch: pytest.MonkeyPatch):
    content = mutated(project, name, change, monkeypatch)
    found = differences(json_of(project), csv_of(project), project, workbook=content)
    assert any(words.startswith(said) for words in found), found


def test_what_is_no_workbook_is_told_with_the_mend():
    with pytest.raises(UsageError, match=r"statement.xlsx cannot be read .* run `usage-pipeline run`"):
        sheets_in(b"PK")


def test_columns_are_wide_enough_to_be_read(organisation: Snapshot):
    assert all(isinstance(column, Column) and column.width >= 10 for sheet in sheets_of(organisation) for column in sheet.columns)
    assert OCTOBER.start.isoformat() == "2026-10-01"


def test_any_rows_foot_in_the_workbook(october: list[DailyCost]):
    for scope in ("organisation", "sandbox", "support-copilot"):
        one = snapshot(scope, daily=october)
        assert differences(json_of(one), csv_of(one), one, workbook=xlsx_of(one)) == []
