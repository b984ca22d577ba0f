"""statement.csv: the rows behind the statement, for spreadsheets. One row a project, model, user, meter ... of the month; no total row.

UTF-8 with byte order mark (unless `reports: excel_bom: false`) and CRLF, exact decimals with a point, an empty field for null.
Text that a spreadsheet would run as a formula gets a leading apostrophe (`guards.py`). Machines read statement.json.
"""

import csv
import io

from usage_pipeline import money
from usage_pipeline.reports.formats.guards import guarded
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.costs import MonthlyCost
from usage_pipeline.tables.meters import METERS, REQUESTS

COLUMNS = (
    "period", "project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status", "meter", "quantity", "unit",
    "requests", "list_cost", "estimated_cost", "billed_cost", "cost", "currency", "basis", "unpriced_reason", "credits",
    "unpriced_quantity", "unpriced_events", "revision", "finality", "grade",
)  # fmt: skip
TEXT = ("project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status", "meter", "basis", "unpriced_reason")
"""Columns whose values come from outside as text: these are guarded. Numbers stay numbers, so that -2.50 stays a credit."""
BOM = b"\xef\xbb\xbf"
AMOUNTS = ("quantity", "list_cost", "estimated_cost", "billed_cost", "cost", "credits", "unpriced_quantity")

UNITS = {meter.name: meter.unit for meter in METERS} | {REQUESTS: "Requests"}


def csv_of(snapshot: Snapshot) -> bytes:
    """The snapshot's rows as CSV. Sums by project equal the JSON's to the last digit."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_fields(row, snapshot) for row in snapshot.rows)
    return (BOM if snapshot.looks.excel_bom else b"") + buffer.getvalue().encode()


def _fields(row: MonthlyCost, snapshot: Snapshot) -> list[str]:
    values = {name: guarded(getattr(row, name) or "") for name in TEXT}
    for name in AMOUNTS:
        amount = getattr(row, name)
        values[name] = "" if amount is None else money.text(amount)
    values |= {
        "period": snapshot.period,
        "unit": UNITS.get(row.meter, ""),
        "requests": str(row.requests),
        "unpriced_events": str(row.unpriced_events),
        "currency": snapshot.currency,
        "revision": str(snapshot.revision),
        "finality": snapshot.finality,
        "grade": "" if snapshot.grade is None else snapshot.grade.letter,
    }
    return [values[name] for name in COLUMNS]
