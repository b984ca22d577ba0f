"""Files of JSON lines, and whole files that are one object over several lines or one array: these give their objects as lines.

Elements are found one by one, so an array may be of any size. Line breaks between tokens become blanks: an element is one line.
"""

import codecs
import json
from collections.abc import Iterator
from itertools import chain

import numpy as np

from usage_pipeline.storage.records_bytes import BrokenStreamError
from usage_pipeline.storage.records_lines import LINE_BYTES_MAX, Chunk, Failure, split_lines

_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)


def file_pieces(file: str, blocks: Iterator[bytes]) -> Iterator[Chunk | Failure]:
    """One file's lines, from its UTF-8 blocks."""
    try:
        head = next(blocks, b"")
    except BrokenStreamError as error:
        yield Failure(file, 1, error.state)
        return
    if _may_be_document(head):
        document = _Document(file, head, blocks)
        if document.opens():
            yield from document.pieces()
            return
        blocks = document.replayed()
    else:
        blocks = chain([head], blocks)
    yield from split_lines(file, blocks)


def _may_be_document(head: bytes) -> bool:
    """Whether the file may be one object over several lines, or one array: the first line alone is not an object then."""
    start = head.lstrip()
    if not start.startswith((b"{", b"[")):
        return False
    first, _, rest = start.partition(b"\n")
    if not rest or rest.isspace():
        return start.startswith(b"[")
    return not _is_json(first)


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class _Document:
    """A file that may be one array, or one object over several lines."""

    def __init__(self, file: str, head: bytes, blocks: Iterator[bytes]) -> None:
        self._file = file
        self._blocks = blocks
        self._seen = [head]
        self._opening = True
        self._broken = False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self._text = self._decoder.decode(head).lstrip()
        self._is_array = self._text.startswith("[")
        self._place = 1 if self._is_array else 0
        self._first: str | None = None

    def opens(self) -> bool:
        """Whether it is one: the first element reads and, if there is no array, nothing follows; or it is an empty array."""
        self._first = self._element()
        if self._is_array:
            return self._closes() if self._first is None else self._skip() in {",", "]"}
        return self._first is not None and self._skip() == ""

    def replayed(self) -> Iterator[bytes]:
        """The blocks from the start, for reading as lines after all."""
        yield from self._seen
        if self._broken:
            raise BrokenStreamError
        yield from self._blocks

    def pieces(self) -> Iterator[Chunk | Failure]:
        """The elements as lines; an array that breaks off gives one failure in the place of the next element."""
        self._seen, self._opening = [], False
        if self._first is None:
            return
        line = 1
        element: str | None = self._first
        while element is not None:
            data = element.encode("utf-8", errors="surrogateescape").replace(b"\n", b" ") + b"\n"
            yield Chunk(self._file, line, data, np.array([len(data) - 1], np.int64))
            line += 1
            element = self._element() if self._is_array and self._takes_comma() else None
        if self._is_array and not self._closes():
            yield Failure(self._file, line, "truncated_file" if self._broken else "not_json")

    def _element(self) -> str | None:
        """The next element's text; null where there is none or it does not read."""
        self._skip()
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._place)
            except (ValueError, RecursionError):
                if len(self._text) - self._place > LINE_BYTES_MAX or not self._more():
                    return None
                continue
            if end == len(self._text) and self._more():
                continue
            start, self._place = self._place, end
            return self._text[start:end]

    def _takes_comma(self) -> bool:
        """Step over the comma before a further element, if there is one."""
        if self._skip() != ",":
            return False
        self._place += 1
        return True

    def _closes(self) -> bool:
        """Whether the array ends here and nothing follows."""
        if self._skip() != "]":
            return False
        self._place += 1
        return self._skip() == ""

    def _skip(self) -> str:
        """Step over white space; the character there, '' at the end of the file."""
        while True:
            while self._place < len(self._text):
                if self._text[self._place] not in " \t\r\n":
                    return self._text[self._place]
                self._place += 1
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read a further block, and let go of what lies before the place. False at the end."""
        try:
            block = next(self._blocks, b"")
        except BrokenStreamError:
            self._broken = True
            return False
        if not block:
            return False
        if self._opening:
            self._seen.append(block)
        self._text = self._text[self._place :] + self._decoder.decode(block)
        self._place = 0
        return True
