"""Exact sums of decimals in SQL: PostgreSQL's NUMERIC has them, SQLite keeps decimals as text and is taught a function of our own."""

import sqlite3
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from usage_pipeline import money

NAME = "exact_sum"


class _ExactSum:
    """SQLite's aggregate: the sum of the texts that are not null; null where all are."""

    def __init__(self) -> None:
        self.known: list[Decimal] = []
        self.is_null = True

    def step(self, value: str | None) -> None:
        if value is not None:
            self.known.append(Decimal(value))
            self.is_null = False
            if len(self.known) >= 1000:  # noqa: PLR2004 - so that a group of any size is summed in little memory
                self.known = [money.total(self.known)]

    def finalize(self) -> str | None:
        return None if self.is_null else f"{money.total(self.known):f}"


def teach(connection: sqlite3.Connection) -> None:
    """Give a connection the function."""
    connection.create_aggregate(NAME, 1, _ExactSum)  # type: ignore[arg-type]


def exact_sum(amount: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The sum of `amount`, whose declared type is `kind`, leaving out nulls; null where all are."""
    function = getattr(sa.func, NAME) if dialect == "sqlite" else sa.func.sum
    return sa.type_coerce(function(sa.type_coerce(amount, sa.Text()) if dialect == "sqlite" else amount), kind)
