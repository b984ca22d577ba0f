"""Does statement.xlsx say what statement.json and statement.csv say? Reads it back, cell by cell."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline.reports import words
from usage_pipeline.reports.footing_more import more_sheet_differences
from usage_pipeline.reports.formats.csv import AMOUNTS, COLUMNS
from usage_pipeline.reports.formats.guards import unguarded
from usage_pipeline.reports.formats.json import DIMENSIONS
from usage_pipeline.reports.formats.xlsx import cell_number, cell_text
from usage_pipeline.reports.formats.xlsx_read import Cells, sheets_in
from usage_pipeline.reports.sheets import ROWS, SUMMARY, sheet_name

NUMBERS = frozenset({*AMOUNTS, "requests", "unpriced_events"})
HEADS = {
    "requests": "requests",
    "tokens": "tokens",
    "cost": "cost",
    "billed": "billed_cost",
    "estimated": "estimated_cost",
    "list": "list_cost",
}
"""A breakdown's head, without its currency → the field of statement.json."""
FIRST_DAY = date(1899, 12, 30).toordinal()
"""Spreadsheets count days from there."""
TOLD_MOST = 5


def sheet_differences(content: bytes, document: Mapping[str, Any], lines: Sequence[Mapping[str, str]]) -> list[str]:
    """Every place where the workbook says something else than `document` (statement.json) and `lines` (statement.csv), in words."""
    sheets = sheets_in(content)
    found = [*_summary(sheets.get(SUMMARY, []), document["totals"])]
    for dimension in DIMENSIONS:
        found += _breakdown(sheets.get(sheet_name(dimension), []), dimension, document)
    rows = [row for name, cells in sheets.items() if name == ROWS or name.startswith(ROWS + " ") for row in cells[1:]]
    return found + _rows(rows, lines) + more_sheet_differences(document, sheets)


def _summary(cells: Cells, totals: Mapping[str, Any]) -> Iterator[str]:
    """Each total as number and in all its digits."""
    told = {row[0]: row for row in cells if row and row[0] in totals}
    for name, value in totals.items():
        if name not in told and name in {"cost", "billed_cost", "estimated_cost", "list_cost", "requests", "credits"}:
            yield f"{SUMMARY} of statement.xlsx lacks {name}"
        elif name in told:
            _, number, exact = [*told[name], None, None][:3]
            if exact != (None if value is None else str(value)) or not _same(number, value):
                yield f"{name}: json {value}, {SUMMARY} of statement.xlsx {exact} ({number})"


def _breakdown(cells: Cells, dimension: str, document: Mapping[str, Any]) -> list[str]:
    name = sheet_name(dimension)
    if not cells:
        return [f"statement.xlsx has no sheet {name!r}"]
    heads = [(head or "").partition(" (")[0] for head in cells[0]]
    groups, rows = document[f"by_{dimension}"], cells[1:]
    if len(rows) != len(groups) + 1:
        return [f"{name} of statement.xlsx has {len(rows) - 1} lines, and statement.json {len(groups)}"]
    totals = dict(document["totals"])
    found = []
    for group, row in zip([*groups, totals], rows, strict=True):
        shown = dict(zip(heads, row, strict=False))
        key = "Total" if group is totals else _key(dimension, group["key"])
        if shown.get(dimension) != key:
            found.append(f"{name} of statement.xlsx has {shown.get(dimension)!r} where {key!r} is due")
        found += [
            f"{field} of {key!r}: json {group[field]}, {name} of statement.xlsx {shown.get(head)}"
            for head, field in HEADS.items()
            if not _same(shown.get(head), group[field])
        ]
    return found[:TOLD_MOST]


def _key(dimension: str, key: str | None) -> str:
    if key is None:
        return words.UNKNOWN[dimension]
    return str(date.fromisoformat(key).toordinal() - FIRST_DAY) if dimension == "day" else cell_text(key)


def _rows(rows: Cells, lines: Sequence[Mapping[str, str]]) -> list[str]:
    if len(rows) != len(lines):
        return [f"{ROWS} of statement.xlsx has {len(rows)} lines, and statement.csv {len(lines)}"]
    found = []
    for number, (row, line) in enumerate(zip(rows, lines, strict=True), 2):
        cells = dict(zip(COLUMNS, row, strict=False))
        for name in COLUMNS:
            if name in NUMBERS:
                is_same = _same(cells.get(name), line[name] or None)
            else:
                is_same = (cells.get(name) or "") == cell_text(unguarded(line[name]))
            if not is_same:
                found.append(f"{name} of line {number}: csv {line[name]!r}, {ROWS} of statement.xlsx {cells.get(name)!r}")
                if len(found) == TOLD_MOST:
                    return found
    return found


def _same(cell: str | None, value: str | int | None) -> bool:
    """Whether the cell holds the number that a cell can hold of `value`."""
    if cell is None or value is None:
        return cell is None and value is None
    return Decimal(cell) == cell_number(Decimal(value))
