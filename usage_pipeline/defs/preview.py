"""What people see of an asset in Dagster's UI: numbers with names, and the first rows as a Markdown table."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import dagster as dg

from usage_pipeline import money
from usage_pipeline.tables.schema import Table

ROWS_SHOWN = 12

_LINES = re.compile(r"\s*[\r\n]\s*")
_MEANT = re.compile(r"[\\`*\[\]<>|]")
"""What Markdown would read as code, emphasis, links, HTML or cells: names of models and projects come from outside."""


def markdown(rows: Sequence[Mapping[str, object]], columns: Sequence[str] | None = None) -> dg.MarkdownMetadataValue:
    """The first rows as a table; says so where there are none, and how many more there are."""
    if not rows:
        return dg.MetadataValue.md("_no rows_")
    names = list(columns or rows[0])
    lines = [" | ".join(names), " | ".join("---" for _ in names)]
    lines += [" | ".join(cell(row.get(name)) for name in names) for row in rows[:ROWS_SHOWN]]
    more = f"\n\n_and {len(rows) - ROWS_SHOWN:,} more rows_" if len(rows) > ROWS_SHOWN else ""
    return dg.MetadataValue.md("\n".join(f"| {line} |" for line in lines) + more)


def cell(value: object) -> str:
    """A value as text that cannot break a Markdown table."""
    match value:
        case None:
            return "–"
        case Decimal():
            return money.text(value)
        case int() if not isinstance(value, bool):
            return f"{value:,}"
        case _:
            return _MEANT.sub(r"\\\g<0>", _LINES.sub(" ", str(value)))


def amount(value: Decimal | None) -> dg.MetadataValue[Any]:
    """Exact money, as text: Dagster's own numbers are floats."""
    return dg.MetadataValue.text("unknown" if value is None else money.text(value))


def schema_of(table: Table[Any]) -> dg.TableSchema:
    """The declared columns with their comments, as the UI's column list."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=one.name,
                type=str(one.type),
                description=one.comment,
                constraints=dg.TableColumnConstraints(nullable=one.nullable, unique=one.key and len(table.key) == 1),
            )
            for one in table.columns
        ]
    )
