"""Shared bill lines: whose part is how large, said with method and ratio; parts sum to their line, whatever the bill and the shares."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from cost_rows import charge_row, costs_of, deal_all, usage_row
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline import money
from usage_pipeline.costs.allocation import Dealt, deal, rows_of
from usage_pipeline.costs.bill import Bill
from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.costs.shares import by_weight, shares_of
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.allocations import WEIGHTED
from usage_pipeline.tables.bill_lines import SharedCharge

DAY = date(2026, 10, 2)
SHARED = {"project": None, "names_project": False}
USAGE = [
    usage_row(project="a", quantity=30, cost="3"),
    usage_row(project="b", quantity=10, cost="1"),
    usage_row(project="b", model="large", quantity=5, cost="4"),
]


def shared(billed, quantity=None, **columns):
    return charge_row(billed, quantity, **SHARED | columns)


def told(usage, *charges):
    return [(row.project, row.method, row.share, row.of_shares, row.amount) for row in rows_of(DAY, deal_all(usage, charges, {}))]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, [("a", "usage", 3, 4, 6), ("b", "usage", 1, 4, 2)]),
        ({"meter": "output"}, [("a", "model", 3, 4, 6), ("b", "model", 1, 4, 2)]),
        ({"model": None, "meter": "web_searches"}, [("a", "channel", 3, 8, 3), ("b", "channel", 5, 8, 5)]),
        ({"model": "other"}, [("a", "channel", 3, 8, 3), ("b", "channel", 5, 8, 5)]),
        ({"channel": "anthropic"}, [("unattributed", "unattributed", 1, 1, 8)]),
        ({"category": "Purchase", "model": None, "meter": "unmapped"}, [("unattributed", "unattributed", 1, 1, 8)]),
        ({"category": "Tax", "model": None, "meter": "unmapped"}, [("a", "channel", 3, 8, 3), ("b", "channel", 5, 8, 5)]),
        ({"category": "Tax"}, [("a", "usage", 3, 4, 6), ("b", "usage", 1, 4, 2)]),
    ],
    ids=["model and meter", "model", "meter of no usage", "model of no usage", "no usage", "purchase", "tax, no bill", "tax of a model"],
)
def test_a_line_goes_by_what_is_nearest_to_it(columns, expected):
    assert told(USAGE, shared("8", **columns)) == expected


def test_a_tax_follows_what_the_channel_billed_and_what_nobody_owns_bears_its_part():
    charges = [
        charge_row("60", project="a"),
        charge_row("20", project=None, charge_id="unknown key"),
        shared("20", charge_id="dealt"),
        shared("-19", charge_id="credit", category="Credit", model=None, meter="unmapped"),
    ]
    dealt = {one.charge.charge_id: one for one in deal_all(USAGE, charges, {})}
    assert dealt["credit"].shares == by_weight({"a": Decimal(75), "b": Decimal(5), "unattributed": Decimal(20)}, "bill")
    assert dealt["credit"].amounts == [Decimal("-14.25"), Decimal("-0.95"), Decimal("-3.8")]


def test_many_lines_of_one_request_each_are_dealt_out_as_one_line_would_be():
    lines = [shared("0.01", 1, charge_id=f"{number:04}") for number in range(1000)]
    dealt = deal_all([usage_row(project=project, quantity=1, cost=cost) for project, cost in (("a", 5), ("b", 3), ("c", 2))], lines, {})
    counts = {project: sum(one.quantities[place] for one in dealt) for place, project in enumerate("abc")}
    assert counts == {"a": 334, "b": 333, "c": 333}
    assert {max(one.quantities) for one in dealt} == {1}
    assert {tuple(one.amounts) for one in dealt} == {(Decimal("0.005"), Decimal("0.003"), Decimal("0.002"))}


def test_costs_without_the_parts_of_a_shared_line_are_refused():
    with pytest.raises(AccountingError, match="shared lines of openai are 8, their parts 0: materialize the day's allocations again"):
        daily_costs_of(DAY, USAGE, [shared("8")])


# -- for any bill and any shares

AMOUNT = st.decimals(-10_000, 10_000, places=15)
WEIGHT = st.decimals(0, 1_000_000, places=6)
QUANTITY = st.one_of(st.none(), st.integers(-100_000, 10**9).map(Decimal), st.decimals(0, 1000, places=6))
WEIGHTS = st.dictionaries(st.sampled_from("abcdefgh"), WEIGHT, min_size=1)
LINES = st.lists(
    st.builds(
        lambda billed, quantity, model, category: shared(billed, quantity, model=model, category=category),
        AMOUNT,
        QUANTITY,
        st.sampled_from(["mini", "large", "other", None]),
        st.sampled_from(["Usage", "Usage", "Credit", "Tax", "Purchase"]),
    ),
    max_size=12,
).map(lambda lines: [replace(line, charge_id=f"c{number}") for number, line in enumerate(lines)])
USED = st.lists(
    st.builds(
        lambda project, model, meter, quantity, cost: usage_row(project=project, model=model, meter=meter, quantity=quantity, cost=cost),
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from(["mini", "large"]),
        st.sampled_from(["input", "output"]),
        st.integers(0, 10**9),
        st.one_of(st.none(), st.decimals(0, 1000, places=15)),
    ),
    max_size=12,
)


def holds(one: Dealt) -> None:
    whole, quantity = one.charge.billed_cost, one.charge.quantity
    assert money.total(one.amounts) == whole
    assert all(part >= 0 if whole >= 0 else part <= 0 for part in one.amounts)
    for part, weight in zip(one.amounts, one.shares.weights, strict=True):
        assert weight or not part
    if quantity is None:
        assert set(one.quantities) == {None}
    else:
        assert money.total(one.quantities) == quantity
        assert all(part >= 0 if quantity >= 0 else part <= 0 for part in one.quantities)


@settings(max_examples=300, deadline=None)
@given(LINES, USED)
def test_parts_sum_to_their_line_and_keep_its_sign(lines, usage):
    dealt = deal_all(usage, lines, {})
    assert sorted(one.charge.charge_id for one in dealt) == sorted(line.charge_id for line in lines)
    for one in dealt:
        holds(one)


@settings(max_examples=150, deadline=None)
@given(LINES, USED, st.randoms(use_true_random=False))
def test_parts_do_not_depend_on_the_order_and_are_the_same_again(lines, usage, random):
    first = rows_of(DAY, deal_all(usage, lines, {}))
    others, other_usage = list(lines), list(usage)
    random.shuffle(others)
    random.shuffle(other_usage)
    assert by_place(rows_of(DAY, deal_all(other_usage, others, {}))) == by_place(first)
    assert rows_of(DAY, deal_all(usage, lines, {})) == first


def by_place(rows):
    return sorted(rows, key=lambda row: (row.charge_id, row.project))


@settings(max_examples=200, deadline=None)
@given(WEIGHTS, st.lists(st.tuples(AMOUNT, QUANTITY), min_size=1, max_size=8))
def test_rows_of_any_weights_say_ratios_that_sum_to_one(weights, lines):
    charges = [
        SharedCharge(
            charge_id=f"c{number}", source="bill", channel="openai", provider=None, model=None, meter="unmapped", api_type=None,
            category="Purchase", rule="seats", billed_cost=amount, quantity=quantity, source_file="f", source_line=number,
        )
        for number, (amount, quantity) in enumerate(lines)
    ]  # fmt: skip
    shares = by_weight(weights, WEIGHTED, "seats")
    rows = rows_of(DAY, deal(charges, {("openai", None, None, "unmapped", None, "Purchase", "seats"): shares}, {}))
    for charge in charges:
        own = [row for row in rows if row.charge_id == charge.charge_id]
        assert money.total([row.amount for row in own]) == charge.billed_cost
        assert {money.total([row.share for row in own])} == {row.of_shares for row in own}
        assert {(row.source_file, row.source_line, row.rule) for row in own} == {("f", charge.source_line, "seats")}


@settings(max_examples=150, deadline=None)
@given(LINES, USED)
def test_the_days_costs_are_the_parts_project_by_project(lines, usage):
    rows = costs_of(DAY, usage, lines)
    dealt = deal_all(usage, lines, {})
    for project in {row.project for row in rows}:
        parts = [amount for one in dealt for name, amount in zip(one.shares.projects, one.amounts, strict=True) if name == project]
        assert money.total([row.billed_cost for row in rows if row.project == project]) == money.total(parts)


@settings(max_examples=200, deadline=None)
@given(st.lists(WEIGHT, min_size=1, max_size=6), st.lists(st.integers(0, 20), max_size=60))
def test_running_parts_keep_to_the_weights_over_all_totals(weights, totals):
    running = money.Running(weights, Decimal(1))
    parts = [running.of(Decimal(total)) for total in totals]
    whole, count = sum(weights), sum(totals)
    for place, weight in enumerate(weights):
        got = sum(one[place] for one in parts)
        ideal = Decimal(count) * weight / whole if whole else Decimal(count) / len(weights)
        assert abs(got - ideal) <= len(weights)


def test_a_bill_shares_nothing_where_every_line_is_owned():
    assert shares_of(Bill([charge_row("1")], {}), USAGE, {}) == {}
