"""The declared tables as SQL tables, alike on SQLite and PostgreSQL.

Exact decimals are NUMERIC on PostgreSQL and text on SQLite, which has none: there they must not be summed, compared or ordered in SQL.
A table whose key may be null in part has `row_key`, a hash of the key, as its primary key: databases disagree on unique nulls.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

import ibis.expr.datatypes as dt
import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

from usage_pipeline.errors import ContractError
from usage_pipeline.tables.alerts import alerts, deliveries
from usage_pipeline.tables.anomalies import anomalies
from usage_pipeline.tables.audit_log import audit_log
from usage_pipeline.tables.budget_versions import budget_versions
from usage_pipeline.tables.budgets import budget_status
from usage_pipeline.tables.computed_days import computed_days
from usage_pipeline.tables.costs import daily_costs, monthly_costs
from usage_pipeline.tables.forecasts import forecast_errors, forecasts
from usage_pipeline.tables.ingested_files import ingested_days, ingested_files
from usage_pipeline.tables.price_books import price_books
from usage_pipeline.tables.reconciliations import reconciliation_causes, reconciliations
from usage_pipeline.tables.report_deliveries import report_deliveries
from usage_pipeline.tables.request_limits import limit_violations
from usage_pipeline.tables.revisions import revisions
from usage_pipeline.tables.schema import Column, Table
from usage_pipeline.tables.statements import statements
from usage_pipeline.tables.wallets import recharge_requests, wallet_entries, wallets

ROW_KEY = "row_key"

DECLARED: tuple[Table[Any], ...] = (
    ingested_files,
    ingested_days,
    daily_costs,
    monthly_costs,
    budget_status,
    forecasts,
    forecast_errors,
    anomalies,
    alerts,
    deliveries,
    statements,
    price_books,
    computed_days,
    reconciliations,
    reconciliation_causes,
    revisions,
    audit_log,
    budget_versions,
    limit_violations,
    wallets,
    wallet_entries,
    recharge_requests,
    report_deliveries,
)
"""Every table that lives in the database. A new one, or a new column, also needs a migration; a test says so."""

INDEXES: dict[str, tuple[tuple[str, ...], ...]] = {
    "ingested_days": (("source", "day"),),
    "daily_costs": (("day", "project"),),
    "monthly_costs": (("month", "project"),),
    "budget_status": (("project", "period_start"),),
    "forecasts": (("project", "period_start"),),
    "anomalies": (("day", "project"),),
    "alerts": (("project", "period_start"), ("state",)),
    "deliveries": (("project", "sent_at"), ("state",), ("sent_at",)),
    "reconciliations": (("day", "channel"),),
    "reconciliation_causes": (("day", "channel"),),
    "audit_log": (("subject", "at"),),
    "limit_violations": (("day", "project"),),
    "wallet_entries": (("wallet", "day"),),
    "recharge_requests": (("wallet", "state"),),
    "report_deliveries": (("name", "period"), ("state",)),
}


_WIDE = Context(prec=120)


class ExactDecimal(TypeDecorator[Decimal]):
    """Decimals to the last digit. Refuses floats, infinities and digits beyond the scale instead of rounding them."""

    impl = sa.Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        super().__init__(precision, scale)
        self.precision, self.scale = precision, scale
        self._smallest = Decimal(1).scaleb(-scale)

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise ContractError(f"{value!r} is a {type(value).__name__} where a Decimal is declared")
        if not value.is_finite() or value.adjusted() >= self.precision - self.scale:
            raise ContractError(f"{value} is not a number that can be stored")
        if value != value.quantize(self._smallest, context=_WIDE):
            raise ContractError(f"{value} has more than the {self.scale} decimals that are stored")
        return f"{value:f}" if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:  # noqa: ARG002  (SQLAlchemy passes it)
        if isinstance(value, float | int):
            raise ContractError("SQLite has no exact decimals: read the rows and sum them with money.total")
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """Points in time, aware and in UTC in both directions. Refuses naive ones."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ContractError(f"{value} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def hashed_key(table: Table[Any]) -> bool:
    """Whether rows are named by a hash of their key, because a part of it may be null."""
    return any(one.key and one.nullable for one in table.columns)


def row_key(values: Sequence[Any]) -> str:
    """The hash of one row's key values, nulls and types told apart."""
    return hashlib.blake2b("\x1f".join(map(repr, values)).encode(), digest_size=16).hexdigest()


def _type_of(one: Column) -> TypeEngine[Any]:
    if isinstance(one.type, dt.Decimal):
        return ExactDecimal(one.type.precision or 38, one.type.scale or 0)
    if one.type.is_timestamp():
        return Moment()
    if one.type.is_date():
        return sa.Date()
    if one.type.is_boolean():
        return sa.Boolean()
    if one.type.is_integer():
        return sa.BigInteger()
    if one.type.is_string():
        return sa.Text()
    raise ContractError(f"column {one.name}: {one.type} has no place in the database")


def _declare(table: Table[Any]) -> sa.Table:
    hashed = hashed_key(table)
    columns = [
        sa.Column(one.name, _type_of(one), primary_key=one.key and not hashed, nullable=one.nullable, autoincrement=False)
        for one in table.columns
    ]
    key = [sa.Column(ROW_KEY, sa.Text(), primary_key=True)] if hashed else []
    indexes = [sa.Index(None, *names) for names in INDEXES.get(table.name, ())]
    return sa.Table(table.name, METADATA, *key, *columns, *indexes)


SQL_TABLES: dict[str, sa.Table] = {table.name: _declare(table) for table in DECLARED}


def sql_table(table: Table[Any]) -> sa.Table:
    """The SQL table of a declared one, for expressions: `sql_table(daily_costs).c.day`. Raises ContractError for a table of the lake."""
    found = SQL_TABLES.get(table.name)
    if found is None:
        raise ContractError(f"{table.name} is not a table of the database; those are {', '.join(SQL_TABLES)}")
    return found
