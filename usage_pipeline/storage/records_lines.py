"""JSON lines as Arrow batches: where each line stands and its text, bytes as they were read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from usage_pipeline.storage.records_bytes import BrokenStreamError

LINE_BYTES_MAX = 32 << 20
BATCH_BYTES = 4 << 20
FAILURES_PER_BATCH = 1000
TEXT_CHARACTERS = 200
NEWLINE = 10

SCHEMA = pa.schema({"source_file": pa.string(), "source_line": pa.int64(), "state": pa.string(), "line": pa.string()})


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of one file: `data` ends with a newline, `ends` are the places of its newlines."""

    file: str
    first_line: int
    data: bytes
    ends: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that the reader itself could not read, with its reason code and the start of its text."""

    file: str
    line: int
    state: str
    text: str | None = None


def line_batches(pieces: Iterable[Chunk | Failure]) -> Iterator[pa.RecordBatch]:
    """Batches of about `BATCH_BYTES` of the lines of many files, in order, with SCHEMA."""
    chunks: list[Chunk] = []
    failures: list[Failure] = []
    waiting = 0
    for piece in pieces:
        if isinstance(piece, Failure):
            failures.append(piece)
        else:
            chunks.append(piece)
            waiting += len(piece.data)
        if waiting >= BATCH_BYTES or len(failures) >= FAILURES_PER_BATCH:
            yield from _batches(chunks, failures)
            chunks, failures, waiting = [], [], 0
    yield from _batches(chunks, failures)


def split_lines(file: str, blocks: Iterator[bytes]) -> Iterator[Chunk | Failure]:
    """One file's lines from its UTF-8 blocks. What is not whole when a compressed file breaks off is one 'truncated_file'."""
    line, carry, carried = 1, list[bytes](), 0
    try:
        for block in blocks:
            ends = _newlines(block)
            if not len(ends):
                carried += len(block)
                carry = [*carry, block] if carried <= LINE_BYTES_MAX else carry[:1]
                continue
            start, cut = 0, int(ends[-1]) + 1
            if carried + int(ends[0]) > LINE_BYTES_MAX:
                yield Failure(file, line, "line_too_long", _start_of(carry[0] if carry else block))
                line, start, carry, carried, ends = line + 1, int(ends[0]) + 1, [], 0, ends[1:]
            if len(ends):
                yield Chunk(file, line, b"".join((*carry, block[start:cut])), ends - start + carried)
                line += len(ends)
            carry, carried = [block[cut:]], len(block) - cut
    except BrokenStreamError as error:
        yield Failure(file, line, error.state)
        return
    rest = b"".join(carry)
    if carried > LINE_BYTES_MAX:
        yield Failure(file, line, "line_too_long", _start_of(rest))
    elif rest:
        yield Chunk(file, line, rest + b"\n", np.array([len(rest)], np.int64))


def _newlines(block: bytes) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.frombuffer(block, np.uint8) == NEWLINE) if block else np.array([], np.int64)


def _start_of(data: bytes) -> str:
    return data[: 4 * TEXT_CHARACTERS].decode(errors="replace")[:TEXT_CHARACTERS]


def _batches(chunks: list[Chunk], failures: list[Failure]) -> Iterator[pa.RecordBatch]:
    if failures:
        yield pa.RecordBatch.from_arrays(
            [
                pa.array([failure.file for failure in failures], pa.string()),
                pa.array([failure.line for failure in failures], pa.int64()),
                pa.array([failure.state for failure in failures], pa.string()),
                pa.array([failure.text for failure in failures], pa.string()),
            ],
            schema=SCHEMA,
        )
    if chunks:
        yield _batch_of(chunks)


def _batch_of(chunks: list[Chunk]) -> pa.RecordBatch:
    """One batch over the chunks' joined bytes. A line keeps its newline, which is white space to JSON."""
    counts = np.array([len(chunk.ends) for chunk in chunks])
    bases = np.concatenate(([0], np.cumsum([len(chunk.data) for chunk in chunks])[:-1]))
    data = chunks[0].data if len(chunks) == 1 else b"".join(chunk.data for chunk in chunks)
    ends = np.concatenate([chunk.ends for chunk in chunks]) + np.repeat(bases, counts)
    offsets = np.concatenate(([0], ends + 1)).astype(np.int32)
    total = len(ends)
    firsts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    numbers = np.arange(total) - np.repeat(firsts, counts) + np.repeat([chunk.first_line for chunk in chunks], counts)
    files = pa.array([chunk.file for chunk in chunks], pa.string()).take(pa.array(np.repeat(np.arange(len(chunks)), counts)))
    lines = pa.Array.from_buffers(pa.string(), total, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    lines, states = (lines, pa.nulls(total, pa.string())) if data.isascii() else _with_encoding_checked(lines)
    return pa.RecordBatch.from_arrays([files, pa.array(numbers, pa.int64()), states, lines], schema=SCHEMA)


def _with_encoding_checked(lines: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The lines, and the state 'bad_encoding' where one is not UTF-8; only its start is kept then, with marks for what is odd."""
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:
        return _checked_one_by_one(lines.cast(pa.binary()).to_pylist())
    return lines, pa.nulls(len(lines), pa.string())


def _checked_one_by_one(lines: list[bytes]) -> tuple[pa.Array, pa.Array]:
    texts: list[str] = []
    states: list[str | None] = []
    for line in lines:
        try:
            texts.append(line.decode())
            states.append(None)
        except UnicodeDecodeError:
            texts.append(_start_of(line))
            states.append("bad_encoding")
    return pa.array(texts, pa.string()), pa.array(states, pa.string())
