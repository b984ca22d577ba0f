"""API pages of buckets as records: {"data": [{<bucket fields>, "results": [{...}]}]} → one record a result.

Parsed in Python, since pages are small and numbers must stay exactly as written: "0E-6176" or 34 digits do not survive a double.
OpenAI: https://platform.openai.com/docs/api-reference/usage; Anthropic: https://docs.claude.com/en/api/admin-api/usage-cost
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from usage_pipeline.storage.records_bytes import BrokenStreamError
from usage_pipeline.storage.records_lines import TEXT_CHARACTERS, Failure

PAGE_BYTES_MAX = 256 << 20
SEVERAL = "two_documents"
_BLANKS = re.compile(r"[ \t\r\n]*")


class Number(str):
    """A JSON number, as its text."""

    __slots__ = ()


def page_records(file: str, blocks: Iterator[bytes]) -> Iterator[tuple[int, Any] | Failure]:
    """A page's results in order, as (number from 1, {"bucket": ..., "result": ...}); a bucket without results as (0, {"bucket": ...}).

    What is no page gives one Failure, line 0: 'not_json', 'bad_encoding', 'truncated_file' or 'unexpected_document'; and so do several
    pages in one file, 'two_documents': whether one repeats another, nobody can say.
    """
    documents = _documents(file, blocks)
    if isinstance(documents, Failure):
        yield documents
    elif len(documents) > 1:
        yield Failure(file, 0, SEVERAL)
    elif documents:
        yield from _results(documents[0]["data"]) if _is_page(documents[0]) else [_unexpected(file, documents[0])]


def listed_records(file: str, blocks: Iterator[bytes], listed: str) -> Iterator[tuple[int, Any] | Failure]:
    """The objects under `listed` of one document, or the document itself where it has none there, or each of several such documents, as
    JSON lines are; numbered from 1. Several of which one has a list are one Failure, line 0, 'two_documents'.
    """
    documents = _documents(file, blocks)
    if isinstance(documents, Failure):
        yield documents
        return
    inner = [document.get(listed) if isinstance(document, dict) else document for document in documents]
    if len(inner) > 1 and any(isinstance(one, list) for one in inner):
        yield Failure(file, 0, SEVERAL)
        return
    found = [one if isinstance(one, list | dict) else document for one, document in zip(inner, documents, strict=True)]
    records = found[0] if found and isinstance(found[0], list) else found
    for number, record in enumerate(records, 1):
        yield (number, record) if isinstance(record, dict) else Failure(file, number, "not_an_object", as_json(record)[:TEXT_CHARACTERS])


def _documents(file: str, blocks: Iterator[bytes]) -> list[Any] | Failure:
    """The file's JSON documents, one after the other, with numbers as their text; a Failure where it does not read."""
    try:
        text = whole(blocks)
    except BrokenStreamError as error:
        return Failure(file, 0, error.state)
    except UnicodeDecodeError:
        return Failure(file, 0, "bad_encoding")
    documents, place = [], _after_blanks(text, 0)
    try:
        while place < len(text):
            document, end = _DECODER.raw_decode(text, place)
            documents.append(document)
            place = _after_blanks(text, end)
    except (ValueError, RecursionError):
        return Failure(file, 0, "not_json", text[:TEXT_CHARACTERS])
    return documents


def _after_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place


def _unexpected(file: str, document: Any) -> Failure:
    return Failure(file, 0, "unexpected_document", as_json(document)[:TEXT_CHARACTERS])


def parsed(text: str) -> Any:
    """JSON with every number as its text. Raises ValueError or RecursionError where it is none."""
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number)


def value_in_text(text: str, path: tuple[str, ...]) -> str | None:
    """`value_at` in JSON text; null where the text is no JSON."""
    try:
        return value_at(parsed(text), path)
    except (ValueError, RecursionError):
        return None


def whole(blocks: Iterator[bytes]) -> str:
    parts: list[bytes] = []
    size = 0
    for block in blocks:
        parts.append(block)
        size += len(block)
        if size > PAGE_BYTES_MAX:
            break
    return b"".join(parts).decode()


def _is_page(document: Any) -> bool:
    """Whether it is {"data": [...]} and every bucket has a list of objects as results."""
    buckets = document.get("data") if isinstance(document, dict) else None
    return isinstance(buckets, list) and all(
        isinstance(bucket, dict)
        and isinstance(bucket.get("results"), list)
        and all(isinstance(result, dict) for result in bucket["results"])
        for bucket in buckets
    )


def _results(buckets: list[dict[str, Any]]) -> Iterator[tuple[int, Any]]:
    number = 0
    for bucket in buckets:
        about = {name: value for name, value in bucket.items() if name != "results"}
        if not bucket["results"]:
            yield 0, {"bucket": about}
        for result in bucket["results"]:
            number += 1
            yield number, {"bucket": about, "result": result}


def value_at(record: Any, path: tuple[str, ...]) -> str | None:
    """The text of what lies there: a number as written, an object or array as JSON, absent or null as None."""
    for name in path:
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return record if record is None or isinstance(record, str) else as_json(record)


def projection(paths: Iterable[tuple[str, ...]]) -> Callable[[Any], list[str | None]]:
    """`value_at` of all the paths at once: what several lead through is looked up once."""
    asked = list(paths)
    holders = sorted({path[:-1] for path in asked}, key=len)
    places = [(holders.index(path[:-1]), path[-1]) for path in asked]

    def project(record: Any) -> list[str | None]:
        held = [_holder(record, names) for names in holders]
        found = [held[place].get(name) for place, name in places]
        return [value if value is None or type(value) is str else _text(value) for value in found]

    return project


def _holder(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        if not isinstance(record, dict):
            return {}
        record = record.get(name)
    return record if isinstance(record, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else as_json(value)


def as_json(value: Any) -> str:
    """JSON text without blanks, with numbers exactly as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{as_json(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(as_json(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)
