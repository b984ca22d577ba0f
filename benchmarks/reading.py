"""The least that any reader of a source's files must do: plain DuckDB that reads the columns which the source needs, and nothing else."""

from collections.abc import Mapping
from typing import Any

from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.tables.source import FILE


def json_sql(kind: str, pattern: str) -> str:
    """A query over JSON lines that takes every field of `kind` and gives one row."""
    tree: dict[str, Any] = {}
    for path in SOURCES[kind].fields.values():
        keys = path if isinstance(path, tuple) else tuple(path.split("."))
        if keys[0] != FILE:
            _place(tree, keys)
    columns = ", ".join(f"'{name}': '{_type_of(below)}'" for name, below in tree.items())
    return f"""SELECT count(*), bit_xor(hash(rows_read)) FROM read_json('{pattern}', format = 'newline_delimited',
        columns = {{{columns}}}, ignore_errors = true) AS rows_read"""


def parquet_sql(kind: str, pattern: str, names: list[str]) -> str:
    """The same over Parquet with the columns `names`."""
    roots = {(path if isinstance(path, tuple) else tuple(path.split(".")))[0] for path in SOURCES[kind].fields.values()}
    wanted = ", ".join(f'"{name}"' for name in names if name in roots)
    return f"SELECT count(*), bit_xor(hash(rows_read)) FROM (SELECT {wanted} FROM read_parquet('{pattern}')) AS rows_read"


def _place(tree: dict[str, Any], keys: tuple[str, ...]) -> None:
    """A field that holds another is read as a whole."""
    first, rest = keys[0], keys[1:]
    if not rest:
        tree.setdefault(first, {})
    elif tree.get(first) != {} or first not in tree:
        _place(tree.setdefault(first, {}), rest)


def _type_of(tree: Mapping[str, Any]) -> str:
    return "STRUCT(" + ", ".join(f'"{name}" {_type_of(below)}' for name, below in tree.items()) + ")" if tree else "VARCHAR"
