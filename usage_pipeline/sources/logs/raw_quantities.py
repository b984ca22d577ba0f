"""A usage object's text → its shape, its quantities as texts and numbers, and whether it holds a number under a key that we do not know.

A shape is told by the keys that are there, never by numbers.
"""

import json
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, seconds, whole_number
from usage_pipeline.sources.logs.raw_shapes import GEMINI, ITERATION, MARKS, SHAPES, TEXTS, KeyPath, Shape
from usage_pipeline.sources.records import staged

STRING = r'"(?:[^"\\]|\\.)*"'

LISTS: Mapping[str, dt.DataType] = {
    "iterations": dt.Array(dt.string),
    "ttls": dt.Array(dt.Struct({"ttl": "string", "inputTokens": "string"})),
    "input_details": dt.Array(dt.Struct({"modality": "string", "tokenCount": "string", "token_count": "string"})),
    "cache_details": dt.Array(dt.Struct({"modality": "string", "tokenCount": "string", "token_count": "string"})),
    "output_details": dt.Array(dt.Struct({"modality": "string", "tokenCount": "string", "token_count": "string"})),
}
"""The lists of usage objects and what is read of their elements."""

OTHERS = tuple(shape for shape in SHAPES if shape is not GEMINI)
QUANTITIES = tuple(dict.fromkeys(name for shape in SHAPES for name in shape.quantities))
WHOLE = tuple(name for name in QUANTITIES if name not in {"seconds", "cost"})

OF_GEMINI = r'"(prompt|candidates|response|thoughts|total)_?[tT]oken_?[cC]ount"'
NUMBER = r"[:\[,](-?[1-9]|-?0\.0*[1-9])"
"""A number other than zero as a value, in JSON text without blanks."""


def quantities(lines: ir.Table) -> ir.Table:
    """`lines` with shape, is_unknown, a text per quantity and its number `n_<name>`, the lists, and the texts of usage objects."""
    parsed = staged(_parsed(lines))
    read = staged(_read(parsed).drop("google_usage", "other_usage"))
    shaped = staged(read.mutate(shape=_shape(read)))
    return shaped.mutate(
        is_unknown=_is_unknown(shaped.usage, shaped.shape),
        n_seconds=seconds(shaped.seconds),
        n_cost=decimal(shaped.cost),
        **{f"n_{name}": whole_number(shaped[name]) for name in WHOLE},
    )


def iteration(text: ir.StringValue) -> ir.StructValue:
    """One element of `iterations`, parsed: the text of each quantity, `model` and `type`."""
    return text.try_cast("json").try_cast(ITERATION_TYPE)


def of_iteration(run: ir.StructValue, name: str) -> ir.StringValue:
    """The text of one of ITERATION's quantities."""
    return _at(run, ITERATION.quantities[name][0])


def has_unknown(text: ir.Value, shape: Shape) -> ir.BooleanValue:
    """Whether anything but zero stands under a key that the shape does not know."""
    return _has_number(json_merge_patch(text, _without(shape)))


def _parsed(lines: ir.Table) -> ir.Table:
    """Once for each of the two spellings, which use one key for different things."""
    usage = lines.usage_text.try_cast("json")
    google = lines.usage_text.re_search(OF_GEMINI)
    return lines.mutate(
        usage=usage,
        google_usage=ibis.ifelse(google, usage, ibis.null("json")).try_cast(GOOGLE_TYPE),
        other_usage=ibis.ifelse(google, ibis.null("json"), usage).try_cast(OTHER_TYPE),
    ).drop("usage_text")


def _read(rows: ir.Table) -> ir.Table:
    """A text column per quantity, the lists, the words, and whether the objects that tell a shape are there."""
    google, other = rows.google_usage, rows.other_usage
    return rows.mutate(
        is_google=google.notnull(),
        **{mark: any_of(_at(other, path).notnull() for path in paths) for mark, paths in MARKS.items()},
        **{name: ibis.coalesce(*_places(google, (GEMINI,), name), *_places(other, OTHERS, name)) for name in QUANTITIES},
        **{name: ibis.coalesce(*_lists(google, (GEMINI,), name), *_lists(other, OTHERS, name)) for name in LISTS},
        **{
            name: ibis.coalesce(*(_at(google, path) for path in paths), *(_at(other, path) for path in paths))
            for name, paths in TEXTS.items()
        },
    )


