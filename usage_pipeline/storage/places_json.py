"""Where the records of JSON documents stand: pages of buckets, lists, spans, arrays. In: UTF-8 blocks. Out: number, line, path of each.

Records are counted as records_pages.py, records_spans.py and records_documents.py count them.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Generator, Iterator
from typing import Any

from usage_pipeline.storage.records_documents import Document, file_pieces
from usage_pipeline.storage.records_lines import Chunk, Failure
from usage_pipeline.storage.records_pages import whole
from usage_pipeline.storage.records_spans import SCOPED, SPANS

Spot = tuple[int, int | None, str | None]
"""A record's number, the line on which it begins, and the path to it."""

_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)
_BLANKS = re.compile(r"[ \t\r\n]*")
_LINE_END = re.compile(r"\n")
_OLD_END = re.compile(r"\r")


def page_spots(blocks: Iterator[bytes]) -> Iterator[Spot]:
    """The results of {"data": [{"results": [...]}]}. Raises ValueError where the text is no such page."""
    text = whole(blocks)
    lines, number = _Lines(text), 0
    for place, bucket in enumerate(_elements(text, _members(text, _after_blanks(text, 0))["data"])):
        for of_bucket, result in enumerate(_elements(text, _members(text, bucket)["results"])):
            number += 1
            yield number, lines.at(result), f"data[{place}].results[{of_bucket}]"


def listed_spots(blocks: Iterator[bytes], listed: str) -> Iterator[Spot]:
    """What a document lists under `listed`, or what stands there; else the document itself, or each of several."""
    text = whole(blocks)
    lines, number, place = _Lines(text), 0, _after_blanks(text, 0)
    while place < len(text):
        inner = _members(text, place).get(listed) if text[place] == "{" else None
        if inner is not None and text[inner] == "[":
            for of_list, element in enumerate(_elements(text, inner)):
                number += 1
                yield number, lines.at(element), f"{listed}[{of_list}]"
        elif text[place] == "[":
            for of_list, element in enumerate(_elements(text, place)):
                number += 1
                yield number, lines.at(element), f"[{of_list}]"
        else:
            number += 1
            is_held = inner is not None and text[inner] == "{"
            yield number, lines.at(inner if is_held and inner is not None else place), listed if is_held else None
        place = _after_blanks(text, _DECODER.raw_decode(text, place)[1])


def span_spots(blocks: Iterator[bytes]) -> Iterator[Spot]:
    """The spans of OTLP documents, and what stands in the place of one."""
    number = 0
    for piece, document in traced_pieces(blocks):
        for line, outer, text in _texts(piece, document):
            for offset, path in _span_places(text):
                number += 1
                yield number, line + text.count("\n", 0, offset), ".".join(step for step in (outer, path) if step) or None


def _texts(piece: Chunk | Failure, document: "TracedDocument | None") -> Iterator[tuple[int, str | None, str]]:
    """The documents that are in a piece: line, path, text; '' for what does not read."""
    if document is not None:
        _, line, path = document.spot
        yield line or 1, path, document.element if isinstance(piece, Chunk) and _reads(piece.data) else ""
    elif isinstance(piece, Failure):
        yield piece.line, None, ""
    else:
        for line, data in enumerate(piece.data.split(b"\n"), piece.first_line):
            if data and not data.isspace():
                yield line, None, data.decode() if _reads(data) else ""


