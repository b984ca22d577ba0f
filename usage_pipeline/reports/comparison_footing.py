"""Do the files of one comparison say the same, and do the projects sum to the organisation? Reads the rendered files back."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports.comparison_facts import ComparisonFacts
from usage_pipeline.reports.comparison_files import CAUSES, COLUMNS, PROJECTS
from usage_pipeline.reports.formats.xlsx import cell_number
from usage_pipeline.reports.formats.xlsx_read import Cells, sheets_in
from usage_pipeline.tables.summary import known_total

SUMMED = (
    "cost", "billed", "estimated", "cost_before", "change", *CAUSES, "requests", "failed_requests", "tokens", "credits", "unpriced_events",
)  # fmt: skip
TOLD_MOST = 5


def differences(facts: ComparisonFacts, json_bytes: bytes, csv_bytes: bytes, workbook: bytes) -> list[str]:
    """Every place where comparison.json, .csv, .xlsx and the facts disagree, in words; empty when all agree, to the last digit."""
    document = json.loads(json_bytes)
    lines = list(csv.DictReader(io.StringIO(csv_bytes.decode("utf-8-sig"), newline="")))
    return [*_json(facts, document), *_csv(document, lines), *_sheet(sheets_in(workbook).get(PROJECTS, []), lines)]


def _json(facts: ComparisonFacts, document: Mapping[str, Any]) -> Iterator[str]:
    total = document["total"]
    yield from _unequal("the total cost", facts.whole.cost, total["cost"], "comparison.json")
    for name in SUMMED:
        yield from _unequal(name, _sum(one[name] for one in document["projects"]), total[name], "comparison.json")
    for one in (total, *document["projects"]):
        yield from _unequal(f"the causes of {one['project']!r}", _sum(one[name] for name in CAUSES), one["change"], "comparison.json")
        days = _sum(day["cost"] for day in one["daily"])
        yield from _unequal(f"the days of {one['project']!r}", days, one["cost"], "comparison.json")


def _csv(document: Mapping[str, Any], lines: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for name in SUMMED:
        yield from _unequal(name, _sum(line[name] or None for line in lines), document["total"][name], "comparison.csv")


def _sheet(cells: Cells, lines: Sequence[Mapping[str, str]]) -> list[str]:
    """The workbook's rows are the CSV's, and its last one their total."""
    if len(cells) != len(lines) + 2:
        return [f"{PROJECTS} of comparison.xlsx has {len(cells) - 2} lines, and comparison.csv {len(lines)}"]
    heads = [head or "" for head in cells[0]]
    numbers = [column.head for column in COLUMNS if column.kind in {"number", "money"}]
    found = []
    for number, (row, line) in enumerate(zip(cells[1:-1], lines, strict=True), 2):
        told = dict(zip(heads, row, strict=False))
        for name in numbers:
            cell, value = told.get(name), line[name] or None
            if (None if cell is None else Decimal(cell)) != (None if value is None else cell_number(Decimal(value))):
                found.append(f"{name} of line {number}: comparison.csv {value}, comparison.xlsx {cell}")
                if len(found) == TOLD_MOST:
                    return found
    return found


def _sum(values: Iterable[str | int | None]) -> Decimal | None:
    return known_total(None if value is None else Decimal(value) for value in values)


def _unequal(what: str, found: Decimal | None, expected: Decimal | str | int | None, where: str) -> Iterator[str]:
    """Nothing known and nothing at all are the same in a sum."""
    if (found or money.ZERO) != (Decimal(expected) if expected is not None else money.ZERO):
        yield f"{what}: {found} in {where}, and the total is {expected}"
