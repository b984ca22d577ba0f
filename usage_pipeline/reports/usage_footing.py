"""Do the files of one usage report say the same, and does every table of them sum to the total? Reads the rendered files back."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports.formats.xlsx import cell_number
from usage_pipeline.reports.formats.xlsx_read import Cells, sheets_in
from usage_pipeline.reports.usage_facts import UsageFacts
from usage_pipeline.reports.usage_files import ROWS
from usage_pipeline.reports.usage_rows import COLUMNS, DAYS, HOURS, METER, RECENT, TOTAL
from usage_pipeline.tables.logged_use import DIMENSIONS, TOP
from usage_pipeline.tables.summary import known_total

WHOLE = (*DIMENSIONS, *TOP)
SUMMED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(WHOLE, ("cost", "requests", "tokens", "credits", "failed_requests", "unpriced_events")),
    METER: ("cost", "tokens"),
    DAYS: ("cost", "requests", "tokens", "credits", "failed_requests", "unpriced_events"),
    HOURS: ("cost", "requests", "tokens", "credits"),
}
"""What of each table sums to the total."""
TOLD_MOST = 5


def differences(facts: UsageFacts, json_bytes: bytes, csv_bytes: bytes, workbook: bytes) -> list[str]:
    """Every place where usage.json, usage.csv, usage.xlsx and the facts disagree, in words; empty when all agree, to the last digit."""
    document = json.loads(json_bytes)
    lines = list(csv.DictReader(io.StringIO(csv_bytes.decode("utf-8-sig"), newline="")))
    return [*_json(facts, document), *_csv(facts, lines), *_sheet(sheets_in(workbook).get(ROWS, []), lines)]


def _json(facts: UsageFacts, document: Mapping[str, Any]) -> Iterator[str]:
    total = document["total"]
    yield from _unequal("the total cost", facts.total.known_cost, total["cost"], "usage.json")
    for table, names in SUMMED.items():
        for name in names:
            yield from _unequal(f"{name} by {table}", _sum(row[name] for row in document[f"by_{table}"]), total[name], "usage.json")


def _csv(facts: UsageFacts, lines: Sequence[Mapping[str, str]]) -> Iterator[str]:
    tables: dict[str, list[Mapping[str, str]]] = {}
    for line in lines:
        tables.setdefault(line["table"], []).append(line)
    (total,) = tables[TOTAL]
    yield from _unequal("the total cost", facts.total.known_cost, total["cost"] or None, "usage.csv")
    for table, names in SUMMED.items():
        for name in names:
            found = _sum(line[name] or None for line in tables.get(table, ()))
            yield from _unequal(f"{name} by {table}", found, total[name] or None, "usage.csv")
    if len(tables.get(RECENT, ())) != len(facts.recent):
        yield f"usage.csv has {len(tables.get(RECENT, ()))} newest requests, of {len(facts.recent)}"


def _sheet(cells: Cells, lines: Sequence[Mapping[str, str]]) -> list[str]:
    """The workbook's rows are the CSV's, number by number."""
    if len(cells) != len(lines) + 1:
        return [f"{ROWS} of usage.xlsx has {len(cells) - 1} lines, and usage.csv {len(lines)}"]
    heads = [head or "" for head in cells[0]]
    numbers = [column.head for column in COLUMNS if column.kind in {"number", "money"}]
    found = []
    for number, (row, line) in enumerate(zip(cells[1:], lines, strict=True), 2):
        told = dict(zip(heads, row, strict=False))
        for name in numbers:
            cell, value = told.get(name), line[name] or None
            if (None if cell is None else Decimal(cell)) != (None if value is None else cell_number(Decimal(value))):
                found.append(f"{name} of line {number}: usage.csv {value}, {ROWS} of usage.xlsx {cell}")
                if len(found) == TOLD_MOST:
                    return found
    return found


def _sum(values: Iterable[str | int | None]) -> Decimal | None:
    return known_total(None if value is None else Decimal(value) for value in values)


def _unequal(what: str, found: Decimal | None, expected: Decimal | str | int | None, where: str) -> Iterator[str]:
    """Nothing known and nothing at all are the same in a sum."""
    if (found or money.ZERO) != (Decimal(expected) if expected is not None else money.ZERO):
        yield f"{what}: {found} in {where}, and the total is {expected}"
