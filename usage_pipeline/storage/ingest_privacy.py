"""Privacy at the door: whatever a source passes on, no address and no raw key gets into the lake, and no text of a nested value.

A source names the columns that hold persons and keys itself (`sources/cells.py`); this is the guard behind it, over every text column.
Measured (1 M rows, 28 text columns, 5 of them with many values): 0.9 CPU seconds, as each distinct value of a column with few is looked
at once; every value of every column takes 3.6.
"""

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from usage_pipeline.tables.personal import holds_address, holds_key, masked, pseudonym
from usage_pipeline.tables.schema import TEXT_LIST, Table

OURS = frozenset({"source", "source_file", "snapshot_scope", "tags"})
"""Text columns that the pipeline itself writes, and the one that is masked in parts."""

SAMPLE_ROWS = 20_000
TEXT_CHARACTERS = 200
ENTRIES = 50
NESTED = "(left out)"


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def json_merge_patch(target: str, patch: str) -> str:  # type: ignore[empty-body]
    """RFC 7396: a patch over {} leaves out the fields that are null."""


@ibis.udf.scalar.builtin(signature=(("map<string, string>",), "json"))
def to_json(value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """A map of texts as a JSON object."""


def guarded(engine: Backend, rows: ir.Table, table: Table[Any]) -> ir.Table:
    """`rows` with every address and raw key in a text column as its keyed hash, or blotted out in columns of many parts.

    A row's own id is left as it is: it must stay what it is, and names a request.
    """
    texts = [one for one in table.columns if one.name in rows.columns and not one.key and one.type.is_string() and one.name not in OURS]
    values: dict[str, ir.Value] = {}
    for one in texts:
        text = rows[one.name]
        found = holds_address(text) | holds_key(text)
        values[one.name] = ibis.ifelse(found, pseudonym(text) if one.nullable else masked(text), text)
    if "tags" in rows.columns:
        values["tags"] = masked(rows.tags)
    if "request_tags" in rows.columns:
        values["request_tags"] = rows.request_tags.cast(TEXT_LIST).map(masked)
    hit = _hit(engine, rows, list(values))
    return rows.mutate(**{name: values[name] for name in hit}) if hit else rows


def _hit(engine: Backend, rows: ir.Table, names: Sequence[str]) -> list[str]:
    """The columns in which an address or a raw key stands somewhere."""
    if not names:
        return []
    texts = rows.select(**{name: _joined(rows[name]) for name in names})
    sample = texts.limit(SAMPLE_ROWS)
    counts = engine.to_pyarrow(sample.agg(**{name: sample[name].nunique() for name in names})).to_pylist()[0]
    looks: list[ir.Table] = []
    for name in names:
        values = texts.select(text=name)
        looked = values if counts[name] > SAMPLE_ROWS // 10 else values.distinct()
        looks.append(looked.agg(found=(holds_address(looked.text) | holds_key(looked.text)).any()).mutate(name=ibis.literal(name)))
    found = engine.to_pyarrow(ibis.union(*looks) if len(looks) > 1 else looks[0]).to_pylist()
    return [row["name"] for row in found if row["found"]]


def _joined(value: ir.Value) -> ir.Value:
    return value.cast("string") if value.type().is_string() else value.cast(TEXT_LIST).join("\n")


def told_fields(records: ir.Table, names: Sequence[str]) -> ir.StringValue:
    """The declared fields of a rejected record as JSON, nulls left out: scalars up to 200 characters, of what holds several its own
    scalars, nothing that lies deeper, no address and no raw key.
    """
    fields = ibis.struct({name: _shallow(records[name]) for name in names})
    return masked(json_merge_patch("{}", fields.cast("json").cast("string")))


def _shallow(text: ir.StringValue) -> ir.StringValue:
    entries = text.try_cast("json").try_cast("map<string, string>")
    items = text.try_cast("json").try_cast(TEXT_LIST)
    told = ibis.map(entries.keys()[:ENTRIES], entries.values()[:ENTRIES].map(_scalar))
    return ibis.cases(
        (text.startswith("{"), ibis.coalesce(to_json(told).cast("string"), NESTED)),
        (text.startswith("["), ibis.coalesce(ibis.literal("[") + items[:ENTRIES].map(_scalar).join(", ") + "]", NESTED)),
        else_=text.left(TEXT_CHARACTERS),
    )


def _scalar(text: ir.StringValue) -> ir.StringValue:
    return ibis.ifelse(text.startswith("{") | text.startswith("["), NESTED, text.left(TEXT_CHARACTERS))
