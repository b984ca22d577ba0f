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

from usage_pipeline.tables.personal import ADDRESS, RAW_KEY, SHORT_KEY, holds_address, holds_key, keyed_hash, masked, pseudonym
from usage_pipeline.tables.schema import TEXT_LIST, Table

OURS = frozenset({"source", "source_file", "tags"})
"""Text columns that the pipeline itself writes, and the one that is masked in parts."""

SCOPE = "snapshot_scope"

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

    A row's id, and the scope it is replaced in, become a hash as a whole: they must go on telling rows apart, with a key or without.
    """
    texts = [one for one in table.columns if one.name in rows.columns and one.type.is_string() and one.name not in OURS]
    values: dict[str, ir.Value] = {}
    for one in texts:
        text = rows[one.name]
        if one.key or one.name == SCOPE:
            values[one.name] = still_telling(text)
        else:
            values[one.name] = ibis.ifelse(holds_address(text) | holds_key(text), pseudonym(text) if one.nullable else masked(text), text)
    if "tags" in rows.columns:
        values["tags"] = masked(rows.tags)
    if "request_tags" in rows.columns:
        values["request_tags"] = rows.request_tags.cast(TEXT_LIST).map(masked)
    hit = _hit(engine, rows, list(values))
    return rows.mutate(**{name: values[name] for name in hit}) if hit else rows


def still_telling(text: ir.StringValue) -> ir.StringValue:
    """An id in which no address and no raw key can be read, as different from others as before."""
    hashed = ibis.coalesce(keyed_hash("id-", text), ibis.literal("id-") + text.hexdigest("sha256"))
    return ibis.ifelse(holds_address(text) | holds_key(text), hashed, text)


def _hit(engine: Backend, rows: ir.Table, names: Sequence[str]) -> list[str]:
    """The columns in which an address or a raw key stands somewhere. In SQL, which costs a small batch no time to be put together."""
    if not names:
        return []
    table = _name(rows.get_name())
    texts = {
        name: f"{_name(name)}::VARCHAR" if rows[name].type().is_string() else f"array_to_string({_name(name)}, chr(10))" for name in names
    }
    counts = ", ".join(f"approx_count_distinct({text})" for text in texts.values())
    many = engine.con.execute(f"SELECT {counts} FROM (FROM {table} LIMIT {SAMPLE_ROWS})").fetchone() or ()
    looks: list[str] = []
    for (name, text), count in zip(texts.items(), many, strict=True):
        once = "" if count > SAMPLE_ROWS // 10 else "DISTINCT"
        looks.append(f"SELECT {_quoted(name)}, bool_or({_FOUND}) FROM (SELECT {once} {text} AS text FROM {table})")
    return [name for name, found in engine.con.execute(" UNION ALL ".join(looks)).fetchall() if found]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


_FOUND = (
    f"CASE WHEN contains(text, '@') OR contains(text, '%40') THEN regexp_matches(text, {_quoted(ADDRESS)}) ELSE false END"
    f" OR regexp_matches(text, {_quoted(f'{RAW_KEY}|{SHORT_KEY}')})"
)


def told_fields(records: ir.Table, names: Sequence[str]) -> ir.StringValue:
    """The declared fields of a rejected record as JSON, nulls left out: scalars up to 200 characters, of what holds several its own
    scalars, nothing that lies deeper, no address and no raw key.
    """
    values = ibis.array([records[name] for name in names]).map(_shallow)
    told = to_json(ibis.map(ibis.array([ibis.literal(name) for name in names]), values)).cast("string")
    return masked(json_merge_patch("{}", told))


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
