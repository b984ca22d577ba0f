"""A month is the exact sum of its days, and footing notices where it is not."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from cost_rows import charge_row, usage_row

from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.costs.monthly import footing
from usage_pipeline.periods import month_of
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.summary import totals

FIRST = date(2026, 10, 1)
OCTOBER = month_of(FIRST)
USAGE = [
    usage_row(user="ana", quantity=100, cost="0.000000000000001"),
    usage_row(user="ana", requests=2),
    usage_row(model="new", quantity=7, cost=None, unpriced_quantity=7, unpriced_reason="unresolved_model"),
]
DAILY = [row for number in range(31) for row in daily_costs_of(FIRST + timedelta(days=number), USAGE, [])]


def test_a_month_sums_its_days_by_key():
    rows = monthly_costs_of(OCTOBER, DAILY)
    assert [(row.model, row.meter, row.days_count) for row in rows] == [
        ("new", "input", 31),
        ("mini", "input", 31),
        ("mini", "requests", 31),
    ]
    assert (rows[0].cost, rows[0].unpriced_quantity, rows[0].basis) == (None, 7 * 31, "unpriced")
    assert (rows[1].cost, rows[1].quantity) == (Decimal("0.000000000000031"), 3100)
    assert rows[2].requests == 62
    assert totals(rows) == totals(DAILY)


def test_a_month_sums_the_credits_of_its_days():
    credited = usage_row(user="ana", requests=2, credits="0.000000000000003", uncredited_events=1)
    daily = [row for number in range(31) for row in daily_costs_of(FIRST + timedelta(days=number), [*USAGE[:1], credited], [])]
    monthly = monthly_costs_of(OCTOBER, daily)
    assert {row.meter: (row.credits, row.uncredited_events) for row in monthly} == {
        "input": (None, 0),
        "requests": (Decimal("0.000000000000093"), 31),
    }
    assert footing(daily, monthly) == []
    assert [one.column for one in footing(daily, [monthly[0], replace(monthly[1], credits=Decimal(0))])] == ["credits"]


def test_days_outside_the_month_are_left_out():
    november = daily_costs_of(date(2026, 11, 1), USAGE, [])
    assert monthly_costs_of(OCTOBER, [*DAILY, *november]) == monthly_costs_of(OCTOBER, DAILY)


def test_billed_and_estimated_days_stay_apart():
    billed = daily_costs_of(FIRST, USAGE[:1], [charge_row("0.5", 100)])
    rows = monthly_costs_of(OCTOBER, [*billed, *daily_costs_of(FIRST + timedelta(days=1), USAGE[:1], [])])
    assert [(row.basis, row.cost, row.billed_cost) for row in rows] == [
        ("billed", Decimal("0.5"), Decimal("0.5")),
        ("log_estimated", Decimal("0.000000000000001"), None),
    ]


def test_order_of_days_does_not_matter():
    assert monthly_costs_of(OCTOBER, DAILY[::-1]) == monthly_costs_of(OCTOBER, DAILY)


def test_footing_finds_nothing_where_the_month_is_the_sum():
    assert footing(DAILY, monthly_costs_of(OCTOBER, DAILY)) == []


def test_footing_names_key_column_and_both_numbers():
    monthly = monthly_costs_of(OCTOBER, DAILY)
    broken = [*monthly[:2], replace(monthly[2], requests=61, quantity=Decimal(61))]
    found = footing(DAILY, broken)
    assert [(one.column, one.daily, one.monthly) for one in found] == [("requests", 62, 61), ("quantity", 62, 61)]
    assert found[0].key[:2] == ("2026-10", "chat")
    assert str(found[0]).startswith("2026-10 chat ana openai openai mini text success requests log_estimated: requests is 62 in the days")


def test_footing_notices_a_missing_month():
    assert {one.column for one in footing(DAILY[:1], [])} == {"quantity", "unpriced_quantity"}
