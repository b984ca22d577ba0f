"""OTLP traces become one record a span, and whatever is none a record that failed: nothing is passed over."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.records import read_records
from usage_pipeline.storage.records_lines import Failure
from usage_pipeline.storage.records_pages import parsed, projection, value_at
from usage_pipeline.storage.records_spans import attributes, span_records
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

FIELDS: dict[str, Any] = {
    "span_id": ("span", "spanId"),
    "start": ("span", "startTimeUnixNano"),
    "code": ("span", "status", "code"),
    "scope": ("scope", "name"),
    "version": ("scope", "version"),
    "service": ("resource", "service.name"),
    "tokens": ("span", "attributes", "gen_ai.usage.input_tokens"),
    "stops": ("span", "attributes", "stops"),
}
SOURCE = Source(
    kind="test", title="", documentation="", format=Format.SPANS, table=usage_events, fields=FIELDS, to_rows=lambda records: records
)


def value(of: Any) -> dict[str, Any]:
    return {"intValue": str(of)} if isinstance(of, int) else {"stringValue": of}


def listed(**attributes: Any) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(of)} for key, of in attributes.items()]


def span(number: int, **more: Any) -> dict[str, Any]:
    return {"traceId": "t", "spanId": f"s{number}", "startTimeUnixNano": "1790931665120000000", "attributes": [], **more}


def document(*spans: Any, resource: Any = None, scope: Any = None) -> dict[str, Any]:
    scoped = {"scope": scope or {"name": "lib", "version": "1.2"}, "spans": list(spans)}
    return {"resourceSpans": [{"resource": resource or {"attributes": listed(**{"service.name": "api"})}, "scopeSpans": [scoped]}]}


def jsonl(*documents: Any) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in documents)


@pytest.fixture
def read(tmp_path: Path):
    engine = connect(tmp_path / "scratch")

    def read_them(*contents: bytes) -> list[dict[str, Any]]:
        files = [(f"print{number}", str(tmp_path / f"file{number}")) for number in range(len(contents))]
        for (_, path), content in zip(files, contents, strict=True):
            Path(path).write_bytes(content)
        rows = read_records(engine, files, SOURCE, tmp_path / "stage")
        return rows.order_by(["source_file", "source_line"]).to_pyarrow().to_pylist()

    return read_them


def places(rows: list[dict[str, Any]]) -> list[tuple[int, str | None]]:
    return [(row["source_line"], row["state"]) for row in rows]


def test_a_span_with_its_scope_and_resource(read) -> None:
    tokens = [
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12345678901234567890"}},
        {"key": "stops", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": 1}]}}},
    ]
    (row,) = read(jsonl(document(span(1, attributes=tokens, status={"code": 2}))))
    assert {name: row[name] for name in FIELDS} == {
        "span_id": "s1",
        "start": "1790931665120000000",
        "code": "2",
        "scope": "lib",
        "version": "1.2",
        "service": "api",
        "tokens": "12345678901234567890",
        "stops": '["a",1]',
    }


def test_spans_are_numbered_over_the_file(read) -> None:
    first = document(span(1), span(2))
    first["resourceSpans"].append(document(span(3))["resourceSpans"][0])
    first["resourceSpans"][0]["scopeSpans"].append({"spans": [span(4)]})
    rows = read(jsonl(first, document(), document(span(5))), jsonl(document(span(6))))
    assert [(row["source_file"], row["source_line"], row["span_id"], row["scope"]) for row in rows] == [
        ("print0", 1, "s1", "lib"),
        ("print0", 2, "s2", "lib"),
        ("print0", 3, "s4", None),
        ("print0", 4, "s3", "lib"),
        ("print0", 5, "s5", "lib"),
        ("print1", 1, "s6", "lib"),
    ]


def test_what_is_no_span_is_a_record_that_failed(read) -> None:
    metrics, logs = {"resourceMetrics": []}, {"resourceLogs": [{"never": "read"}]}
    odd = {"resourceSpans": [3, {"scopeSpans": "none"}, {"scopeSpans": [None, {"spans": {}}, {"spans": ["text", span(1)]}]}]}
    lines = jsonl(metrics, logs, {"spans": []}, [1], odd, {"resourceSpans": None}) + b"\n  \n" + b'{"torn":\n' + b'{"caf\xe9":1}\n'
    assert places(read(jsonl(document(span(9))) + lines + jsonl(document(span(2))))) == [
        (1, None),
        (2, "not_spans"),
        (3, "not_spans"),
        (4, "unexpected_document"),
        (5, "unexpected_document"),
        *((number, "unexpected_document") for number in range(6, 11)),
        (11, None),
        (12, "unexpected_document"),
        (13, "not_json"),
        (14, "bad_encoding"),
        (15, None),
    ]


def test_the_text_of_a_failure_shows_shape_and_no_content(read) -> None:
    (row,) = read(jsonl({"resourceMetrics": [{"secret": "Geheim 42"}]}))
    assert row["text"].startswith('{"xxxxxxxxxxxxxxx": [{"xxxxxx": "xxxxxx 00"}]}')


def test_one_document_over_several_lines_an_array_and_gzip(read) -> None:
    several = json.dumps(document(span(1)), indent=2).encode()
    array = json.dumps([document(span(2)), document(span(3))]).encode()
    rows = read(several, array, gzip.compress(jsonl(document(span(4)))))
    assert [(row["source_file"], row["span_id"]) for row in rows] == [
        ("print0", "s1"),
        ("print1", "s2"),
        ("print1", "s3"),
        ("print2", "s4"),
    ]


def test_a_file_that_breaks_off_gives_its_whole_documents(read) -> None:
    packed = gzip.compress(jsonl(*(document(span(number, name=f"{number:x}" * 50)) for number in range(3000))), mtime=0)
    rows = read(packed[: len(packed) // 2])
    assert rows[-1]["state"] == "truncated_file"
    assert [row["source_line"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["state"] for row in rows[:-1]} == {None}


def test_lists_of_before_and_left_out_ones() -> None:
    older = {"resourceSpans": [{"instrumentationLibrarySpans": [{"instrumentationLibrary": {"name": "old"}, "spans": [span(1)]}]}]}
    bare = {"resourceSpans": [{}, {"resource": None, "scopeSpans": [{}, {"scope": None, "spans": None}]}]}
    records = [record for _, record in span_records("f", iter([jsonl(older, bare)]))]
    assert [(one["scope"]["name"], one["resource"]) for one in records] == [("old", {})]


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ({"stringValue": ""}, ""),
        ({"intValue": "7"}, "7"),
        ({"boolValue": False}, False),
        ({"doubleValue": 0.5}, 0.5),
        ({"kvlistValue": {"values": [{"key": "a.b", "value": {"intValue": "1"}}]}}, {"a.b": "1"}),
        ({"arrayValue": {}}, []),
        ({"kvlistValue": {}}, {}),
        ({}, None),
        (None, None),
        ("text", None),
    ],
)
def test_attribute_values(given: Any, plain: Any) -> None:
    assert attributes([{"key": "k", "value": given}]) == {"k": plain}


@pytest.mark.parametrize("odd", [None, "text", {"key": "k"}, [1, None, {"key": 3, "value": {}}, {"value": {"intValue": "1"}}]])
def test_odd_attributes_have_no_values(odd: Any) -> None:
    assert attributes(odd) == {}


def test_numbers_keep_their_text() -> None:
    line = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"a","n":0.10,"big":12345678901234567890123}]}]}]}\n'
    ((_, record),) = span_records("f", iter([line]))
    project = projection([("span", "n"), ("span", "big")])
    assert project(record) == ["0.10", "12345678901234567890123"]


def test_a_deep_document_is_a_failure_and_no_crash() -> None:
    deep = b'{"resourceSpans":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    (record,) = span_records("f", iter([jsonl({"resourceSpans": []}) + deep]))
    assert isinstance(record, Failure)
    assert (record.line, record.state) == (1, "not_json")


def test_projection_is_value_at_of_every_path() -> None:
    record = parsed('{"a": {"b": {"c": 1.50, "d": null}, "e": [1, {"x": "y"}]}, "f": "text", "g": true}')
    paths = [
        ("a",),
        ("a", "b"),
        ("a", "b", "c"),
        ("a", "b", "d"),
        ("a", "e"),
        ("a", "e", "x"),
        ("f",),
        ("f", "h"),
        ("g",),
        ("none", "at", "all"),
    ]
    assert projection(paths)(record) == [value_at(record, path) for path in paths]
    assert projection(paths)([1]) == [None] * len(paths)
