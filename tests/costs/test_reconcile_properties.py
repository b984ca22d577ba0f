"""Whatever views say, and however they contradict each other: causes sum to differences, cells to the views, in any order of the rows."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline import money
from usage_pipeline.costs.reconcile import reconcile
from usage_pipeline.tables.reconciled_bills import ReconciledBill
from usage_pipeline.tables.reconciled_usage import Known, KnownPrice, ReconciledUsage
from usage_pipeline.tables.reconciliations import BILL_STEP

DAYS = [date(2026, 10, 1) + timedelta(days=number) for number in range(3)]
PRICES = {"input": Decimal("0.000003"), "cache_read": Decimal("0.0000003"), "output": Decimal("0.000015"), "web_searches": Decimal("0.01")}
METERS = st.sampled_from(sorted(PRICES))
WHO: dict[str, Any] = {
    "day": st.sampled_from(DAYS),
    "channel": st.sampled_from(["openai", "azure.openai"]),
    "project": st.sampled_from(["chat", "search", None]),
    "model": st.sampled_from(["mini", "maxi"]),
}


@st.composite
def usage(draw: st.DrawFn) -> ReconciledUsage:
    who = {name: draw(one) for name, one in WHO.items()}
    meter, quantity = draw(METERS), Decimal(draw(st.integers(0, 5_000))) / draw(st.sampled_from([1, 1, 1, 8]))
    priced, times = draw(st.integers(0, 9)) > 0, draw(st.sampled_from([Decimal(1), Decimal("0.5"), Decimal(2)]))
    listed = PRICES[meter] * times
    net = listed * Decimal("0.92")
    off = draw(st.sampled_from([money.ZERO, money.ZERO, Decimal("0.000000000000007")]))
    return ReconciledUsage(
        **who,
        view=draw(st.sampled_from(["provider", "log"])),
        account=None,
        provider="openai",
        named=who["model"],
        region=None,
        processing={Decimal(1): "standard", Decimal("0.5"): "batch", Decimal(2): "standard"}[times],
        is_crossing=draw(st.booleans()),
        is_unsplit=draw(st.booleans()),
        rate_card="card" if priced else None,
        price_state="priced" if priced else "unresolved_model",
        meter=meter,
        tier=200_000 if times == 2 else -1,
        list_unit_price=listed if priced else None,
        net_unit_price=net if priced else None,
        agreement="8 %" if priced else None,
        quantity=quantity,
        list_cost=money.exact(quantity * listed) if priced else None,
        net_cost=money.exact(quantity * net + off) if priced else None,
    )


@st.composite
def bill(draw: st.DrawFn) -> ReconciledBill:
    who = {name: draw(one) for name, one in WHO.items()}
    meter = draw(st.sampled_from([*sorted(PRICES), "unmapped"]))
    quantity = Decimal(draw(st.integers(0, 5_000))) / draw(st.sampled_from([1, 1, 1, 64]))
    price = PRICES.get(meter, Decimal(1)) * draw(
        st.sampled_from([Decimal(1), Decimal("0.92"), Decimal("0.5"), Decimal("1.37"), Decimal("0.8333")])
    )
    odd = draw(st.sampled_from([money.ZERO, Decimal("0.000000000000001"), Decimal("0.00000000012345")]))
    cost = money.exact(quantity * (price + odd)) + draw(st.sampled_from([money.ZERO, Decimal("0.0031"), Decimal("-0.2")]))
    category = draw(st.sampled_from(["Usage", "Usage", "Usage", "Credit", "Tax", "Adjustment"]))
    return ReconciledBill(
        **{**who, "model": draw(st.sampled_from([who["model"], None]))},
        source="bill",
        provider="openai",
        account=None,
        names_project=draw(st.booleans()),
        invoice=draw(st.sampled_from([None, "INV-1"])),
        category=category,
        charge_class=draw(st.sampled_from([None, None, "Correction"])),
        sku=meter,
        meter=meter,
        service_tier=draw(st.sampled_from([None, "batch"])),
        region=None,
        finality="provisional",
        lines=1,
        quantity=quantity if draw(st.booleans()) else None,
        billed_cost=cost if category == "Usage" else -cost,
        decimals=draw(st.sampled_from([2, 6, 15])),
    )


def price(model: str, meter: str, processing: str, times: Decimal) -> KnownPrice:
    listed = PRICES[meter] * times
    net = listed * Decimal("0.92")
    return KnownPrice(
        channel="openai", provider="openai", model=model, meter=meter, processing=processing, region=None, tier=-1, book=None,
        agreement="8 %", list_unit_price=listed, net_unit_price=net, valid_from=None, valid_to=None,
    )  # fmt: skip


KNOWN = Known(
    prices=tuple(
        price(model, meter, *mode)
        for model in ("mini", "maxi")
        for meter in PRICES
        for mode in (("standard", Decimal(1)), ("batch", Decimal("0.5")))
    ),
    open_days={("openai", DAYS[2]): "the provider may still change the day"},
    logged=frozenset({"openai"}),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(usage(), max_size=25), st.lists(bill(), max_size=18))
def test_sums_hold_whatever_the_views_say(rows: list[ReconciledUsage], lines: list[ReconciledBill]) -> None:
    found = reconcile(rows, lines, KNOWN)  # raises AccountingError where a sum does not hold
    assert money.total([row.amount for row in found.causes]) == money.total([row.difference for row in found.cells])
    for cell in found.cells:
        views = [cost for cost in (cell.billed_cost, cell.provider_cost, cell.logged_cost) if cost is not None]
        assert cell.difference == money.exact(views[0] - views[-1])
        assert len(views) > 1 or not cell.difference
    keys = [(row.day, row.channel, row.project, row.model, row.meter, row.step, row.cause, row.evidence) for row in found.causes]
    assert len(set(keys)) == len(keys)
    for row in found.causes:
        assert row.evidence
        assert row.step != BILL_STEP or lines


@settings(max_examples=150, deadline=None)
@given(st.lists(usage(), max_size=12), st.lists(bill(), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_says_nothing(rows: list[ReconciledUsage], lines: list[ReconciledBill], draw: Any) -> None:
    found = reconcile(rows, lines, KNOWN)
    again_rows, again_lines = list(rows), list(lines)
    draw.shuffle(again_rows)
    draw.shuffle(again_lines)
    again = reconcile(again_rows, again_lines, KNOWN)
    assert (again.cells, again.causes) == (found.cells, found.causes)


@settings(max_examples=100, deadline=None)
@given(st.lists(usage(), max_size=15))
def test_two_views_that_say_the_same_differ_in_nothing(rows: list[ReconciledUsage]) -> None:
    both = [replace(row, view=view, is_crossing=False, channel="openai") for row in rows for view in ("provider", "log")]
    assert reconcile(both, [], KNOWN).causes == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(usage(), st.integers(0, 6)), max_size=40))
def test_a_day_says_the_same_in_any_range(given_rows: list[tuple[ReconciledUsage, int]]) -> None:
    """With two days before it and one after it, as the shell reads them."""
    rows = [
        replace(row, day=DAYS[0] + timedelta(days=number), channel="openai", model="mini", project="chat") for row, number in given_rows
    ]
    day = DAYS[0] + timedelta(days=3)
    whole = reconcile(rows, [], KNOWN, [day])
    near = [row for row in rows if day - timedelta(days=2) <= row.day <= day + timedelta(days=1)]
    alone = reconcile(near, [], KNOWN, [day])
    assert (alone.cells, alone.causes) == (whole.cells, whole.causes)
