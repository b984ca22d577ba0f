"""Labels and request metadata as one JSON object of texts. Nested values, nulls and values that hold an e-mail address stay outside."""

import json
import re

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import EMAIL, bound

TEXT_MAP = "map<string, string>"
TEXT_LIST = "array<string>"
FLAT_OBJECT = r'^\{(\s*"[^"\\@]*"\s*:\s*"[^"\\@]*"\s*,?)*\s*\}$'
"""A JSON object of plain texts without escapes or addresses: it is passed on as it is."""


def json_text(text: ir.StringValue) -> ir.StringValue:
    """`text` as a JSON string, quotes included. A control character is written as a line break: no name has one, and it is told by it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').re_replace(r"[\x00-\x1f]", "\\\\n")
    return ibis.literal('"') + ibis.ifelse(text.re_search(r'[\x00-\x1f"\\]'), escaped, text) + '"'


def json_object(**values: ir.StringValue) -> ir.StringValue:
    """{"name": "value"} of the values that are not null; null where all are."""
    pairs = [ibis.literal(f'"{name}": ') + json_text(value) for name, value in values.items()]
    return ibis.literal("{") + ibis.literal(", ").join(pairs).nullif("") + "}"


def merged(first: ir.StringValue, second: ir.StringValue) -> ir.StringValue:
    """Two JSON objects as one of texts; where both have a key, the first wins. Null where nothing is left.

    The first's keys stand first, and so stay where there are more than are kept (`tables/labels.py`).
    """
    only = ibis.ifelse(_is_empty(second) | (first == second), first, ibis.ifelse(_is_empty(first), second, ibis.null("string")))
    plain = ibis.ifelse(only.re_search(FLAT_OBJECT), only, ibis.null("string"))
    own = entries_of(first)
    both = bound(own + entries_of(second) + own, object_of)
    return ibis.coalesce(plain, both).nullif("{}")


def flat_object(text: ir.StringValue) -> ir.StringValue:
    """A JSON object as one of texts; null where nothing is left or it is none."""
    return merged(text, ibis.literal("{}"))


def object_of(entries: ir.MapValue) -> ir.StringValue:
    """A map of texts as a JSON object of scalars."""
    pairs = entries.keys().map(lambda key: bound(entries[key], lambda value: pair_of(key, value)))
    return ibis.literal("{") + pairs.join(", ") + "}"


def labels_object(text: ir.StringValue) -> ir.StringValue:
    """A JSON array [{"key": "team", "value": "ml"}] as a JSON object; null if it is empty or none."""
    labels = text.try_cast("json").try_cast(f"array<{TEXT_MAP}>")
    pairs = labels.map(lambda label: pair_of(label.get("key"), label.get("value")))
    return ibis.literal("{") + pairs.join(", ").nullif("") + "}"


def text_list(text: ir.StringValue) -> ir.ArrayValue:
    """A JSON array as a list of texts, e-mail addresses left out; null if it is none."""
    given = text.try_cast("json").try_cast(TEXT_LIST)
    return ibis.ifelse(text.contains("@"), given.filter(lambda one: ~one.re_search(EMAIL)), given)


def value_in_object(text: ir.StringValue, key: str) -> ir.StringValue:
    """The value under `key` in a JSON object of scalars, as text; null if there is none or it is empty."""
    name = json.dumps(key, ensure_ascii=False)
    plain = text.re_extract(rf'{re.escape(name)}\s*:\s*"([^"\\]*)"', 1).nullif("")
    odd = ibis.ifelse(text.contains(name), entries_of(text).get(key), ibis.null("string")).nullif("")
    return ibis.coalesce(plain, odd)


def value_in_list(tags: ir.ArrayValue, key: str) -> ir.StringValue:
    """The value of the first 'key:value' in a list of texts; null if there is none or it is empty."""
    return tags.filter(lambda tag: tag.startswith(f"{key}:"))[0].substr(len(key) + 1).nullif("")


def entries_of(text: ir.StringValue) -> ir.MapValue:
    """A JSON object of scalars as a map; empty where it is null."""
    return text.fill_null("{}").try_cast("json").try_cast(TEXT_MAP)


def pair_of(key: ir.StringValue, value: ir.StringValue) -> ir.StringValue:
    """'"key": "value"', null where the value does not stay."""
    return ibis.ifelse(_is_kept(value), json_text(key) + ": " + json_text(value), ibis.null("string"))


def _is_empty(text: ir.StringValue) -> ir.BooleanValue:
    return text.isnull() | (text == "{}")


def _is_kept(value: ir.StringValue) -> ir.BooleanValue:
    """Scalars that hold no address."""
    return value.notnull() & ~value.startswith("{") & ~value.startswith("[") & ~(value.contains("@") & value.re_search(EMAIL))
