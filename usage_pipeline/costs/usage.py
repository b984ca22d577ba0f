"""Rows of the day's priced usage, from the engine's answer to values."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.errors import ContractError
from usage_pipeline.tables.usage_costs import UsageCost, usage_costs

_QUANTITIES = ("quantity", "unpriced_quantity")
_COUNTS = ("events", "unpriced_events", "uncredited_events")
_AMOUNTS = ("list_cost", "net_cost", "credits")


def usage_rows_of(answer: pa.Table) -> list[UsageCost]:
    """The rows of an Arrow table with `usage_costs`' columns (more are ignored). A null quantity or count is none of it: 0.

    Raises ContractError that names missing columns.
    """
    missing = sorted(set(usage_costs.names) - set(answer.column_names))
    if missing:
        raise ContractError(f"usage_costs: missing columns {missing}")
    return rows_of(answer.select(usage_costs.names).to_pylist())


def rows_of(records: Iterable[Mapping[str, Any]]) -> list[UsageCost]:
    """The same from mappings of column name to value."""
    return [_row(record) for record in records]


def _row(record: Mapping[str, Any]) -> UsageCost:
    counted = {name: Decimal(record[name] or 0) for name in _QUANTITIES} | {name: int(record[name] or 0) for name in _COUNTS}
    requests = None if record["requests"] is None else int(record["requests"])
    amounts = {name: None if record[name] is None else money.exact(record[name]) for name in _AMOUNTS}
    return UsageCost(**{**record, **counted, **amounts, "requests": requests})
