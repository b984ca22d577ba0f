"""The database: small, relational, transactional tables (ledgers, aggregates, alerts, statements) on SQLite or PostgreSQL.

Rows go in as row objects, or as an Ibis or Arrow table of the declared shape, and come out as row objects or a pandas frame.
A scope is a mapping of column to value: a plain value is equality, None is null, a Period is its days, a collection is any of them.
"""

import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite

from usage_pipeline.errors import ContractError, UsageError
from usage_pipeline.periods import Period
from usage_pipeline.storage.exact_sum import teach
from usage_pipeline.storage.sql_tables import ROW_KEY, hashed_key, row_key, sql_table
from usage_pipeline.tables.schema import Table

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 30_000
_MIGRATION_CONFIG = Config()
_MIGRATION_CONFIG.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
_MIGRATION_CONFIG.set_main_option("path_separator", "os")
_MIGRATING = threading.Lock()
"""Alembic keeps what it is doing in module globals: one thread at a time."""
_MIGRATION_LOCK = 7_385_201_934
"""Any number, the same for all: PostgreSQL's advisory lock that lets one process migrate at a time."""

Row = TypeVar("Row")
Rows: TypeAlias = Iterable[Row] | ir.Table | pa.Table
Where: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transaction:
    """Reads and writes that happen together or not at all. Made by `Database.transaction`."""

    connection: sa.Connection

    def select(
        self, table: Table[Row], *conditions: sa.ColumnElement[bool], where: Where | None = None, order: Sequence[str] | None = None
    ) -> list[Row]:
        """The rows within the scope `where` that meet all `conditions`, ordered by `order` (the key if None; '-name' falls)."""
        result = self.connection.execute(self._query(table, conditions, where, order))
        return [table.row(**dict(zip(table.names, row, strict=True))) for row in result]

    def frame(
        self, table: Table[Any], *conditions: sa.ColumnElement[bool], where: Where | None = None, order: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """The same rows as a pandas frame of plain objects: Decimals stay Decimals, nulls are None. Whole-number columns are int64."""
        rows = self.connection.execute(self._query(table, conditions, where, order)).all()
        frame = pd.DataFrame([tuple(row) for row in rows], columns=list(table.names), dtype=object)
        return frame.astype({one.name: "int64" for one in table.columns if one.type.is_integer() and not one.nullable})

    def insert(self, table: Table[Row], rows: Rows[Row], *, skip_known: bool = False) -> int:
        """Add rows; how many were added. A key that is there already raises ContractError, or is left as it is if `skip_known`."""
        values = _values_of(table, rows)
        return self._write(table, values, self._insert(table).on_conflict_do_nothing() if skip_known else sa.insert(sql_table(table)))

    def upsert(self, table: Table[Row], rows: Rows[Row]) -> int:
        """Add rows, replacing those that have the same key; how many were written."""
        target = sql_table(table)
        statement = self._insert(table)
        rest = {name: statement.excluded[name] for name in table.names if name not in table.key}
        changed = statement.on_conflict_do_update(index_elements=list(target.primary_key), set_=rest)
        return self._write(table, _values_of(table, rows), changed if rest else statement.on_conflict_do_nothing())

    def replace(self, table: Table[Row], rows: Rows[Row], *, where: Where) -> int:
        """Make `rows` the whole content of the scope `where` ({} is the whole table); how many are there now.

        Raises ContractError for a row outside the scope, before anything is changed.
        """
        values = _values_of(table, rows)
        for name, wanted in where.items():
            column = _place(table, name)
            outside = next((row for row in values if not _within(row[column], wanted)), None)
            if outside is not None:
                raise ContractError(f"{table.name}: a row with {name} {outside[column]!r} is outside the scope to replace, {wanted!r}")
        self.connection.execute(sa.delete(sql_table(table)).where(*_conditions(table, where)))
        return self._write(table, values, sa.insert(sql_table(table)))

    def _query(
        self, table: Table[Any], conditions: Sequence[sa.ColumnElement[bool]], where: Where | None, order: Sequence[str] | None
    ) -> sa.Select[Any]:
        target = sql_table(table)
        query = sa.select(*(target.c[name] for name in table.names)).where(*_conditions(table, where or {}), *conditions)
        return query.order_by(*(self._ordering(target, name) for name in (table.key if order is None else order)))

    def _ordering(self, target: sa.Table, name: str) -> sa.ColumnElement[Any]:
        """Nulls first and text by code point, so that both databases give one order."""
        column: sa.ColumnElement[Any] = target.c[name.removeprefix("-")]
        if isinstance(column.type, sa.Text):
            column = sa.collate(column, "BINARY" if self.connection.dialect.name == "sqlite" else "C")
        return column.desc().nulls_last() if name.startswith("-") else column.asc().nulls_first()

    def _insert(self, table: Table[Any]) -> Any:
        dialect = sqlite if self.connection.dialect.name == "sqlite" else postgresql
        return dialect.insert(sql_table(table))

    def _write(self, table: Table[Any], values: list[tuple[Any, ...]], statement: sa.Insert) -> int:
        key = itemgetter(*(table.names.index(name) for name in table.key))
        if len({key(row) for row in values}) < len(values):
            raise ContractError(f"{table.name}: several rows have the same key ({', '.join(table.key)})")
        if not values:
            return 0
        if hashed_key(table):
            parameters = [{ROW_KEY: row_key(key(row)), **dict(zip(table.names, row, strict=True))} for row in values]
        else:
            parameters = [dict(zip(table.names, row, strict=True)) for row in values]
        try:
            return self.connection.execute(statement, parameters, execution_options={"preserve_rowcount": True}).rowcount
        except sa.exc.IntegrityError as error:
            raise ContractError(f"{table.name}: {error.orig}") from error


class Database:
    """One database. Every method is a transaction of its own; `transaction()` groups several."""

    def __init__(self, url: str) -> None:
        self._engine = _engine_of(_with_driver(url))

    def __repr__(self) -> str:
        return f"Database({self._engine.url.render_as_string(hide_password=True)})"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All of the block's reads and writes, or none if it raises. On SQLite it waits for, and then is, the only writer."""
        with self._engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
            yield Transaction(connection)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Several reads of one state; nothing is written."""
        with self._engine.connect() as connection, connection.begin():
            yield Transaction(connection)

    def select(
        self, table: Table[Row], *conditions: sa.ColumnElement[bool], where: Where | None = None, order: Sequence[str] | None = None
    ) -> list[Row]:
        """See Transaction.select."""
        with self.reading() as transaction:
            return transaction.select(table, *conditions, where=where, order=order)

    def frame(
        self, table: Table[Any], *conditions: sa.ColumnElement[bool], where: Where | None = None, order: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """See Transaction.frame."""
        with self.reading() as transaction:
            return transaction.frame(table, *conditions, where=where, order=order)

    def insert(self, table: Table[Row], rows: Rows[Row], *, skip_known: bool = False) -> int:
        """See Transaction.insert."""
        with self.transaction() as transaction:
            return transaction.insert(table, rows, skip_known=skip_known)

    def upsert(self, table: Table[Row], rows: Rows[Row]) -> int:
        """See Transaction.upsert."""
        with self.transaction() as transaction:
            return transaction.upsert(table, rows)

    def replace(self, table: Table[Row], rows: Rows[Row], *, where: Where) -> int:
        """See Transaction.replace."""
        with self.transaction() as transaction:
            return transaction.replace(table, rows, where=where)

    def migrate(self) -> None:
        """Bring an empty or older database to the tables of this version; where it is there already, a look is all. Safe side by side.

        Raises UsageError for a database of a newer version than this one.
        """
        with self.reading() as reading:
            if MigrationContext.configure(reading.connection).get_current_revision() in _revisions()[:1]:
                return
        with _MIGRATING, self.transaction() as writing:
            if writing.connection.dialect.name == "postgresql":
                writing.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            found = MigrationContext.configure(writing.connection).get_current_revision()
            if found is not None and found not in _revisions():
                raise UsageError(f"{self!r} is of a newer version ({found}): update usage-pipeline, or name another database")
            _MIGRATION_CONFIG.attributes["connection"] = writing.connection
            command.upgrade(_MIGRATION_CONFIG, "head")

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


@cache
def _revisions() -> tuple[str, ...]:
    """The migrations that this version has, the newest first: they lie in the package, and are read once."""
    return tuple(one.revision for one in ScriptDirectory.from_config(_MIGRATION_CONFIG).walk_revisions())


def _values_of(table: Table[Row], rows: Rows[Row]) -> list[tuple[Any, ...]]:
    """Rows as tuples in the order of the table's columns. Raises ContractError if a frame has another shape."""
    if isinstance(rows, ir.Table):
        table.check(rows)
        rows = rows.select(*table.names).to_pyarrow()
    if isinstance(rows, pa.Table):
        if set(rows.column_names) != set(table.names):
            raise ContractError(f"{table.name}: columns {sorted(set(rows.column_names) ^ set(table.names))} are missing or not declared")
        return list(zip(*(rows.column(name).to_pylist() for name in table.names), strict=True))
    return [attrgetter(*table.names)(row) for row in rows]


def _place(table: Table[Any], name: str) -> int:
    if name not in table.names:
        raise ContractError(f"{table.name} has no column {name!r}; it has {', '.join(table.names)}")
    return table.names.index(name)


def _within(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Period) or _is_collection(wanted):
        return value in wanted
    return bool(value == wanted)


def _is_collection(wanted: Any) -> bool:
    return isinstance(wanted, Collection) and not isinstance(wanted, str | bytes)


def _conditions(table: Table[Any], where: Where) -> list[sa.ColumnElement[bool]]:
    target = sql_table(table)
    conditions: list[sa.ColumnElement[bool]] = []
    for name, wanted in where.items():
        _place(table, name)
        column = target.c[name]
        if isinstance(wanted, Period):
            conditions.append(sa.and_(column >= wanted.start, column < wanted.end))
        elif _is_collection(wanted):
            known = [value for value in wanted if value is not None]
            conditions.append(sa.or_(column.in_(known), column.is_(None)) if len(known) < len(wanted) else column.in_(known))
        else:
            conditions.append(column.is_(None) if wanted is None else column == wanted)
    return conditions


def _with_driver(url: str) -> sa.URL:
    parsed = sa.make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in {"postgres", "postgresql"} else parsed


def _engine_of(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(
        engine, "begin", lambda connection: connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
    )
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    teach(connection)
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    for setting in (f"busy_timeout = {BUSY_TIMEOUT_MS}", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}").close()
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError:  # of two that switch a new file at once, one is refused without waiting
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
