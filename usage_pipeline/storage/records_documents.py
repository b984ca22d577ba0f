"""Files of JSON lines, and whole files that are one object over several lines, one array, arrays one after the other (on a line each or
not), or objects one after the other without a line each, as AWS Firehose and jq write them: these give their objects as lines.

Elements are found one by one, so a file may be of any size. Line breaks between tokens become blanks: an element is one line. Of several
documents, what does not read is one failure, and reading goes on at the next object, or the next line with an array.
"""

import codecs
import json
import re
from collections.abc import Callable, Generator, Iterator
from itertools import chain

import numpy as np

from usage_pipeline.storage.records_bytes import READ_BYTES, BrokenStreamError
from usage_pipeline.storage.records_lines import LINE_BYTES_MAX, TEXT_CHARACTERS, Chunk, Failure, split_lines

_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)
_SEVERAL = re.compile(rb"\}[ \t\n]*\{")
_NEXT = re.compile(r"\}\s*(?=\{)|\n(?=\{)")
"""Where another object begins: behind the end of one, or with a line."""

_NEXT_ARRAY = re.compile(r"^(?=\[)", re.MULTILINE)
"""Where a line begins with an array."""

_NEAR_END = 16
"""An error so near to the end of what was read may be for want of the rest."""


def file_pieces(
    file: str, blocks: Iterator[bytes], document_of: "Callable[[str, bytes, Iterator[bytes]], Document] | None" = None
) -> Iterator[Chunk | Failure]:
    """One file's lines, from its UTF-8 blocks. `document_of` reads a file that may be no JSON lines."""
    try:
        head = next(blocks, b"")
    except BrokenStreamError as error:
        yield Failure(file, 1, error.state)
        return
    if b"\n" not in head and b"\r" in head:  # line ends of old Macs; between tokens any white space is the same to JSON
        head, blocks = head.replace(b"\r", b"\n"), (block.replace(b"\r", b"\n") for block in blocks)
    if _may_be_document(head):
        document = (document_of or Document)(file, head, blocks)
        if document.opens():
            yield from document.pieces()
            return
        blocks = document.replayed()
    else:
        blocks = chain([head], blocks)
    yield from split_lines(file, blocks)


def _may_be_document(head: bytes) -> bool:
    """Whether the file may be no JSON lines: its first line alone is not an object then, or so long that its end is not seen."""
    start = head.lstrip()
    if not start.startswith((b"{", b"[")):
        return False
    first, _, rest = start.partition(b"\n")
    if not rest or rest.isspace():
        return start.startswith(b"[") or len(head) >= READ_BYTES or _SEVERAL.search(start) is not None
    return not _is_json(first) or (start.startswith(b"[") and rest.lstrip().startswith(b"["))


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _may_go_on(error: Exception, length: int) -> bool:
    """Whether text of this length may be JSON so far that lacks its end."""
    return isinstance(error, json.JSONDecodeError) and (error.msg.startswith("Unterminated") or error.pos >= length - _NEAR_END)


