"""OTLP traces as records, one a span: {"resource": {...}, "scope": {"name", "version"}, "span": {..., "attributes": {...}}}.

A file holds a JSON document {"resourceSpans": [...]} a line (or one over several lines). Numbers keep their text. A document of
metrics or logs, and any part that is not of the format's shape, is a record of its own that failed: nothing is passed over.
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from collections.abc import Iterator
from typing import Any

from usage_pipeline.storage.records_documents import file_pieces
from usage_pipeline.storage.records_lines import TEXT_CHARACTERS, Failure
from usage_pipeline.storage.records_pages import as_json, parsed

SPANS = "resourceSpans"
OTHER_SIGNALS = ("resourceMetrics", "resourceLogs", "resourceProfiles")
SCOPED = ("scopeSpans", "instrumentationLibrarySpans")
"""The list of a resource's scopes, now and before version 0.15 of the protocol."""
SCALARS = ("stringValue", "intValue", "doubleValue", "boolValue", "bytesValue")
UNEXPECTED = "unexpected_document"


def span_records(file: str, blocks: Iterator[bytes]) -> Iterator[tuple[int, Any] | Failure]:
    """The spans in order, numbered from 1 over the file. What is no span counts as a record too: a Failure with its reason."""
    for number, record in enumerate(_records(file, blocks), 1):
        yield Failure(file, number, record.state, record.text) if isinstance(record, Failure) else (number, record)


def _records(file: str, blocks: Iterator[bytes]) -> Iterator[dict[str, Any] | Failure]:
    for piece in file_pieces(file, blocks):
        if isinstance(piece, Failure):
            yield piece
            continue
        for line in piece.data.split(b"\n"):
            if line and not line.isspace():
                yield from _spans_of_line(file, line)


def _spans_of_line(file: str, line: bytes) -> Iterator[dict[str, Any] | Failure]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        yield Failure(file, 0, "bad_encoding", _start(line))
        return
    try:
        document = parsed(text)
    except (ValueError, RecursionError):
        yield Failure(file, 0, "not_json", _start(line))
        return
    groups = document.get(SPANS) if isinstance(document, dict) else None
    if isinstance(groups, list):
        yield from _spans(file, groups)
    elif isinstance(document, dict) and any(signal in document for signal in OTHER_SIGNALS):
        yield Failure(file, 0, "not_spans", _start(line))
    else:
        yield Failure(file, 0, UNEXPECTED, _start(line))


def _spans(file: str, groups: list[Any]) -> Iterator[dict[str, Any] | Failure]:
    """The spans of one document, or of what stands in the place of one and is none, a Failure."""
    for group in groups:
        scopes = _listed(group, *SCOPED)
        if scopes is None:
            yield _odd(file, group)
            continue
        resource = group.get("resource")
        about = attributes(resource.get("attributes")) if isinstance(resource, dict) else {}
        for scoped in scopes:
            spans = _listed(scoped, "spans")
            if spans is None:
                yield _odd(file, scoped)
                continue
            scope = scoped.get("scope") or scoped.get("instrumentationLibrary")
            for span in spans:
                if isinstance(span, dict):
                    span["attributes"] = attributes(span.get("attributes"))
                    yield {"resource": about, "scope": scope, "span": span}
                else:
                    yield _odd(file, span)


def _listed(holder: Any, *names: str) -> list[Any] | None:
    """The list under the first of the names that is there, empty where none is (the format leaves empty lists out); None if it is none."""
    if not isinstance(holder, dict):
        return None
    found: Any = next((holder[name] for name in names if holder.get(name) is not None), [])
    return found if isinstance(found, list) else None


def attributes(listed: Any) -> dict[str, Any]:
    """[{"key": "a.b", "value": {"intValue": "1"}}] as {"a.b": "1"}. What is not of that shape has no value."""
    if not isinstance(listed, list):
        return {}
    found: dict[str, Any] = {}
    for one in listed:
        if isinstance(one, dict) and type(key := one.get("key")) is str:
            value = one.get("value")
            found[key] = value["stringValue"] if type(value) is dict and "stringValue" in value else _plain(value)
    return found


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return None
    for name in SCALARS:
        if name in value:
            return value[name]
    if isinstance(value.get("arrayValue"), dict):
        values = value["arrayValue"].get("values")
        return [_plain(one) for one in values] if isinstance(values, list) else []
    if isinstance(value.get("kvlistValue"), dict):
        return attributes(value["kvlistValue"].get("values"))
    return None


def _odd(file: str, part: Any) -> Failure:
    return Failure(file, 0, UNEXPECTED, as_json(part)[:TEXT_CHARACTERS])


def _start(line: bytes) -> str:
    return line[: 4 * TEXT_CHARACTERS].decode(errors="replace")[:TEXT_CHARACTERS]
