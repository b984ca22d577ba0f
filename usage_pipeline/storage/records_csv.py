"""CSV files as records: fields by their header name, every value as text. RFC 4180, quoted line breaks, any line end."""

import csv
import io
from collections.abc import Iterator

from usage_pipeline.storage.records_bytes import BrokenStreamError
from usage_pipeline.storage.records_lines import LINE_BYTES_MAX, Failure


def csv_records(file: str, blocks: Iterator[bytes], wanted: frozenset[str]) -> Iterator[tuple[int, dict[str, str]] | Failure]:
    """The rows after the header as (number from 1, {header name: value}); an empty value is left out, as an absent one.

    A row with more or fewer values than the header is 'ragged_row'. A header with none of the `wanted` names is one Failure,
    line 0, 'unexpected_document'.
    """
    csv.field_size_limit(LINE_BYTES_MAX)
    rows = csv.reader(_text_lines(blocks))
    number = 0
    try:
        header = next((row for row in rows if row), None)
        if header is None:
            return
        if not wanted & set(header):
            yield Failure(file, 0, "unexpected_document", ",".join(header))
            return
        for row in rows:
            if not row:
                continue
            number += 1
            yield _record(file, number, header, row)
    except csv.Error:
        yield Failure(file, number + 1, "line_too_long")
    except BrokenStreamError:
        yield Failure(file, number + 1, "truncated_file")


def _record(file: str, number: int, header: list[str], row: list[str]) -> tuple[int, dict[str, str]] | Failure:
    if len(row) != len(header):
        return Failure(file, number, "ragged_row", ",".join(row))
    if not all(value.isascii() or _is_text(value) for value in row):
        return Failure(file, number, "bad_encoding", ",".join(row))
    return number, {name: value for name, value in zip(header, row, strict=True) if value}


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


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