def _reads(data: bytes) -> bool:
    try:
        _DECODER.decode(data.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _span_places(text: str) -> Iterator[tuple[int, str | None]]:
    """Where each record of one document begins in its text, with its path."""
    start = _after_blanks(text, 0)
    groups = _list_at(text, start, SPANS)
    if groups is None:
        yield start, None
        return
    for one, group in enumerate(groups[1]):
        scopes = _list_at(text, group, *SCOPED)
        of_group = f"{SPANS}[{one}]"
        if scopes is None:
            yield group, of_group
            continue
        for two, scope in enumerate(scopes[1]):
            spans = _list_at(text, scope, "spans")
            of_scope = f"{of_group}.{scopes[0]}[{two}]"
            if spans is None:
                yield scope, of_scope
                continue
            for three, span in enumerate(spans[1]):
                yield span, f"{of_scope}.spans[{three}]"


def _list_at(text: str, place: int, *names: str) -> tuple[str, list[int]] | None:
    """The name of the first list that is there, and where its elements begin: none where no name is; None where something else is."""
    if text[place : place + 1] != "{":
        return None
    members = _members(text, place)
    name = next((name for name in names if name in members and not text.startswith("null", members[name])), None)
    if name is None:
        return (names[0], []) if names[0] != SPANS else None
    return (name, list(_elements(text, members[name]))) if text[members[name]] == "[" else None


def traced_pieces(blocks: Iterator[bytes]) -> Iterator[tuple[Chunk | Failure, "TracedDocument | None"]]:
    """A file's pieces, each with the document that it is the newest element of; None where they are JSON lines."""
    made: list[TracedDocument] = []

    def document_of(file: str, head: bytes, rest: Iterator[bytes]) -> TracedDocument:
        made.append(TracedDocument(file, head, rest))
        return made[-1]

    for piece in file_pieces("", blocks, document_of):
        yield piece, made[0] if made and made[0].is_opened else None


class TracedDocument(Document):
    """A document that tells of its newest element where it stands."""

    def __init__(self, file: str, head: bytes, blocks: Iterator[bytes]) -> None:
        super().__init__(file, head, blocks)
        self.is_opened = False
        self.spot: Spot = (0, None, None)
        self.element = ""
        self._line_now = 1 + head[: len(head) - len(head.lstrip())].count(b"\n")
        self._counted = 0
        self._begin = self._line_now
        self._index: int | None = None

    def opens(self) -> bool:
        self.is_opened = super().opens()
        return self.is_opened

    def _array(self, element: str | None) -> Generator[Chunk, None, bool]:
        self._index = 0
        is_whole = yield from super()._array(element)
        self._index = None
        return is_whole

    def _element(self) -> str | None:
        self._skip()
        self._begin = self._line_of_place()
        return super()._element()

    def _line(self, element: str) -> Chunk:
        chunk = super()._line(element)
        self.element = element
        self.spot = (self._number, self._begin, None if self._index is None else f"[{self._index}]")
        if self._index is not None:
            self._index += 1
        return chunk

    def _failure(self, text: str | None = None) -> Failure:
        failure = super()._failure(text)
        self.spot = (self._number, self._line_of_place(), None)
        return failure

    def _more(self) -> bool:
        self._line_of_place()
        is_more = super()._more()
        if is_more:
            self._counted = 0
        return is_more

    def _line_of_place(self) -> int:
        self._line_now += self._text.count("\n", self._counted, self._place)
        self._counted = self._place
        return self._line_now


class _Lines:
    """The line of each place of a text."""

    def __init__(self, text: str) -> None:
        ends = _LINE_END if "\n" in text else _OLD_END
        self._ends = [found.start() for found in ends.finditer(text)]

    def at(self, place: int) -> int:
        return bisect_left(self._ends, place) + 1


def _members(text: str, place: int) -> dict[str, int]:
    """Where the value of each key of the object at `place` begins; of a key that comes again the last, as JSON readers have it."""
    found: dict[str, int] = {}
    place = _opened(text, place, "{")
    while text[place : place + 1] != "}":
        name, end = _decoded(text, place)
        place = _opened(text, _after_blanks(text, end), ":")
        found[str(name)] = place
        place = _next(text, place, "}")
    return found


def _elements(text: str, place: int) -> Iterator[int]:
    """Where each element of the array at `place` begins."""
    place = _opened(text, place, "[")
    while text[place : place + 1] != "]":
        yield place
        place = _next(text, place, "]")


def _next(text: str, place: int, end: str) -> int:
    """Behind the value at `place` and the comma after it, or at the end of what holds it."""
    after = _after_blanks(text, _decoded(text, place)[1])
    return after if text[after : after + 1] == end else _opened(text, after, ",")


def _opened(text: str, place: int, mark: str) -> int:
    if text[place : place + 1] != mark:
        raise ValueError(f"no {mark} here")
    return _after_blanks(text, place + 1)


def _decoded(text: str, place: int) -> tuple[Any, int]:
    return _DECODER.raw_decode(text, place)


def _after_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place
