"""How a table is declared: a frozen dataclass, one field a column, each with a comment.

The same declaration gives the row type for Python, the Ibis and Arrow schema for the lake, and the SQL table for the database.
"""

import dataclasses
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, TypeVar

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from usage_pipeline.errors import ContractError
from usage_pipeline.money import MONEY

TIMESTAMP = dt.Timestamp(timezone="UTC", scale=6)
TEXT_LIST = dt.Array(dt.string)

_TYPES: dict[Any, dt.DataType] = {
    str: dt.string,
    int: dt.int64,
    bool: dt.boolean,
    date: dt.date,
    datetime: TIMESTAMP,
    Decimal: MONEY,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type, whether it may be null, and what it says."""

    name: str
    type: dt.DataType
    nullable: bool
    key: bool
    comment: str


def column(comment: str, *, key: bool = False, type: dt.DataType | None = None, default: Any = dataclasses.MISSING) -> Any:  # noqa: A002
    """A dataclass field that is a table's column. `key` columns together name a row."""
    return dataclasses.field(metadata={"comment": comment, "key": key, "type": type}, default=default, kw_only=True)


Row = TypeVar("Row")


@dataclass(frozen=True)
class Table(Generic[Row]):
    """A declared table: its name and its row type. `Row`'s fields are the columns, in order."""

    name: str
    row: type[Row]

    @property
    def comment(self) -> str:
        return (self.row.__doc__ or "").strip().split("\n")[0]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        hints = typing.get_type_hints(self.row)
        return tuple(_column_of(field, hints[field.name]) for field in dataclasses.fields(self.row))  # type: ignore[arg-type]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.columns)

    @cached_property
    def key(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.columns if one.key)

    @cached_property
    def schema(self) -> ibis.Schema:
        return ibis.schema({one.name: one.type(nullable=one.nullable) for one in self.columns})

    def arrow(self, rows: Sequence[Row]) -> pa.Table:
        """The rows as an Arrow table of this schema."""
        schema = self.schema.to_pyarrow()
        columns = [pa.array([getattr(row, one.name) for row in rows], type=schema.field(one.name).type) for one in self.columns]
        return pa.Table.from_arrays(columns, schema=schema)

    def conform(self, rows: ir.Table) -> ir.Table:
        """`rows` with exactly this table's columns, in order and type; a missing column becomes null if it may be.

        Raises ContractError that names unknown and missing columns.
        """
        have = set(rows.columns)
        unknown = sorted(have - set(self.names))
        missing = [one.name for one in self.columns if one.name not in have and not one.nullable]
        if unknown or missing:
            raise ContractError(f"{self.name}: unknown columns {unknown}, missing columns {missing}")
        return rows.select(
            **{one.name: (rows[one.name].cast(one.type) if one.name in have else ibis.null(one.type)) for one in self.columns}
        )

    def check(self, rows: ir.Table) -> None:
        """Assert names, order and types where a stage writes. Raises ContractError naming every difference."""
        got = {name: type_.copy(nullable=True) for name, type_ in rows.schema().items()}
        want = {one.name: one.type.copy(nullable=True) for one in self.columns}
        wrong = [f"{name}: {got.get(name)} instead of {kind}" for name, kind in want.items() if got.get(name) != kind]
        wrong += [f"{name}: not declared" for name in got if name not in want]
        if wrong:
            raise ContractError(f"{self.name}: " + "; ".join(wrong))


def _column_of(field: dataclasses.Field[Any], hint: Any) -> Column:
    nullable = False
    if isinstance(hint, types.UnionType):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        nullable, hint = len(options) < len(typing.get_args(hint)), options[0]
    declared = field.metadata["type"] or _TYPES[hint]
    return Column(field.name, declared, nullable, field.metadata["key"], field.metadata["comment"])
