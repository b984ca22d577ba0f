"""CSV files as records: fields by their header name, every value as text. RFC 4180, quoted line breaks, any line end.

A header is compared in any case of letters, and a path that leads on past a column's name leads into the JSON text that it holds.
Commas, or where the header tells so, semicolons or tabs. A number such as 1,23 in a file of these is refused: 1,234 is 1.234 to some and
1234 to others.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from usage_pipeline.storage.records_bytes import BrokenStreamError
from usage_pipeline.storage.records_header import DELIMITERS, SAYS_DELIMITER, cell_at, delimiter_of, header_of, plain_name, unfit
from usage_pipeline.storage.records_lines import LINE_BYTES_MAX, Failure
from usage_pipeline.storage.records_pages import value_in_text

HEAD_LINES = 200
"""Among these the header is looked for by each delimiter."""

COMMA_NUMBER = re.compile(r"\s*[+-]?(\d+|\d{1,3}(\.\d{3})+)?,\d+\s*")
"""One comma with digits behind it, such as '1.234,56', '0,5' or '1,234'."""


def csv_records(
    file: str, blocks: Iterator[bytes], paths: Sequence[tuple[str, ...]], known: Sequence[str] = ()
) -> Iterator[tuple[int, list[str | None]] | Failure]:
    """The rows after the header as (number from 1, the value under each path, null where empty or not in the header).

    `known`: names of which the header has at least one, where lines 'name,value' may stand before it; the path ('#name',) is such a value.
    A row with more or fewer values than the header is 'ragged_row'; one with a number such as '1,23' in a file that has no commas as
    delimiters is 'decimal_comma'. A header with none of the names is one Failure, line 0, 'unexpected_document'.
    """
    csv.field_size_limit(LINE_BYTES_MAX)
    names = {plain_name(name) for name in known}
    delimiter, lines, _ = opened(text_lines(blocks), paths, names)
    rows = csv.reader(lines, delimiter=delimiter)
    number = 0
    try:
        before, header = header_of(rows, names)
        if header is None:
            return
        cells = [cell_at(path, header, before) for path in paths]
        if all(cell is None or isinstance(cell, str) for cell in cells):
            yield Failure(file, 0, "unexpected_document", unfit(paths, None if names else header))
            return
        numbers = sorted({cell[0] for cell in cells if isinstance(cell, tuple)}) if delimiter != DELIMITERS[0] else []
        for row in rows:
            if not row:
                continue
            number += 1
            problem = _problem(row, len(header), numbers)
            if problem:
                yield Failure(file, number, problem, _as_csv(row))
            else:
                yield number, [cell if cell is None or isinstance(cell, str) else _value(row, *cell) for cell in cells]
    except csv.Error:
        yield Failure(file, number + 1, "line_too_long")
    except BrokenStreamError as error:
        yield Failure(file, number + 1, error.state)


def opened(lines: Iterator[str], paths: Sequence[tuple[str, ...]], known: set[str]) -> tuple[str, Iterable[str], int]:
    """The delimiter, all lines but one that says it, and how many were left out so."""
    head: list[str] = []
    broken: list[BrokenStreamError] = []
    try:
        for line in islice(lines, HEAD_LINES):
            head.append(line)  # noqa: PERF402 - an error ends it, and what came before is kept
    except BrokenStreamError as error:
        broken.append(error)
    told = SAYS_DELIMITER.fullmatch(head[0]) if head else None
    if told:
        return told[1], chain(head[1:], _raised(broken), lines), 1
    return delimiter_of(head, paths, known), chain(head, _raised(broken), lines), 0


def _value(row: Sequence[str], place: int, rest: tuple[str, ...]) -> str | None:
    text = row[place] or None
    return text if text is None or not rest else value_in_text(text, rest)


def _as_csv(row: Sequence[str]) -> str:
    """The row as commas tell its cells apart: one that holds a comma, a quote or a line break stands in quotes."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(row)
    return text.getvalue()


def _raised(broken: Sequence[BrokenStreamError]) -> Iterator[str]:
    """No line; the error in its place."""
    for error in broken:
        raise error
    yield from ()


def _problem(row: list[str], width: int, numbers: Sequence[int]) -> str | None:
    """`numbers`: the places of cells in which a number with a comma is refused."""
    if len(row) != width:
        return "ragged_row"
    if any("," in row[place] and COMMA_NUMBER.fullmatch(row[place]) for place in numbers):
        return "decimal_comma"
    text = "".join(row)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "bad_encoding"
    return None


def text_lines(blocks: Iterator[bytes]) -> Iterator[str]:
    """Lines with their line ends; a byte that is no UTF-8 becomes a surrogate, by which its row is told."""
    return iter(io.TextIOWrapper(io.BufferedReader(_Blocks(blocks)), encoding="utf-8", errors="surrogateescape", newline=""))


class _Blocks(io.RawIOBase):
    """Blocks as a raw stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
