"""Totals and groups of cost rows, by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, UNATTRIBUTED, UNPRICED, DailyCost
from usage_pipeline.tables.summary import by, totals

ROW = DailyCost(
    day=date(2026, 10, 2), project="chat", team=None, user="ana", channel="openai", provider="openai", model="m", api_type="text",
    operation=None, status="success", meter="input", quantity=Decimal(100), requests=0, list_cost=Decimal("0.4"),
    estimated_cost=Decimal("0.3"), billed_cost=None, cost=Decimal("0.3"), basis=LOG_ESTIMATED, unpriced_quantity=Decimal(0),
    unpriced_events=0, unpriced_reason=None,
)  # fmt: skip
FREE = {"list_cost": Decimal(0), "estimated_cost": Decimal(0), "cost": Decimal(0)}
ROWS = [
    ROW,
    replace(ROW, meter="requests", quantity=Decimal(3), requests=3, **FREE),
    replace(ROW, meter="requests", quantity=Decimal(1), requests=1, status="failure", **FREE),
    replace(ROW, meter="requests", quantity=Decimal(2), requests=2, status="cache_hit", **FREE),
    replace(ROW, quantity=Decimal(50), status="cache_hit", **FREE),
    replace(ROW, project=UNATTRIBUTED, user=None, meter="web_searches", quantity=Decimal(12), list_cost=None, estimated_cost=None,
            billed_cost=Decimal("0.12"), cost=Decimal("0.12"), basis=BILLED),
    replace(ROW, user=None, model="new", quantity=Decimal(7), list_cost=None, estimated_cost=None, cost=None, basis=UNPRICED,
            unpriced_quantity=Decimal(7), unpriced_reason="unresolved_model"),
    replace(ROW, user=None, model="new", meter="requests", quantity=Decimal(1), requests=1, list_cost=None, estimated_cost=None, cost=None,
            basis=UNPRICED, unpriced_events=1, unpriced_reason="unresolved_model"),
]  # fmt: skip


def test_totals_count_each_thing_once():
    whole = totals(ROWS)
    assert (whole.requests, whole.failed_requests, whole.cache_hits) == (7, 1, 2)
    assert whole.tokens == 107
    assert (whole.list_cost, whole.estimated_cost, whole.billed_cost) == (Decimal("0.4"), Decimal("0.3"), Decimal("0.12"))
    assert (whole.cost, whole.cost_billed, whole.cost_estimated) == (Decimal("0.42"), Decimal("0.12"), Decimal("0.3"))
    assert whole.cost_unattributed == Decimal("0.12")
    assert (whole.unpriced_events, whole.unpriced_tokens) == (1, 7)


def test_totals_of_nothing_are_zero():
    assert (totals([]).cost, totals([]).requests) == (0, 0)


def test_credits_are_summed_beside_dollars_and_null_where_there_are_none():
    assert (totals(ROWS).credits, totals(ROWS).uncredited_events) == (None, 0)
    rows = [
        *ROWS[:-1],
        replace(ROWS[1], credits=Decimal("1.5")),
        replace(ROWS[3], credits=Decimal(0)),
        replace(ROWS[-1], uncredited_events=4),
    ]
    assert (totals(rows).credits, totals(rows).uncredited_events) == (Decimal("1.5"), 4)
    assert {one.key: (one.credits, one.uncredited_events) for one in by(rows, "model")} == {"m": (Decimal("1.5"), 0), "new": (None, 4)}
    assert {one.key: one.credits for one in by(rows, "status")} == {"success": Decimal("1.5"), "failure": None, "cache_hit": Decimal(0)}


def test_groups_come_dearest_first_with_percent_of_the_whole():
    groups = by(ROWS, "project")
    assert [(one.key, one.cost, one.percent) for one in groups] == [
        ("chat", Decimal("0.3"), Decimal("71.4286")),
        (UNATTRIBUTED, Decimal("0.12"), Decimal("28.5714")),
    ]
    assert groups[1].estimated_cost is None
    assert groups[0].billed_cost is None


def test_a_group_without_a_price_has_no_cost_and_comes_last():
    last = by(ROWS, "model")[-1]
    assert (last.key, last.cost, last.percent, last.unpriced_events) == ("new", None, None, 1)


def test_the_null_key_is_a_group_of_its_own():
    assert {one.key: one.requests for one in by(ROWS, "user")} == {"ana": 6, None: 1}


def test_quantity_is_given_by_meter_only():
    assert {one.key: one.quantity for one in by(ROWS, "meter")} == {"input": 157, "web_searches": 12, "requests": 7}
    assert all(one.quantity is None for one in by(ROWS, "user"))


@pytest.mark.parametrize("dimension", ["project", "user", "model", "status", "meter", "day", "basis"])
def test_groups_sum_to_the_totals(dimension):
    whole, groups = totals(ROWS), by(ROWS, dimension)
    assert sum((one.cost or 0 for one in groups), Decimal(0)) == whole.cost
    assert sum(one.requests for one in groups) == whole.requests
    assert sum(one.tokens for one in groups) == whole.tokens


def test_order_of_rows_does_not_matter():
    assert by(ROWS, "meter") == by(ROWS[::-1], "meter")
