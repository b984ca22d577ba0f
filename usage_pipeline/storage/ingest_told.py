"""What is told of a rejected record: enough to see what is wrong with it, and nothing of what somebody may have written in a wrong place.

In: records, and the names of the fields that their source declares. Out: one JSON object. Numbers, times, ids and names of up to 64
characters and four words stay; of all else its shape stays, letters as x and digits as 0. The file and the line are told beside it.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.labels import BREAK, LEFT_OUT
from usage_pipeline.tables.personal import masked
from usage_pipeline.tables.schema import TEXT_LIST

TOLD_CHARACTERS = 64
ENTRIES = 50

_SENTENCE = r"(?:\S+\s+){4}\S"
_PLAIN = r"^(?:[-+]?[\d.,]*(?:[eE][-+]?\d+)?|true|false|null)$"
_KEY = r"^[\w.:/-]*$"


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def json_merge_patch(target: str, patch: str) -> str:  # type: ignore[empty-body]
    """RFC 7396: a patch over {} leaves out the fields that are null."""


@ibis.udf.scalar.builtin(signature=(("map<string, string>",), "json"))
def to_json(value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """A map of texts as a JSON object."""


def told_fields(records: ir.Table, names: Sequence[str]) -> ir.StringValue:
    """The declared fields of a rejected record as JSON, nulls left out. Of what holds several: its own keys and numbers, the shape of its
    texts, nothing that lies deeper. No address and no raw key.
    """
    values = ibis.array([records[name] for name in names]).map(_field)
    told = to_json(ibis.map(ibis.array([ibis.literal(name) for name in names]), values)).cast("string")
    return masked(json_merge_patch("{}", told))


def _field(text: ir.StringValue) -> ir.StringValue:
    entries = text.try_cast("json").try_cast("map<string, string>")
    items = text.try_cast("json").try_cast(TEXT_LIST)
    pairs = entries.keys()[:ENTRIES].map(lambda key: _key(key) + ": " + _inner(entries.get(key)))
    return ibis.cases(
        (text.startswith("{"), ibis.coalesce(ibis.literal("{") + pairs.join(", ") + "}", LEFT_OUT)),
        (text.startswith("["), ibis.coalesce(ibis.literal("[") + items[:ENTRIES].map(_inner).join(", ") + "]", LEFT_OUT)),
        (_is_telling(text), text),
        else_=_shape(text),
    )


def _is_telling(text: ir.StringValue) -> ir.BooleanValue:
    return (text.length() <= TOLD_CHARACTERS) & ~text.re_search(rf"{BREAK}|{_SENTENCE}")


def _inner(text: ir.StringValue) -> ir.StringValue:
    return ibis.cases(
        (text.startswith("{") | text.startswith("["), LEFT_OUT),
        (text.re_search(_PLAIN) & (text.length() <= TOLD_CHARACTERS), text),
        else_=_shape(text),
    )


def _key(key: ir.StringValue) -> ir.StringValue:
    return ibis.ifelse((key.length() <= TOLD_CHARACTERS) & key.re_search(_KEY), key, LEFT_OUT)


def _shape(text: ir.StringValue) -> ir.StringValue:
    """The start of a text with letters as x and digits as 0: what a wrong date or number looks like."""
    return text.left(TOLD_CHARACTERS).re_replace(BREAK, " ").re_replace(r"[\p{L}\p{M}]", "x").re_replace(r"\p{N}", "0")
