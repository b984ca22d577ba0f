"""Privacy at the door: whatever a source passes on, no address and no raw key gets into the lake, no text of a nested value, and no text
that is longer than a name or stands under a key that says it holds a prompt or an answer (`tables/labels.py`).

A source names the columns that hold persons and keys itself (`sources/cells.py`); this is the guard behind it, over every text column.
Measured (1 M rows, 29 text columns, 5 of them with many values, on a busy machine): 1.5 CPU seconds where few tags differ, 2.5 where
every row's do and are short, 6.6 where each has 17 keys and 400 characters; each distinct value of a column with few is looked at once.
"""

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from usage_pipeline.storage.compiled import view_of
from usage_pipeline.tables.labels import (
    BREAK,
    DOUBTFUL_TAGS,
    LEFT_OUT,
    LONG_TAGS,
    LONGEST_KEY,
    LONGEST_NAME,
    MANY_WORDS,
    MOST_KEYS,
    OPENS,
    SENTENCE,
    bounded_request_tags,
    bounded_tags,
    is_name,
)
from usage_pipeline.tables.personal import ADDRESS, ID_KEY, RAW_KEY, SHORT_KEY, holds_address, holds_key, keyed_hash, masked, pseudonym
from usage_pipeline.tables.schema import Column, Table
from usage_pipeline.tables.source import SCOPE_SEPARATOR

OURS = frozenset({"source", "source_file", "tags"})
"""Text columns that the pipeline itself writes, and the one that is masked in parts."""

SCOPE = "snapshot_scope"
TAGS, REQUEST_TAGS = "tags", "request_tags"
SAMPLE_ROWS = 20_000


def guarded(engine: Backend, rows: ir.Table, table: Table[Any], tags: Sequence[str] | None = None) -> ir.Table:
    """`rows` with every address and raw key in a text column as its keyed hash, or blotted out in columns of many parts; and with
    LEFT_OUT for every text that is longer than a name, or a label that says of itself that it is none (`tables/labels.py`).

    A row's id, and the scope it is replaced in, become a hash as a whole: they must go on telling rows apart, with a key or without.
    `tags` are the only keys of labels that stay; None is all.
    """
    texts = [one.name for one in table.columns if one.name in rows.columns and one.type.is_string() and one.name not in OURS]
    labels = [name for name in (TAGS, REQUEST_TAGS) if name in rows.columns]
    hit = _hit(engine, rows, [*texts, *labels])
    if tags is not None:
        hit = [*hit, *(name for name in labels if name not in hit)]
    allowed = None if tags is None else tuple(tags)
    return view_of(engine, _hidden, rows, facts=(table, tuple(hit), allowed)) if hit else rows


def _hidden(rows: ir.Table, table: Table[Any], hit: tuple[str, ...], tags: tuple[str, ...] | None) -> ir.Table:
    """`rows` with what must not be told hidden in the columns `hit`."""
    return rows.mutate(**{one.name: _hidden_value(rows[one.name], one, tags) for one in table.columns if one.name in hit})


def _hidden_value(text: Any, column: Column, tags: tuple[str, ...] | None) -> ir.Value:
    if column.name == TAGS:
        return masked(bounded_tags(text, tags))
    if column.name == REQUEST_TAGS:
        return bounded_request_tags(text, tags).map(masked)
    if column.key:
        return still_telling(text, column.name)
    if column.name == SCOPE:
        return telling_scope(text)
    named = ibis.ifelse(is_name(text, column.name), text, ibis.ifelse(text.isnull(), ibis.null("string"), LEFT_OUT))
    hidden = pseudonym(named) if column.nullable else masked(named)
    return ibis.ifelse(holds_address(named) | holds_key(named), hidden, named)


def still_telling(text: ir.StringValue, column: str | None = None) -> ir.StringValue:
    """An id in which no address, no raw key and no sentence can be read, as different from others as before; and hashed as it always was
    in this home, so that a line is known when it comes again (`storage/id_hashes.py`).
    """
    hashed = ibis.coalesce(keyed_hash("id-", text, ID_KEY), ibis.literal("id-") + text.hexdigest("sha256"))
    return ibis.ifelse(holds_address(text) | holds_key(text) | ~is_name(text, column), hashed, text)


def telling_scope(text: ir.StringValue) -> ir.StringValue:
    """A snapshot scope in the same way. One that is merely long is so part by part, and goes on saying which delivery it is of."""
    parts = text.split(SCOPE_SEPARATOR).map(lambda part: ibis.ifelse(is_name(part), part, still_telling(part))).join(SCOPE_SEPARATOR)
    return ibis.ifelse(holds_address(text) | holds_key(text), still_telling(text), ibis.ifelse(is_name(text), text, parts))


def _hit(engine: Backend, rows: ir.Table, names: Sequence[str]) -> list[str]:
    """The columns in which something stands somewhere that must not. In SQL, which costs a small batch no time to be put together."""
    if not names:
        return []
    table = _name(rows.get_name())
    texts = {name: f"array_to_string({_name(name)}, {_BETWEEN})" if name == REQUEST_TAGS else f"{_name(name)}::VARCHAR" for name in names}
    counts = ", ".join(f"approx_count_distinct({text})" for text in texts.values())
    many = engine.con.execute(f"SELECT {counts} FROM (FROM {table} LIMIT {SAMPLE_ROWS})").fetchone() or ()
    looks: list[str] = []
    for (name, text), count in zip(texts.items(), many, strict=True):
        once = "" if count > SAMPLE_ROWS // 10 else "DISTINCT"
        looks.append(f"SELECT {_quoted(name)}, bool_or({_found(name)}) FROM (SELECT {once} {text} AS text FROM {table})")
    return [name for name, found in engine.con.execute(" UNION ALL ".join(looks)).fetchall() if found]


def _found(name: str) -> str:
    """What to look for in a column: never less than what `guarded` changes."""
    address = f"CASE WHEN contains(text, '@') OR contains(text, '%40') THEN regexp_matches(text, {_quoted(ADDRESS)}) ELSE false END"
    long = f"length(text) > {LONGEST_NAME}"
    keys = f"{RAW_KEY}|{SHORT_KEY}"
    if name == TAGS:
        odd = f"length(text) > {LONGEST_KEY} AND ({_matches(LONG_TAGS)} OR {_more_than(MOST_KEYS, _COLON)})"
        return f"{address} OR {_matches(keys)} OR {_matches(DOUBTFUL_TAGS)} OR {odd}"
    if name == REQUEST_TAGS:
        odd = f"{_matches('[{[]')} OR {_matches(SENTENCE)} OR {_matches(DOUBTFUL_TAGS, _PAIRS)} OR {_more_than(MOST_KEYS - 1, _BETWEEN)}"
        return f"{address} OR {_matches(keys)} OR {long} OR {odd}"
    sentence = "" if name in (*MANY_WORDS, SCOPE) else f" OR {_matches(SENTENCE)}"
    return f"{address} OR {long} OR {_matches(f'{keys}|{BREAK}|{OPENS}')}{sentence}"


_COLON = "'\":'"
_BETWEEN = "'\",\"'"
"""What stands between a tag's key and value, and between the texts of a list when it is looked at as one text."""

_PAIRS = f"replace(text, ':', {_COLON})"
"""Request tags 'key:value' as an object has them."""


def _matches(pattern: str, text: str = "text") -> str:
    return f"regexp_matches({text}, {_quoted(pattern)})"


def _more_than(count: int, what: str) -> str:
    return f"length(text) - length(replace(text, {what}, '')) > {count} * length({what})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
