"""statement.xlsx: typed and filterable sheets of the same snapshot. Same snapshot, same bytes: the data's last day dates it.

Text is written as text whatever it starts with, so a spreadsheet runs none of it, and needs no apostrophe as the CSV does. Numbers are
numbers of 15 digits, as spreadsheets have them; all digits stand beside each total as text, in statement.csv and in statement.json.
"""

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from usage_pipeline.periods import start_of
from usage_pipeline.reports.sheets import DAY, MOMENT, MONEY, NUMBER, PERCENT, Sheet, Value, sheets_of
from usage_pipeline.reports.sheets_more import more_sheets
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.looks import A4, LETTER

SAFE: dict[str, Any] = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
LONGEST = 32_767
"""A cell's text, in UTF-16 units."""
FORMATS = {MONEY: "#,##0.00####", NUMBER: "#,##0.######", PERCENT: "0.0%", DAY: "yyyy-mm-dd", MOMENT: "yyyy-mm-dd hh:mm:ss"}
WHOLE = "#,##0"
RICH_START, RICH_END = "<r>", "</r>"
HUNDRED = Decimal(100)
PAPERS = {A4: 9, LETTER: 1}
"""The numbers that spreadsheets know papers by."""


def xlsx_of(snapshot: Snapshot) -> bytes:
    """All sheets of `reports/sheets.py` and `sheets_more.py` as one workbook."""
    return workbook_of(
        sheets_of(snapshot, more_sheets(snapshot)),
        title=f"AI usage cost statement {snapshot.period}, {snapshot.scope}",
        author=snapshot.organisation.name,
        comments=f"revision {snapshot.revision}, {snapshot.finality}",
        moment=start_of(snapshot.data_through or snapshot.month.start),
        paper=snapshot.looks.paper,
    )


def workbook_of(sheets: Iterable[Sheet], *, title: str, author: str, comments: str, moment: datetime, paper: str) -> bytes:
    """`sheets` as one workbook that `moment` dates: never the clock."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, SAFE)
    created = moment.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": title, "author": cell_text(author), "comments": comments, "created": created})
    looks = _looks(book) | {"paper": PAPERS[paper]}
    for sheet in sheets:
        _write(book.add_worksheet(sheet.name), sheet, looks)
    book.close()
    return buffer.getvalue()


def cell_text(value: str) -> str:
    """`value` as a cell can hold it: characters that XML has not become the replacement character, the end of what is too long is left out.

    A text between <r> and </r> would be taken for markup by what writes the file: a space behind it makes it text again.
    """
    text = "".join(one if one <= "\ufffd" or one > "\uffff" else "\ufffd" for one in value)
    if len(text) > LONGEST // 2 and len(text.encode("utf-16-le")) // 2 > LONGEST:
        text = text.encode("utf-16-le")[: 2 * (LONGEST - 1)].decode("utf-16-le", "ignore") + "…"
    return text + " " if text.startswith(RICH_START) and text.endswith(RICH_END) else text


def cell_number(value: Decimal | int) -> Decimal:
    """The number that a cell keeps of `value`: 16 digits, as the file is written."""
    return Decimal(f"{value:.16G}")


def _looks(book: Any) -> dict[str, Any]:
    plain = {kind: book.add_format({"num_format": code}) for kind, code in FORMATS.items()}
    bold = {f"total {kind}": book.add_format({"num_format": code, "bold": True, "top": 1}) for kind, code in FORMATS.items()}
    return {
        **plain,
        **bold,
        "whole": book.add_format({"num_format": WHOLE}),
        "total whole": book.add_format({"num_format": WHOLE, "bold": True, "top": 1}),
        "total text": book.add_format({"bold": True, "top": 1}),
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "head number": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "align": "right"}),
        "label": book.add_format({"bold": True}),
    }


def _write(page: Any, sheet: Sheet, looks: dict[str, Any]) -> None:
    """Row after row: what was written before is on the disk already."""
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width)
    for number, (label, text) in enumerate(sheet.above):
        page.write_string(number, 0, label, looks["label"])
        page.write_string(number, 1, cell_text(text))
    head = len(sheet.above) + bool(sheet.above)
    for place, column in enumerate(sheet.columns):
        page.write_string(head, place, column.head, looks["head" if column.kind in {"text", DAY, MOMENT} else "head number"])
    for number, row in enumerate(sheet.rows, head + 1):
        for place, (value, column) in enumerate(zip(row, sheet.columns, strict=True)):
            _cell(page, number, place, value, column.kind, looks, "")
    last = head + len(sheet.rows)
    for place, (value, column) in enumerate(zip(sheet.total, sheet.columns, strict=False)):
        _cell(page, last + 1, place, value, column.kind, looks, "total ")
    page.autofilter(head, 0, max(last, head), len(sheet.columns) - 1)
    page.freeze_panes(head + 1, 1)
    page.repeat_rows(head)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_paper(looks["paper"])
    page.set_footer("&L&A&RPage &P of &N")


def _cell(page: Any, row: int, place: int, value: Value, kind: str, looks: dict[str, Any], prefix: str) -> None:
    """One value in the type it has. Null writes nothing."""
    if value is None:
        return
    if isinstance(value, str):
        page.write_string(row, place, cell_text(value), looks.get(prefix + "text"))
    elif isinstance(value, datetime):
        page.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None, microsecond=0), looks[prefix + MOMENT])
    elif isinstance(value, date):
        page.write_datetime(row, place, datetime(value.year, value.month, value.day), looks[prefix + DAY])  # noqa: DTZ001 — a cell has no zone
    elif kind == PERCENT:
        page.write_number(row, place, _plain(value / HUNDRED), looks[prefix + PERCENT])
    else:
        is_whole = kind == NUMBER and (isinstance(value, int) or value == value.to_integral_value())
        page.write_number(row, place, _plain(value), looks[prefix + ("whole" if is_whole else kind)])


def _plain(value: Decimal | int) -> Decimal | int:
    """Without zeros at its end, so that equal numbers are equal bytes whatever kept them."""
    return int(value) if value == int(value) else Decimal(value).normalize()
