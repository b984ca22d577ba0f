"""The day's own check fails where a sum is off."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from cost_rows import charge_row, usage_row

from usage_pipeline.costs.accounting import check_day
from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.errors import AccountingError

DAY = date(2026, 10, 2)
USAGE = [usage_row(user="ana", quantity=60, cost="0.9"), usage_row(user="ana", requests=2)]
CHARGES = [charge_row("2", 90)]


def checked(change):
    first, *others = daily_costs_of(DAY, USAGE, CHARGES)
    check_day(DAY, USAGE, CHARGES, [replace(first, **change(first)), *others])


def test_a_true_day_passes():
    checked(lambda row: {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: {"billed_cost": row.billed_cost + Decimal("0.000000000000001")}, "billed cost of the rows and of the charges"),
        (lambda row: {"cost": Decimal(0)}, "cost and billed or estimated cost of chat/mini/input"),
        (lambda row: {"estimated_cost": Decimal("0.1")}, "estimated cost of .* in the rows and in its view: 1.0 and 0.9 differ"),
        (lambda row: {"list_cost": Decimal("0.1")}, "list cost of"),
        (lambda row: {"requests": 1}, "requests of .* 3 and 2 differ"),
        (lambda row: {"quantity": Decimal(-1)}, "negative amount that no charge has"),
    ],
    ids=["billed", "cost", "estimated", "list", "requests", "negative"],
)
def test_a_wrong_sum_is_named_with_both_numbers(change, words):
    with pytest.raises(AccountingError, match=f"2026-10-02: .*{words}"):
        checked(change)


def test_a_lost_row_is_noticed():
    with pytest.raises(AccountingError, match="0 and 2 differ"):
        check_day(DAY, USAGE, CHARGES, [])
