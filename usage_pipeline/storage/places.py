"""Where a record stands in its file, for people: the tables number records, an editor numbers lines.

In: a file on this disk, its source, numbers of records (`source_line`). Out: a `Place` for each: the line on which it begins, in a JSON
document also its path, in Parquet the row; nothing but its number where the file does not tell. One pass, however many are asked for.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from usage_pipeline.storage import landing
from usage_pipeline.storage.places_json import Spot, listed_spots, page_spots, span_spots, traced_pieces
from usage_pipeline.storage.records import Form, form_of, is_document
from usage_pipeline.storage.records_bytes import BrokenStreamError, utf8_blocks
from usage_pipeline.storage.records_csv import opened, text_lines
from usage_pipeline.storage.records_header import header_of, plain_name
from usage_pipeline.storage.records_lines import LINE_BYTES_MAX
from usage_pipeline.tables.source import Format, Source


@dataclass(frozen=True, slots=True)
class Place:
    """Record number `record` of a file: the physical line on which it begins, the path to it in a JSON document, its row of a table."""

    record: int
    line: int | None = None
    path: str | None = None
    row: int | None = None

    def words(self, file: str) -> str:
        """'file:9', 'file data[1].results[0] (line 41)', 'file row 8', or 'file record 8'."""
        if self.path is not None:
            return f"{file} {self.path}" + (f" (line {self.line})" if self.line is not None else "")
        if self.line is not None:
            return f"{file}:{self.line}"
        return f"{file} row {self.row}" if self.row is not None else f"{file} record {self.record}"


def places(path: str, source: Source, numbers: Collection[int]) -> dict[int, Place]:
    """A place for every number. A file that is not there, or that breaks off before a record, leaves it with its number alone."""
    wanted = {number for number in numbers if number > 0}
    found = {number: Place(number) for number in numbers}
    if not wanted:
        return found
    try:
        if (form := form_of(path, source)) is Form.PARQUET:
            return found | {number: Place(number, row=number) for number in wanted}
        for number, line, where in _spots(path, source, form, sorted(wanted)):
            if number in wanted:
                found[number] = Place(number, line, where)
                wanted.remove(number)
            if not wanted:
                break
    except (OSError, BrokenStreamError, csv.Error, ValueError, KeyError, RecursionError):
        return found  # what was found until there is right; the rest keeps its number
    return found


def _spots(path: str, source: Source, form: Form, wanted: Sequence[int]) -> Iterator[Spot]:
    if form is Form.LINES:
        return _line_spots(path, wanted)
    if source.format is Format.BUCKET_PAGES:
        return page_spots(_blocks(path))
    if source.format is Format.SPANS:
        return span_spots(_blocks(path))
    if source.listed and is_document(path):
        return listed_spots(_blocks(path), source.listed)
    return _row_spots(path, source)


def _blocks(path: str) -> Iterator[bytes]:
    with landing.open_bytes(path) as stream:
        yield from utf8_blocks(stream)


def _line_spots(path: str, wanted: Sequence[int]) -> Iterator[Spot]:
    """JSON lines are numbered by line; elements of documents are found."""
    for _, document in traced_pieces(_blocks(path)):
        if document is None:
            yield from ((number, number, None) for number in wanted)
            return
        yield document.spot


def _row_spots(path: str, source: Source) -> Iterator[Spot]:
    """The rows of a CSV file, each with the line on which it begins: a cell may hold line breaks, and empty lines are no rows."""
    csv.field_size_limit(LINE_BYTES_MAX)
    paths = [one if isinstance(one, tuple) else tuple(one.split(".")) for one in source.fields.values()]
    known = {plain_name(name) for name in source.header}
    delimiter, lines, left_out = opened(text_lines(_blocks(path)), paths, known)
    count = _Count(left_out)
    rows = csv.reader(count.of(lines), delimiter=delimiter)
    header_of(rows, known)
    number, before = 0, count.lines
    for row in rows:
        if row:
            number += 1
            yield number, before + 1, None
        before = count.lines


class _Count:
    """How many line ends were passed. A lone CR is none, unless all are, as on old Macs."""

    def __init__(self, lines: int) -> None:
        self.lines = lines

    def of(self, lines: Iterable[str]) -> Iterator[str]:
        ends: str | tuple[str, ...] = ""
        for line in lines:
            ends = ends or ("\r" if line.endswith("\r") else "\n")
            self.lines += line.endswith(ends)
            yield line
