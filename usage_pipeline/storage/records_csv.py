"""CSV files as records: fields by their header name, every value as text. RFC 4180, quoted line breaks, any line end."""

import csv
import io
from collections.abc import Iterator, Sequence

from usage_pipeline.storage.records_bytes import BrokenStreamError
from usage_pipeline.storage.records_lines import LINE_BYTES_MAX, Failure


def csv_records(file: str, blocks: Iterator[bytes], names: Sequence[str]) -> Iterator[tuple[int, list[str | None]] | Failure]:
    """The rows after the header as (number from 1, the values under `names`, null where empty or not in the header).

    A row with more or fewer values than the header is 'ragged_row'. A header with none of the `names` is one Failure, line 0,
    'unexpected_document'.
    """
    csv.field_size_limit(LINE_BYTES_MAX)
    rows = csv.reader(_text_lines(blocks))
    number = 0
    try:
        header = next((row for row in rows if row), None)
        if header is None:
            return
        if not set(names) & set(header):
            yield Failure(file, 0, "unexpected_document", ",".join(header))
            return
        places = [header.index(name) if name in header else None for name in names]
        for row in rows:
            if not row:
                continue
            number += 1
            problem = _problem(row, len(header))
            if problem:
                yield Failure(file, number, problem, ",".join(row))
            else:
                yield number, [None if place is None else row[place] or None for place in places]
    except csv.Error:
        yield Failure(file, number + 1, "line_too_long")
    except BrokenStreamError:
        yield Failure(file, number + 1, "truncated_file")


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
