"""The engine's answer becomes rows, exactly."""

from decimal import Decimal

import pyarrow as pa
import pytest

from usage_pipeline.costs.usage import usage_rows_of
from usage_pipeline.errors import ContractError
from usage_pipeline.tables.usage_costs import usage_costs

MONEY = pa.decimal128(38, 15)
RECORD = {
    "view": "provider", "project": None, "team": None, "user": None, "channel": "anthropic", "provider": "anthropic", "model": "opus",
    "api_type": "text", "operation": None, "status": "success", "meter": "requests", "quantity": Decimal("1.5"), "requests": None,
    "events": 3, "list_cost": Decimal("0.000000000000001"), "net_cost": None, "unpriced_quantity": None, "unpriced_events": 0,
    "unpriced_reason": None, "credits": Decimal("2.50"), "uncredited_events": None, "day": "a column of the caller's own",
}  # fmt: skip


def answer(*records):
    types = {
        "list_cost": MONEY,
        "net_cost": MONEY,
        "credits": MONEY,
        "quantity": pa.decimal128(38, 6),
        "requests": pa.int64(),
        "project": pa.string(),
    }
    columns = {name: pa.array([record[name] for record in records], types.get(name)) for name in records[0]}
    return pa.table(columns)


def test_amounts_are_exact_and_null_is_not_zero():
    [row] = usage_rows_of(answer(RECORD))
    assert (row.list_cost, row.net_cost, row.requests) == (Decimal("0.000000000000001"), None, None)
    assert (row.quantity, row.unpriced_quantity, row.events, row.project) == (Decimal("1.5"), 0, 3, None)
    assert (row.credits, row.uncredited_events) == (Decimal("2.5"), 0)
    [row] = usage_rows_of(answer(RECORD | {"credits": None, "uncredited_events": 3}))
    assert (row.credits, row.uncredited_events) == (None, 3)


def test_rows_keep_their_order():
    assert [row.requests for row in usage_rows_of(answer(RECORD, RECORD | {"requests": 7}))] == [None, 7]


def test_missing_columns_are_named():
    with pytest.raises(ContractError, match=r"missing columns \['meter', 'status'\]"):
        usage_rows_of(answer({name: value for name, value in RECORD.items() if name not in {"meter", "status"}}))


def test_the_declared_columns_are_all_read():
    assert set(usage_costs.names) == set(RECORD) - {"day"}
