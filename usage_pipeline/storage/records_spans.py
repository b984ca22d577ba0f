"""OTLP traces as records, one a span: {"resource": {...}, "scope": {"name", "version"}, "span": {..., "attributes": {...}}}.

A file holds a JSON document {"resourceSpans": [...]} a line (or one over several lines). Numbers keep their text.
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from collections.abc import Iterable, Iterator
from typing import Any

from usage_pipeline.storage.records_documents import file_pieces
from usage_pipeline.storage.records_lines import TEXT_CHARACTERS, Failure
from usage_pipeline.storage.records_pages import parsed

SCALARS = ("stringValue", "intValue", "doubleValue", "boolValue", "bytesValue")


def span_records(file: str, blocks: Iterator[bytes]) -> Iterator[tuple[int, Any] | Failure]:
    """The spans in order, numbered from 1 over the file. A document that is none counts as one record: a Failure with its reason."""
    number = 0
    for document in _documents(file, blocks):
        for record in [document] if isinstance(document, Failure) else _spans(document):
            number += 1
            yield Failure(file, number, record.state, record.text) if isinstance(record, Failure) else (number, record)


def _documents(file: str, blocks: Iterator[bytes]) -> Iterator[Any]:
    for piece in file_pieces(file, blocks):
        if isinstance(piece, Failure):
            yield piece
            continue
        for line in piece.data.split(b"\n"):
            if not line.strip():
                continue
            try:
                document = parsed(line.decode())
            except UnicodeDecodeError:
                yield Failure(file, 0, "bad_encoding")
            except (ValueError, RecursionError):
                yield Failure(file, 0, "not_json", line[: 4 * TEXT_CHARACTERS].decode()[:TEXT_CHARACTERS])
            else:
                is_traces = isinstance(document, dict) and isinstance(document.get("resourceSpans"), list)
                yield document if is_traces else Failure(file, 0, "unexpected_document")


def _spans(document: Any) -> Iterator[Any]:
    for group in _objects(document["resourceSpans"]):
        resource = attributes(group.get("resource", {}).get("attributes") if isinstance(group.get("resource"), dict) else None)
        for scoped in _objects(group.get("scopeSpans")):
            for span in _objects(scoped.get("spans")):
                about = span | {"attributes": attributes(span.get("attributes"))}
                yield {"resource": resource, "scope": scoped.get("scope"), "span": about}


def attributes(listed: Any) -> dict[str, Any]:
    """[{"key": "a.b", "value": {"intValue": "1"}}] as {"a.b": "1"}."""
    return {one["key"]: _plain(one.get("value")) for one in _objects(listed) if isinstance(one.get("key"), str)}


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("arrayValue"), dict):
        return [_plain(one) for one in _objects(value["arrayValue"].get("values"))]
    if isinstance(value.get("kvlistValue"), dict):
        return attributes(value["kvlistValue"].get("values"))
    return next((value[name] for name in SCALARS if name in value), None)


def _objects(listed: Any) -> Iterable[dict[str, Any]]:
    return (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
