"""Rows of FOCUS as CSV, and back. UTF-8 without byte order mark, CRLF, an empty field for null: for loaders more than for people.

Decimals always have a point, so that no loader takes a column of whole costs for whole numbers. Text that a spreadsheet would run as a
formula gets a leading apostrophe, as in statement.csv. No Parquet beside it: its bytes change with the library that writes it, and a
closed month is proved by bytes.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from usage_pipeline import money
from usage_pipeline.reports.focus_columns import VERSIONS, WRITTEN, Row, columns_of
from usage_pipeline.reports.formats.guards import guarded

if TYPE_CHECKING:
    import _csv

_PLACES = {name: place for place, name in enumerate(WRITTEN)}
_PICKED = [itemgetter(*(_PLACES[name] for name in columns_of(version))) for version in VERSIONS]


def focus_name(version: str, *, is_estimated: bool = False) -> str:
    """'focus-1.2.csv', 'focus-1.4-estimated.csv'."""
    return f"focus-{version}{'-estimated' if is_estimated else ''}.csv"


def csv_of_rows(rows: Iterable[Row], version: str) -> bytes:
    """A whole file of one version."""
    place = VERSIONS.index(version)
    return file_of((lines[place] for lines in lines_of(rows)), version)


def lines_of(rows: Iterable[Row]) -> Iterator[tuple[bytes, ...]]:
    """Each row as its line in the file of each of VERSIONS."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        fields = [""] * len(_PLACES)
        for name, value in row.items():
            fields[_PLACES[name]] = _text(value)
        yield tuple([_line(writer, buffer, picked(fields)) for picked in _PICKED])


def file_of(lines: Iterable[bytes], version: str) -> bytes:
    """The header of a version and its lines."""
    return b"".join(((",".join(columns_of(version)) + "\r\n").encode(), *lines))


def _line(writer: "_csv.Writer", buffer: io.StringIO, fields: Sequence[str]) -> bytes:
    buffer.seek(0)
    buffer.truncate()
    writer.writerow(fields)
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
