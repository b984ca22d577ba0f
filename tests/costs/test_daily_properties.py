"""For any day: the bill is preserved, no view is added to another, order does not matter."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

from cost_rows import charge_row, costs_of, usage_row
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline.costs.usage_view import cell_of
from usage_pipeline.tables.summary import by, totals

DAY = date(2026, 10, 2)
AMOUNTS = st.integers(0, 10**16).map(lambda number: Decimal(number).scaleb(-15))
SIGNED = st.integers(-(10**15), 10**16).map(lambda number: Decimal(number).scaleb(-15))
QUANTITIES = st.integers(0, 10**7)
PLACES = {
    "project": st.sampled_from(["a", "b", None]),
    "channel": st.sampled_from(["openai", "anthropic"]),
    "model": st.sampled_from(["mini", "big", None]),
    "meter": st.sampled_from(["input", "output", "web_searches"]),
    "api_type": st.sampled_from(["text", "batch", None]),
}
DETAILS = {
    "view": st.sampled_from(["provider", "log"]),
    "user": st.sampled_from(["ana", "ben", None]),
    "status": st.sampled_from(["success", "success", "failure", "cache_hit"]),
}
CREDITS = {"credits": st.none() | AMOUNTS, "uncredited_events": st.integers(0, 3)}
TOKENS = st.fixed_dictionaries(PLACES | DETAILS | {"quantity": QUANTITIES, "cost": st.none() | AMOUNTS}).map(
    lambda columns: usage_row(**columns, **({"unpriced_quantity": columns["quantity"]} if columns["cost"] is None else {}))
)
COUNTS = st.fixed_dictionaries(
    PLACES | DETAILS | {"requests": st.none() | st.integers(0, 1000), "unpriced_events": st.integers(0, 3)} | CREDITS
).map(lambda columns: usage_row(**(columns | {"meter": "requests"})))
USAGE = st.lists(TOKENS | COUNTS, max_size=25)
CHARGES = st.lists(
    st.fixed_dictionaries(
        PLACES
        | {
            "meter": st.sampled_from(["input", "output", "web_searches", "unmapped"]),
            "names_project": st.booleans(),
            "category": st.sampled_from(["Usage", "Usage", "Credit", "Tax"]),
            "billed": SIGNED,
            "quantity": st.none() | QUANTITIES,
        }
    ).map(lambda columns: charge_row(**columns)),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(USAGE, CHARGES)
def test_every_billed_dollar_is_in_the_rows_once(usage, charges):
    rows = costs_of(DAY, usage, charges)
    assert totals(rows).billed_cost == sum((charge.billed_cost for charge in charges), Decimal(0))
    assert sum((one.billed_cost or Decimal(0) for one in by(rows, "project")), Decimal(0)) == totals(rows).billed_cost


@settings(max_examples=150, deadline=None)
@given(USAGE, CHARGES, st.randoms(use_true_random=False))
def test_order_does_not_matter(usage, charges, random):
    rows = costs_of(DAY, usage, charges)
    random.shuffle(usage)
    random.shuffle(charges)
    assert costs_of(DAY, usage, charges) == rows


@settings(max_examples=150, deadline=None)
@given(USAGE, CHARGES)
def test_rows_are_unique_by_key_and_a_bill_changes_no_estimate(usage, charges):
    rows, estimated = costs_of(DAY, usage, charges), costs_of(DAY, usage, [])
    assert len({(*(getattr(row, name) for name in KEY),) for row in rows}) == len(rows)
    assert totals(rows).estimated_cost == totals(estimated).estimated_cost
    assert totals(rows).requests == totals(estimated).requests
    assert (totals(rows).credits, totals(rows).uncredited_events) == (totals(estimated).credits, totals(estimated).uncredited_events)
    assert all(row.quantity >= 0 for row in rows)


KEY = ("project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status", "meter", "basis", "unpriced_reason")
SHARES = st.lists(st.tuples(st.integers(1, 10**6), AMOUNTS), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(SHARES, st.integers(1, 10**7), AMOUNTS)
def test_logs_never_change_what_the_provider_view_says(shares, quantity, cost):
    logs = [usage_row(user=str(place), quantity=own, cost=amount) for place, (own, amount) in enumerate(shares)]
    rows = costs_of(DAY, [*logs, usage_row(view="provider", quantity=quantity, cost=cost)], [])
    assert (totals(rows).cost, totals(rows).tokens) == (cost, quantity)
    own = {str(place): amount for place, (amount, _) in enumerate(shares)}
    assert all(row.quantity <= own[row.user] for row in rows if row.user is not None)


@settings(max_examples=150, deadline=None)
@given(SHARES)
def test_views_that_tie_leave_each_log_its_own_amount(shares):
    logs = [usage_row(user=str(place), quantity=own, cost=amount) for place, (own, amount) in enumerate(shares)]
    cost, quantity = sum((amount for _, amount in shares), Decimal(0)), sum(own for own, _ in shares)
    views = [*logs, usage_row(view="provider", quantity=quantity, cost=cost)]
    expected = {str(place): amount for place, (_, amount) in enumerate(shares)} if cost else {}
    for charges in ([], [charge_row(cost, quantity)], [charge_row(cost)]):
        rows = costs_of(DAY, views, charges)
        assert not cost or {row.user: row.cost for row in rows} == expected


@settings(max_examples=100, deadline=None)
@given(SHARES, SIGNED)
def test_a_shared_line_is_dealt_out_to_the_last_digit(shares, amount):
    usage = [usage_row(project=str(place), quantity=quantity, cost=cost) for place, (quantity, cost) in enumerate(shares)]
    rows = costs_of(DAY, usage, [charge_row(amount, project=None, names_project=False)])
    assert totals(rows).cost == amount
    assert totals(rows).cost_unattributed == 0


KNOWN = st.lists(TOKENS | COUNTS.map(lambda row: replace(row, project=row.project or "c")), max_size=25)


def one_view(usage):
    """`usage` without the charged logs of requests that the provider counts too: so one view alone counts the requests of each cell."""
    counted = {cell_of(row) for row in usage if row.view == "provider" and row.meter == "requests" and row.requests}
    return [
        row for row in usage if row.view == "provider" or row.meter != "requests" or row.status != "success" or cell_of(row) not in counted
    ]


def chosen_credits(usage):
    """Per cell, credits of the logs' failures and cache hits, and of the provider's rows, or the logs' where those count no requests."""
    cells = defaultdict(list)
    for row in usage:
        cells[cell_of(row)].append(row)
    return {cell: sum((row.credits or Decimal(0) for row in chosen(rows)), Decimal(0)) for cell, rows in cells.items()}


