"""How finely a bill is rounded: told by its own amounts, before they were converted, and of a part of a line by the whole line's."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest

from usage_pipeline.costs.reconcile_query import bills_of, bills_query
from usage_pipeline.storage.engine import connect
from usage_pipeline.tables.charges import Charge, charges
from usage_pipeline.tables.reconciled_bills import ReconciledBill

BLANK: dict[str, Any] = dict.fromkeys(charges.names)


def charge(key: str, cost: str, text: str, **columns: Any) -> Charge:
    told: dict[str, Any] = {
        "charge_id": key, "source": "bill", "channel": "openai", "names_project": True, "category": "Usage", "meter": "input",
        "period_start": datetime(2026, 10, 1, tzinfo=UTC), "billed_cost": Decimal(cost), "currency": "USD", "amount_text": text,
        "finality": "provisional", "source_file": "made", "source_line": 1,
    }  # fmt: skip
    return Charge(**{**BLANK, **told, **columns})


def summed(folder: Path, *lines: Charge) -> list[ReconciledBill]:
    return bills_of(connect(folder).to_pyarrow(bills_query(ibis.memtable(charges.arrow(lines)))))


def test_the_most_decimals_of_lines_that_say_the_same(tmp_path: Path) -> None:
    (found,) = summed(tmp_path, charge("a", "1.25", "1.25"), charge("b", "0.1234", "0.12340"))
    assert (found.lines, found.billed_cost, found.decimals, found.days, found.original_currency) == (2, Decimal("1.3734"), 4, 1, None)


def test_a_converted_line_has_the_decimals_of_its_own_currency(tmp_path: Path) -> None:
    euros: dict[str, Any] = {"original_currency": "EUR", "exchange_rate": Decimal("1.1725")}
    lines = [
        charge("a", "23.33275", "19.90", original_cost=Decimal("19.90"), **euros),
        charge("b", "1.1725", "1", original_cost=Decimal(1), **euros),
    ]
    found = {one.original_currency: one for one in summed(tmp_path, *lines, charge("c", "5", "5.00"))}
    assert (found["EUR"].decimals, found["EUR"].original_cost, found["EUR"].exchange_rate) == (1, Decimal("20.90"), Decimal("1.1725"))
    assert (found[None].decimals, found[None].original_cost, found[None].exchange_rate) == (0, None, None)


@pytest.mark.parametrize(
    ("text", "cost", "decimals", "days"),
    [
        ("10.01", "0.322903225806452", 2, 31),
        ("1,234.5", "39.822580645161290", 1, 31),
        ("USD 10.01", "0.322903225806452", 2, 1),
        ("0", "0", 0, 1),
    ],
)
def test_a_part_of_a_line_has_those_of_the_whole(tmp_path: Path, text: str, cost: str, decimals: int, days: int) -> None:
    (found,) = summed(tmp_path, charge("line@2026-10-01", cost, text))
    assert (found.decimals, found.days) == (decimals, days)
