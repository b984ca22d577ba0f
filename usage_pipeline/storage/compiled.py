"""Queries that are put together once in a process: to build and compile an expression costs far more than to run it over a small file.

A query is a function of tables. What it says may depend on nothing but the columns of those tables and on `facts`, so its text is made
once for each of them; the names of the tables at hand are then set into it. What changes from call to call (a source's name, the time)
is no part of it: it stands in a table, or is added to what the query gives.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

Query = Callable[..., ir.Table]
"""(*tables, *facts) → rows. A function of a module, not one made anew for each call."""

QUERIES = 1_000
"""Kept in a process; one is some 10 to 300 KB of text."""

_PLACE = "table {} of a compiled query"


def view_of(engine: Backend, query: Query, *tables: ir.Table, facts: tuple[Hashable, ...] = ()) -> ir.Table:
    """`query(*tables, *facts)` as a view of the engine, which runs wherever it is used."""
    sql, schema = sql_of(engine, query, *tables, facts=facts)
    name = ibis.util.gen_name("view")
    engine.con.execute(f"CREATE TEMP VIEW {name} AS {sql}")
    return ops.DatabaseTable(name, schema=schema, source=engine).to_expr()


def rows_of(engine: Backend, query: Query, *tables: ir.Table, facts: tuple[Hashable, ...] = ()) -> list[dict[str, Any]]:
    """What `query(*tables, *facts)` gives."""
    sql, schema = sql_of(engine, query, *tables, facts=facts)
    found = engine.con.execute(sql).to_arrow_table().cast(schema.to_pyarrow())  # the engine's sums are wider than they are said to be
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def sql_of(engine: Backend, query: Query, *tables: ir.Table, facts: tuple[Hashable, ...] = ()) -> tuple[str, ibis.Schema]:
    """`query(*tables, *facts)` as text for the engine, and its columns."""
    held = [named(engine, table) for table in tables]
    sql, schema = _compiled(query, tuple(table.schema() for table in held), facts)
    for place, table in enumerate(held):
        sql = sql.replace(f'"{_PLACE.format(place)}"', _name(table.op()))
    return sql, schema


@lru_cache(maxsize=QUERIES)
def _compiled(query: Query, schemas: tuple[ibis.Schema, ...], facts: tuple[Hashable, ...]) -> tuple[str, ibis.Schema]:
    tables = [ibis.table(schema, name=_PLACE.format(place)) for place, schema in enumerate(schemas)]
    rows = query(*tables, *facts)
    return str(ibis.to_sql(rows, dialect="duckdb", pretty=False)), rows.schema()


def named(engine: Backend, rows: ir.Table) -> ir.Table:
    """`rows` as something that the engine has under a name."""
    return rows if isinstance(rows.op(), ops.DatabaseTable) else engine.create_view(ibis.util.gen_name("rows"), rows)


def _name(table: ops.DatabaseTable) -> str:
    path = [one for one in (table.namespace.catalog, table.namespace.database, table.name) if one]
    return ".".join('"' + one.replace('"', '""') + '"' for one in path)


def quoted(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"
