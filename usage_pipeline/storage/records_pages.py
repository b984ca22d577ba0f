"""API pages of buckets as records: {"data": [{<bucket fields>, "results": [{...}]}]} → one record a result.

Parsed in Python, since pages are small and numbers must stay exactly as written: "0E-6176" or 34 digits do not survive a double.
OpenAI: https://platform.openai.com/docs/api-reference/usage; Anthropic: https://docs.claude.com/en/api/admin-api/usage-cost
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from usage_pipeline.storage.records_bytes import BrokenStreamError
from usage_pipeline.storage.records_lines import TEXT_CHARACTERS, Failure

PAGE_BYTES_MAX = 256 << 20


class Number(str):
    """A JSON number, as its text."""

    __slots__ = ()


def page_records(file: str, blocks: Iterator[bytes]) -> Iterator[tuple[int, Any] | Failure]:
    """A page's results in order, as (number from 1, {"bucket": ..., "result": ...}); a bucket without results as (0, {"bucket": ...}).

    A document that is no page gives one Failure, line 0: 'not_json', 'bad_encoding', 'truncated_file' or 'unexpected_document'.
    """
    document = _document(file, blocks)
    if isinstance(document, Failure):
        yield document
    elif document is not None:
        yield from _results(document["data"]) if _is_page(document) else [_unexpected(file, document)]


def listed_records(file: str, blocks: Iterator[bytes], listed: str) -> Iterator[tuple[int, Any] | Failure]:
    """The objects under `listed` of one document, or the document itself where it has no such list; numbered from 1."""
    document = _document(file, blocks)
    if document is None or isinstance(document, Failure):
        yield from [] if document is None else [document]
        return
    inner = document.get(listed) if isinstance(document, dict) else document
    records = inner if isinstance(inner, list) else [inner if isinstance(inner, dict) else document]
    for number, record in enumerate(records, 1):
        yield (number, record) if isinstance(record, dict) else Failure(file, number, "not_an_object", as_json(record)[:TEXT_CHARACTERS])


def _document(file: str, blocks: Iterator[bytes]) -> Any:
    """The JSON document with numbers as their text; None for an empty file; a Failure where it does not read."""
    try:
        text = _whole(blocks)
    except BrokenStreamError as error:
        return Failure(file, 0, error.state)
    except UnicodeDecodeError:
        return Failure(file, 0, "bad_encoding")
    if not text.strip():
        return None
    try:
        return parsed(text)
    except (ValueError, RecursionError):
        return Failure(file, 0, "not_json", text[:TEXT_CHARACTERS])


def _unexpected(file: str, document: Any) -> Failure:
    return Failure(file, 0, "unexpected_document", as_json(document)[:TEXT_CHARACTERS])


def parsed(text: str) -> Any:
    """JSON with every number as its text. Raises ValueError or RecursionError where it is none."""
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def value_in_text(text: str, path: tuple[str, ...]) -> str | None:
    """`value_at` in JSON text; null where the text is no JSON."""
    try:
        return value_at(parsed(text), path)
    except (ValueError, RecursionError):
        return None


def _whole(blocks: Iterator[bytes]) -> str:
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
