"""CSV files as records: fields by their header name, every value as text. RFC 4180, quoted line breaks, any line end.

A header is compared in any case of letters, and a path that leads on past a column's name leads into the JSON text that it holds.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from usage_pipeline.storage.records_bytes import BrokenStreamError
from usage_pipeline.storage.records_lines import LINE_BYTES_MAX, Failure
from usage_pipeline.storage.records_pages import value_in_text


def csv_records(
    file: str, blocks: Iterator[bytes], paths: Sequence[tuple[str, ...]], known: Sequence[str] = ()
) -> Iterator[tuple[int, list[str | None]] | Failure]:
    """The rows after the header as (number from 1, the value under each path, null where empty or not in the header).

    `known`: names of which the header has at least one, where lines 'name,value' may stand before it; the path ('#name',) is such a value.
    A row with more or fewer values than the header is 'ragged_row'. A header with none of the names is one Failure, line 0,
    'unexpected_document'.
    """
    csv.field_size_limit(LINE_BYTES_MAX)
    rows = csv.reader(_text_lines(blocks))
    number = 0
    try:
        before, header = _header(rows, {plain_name(name) for name in known})
        if header is None:
            return
        cells = [cell_at(path, header, before) for path in paths]
        if all(cell is None or isinstance(cell, str) for cell in cells):
            yield Failure(file, 0, "unexpected_document", ",".join(header))
            return
        for row in rows:
            if not row:
                continue
            number += 1
            problem = _problem(row, len(header))
            if problem:
                yield Failure(file, number, problem, ",".join(row))
            else:
                yield number, [cell if cell is None or isinstance(cell, str) else _value(row, *cell) for cell in cells]
    except csv.Error:
        yield Failure(file, number + 1, "line_too_long")
    except BrokenStreamError as error:
        yield Failure(file, number + 1, error.state)


Cell = tuple[int, tuple[str, ...]]
"""A column's place, and the keys that lead on inside the JSON that it holds."""


def cell_at(path: tuple[str, ...], header: Sequence[str], before: Mapping[str, str]) -> Cell | str | None:
    """Where `path` leads: a cell, a value from before the header, or None. The longest name that is in the header counts."""
    if path[0].startswith("#"):
        return before.get(plain_name(path[0][1:]))
    places = {plain_name(name): place for place, name in reversed(list(enumerate(header)))}
    for length in range(len(path), 0, -1):
        place = places.get(plain_name(".".join(path[:length])))
        if place is not None:
            return place, path[length:]
    return None


def plain_name(name: str) -> str:
    """A column's name as it is compared: in any case of letters, without blanks around."""
    return name.strip().casefold()


def _header(rows: Iterator[list[str]], known: set[str]) -> tuple[dict[str, str], list[str] | None]:
    before: dict[str, str] = {}
    for row in rows:
        if not any(row):
            continue
        if not known or not known.isdisjoint(map(plain_name, row)):
            return before, row
        before[plain_name(row[0])] = row[1] if len(row) > 1 else ""
    return before, list(before) or None


def _value(row: Sequence[str], place: int, rest: tuple[str, ...]) -> str | None:
    text = row[place] or None
    return text if text is None or not rest else value_in_text(text, rest)


def _problem(row: list[str], width: int) -> str | None:
    if len(row) != width:
        return "ragged_row"
    text = "".join(row)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "bad_encoding"
    return None


def _text_lines(blocks: Iterator[bytes]) -> Iterator[str]:
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
