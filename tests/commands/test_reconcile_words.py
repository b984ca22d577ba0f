"""What `usage-pipeline reconcile` shows: the way from bill to logs sums exactly and as shown; mends reach as far as their evidence."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline import money
from usage_pipeline.commands.reconcile_bridge import Line, bridge, rounded
from usage_pipeline.commands.reconcile_mends import mends, with_effects
from usage_pipeline.commands.reconcile_sums import alone, compared_of, highest, view_total
from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.errors import AccountingError, UsageConfigError
from usage_pipeline.tables.reconciliations import BILL_STEP, PRICE, UNLOGGED, USAGE_STEP, Reconciliation, ReconciliationCause

DAY = date(2026, 10, 1)
AMOUNTS = st.none() | st.decimals(0, 5, places=4)


def cell(number: int, billed: Any, counted: Any, logged: Any, day: date = DAY) -> Reconciliation:
    views = [None if one is None else Decimal(one) for one in (billed, counted, logged)]
    there = [one for one in views if one is not None] or [money.ZERO]
    return Reconciliation(
        day=day, channel="openai", project=f"p{number}", model="mini", meter="input", account=None, invoice=None, finality="final",
        billed_quantity=None, provider_quantity=None, logged_quantity=None, billed_cost=views[0], provider_cost=views[1],
        logged_cost=views[2], difference=there[0] - there[-1],
    )  # fmt: skip


def causes(one: Reconciliation) -> list[ReconciliationCause]:
    """The differences of a cell's neighbouring views."""
    views = [view for view in (one.billed_cost, one.provider_cost, one.logged_cost) if view is not None]
    steps = [BILL_STEP, USAGE_STEP] if one.billed_cost is not None else [USAGE_STEP]
    return [cause(one, step, upper - lower) for step, upper, lower in zip(steps, views, views[1:], strict=False) if upper != lower]


def cause(one: Reconciliation, step: str, amount: Decimal, mend: str | None = None) -> ReconciliationCause:
    return ReconciliationCause(
        day=one.day, channel=one.channel, project=one.project, model=one.model, meter=one.meter, step=step,
        cause=PRICE if step == BILL_STEP else UNLOGGED, evidence="", amount=amount, quantity=None, mend=mend,
    )  # fmt: skip


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), max_size=8))
def test_the_lines_sum_whatever_views_are_missing(views: list[tuple[Any, Any, Any]]) -> None:
    cells = [cell(number, *one) for number, one in enumerate(views)]
    lines = bridge(cells, [row for one in cells for row in causes(one)])
    totals = [line.amount for line in lines if line.is_total]
    expected = [[amount for one in views if (amount := one[place]) is not None] for place in range(3)]
    assert totals == [money.total(amounts) for amounts in expected if amounts]
    running = money.ZERO
    for line, amount in rounded(lines):
        assert not line.is_total or running == amount or line is lines[0]
        running = amount if line.is_total else running + amount


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), max_size=8))
def test_the_difference_is_of_what_can_be_compared_and_the_rest_is_told(views: list[tuple[Any, Any, Any]]) -> None:
    cells = [cell(number, *one) for number, one in enumerate(views)]
    pair = compared_of(cells)
    assert view_total(cells, "difference") == (pair[0] - pair[1] if pair else money.ZERO if cells else None)
    told = money.total([alone(cells, name) for name in ("billed_cost", "provider_cost", "logged_cost")])
    assert money.total([highest(one) for one in cells]) == money.total([pair[0] if pair else None, told])


def test_a_bill_with_nothing_beside_it_says_so() -> None:
    cells = [cell(1, "368.61", None, None), cell(2, "120.02", None, "120.02")]
    assert [(line.words, line.amount) for line in bridge(cells[:1], [])] == [
        ("billed", Decimal("368.61")),
        ("not reconciled: no other view", Decimal("-368.61")),
    ]
    assert [(line.words, line.amount) for line in bridge(cells, [])][1] == ("not reconciled: no other view", Decimal("-368.61"))


def test_lines_that_would_not_sum_are_an_error() -> None:
    with pytest.raises(AccountingError, match="the lines before 'logged' come to 3, not to 2"):
        bridge([cell(1, 3, None, 2)], [])


def test_what_rounding_leaves_over_is_a_line() -> None:
    cells = [cell(1, "70.8953", "64.5728", "0.01406")]
    told = [(line.words, amount) for line, amount in rounded(bridge(cells, causes(cells[0])))]
    assert told == [
        ("billed", Decimal("70.90")),
        ("price", Decimal("-6.32")),
        ("rounding of the lines above", Decimal("-0.01")),
        ("counted by the provider", Decimal("64.57")),
        ("unlogged", Decimal("-64.56")),
        ("logged", Decimal("0.01")),
    ]
    assert rounded([Line("billed", Decimal("0.0004"), is_total=True)])[0][1] == Decimal("0.0004")


LINE = '- {{provider: openai, model: mini, meter: input, unit_price: 0.1, valid_from: {day}, source: "the bill"}}'


def shown_on(days: list[int], mended: list[int]) -> Reconciled:
    """Cells of some days, of which some differ by a price."""
    cells = [cell(1, 3, 2, 2, DAY + timedelta(days=number)) for number in days]
    rows = [cause(one, BILL_STEP, Decimal(1), LINE.format(day=one.day)) for one in cells if (one.day - DAY).days in mended]
    return Reconciled(cells, rows)


def test_a_mend_is_from_the_first_day_that_shows_it_on() -> None:
    (mend,) = mends(shown_on([0, 1, 2], [1, 2]))
    assert (mend.amount, mend.places, mend.mend) == (2, 2, LINE.format(day="2026-10-02"))


def test_a_mend_ends_where_the_bill_shows_otherwise() -> None:
    (mend,) = mends(shown_on([0, 1, 2, 5], [0, 1]))
    assert "valid_from: 2026-10-01, valid_to: 2026-10-03," in mend.mend


def test_the_effect_of_a_mend_or_why_there_is_none() -> None:
    now = shown_on([0, 1], [0, 1])
    (done,) = with_effects(mends(now), now, lambda _: Reconciled(now.cells, now.causes[:1]))
    assert done.effect is not None
    assert (done.effect.now, done.effect.then, done.effect.causes) == (2, 1, ((PRICE, 2, 1),))

    def refused(line: str) -> Reconciled:
        raise UsageConfigError(f"{line}: contradicts another")

    (never,) = with_effects(mends(now), now, refused)
    assert never.effect is not None
    assert never.effect.then is None
    assert str(never.effect.problem).endswith("contradicts another")