def chosen(rows):
    counts = [row for row in rows if row.meter == "requests"]
    free = [row for row in counts if row.view == "log" and row.status != "success"]
    provider = [row for row in counts if row.view == "provider"]
    logs = [row for row in counts if row.view == "log" and row.status == "success"]
    is_reported, logs_count = any(row.view == "provider" for row in rows), any(row.requests for row in logs)
    if not is_reported or (logs_count and not any(row.requests for row in provider)):
        return [*free, *logs]
    return [*free, *provider]


@settings(max_examples=300, deadline=None)
@given(KNOWN.map(one_view), CHARGES)
def test_credits_of_the_rows_are_those_of_the_events_of_the_view_that_counts(usage, charges):
    rows = costs_of(DAY, usage, charges)
    expected = chosen_credits(usage)
    found = defaultdict(Decimal)
    for row in rows:
        found[cell_of(row)] += row.credits or 0
    assert all(found[cell] == expected.get(cell, 0) for cell in found.keys() | expected.keys())
    assert all(row.credits is None for row in rows if row.meter != "requests")


EACH = {"ana": Decimal(5), "ben": Decimal("0.333333333333333"), None: Decimal("2.5")}
"""Credits for each request of a user: of the provider's, which names none, 2.5."""
CREDITED = st.lists(
    st.fixed_dictionaries(PLACES | DETAILS | {"requests": st.integers(1, 1000)}).map(
        lambda columns: usage_row(
            **(columns | {"credits": columns["requests"] * (EACH[columns["user"]] if columns["status"] == "success" else 0)})
        )
    ),
    max_size=20,
)


@settings(max_examples=300, deadline=None)
@given(CREDITED, CHARGES)
def test_every_request_counted_has_the_credits_that_are_due_to_it(usage, charges):
    rows = [row for row in costs_of(DAY, usage, charges) if row.credits is not None]
    assert sum(row.requests for row in rows) == totals(costs_of(DAY, usage, [])).requests
    for row in rows:
        assert row.credits == row.requests * (EACH[row.user] if row.status == "success" else 0)
