"""Do the files of one comparison say the same, and do the projects sum to the organisation? Reads the rendered files back."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from usage_pipeline.reports.comparison_facts import ComparisonFacts
from usage_pipeline.reports.comparison_files import CAUSES, COLUMNS, PROJECTS
from usage_pipeline.reports.footing_rows import other_cells, sum_of, unequal
from usage_pipeline.reports.formats.xlsx_read import sheets_in

SUMMED = (
    "cost", "billed", "estimated", "cost_before", "change", *CAUSES, "requests", "failed_requests", "tokens", "credits", "unpriced_events",
)  # fmt: skip
NUMBERS = [column.head for column in COLUMNS if column.kind in {"number", "money"}]
NAMES = ("comparison.csv", f"{PROJECTS} of comparison.xlsx")


def differences(facts: ComparisonFacts, json_bytes: bytes, csv_bytes: bytes, workbook: bytes) -> list[str]:
    """Every place where comparison.json, .csv, .xlsx and the facts disagree, in words; empty when all agree, to the last digit."""
    document = json.loads(json_bytes)
    lines = list(csv.DictReader(io.StringIO(csv_bytes.decode("utf-8-sig"), newline="")))
    rows = sheets_in(workbook).get(PROJECTS, [])[:-1]  # the last one is their total
    return [*_json(facts, document), *_csv(document, lines), *other_cells(rows, lines, NUMBERS, NAMES)]


def _json(facts: ComparisonFacts, document: Mapping[str, Any]) -> Iterator[str]:
    total = document["total"]
    yield from unequal("the total cost", facts.whole.cost, total["cost"], "comparison.json")
    for name in SUMMED:
        yield from unequal(name, sum_of(one[name] for one in document["projects"]), total[name], "comparison.json")
    for one in (total, *document["projects"]):
        yield from unequal(f"the causes of {one['project']!r}", sum_of(one[name] for name in CAUSES), one["change"], "comparison.json")
        days = sum_of(day["cost"] for day in one["daily"])
        yield from unequal(f"the days of {one['project']!r}", days, one["cost"], "comparison.json")


def _csv(document: Mapping[str, Any], lines: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for name in SUMMED:
        yield from unequal(name, sum_of(line[name] or None for line in lines), document["total"][name], "comparison.csv")