def _places(usage: ir.StructValue, shapes: Iterable[Shape], name: str) -> list[ir.StringValue]:
    paths = dict.fromkeys(path for shape in shapes for path in shape.quantities.get(name, ()))
    return [_at(usage, path) for path in paths]


def _lists(usage: ir.StructValue, shapes: Iterable[Shape], name: str) -> list[ir.ArrayValue]:
    return [_at(usage, path) for shape in shapes for path in shape.lists.get(name, ())]


def _shape(rows: ir.Table) -> ir.StringValue:
    """The shape's name; null where no key tells one."""
    counts = rows.input_whole.notnull() | rows.output_whole.notnull()
    says_so = ((rows.type == "message") | (rows.given_provider.lower() == "anthropic")) & rows.total.isnull()
    return ibis.cases(
        (rows.is_google, "gemini"),
        (rows.has_billed_units, "cohere"),
        (rows.has_bedrock_tokens, "bedrock"),
        (rows.has_chat_tokens, "chat"),
        (rows.seconds.notnull(), "duration"),
        (counts & (rows.has_anthropic_keys | says_so), "anthropic"),
        (counts, "responses"),
        else_=ibis.null("string"),
    )


def _is_unknown(usage: ir.Value, shape: ir.StringValue) -> ir.BooleanValue:
    """Each shape for itself: what is a quantity of one is unknown in another."""
    each = ((shape == one.name, has_unknown(usage, one)) for one in SHAPES)
    return ibis.cases(*each, else_=_has_number(json_merge_patch(usage, "{}")))


def _has_number(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a number other than zero is in JSON text without blanks; what is written in strings is none."""
    return text.re_search(NUMBER) & text.re_replace(STRING, "").re_search(NUMBER)


@ibis.udf.scalar.builtin(signature=((dt.json, dt.string), dt.string))  # type: ignore[untyped-decorator]
def json_merge_patch(target: Any, patch: str) -> str:  # type: ignore[empty-body]
    """RFC 7396: keys that the patch sets to null are taken out."""


def _without(shape: Shape) -> str:
    """The patch that takes the shape's keys out."""
    return json.dumps(_tree((path, None) for path in shape.known))


def _tree(leaves: Iterable[tuple[KeyPath, Any]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, leaf in leaves:
        branch = tree
        for key in path[:-1]:
            branch = branch.setdefault(key, {})
        branch.setdefault(path[-1], leaf)
    return tree


def _type(tree: Mapping[str, Any]) -> dt.Struct:
    return dt.Struct({key: _type(value) if isinstance(value, dict) else value for key, value in tree.items()})


def _type_of(shapes: Iterable[Shape], *texts: KeyPath) -> dt.Struct:
    shapes = tuple(shapes)
    quantities_ = [(path, dt.string) for shape in shapes for path in (*(p for ps in shape.quantities.values() for p in ps), *shape.free)]
    lists = [(path, LISTS[name]) for shape in shapes for name, paths in shape.lists.items() for path in paths]
    return _type(_tree([*quantities_, *lists, *((path, dt.string) for path in texts)]))


WORDS = tuple(path for paths in TEXTS.values() for path in paths)
GOOGLE_TYPE = _type_of((GEMINI,), *WORDS)
OTHER_TYPE = _type_of(OTHERS, *WORDS, ("is_byok",), ("num_sources_used",))
ITERATION_TYPE = _type_of((ITERATION,), ("model",), ("type",))


def _at(structure: ir.StructValue, path: KeyPath) -> Any:
    return reduce(lambda value, key: value[key], path, structure)


def any_of(conditions: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    """Whether one of them holds."""
    return reduce(or_, conditions)
