"""Rows of typed values as CSV and as a sheet. In: columns and exact values. Out: bytes for people's spreadsheets, machines read the JSON.

The CSV is UTF-8 with CRLF, exact decimals with a point, an empty field for null; text that a spreadsheet would run as a formula gets a
leading apostrophe (`formats/guards.py`), and numbers stay numbers.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports.formats.guards import guarded
from usage_pipeline.reports.sheets import Column, Sheet, Value

BOM = b"\xef\xbb\xbf"
Row = tuple[Value, ...]


def csv_rows(columns: Sequence[Column], rows: Iterable[Row], *, with_bom: bool) -> bytes:
    """A head, and a line a row."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(column.head for column in columns)
    writer.writerows([text_of(value) for value in row] for row in rows)
    return (BOM if with_bom else b"") + buffer.getvalue().encode()


def text_of(value: Value) -> str:
    """The field of the CSV that holds `value`."""
    match value:
        case None:
            return ""
        case str():
            return guarded(value)
        case Decimal():
            return money.text(value)
        case datetime():
            return stamp(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def stamp(moment: datetime) -> str:
    """'2026-10-31T23:45:35Z'."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def sheet_of(name: str, columns: Sequence[Column], rows: Sequence[Row], total: Row = (), above: tuple[tuple[str, str], ...] = ()) -> Sheet:
    """The same rows as a sheet; columns that are empty in all of them and in the total are left out."""
    told = (*rows, total) if total else rows
    kept = [place for place, _ in enumerate(columns) if any(row[place] is not None for row in told)]

    def of(row: Row) -> Row:
        return tuple(row[place] for place in kept) if row else ()

    return Sheet(name=name, columns=tuple(columns[place] for place in kept), rows=[of(row) for row in rows], total=of(total), above=above)
