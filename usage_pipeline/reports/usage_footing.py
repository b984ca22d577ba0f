"""Do the files of one usage report say the same, and does every table of them sum to the total? Reads the rendered files back."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from usage_pipeline.reports.footing_rows import other_cells, sum_of, unequal
from usage_pipeline.reports.formats.xlsx_read import sheets_in
from usage_pipeline.reports.usage_facts import UsageFacts
from usage_pipeline.reports.usage_files import ROWS
from usage_pipeline.reports.usage_rows import COLUMNS, DAYS, HOURS, METER, RECENT, TOTAL
from usage_pipeline.tables.logged_use import DIMENSIONS, TOP

WHOLE = (*DIMENSIONS, *TOP)
SUMMED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(WHOLE, ("cost", "requests", "tokens", "credits", "failed_requests", "unpriced_events")),
    METER: ("cost", "tokens"),
    DAYS: ("cost", "requests", "tokens", "credits", "failed_requests", "unpriced_events"),
    HOURS: ("cost", "requests", "tokens", "credits"),
}
"""What of each table sums to the total."""
NUMBERS = [column.head for column in COLUMNS if column.kind in {"number", "money"}]
NAMES = ("usage.csv", f"{ROWS} of usage.xlsx")


def differences(facts: UsageFacts, json_bytes: bytes, csv_bytes: bytes, workbook: bytes) -> list[str]:
    """Every place where usage.json, usage.csv, usage.xlsx and the facts disagree, in words; empty when all agree, to the last digit."""
    document = json.loads(json_bytes)
    lines = list(csv.DictReader(io.StringIO(csv_bytes.decode("utf-8-sig"), newline="")))
    return [*_json(facts, document), *_csv(facts, lines), *other_cells(sheets_in(workbook).get(ROWS, []), lines, NUMBERS, NAMES)]


def _json(facts: UsageFacts, document: Mapping[str, Any]) -> Iterator[str]:
    total = document["total"]
    yield from unequal("the total cost", facts.total.known_cost, total["cost"], "usage.json")
    for table, names in SUMMED.items():
        for name in names:
            yield from unequal(f"{name} by {table}", sum_of(row[name] for row in document[f"by_{table}"]), total[name], "usage.json")


def _csv(facts: UsageFacts, lines: Sequence[Mapping[str, str]]) -> Iterator[str]:
    tables: dict[str, list[Mapping[str, str]]] = {}
    for line in lines:
        tables.setdefault(line["table"], []).append(line)
    (total,) = tables[TOTAL]
    yield from unequal("the total cost", facts.total.known_cost, total["cost"] or None, "usage.csv")
    for table, names in SUMMED.items():
        for name in names:
            found = sum_of(line[name] or None for line in tables.get(table, ()))
            yield from unequal(f"{name} by {table}", found, total[name] or None, "usage.csv")
    if len(tables.get(RECENT, ())) != len(facts.recent):
        yield f"usage.csv has {len(tables.get(RECENT, ()))} newest requests, of {len(facts.recent)}"
