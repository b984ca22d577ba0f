"""A source that is taken out of usage.yaml, or renamed in it: its past counts on, and that is told."""

from decimal import Decimal
from pathlib import Path

from bills_read import OCTOBER, Bills, azure_bill

from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.removed_sources import removed_sources

OLD = 'name: old-bill, kind: azure_cost, path: "in/*.csv"'
NEW = 'name: new-bill, kind: azure_cost, path: "in/*.csv"'


def found(bills: Bills) -> Finding | None:
    return removed_sources(bills.settings, bills.database, bills.lake, OCTOBER)


def test_what_was_read_of_a_source_that_is_gone(tmp_path: Path) -> None:
    bills = Bills(tmp_path, OLD)
    bills.land("in/october.csv", azure_bill((1, "gpt-5 Inp", "12.5")), 0)
    bills.read()
    assert found(bills) is None

    bills.configure(NEW)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.code, told.blocks, told.count, told.amount) == ("source_removed", False, 1, Decimal("12.5"))
    assert "old-bill is no longer in usage.yaml, and what was read of it counts on (1 row of these days, 12.5 billed" in told.words
    assert bills.billed() == Decimal(25), "counted beside the new name, until one of them goes"

    bills.configure(NEW, OLD + ', exclude: ["in/*.csv"]')
    bills.read()
    assert (found(bills), bills.billed()) == (None, Decimal("12.5"))