class Document:
    """A file that may be arrays, one object over several lines, or objects one after the other without a line each."""

    def __init__(self, file: str, head: bytes, blocks: Iterator[bytes]) -> None:
        self._file = file
        self._blocks = blocks
        self._seen = [head]
        self._opening = True
        self._broken: BrokenStreamError | None = None
        self._number = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self._text = self._decoder.decode(head).lstrip()
        self._is_array = self._text.startswith("[")
        self._is_stream = False
        self._passed_line_end = False
        self._place = 1 if self._is_array else 0
        self._first: str | None = None

    def opens(self) -> bool:
        """Whether it is one: the first element reads and, if there is no array, nothing follows, or another not on a line of its own; or
        it is an empty array, alone or before another.
        """
        self._first = self._element()
        if self._is_array:
            return self._skip() in {",", "]"} if self._first is not None else self._closes() and self._skip() in {"", "["}
        if self._first is None:
            return False
        self._passed_line_end = False
        following = self._skip()
        self._is_stream = following == "{" and ("\n" in self._first or not self._passed_line_end)
        return following == "" or self._is_stream

    def replayed(self) -> Iterator[bytes]:
        """The blocks from the start, for reading as lines after all."""
        yield from self._seen
        if self._broken:
            raise self._broken
        yield from self._blocks

    def pieces(self) -> Iterator[Chunk | Failure]:
        """The elements as lines; where something does not read, one failure in the place of the next element."""
        self._seen, self._opening = [], False
        if self._is_array:
            yield from self._arrays()
        elif self._is_stream:
            yield from self._objects()
        elif self._first is not None:
            yield self._line(self._first)
        if self._broken and self._skip() == "":
            yield self._failure()

    def _arrays(self) -> Iterator[Chunk | Failure]:
        """Arrays one after the other, and objects between them. What does not read, up to the next line with an array, is one failure."""
        is_whole = self._first is None or (yield from self._array(self._first))
        while (following := self._skip()) or not is_whole:
            if is_whole and following == "[":
                self._place += 1
                is_whole = yield from self._array(self._element())
            elif is_whole and following == "{" and (element := self._element()) is not None:
                yield self._line(element)
            else:
                yield self._failure(self._start())
                if not self._finds(_NEXT_ARRAY):
                    self._broken = None
                    return
                is_whole = True

    def _array(self, element: str | None) -> Generator[Chunk, None, bool]:
        """The elements of an array from this one on; whether it ends as it should."""
        while element is not None:
            yield self._line(element)
            element = self._element() if self._takes_comma() else None
        return self._closes()

    def _objects(self) -> Iterator[Chunk | Failure]:
        """Objects one after the other; one that does not read, and what follows it up to the next, is one failure."""
        element = self._first
        while True:
            if element is not None:
                yield self._line(element)
            else:
                yield self._failure(self._start())
                if not self._finds(_NEXT):
                    self._broken = None
                    return
            if self._skip() == "":
                return
            element = self._element()

    def _line(self, element: str) -> Chunk:
        self._number += 1
        data = element.encode("utf-8", errors="surrogateescape").replace(b"\n", b" ") + b"\n"
        return Chunk(self._file, self._number, data, np.array([len(data) - 1], np.int64))

    def _failure(self, text: str | None = None) -> Failure:
        self._number += 1
        return Failure(self._file, self._number, self._broken.state if self._broken else "not_json", text or None)

    def _start(self) -> str:
        start = self._text[self._place : self._place + TEXT_CHARACTERS]
        return start.encode("utf-8", errors="surrogateescape").decode(errors="replace")

    def _finds(self, following: re.Pattern[str]) -> bool:
        """Step to where another document begins. False where none does."""
        while (found := following.search(self._text, self._place)) is None:
            if len(self._text) - self._place > LINE_BYTES_MAX:
                self._place = len(self._text) - 1
            if not self._more():
                return False
        self._place = found.end()
        return True

    def _element(self) -> str | None:
        """The next element's text; null where there is none or it does not read."""
        self._skip()
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._place)
            except (ValueError, RecursionError) as error:
                is_over = self._is_stream and not _may_go_on(error, len(self._text))
                length = len(self._text) - self._place
                if is_over or length > LINE_BYTES_MAX or not self._more():
                    return None
                while len(self._text) < 2 * length and self._more():  # what is read again and again doubles: the time is in proportion
                    pass
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
        """Step over the array's end, if it is here."""
        if self._skip() != "]":
            return False
        self._place += 1
        return True

    def _skip(self) -> str:
        """Step over white space; the character there, '' at the end of the file."""
        while True:
            while self._place < len(self._text):
                if self._text[self._place] not in " \t\r\n":
                    return self._text[self._place]
                self._passed_line_end = self._passed_line_end or self._text[self._place] == "\n"
                self._place += 1
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read a further block, and let go of what lies before the place. False at the end."""
        try:
            block = next(self._blocks, b"")
        except BrokenStreamError as error:
            self._broken = error
            return False
        if not block:
            return False
        if self._opening:
            self._seen.append(block)
        self._text = self._text[self._place :] + self._decoder.decode(block)
        self._place = 0
        return True
