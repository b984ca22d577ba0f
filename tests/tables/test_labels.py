"""What may stand as a label, key by key and value by value."""

import json
from collections.abc import Sequence
from typing import Any

import ibis
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.tables.labels import (
    LEFT_OUT,
    LONGEST_KEY,
    LONGEST_NAME,
    MOST_KEYS,
    bounded_request_tags,
    bounded_tags,
    is_content,
    is_name,
    may_stand,
    names_content,
)

LONG = "w " * 200
HOLD_CONTENT = (
    "prompt", "Prompts", "user_prompt", "gen_ai.prompt", "gen_ai.prompt.0.content", "gen_ai.completion", "gen_ai.input.messages",
    "gen_ai.output.messages", "gen_ai.system_instructions", "input", "output", "input.value", "inputText", "lastMessage", "messages",
    "question", "answer", "db.query", "response", "system", "System", "instructions", "text", "transcript", "request-body", "content ",
    "llm.input_messages.0.message.content", "messages[3]",
)  # fmt: skip
HOLD_NONE = (
    "prompt_id", "prompt_name", "prompt_version", "input_type", "message_count", "response_format", "gen_ai.system", "operating_system",
    "context", "contextual", "project", "team", "model", "name", "session_id", "textile", "content_type", "input_tokens", "outputs_kept",
)  # fmt: skip


def asked(engine: Backend, type_: str, build: Any, *cells: Any) -> list[Any]:
    table = ibis.memtable({"place": list(range(len(cells))), "cell": list(cells)}, schema={"place": "int64", "cell": type_})
    rows = engine.to_pyarrow(table.select("place", value=build(table.cell))).to_pylist()
    return [row["value"] for row in sorted(rows, key=lambda row: row["place"])]


def tags_of(engine: Backend, *given: Any, allowed: Sequence[str] | None = None) -> list[Any]:
    texts = [one if one is None or isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in given]
    found = asked(engine, "string", lambda cell: bounded_tags(cell, allowed), *texts)
    return [one and json.loads(one) for one in found]


def test_keys_that_say_they_hold_content(engine: Backend) -> None:
    keys = (*HOLD_CONTENT, *HOLD_NONE)
    expected = [key in HOLD_CONTENT for key in keys]
    assert dict(zip(keys, asked(engine, "string", is_content, *keys), strict=True)) == dict(zip(keys, expected, strict=True))
    assert [names_content(key) for key in keys] == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ({}, {}),
        ({"team": "a", "städte": "Köln"}, {"team": "a", "städte": "Köln"}),
        ({"note": "x" * LONGEST_NAME}, {"note": "x" * LONGEST_NAME}),
        ({"note": "x" * (LONGEST_NAME + 1), "team": "a"}, {"note": LEFT_OUT, "team": "a"}),
        ({"note": "ü" * LONGEST_NAME}, {"note": "ü" * LONGEST_NAME}),
        ({"note": "one\ntwo", "tab": "a\tb"}, {"note": LEFT_OUT, "tab": LEFT_OUT}),
        ({"sep": "a\u2028b", "quote": 'say "hi"'}, {"sep": LEFT_OUT, "quote": 'say "hi"'}),
        ({"prompt": "hi", "prompt_id": "hi"}, {"prompt": LEFT_OUT, "prompt_id": "hi"}),
        ({"input": "1200", "output": "-1.5", "response": "true"}, {"input": "1200", "output": "-1.5", "response": "true"}),
        ({"a": {"x": "deep"}, "b": ["deep"]}, {"a": LEFT_OUT, "b": LEFT_OUT}),
        ({"c": '{"x": "deep"}', "d": "[draft] v2"}, {"c": LEFT_OUT, "d": "[draft] v2"}),
        ({"k" * LONGEST_KEY: "v"}, {"k" * LONGEST_KEY: "v"}),
        ({"k" * (LONGEST_KEY + 1): "v", "a": "b"}, {"a": "b", LEFT_OUT: LEFT_OUT}),
        ({"two\nlines": "v"}, {LEFT_OUT: LEFT_OUT}),
        ({f"k{n}": "v" for n in range(MOST_KEYS)}, {f"k{n}": "v" for n in range(MOST_KEYS)}),
        ({f"k{n}": "v" for n in range(MOST_KEYS + 9)}, {f"k{n}": "v" for n in range(MOST_KEYS)} | {LEFT_OUT: LEFT_OUT}),
        ('no object, but a "prompt": hello', {LEFT_OUT: LEFT_OUT}),
        ('{"team": "a", "team": "a", "prompt": "hello"}', {"team": "a", "prompt": LEFT_OUT}),
    ],
)  # fmt: skip
def test_tags_within_bounds(engine: Backend, given: Any, expected: Any) -> None:
    assert tags_of(engine, given) == [expected]


def test_only_the_keys_that_are_listed_stay_and_those_whatever_they_are_called(engine: Backend) -> None:
    given = (
        {"team": "a", "prompt": "p", "free": "text"},
        {"team": "a"},
        {"free": "text"},
        {"team": LONG, "x": "y"},
        {"prompt": "one\ntwo"},
    )
    assert tags_of(engine, *given, allowed=("team", "prompt")) == [
        {"team": "a", "prompt": "p"},
        {"team": "a"},
        None,
        {"team": LEFT_OUT},
        {"prompt": LEFT_OUT},
    ]
    assert tags_of(engine, {'a"b\\c.d': "x", "aXd": "y"}, allowed=('a"b\\c.d',)) == [{'a"b\\c.d': "x"}]
    assert tags_of(engine, {"team": "a"}, allowed=()) == [None]


def test_request_tags_within_bounds(engine: Backend) -> None:
    given = ["team:a", "plain", "prompt:tell me", "messages:12", "one\ntwo", LONG, "a b c d e f g h i", "User-Agent: a b c d e f g h i"]
    (bounded,) = asked(engine, "array<string>", bounded_request_tags, given)
    assert bounded == ["team:a", "plain", f"prompt:{LEFT_OUT}", "messages:12", LEFT_OUT, LEFT_OUT, LEFT_OUT, given[-1]]
    (listed,) = asked(engine, "array<string>", lambda cell: bounded_request_tags(cell, ("team", "plain", "prompt")), given)
    assert listed == ["team:a", "plain", "prompt:tell me"]
    assert asked(engine, "array<string>", bounded_request_tags, None, [], ["t"] * 60) == [None, [], ["t"] * MOST_KEYS]


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("feature", "ask-hr", True),
        ("feature", "x" * 257, False),
        ("feature", "one\ntwo", False),
        ("feature", "please tell me who wrote the letter to us", False),
        ("conversation", '[{"role": "user"}]', False),
        ("conversation", '{"id": 1}', False),
        ("model", "Gemini 2.5 Flash Native Audio Preview 09-2025", True),
        ("sku", "$0.40 per million Amazon SQS standard requests in Tier1 in US West (Oregon)", True),
        ("resource_id", "/subscriptions/" + "x" * 400, True),
        ("resource_id", "/subscriptions/" + "x" * 1100, False),
        ("resource_id", "x " * 130, False),
        ("client", "x" * 300, False),
        ("api_key_name", "Key for the nightly batch job of the search team", True),
        ("api_key_name", "x" * 300, False),
        (None, "please tell me who wrote the letter to us", True),
    ],
)
def test_names(engine: Backend, column: str | None, text: str, *, expected: bool) -> None:
    assert asked(engine, "string", lambda cell: is_name(cell, column), text) == [expected]
    assert may_stand(text, column) is expected
