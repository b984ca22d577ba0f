"""Rows of FOCUS as CSV, and back. UTF-8 without byte order mark, CRLF, an empty field for null: for loaders more than for people.

Decimals always have a point, so that no loader takes a column of whole costs for whole numbers. Text that a spreadsheet would run as a
formula gets a leading apostrophe, as in statement.csv. No Parquet beside it: its bytes change with the library that writes it, and a
closed month is proved by bytes.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

from usage_pipeline import money
from usage_pipeline.reports.focus_columns import WRITTEN, Row, columns_of
from usage_pipeline.reports.formats.csv import guarded

_NAMES = tuple(WRITTEN)


def focus_name(version: str, *, is_estimated: bool = False) -> str:
    """'focus-1.2.csv', 'focus-1.4-estimated.csv'."""
    return f"focus-{version}{'-estimated' if is_estimated else ''}.csv"


def csv_of_rows(rows: Iterable[Row], version: str) -> bytes:
    """A whole file."""
    return file_of((fields_of(row) for row in rows), version)


def fields_of(row: Row) -> tuple[str, ...]:
    """The row's fields, one a column of all that any version has."""
    return tuple([_text(row.get(name)) for name in _NAMES])


def file_of(rows: Iterable[Sequence[str]], version: str) -> bytes:
    """The header of a version and its fields of `rows`."""
    columns = columns_of(version)
    places = [_NAMES.index(name) for name in columns]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([row[place] for place in places] for row in rows)
    return buffer.getvalue().encode()


def rows_from(content: bytes) -> list[dict[str, str]]:
    """The file's rows as text; null is ''."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def _text(value: str | Decimal | None) -> str:
    if value is None:
        return ""
    return _safe(value) if isinstance(value, str) else _decimal(value)


@lru_cache(maxsize=16384)
def _safe(value: str) -> str:
    return guarded(value)


def _decimal(value: Decimal) -> str:
    plain = money.text(value)
    return plain if "." in plain else f"{plain}.0"
