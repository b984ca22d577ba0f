"""Labels and metadata as one flat JSON object, tags as a list."""

import json
from typing import Any

import ibis
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.sources.tags import flat_object, json_object, labels_object, merged, text_list, value_in_list, value_in_object
from usage_pipeline.tables.labels import LEFT_OUT, MOST_KEYS, bounded_tags


def value(engine: Backend, build: Any, *cells: str | None) -> Any:
    names = [f"cell_{number}" for number in range(len(cells))]
    table = ibis.memtable({name: [cell] for name, cell in zip(names, cells, strict=True)}, schema=dict.fromkeys(names, "string"))
    return engine.to_pyarrow(table.select(value=build(*(table[name] for name in names)))).to_pylist()[0]["value"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ('{"project": "a"}', None, {"project": "a"}),
        (None, '{"project": "a"}', {"project": "a"}),
        ('{"project": "a", "feature": "f"}', '{"project": "b", "client": "c"}', {"project": "a", "feature": "f", "client": "c"}),
        ('{"a": 1, "b": true, "c": 1.5, "d": null, "e": [1], "f": {"g": 1}}', None, {"a": "1", "b": "true", "c": "1.5"}),
        ('{"mail": "ana@example.com", "host": "db@eu"}', "{}", {"host": "db@eu"}),
        ('{"quote": "say \\"hi\\"", "path": "C:\\\\x", "line": "a\\nb"}', None, {"quote": 'say "hi"', "path": "C:\\x", "line": "a\nb"}),
        ('{"städte": "Köln"}', None, {"städte": "Köln"}),
    ],
)
def test_merged(engine: Backend, first: str | None, second: str | None, expected: dict[str, str]):
    assert json.loads(value(engine, merged, first, second)) == expected


def test_own_labels_stand_first_and_so_stay_where_there_are_too_many(engine: Backend):
    many = json.dumps({f"k{number}": "x" for number in range(60)} | {"project": "theirs"})
    text = value(engine, merged, '{"project": "ours", "team": "a"}', many)
    assert list(json.loads(text))[:3] == ["project", "team", "k0"]
    kept = json.loads(value(engine, lambda first, second: bounded_tags(merged(first, second)), '{"project": "ours", "team": "a"}', many))
    assert len(kept) == MOST_KEYS + 1
    assert (kept["project"], kept["team"], kept[LEFT_OUT]) == ("ours", "a", LEFT_OUT)


@pytest.mark.parametrize("text", [None, "{}", "[]", "[1]", '"text"', "not json", "7", '{"a": null}', '{"a": {}}'])
def test_nothing_left_is_null(engine: Backend, text: str | None):
    assert value(engine, flat_object, text) is None


def test_json_object_leaves_out_nulls(engine: Backend):
    assert value(engine, lambda a, b: json_object(a=a, b=b), 'x"y', None) == '{"a": "x\\"y"}'
    assert value(engine, lambda a, b: json_object(a=a, b=b), None, None) is None


def test_labels_of_google_become_an_object(engine: Backend):
    text = '[{"key": "team", "value": "ml"}, {"key": "owner", "value": "ana@example.com"}, {"key": "env", "value": null}]'
    assert value(engine, labels_object, text) == '{"team": "ml"}'
    assert value(engine, labels_object, "[]") is None
    assert value(engine, labels_object, None) is None


def test_text_list(engine: Backend):
    assert value(engine, text_list, '["project:a", "plain", "ana@example.com"]') == ["project:a", "plain"]
    assert value(engine, text_list, "[]") == []
    assert value(engine, text_list, '{"a": 1}') is None
    assert value(engine, text_list, None) is None


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('{"project": "a"}', "project", "a"),
        ('{"my-project": "b", "project": "a"}', "project", "a"),
        ('{"x": "\\"project\\": \\"b\\"", "project": "a"}', "project", "a"),
        ('{"project": "say \\"hi\\""}', "project", 'say "hi"'),
        ('{"project": 12}', "project", "12"),
        ('{"a.b": "1", "a b": "2"}', "a.b", "1"),
        ('{"a.b": "1", "a b": "2"}', "a b", "2"),
        ('{"axb": "1"}', "a.b", None),
        ('{"project": ""}', "project", None),
        ('{"value": "project"}', "project", None),
        (None, "project", None),
    ],
)
def test_value_in_object(engine: Backend, text: str | None, key: str, expected: str | None):
    assert value(engine, lambda cell: value_in_object(cell, key), text) == expected


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('["project:a", "project:b"]', "project", "a"),
        ('["my-project:b", "project"]', "project", None),
        ('["url:http://x:1"]', "url", "http://x:1"),
        ('["project:"]', "project", None),
        ("[]", "project", None),
        (None, "project", None),
    ],
)
def test_value_in_list(engine: Backend, text: str | None, key: str, expected: str | None):
    assert value(engine, lambda cell: value_in_list(text_list(cell), key), text) == expected
