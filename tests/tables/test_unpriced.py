"""Usage without a rate: one row a model and reason, what a bill has apart, and its range in words."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, UNPRICED, DailyCost
from usage_pipeline.tables.unpriced import Unpriced, range_words, total_range, unpriced_of

FIRST, LAST = date(2026, 10, 3), date(2026, 10, 9)
ROW = DailyCost(
    day=FIRST, project="one", team=None, user=None, channel="openai", provider="openai", model="new", api_type="text", operation=None,
    status="success", meter="input", quantity=Decimal(10), requests=0, list_cost=None, estimated_cost=None, billed_cost=None, cost=None,
    basis=UNPRICED, unpriced_quantity=Decimal(10), unpriced_events=0, unpriced_reason="unresolved_model",
)  # fmt: skip
REQUESTS = replace(ROW, meter="requests", quantity=Decimal(2), requests=2, unpriced_quantity=Decimal(2), unpriced_events=2)


def test_rows_of_a_model_are_one() -> None:
    (one,) = unpriced_of([ROW, replace(ROW, day=LAST, user="u-1"), REQUESTS, replace(ROW, meter="web_searches")])
    assert (one.project, one.model, one.reason, one.events, one.tokens, one.day) == ("one", "new", "unresolved_model", 2, 20, LAST)
    assert one.quantities == (("input", Decimal(20)), ("requests", Decimal(2)), ("web_searches", Decimal(10)))
    assert (one.low, one.high, one.range_if, one.hint, one.billed) == (None, None, None, None, False)


def test_priced_rows_are_none_of_it() -> None:
    known = replace(ROW, cost=Decimal(0), basis=LOG_ESTIMATED, unpriced_quantity=Decimal(0), unpriced_reason=None)
    assert unpriced_of([known]) == ()


def test_what_a_bill_has_is_a_row_of_its_own() -> None:
    billed = replace(ROW, basis=BILLED, billed_cost=Decimal(5), cost=Decimal(5))
    found = unpriced_of([ROW, billed])
    assert [one.billed for one in found] == [False, True]


def test_projects_are_told_apart_or_together() -> None:
    other = replace(REQUESTS, project="two")
    assert [one.project for one in unpriced_of([ROW, other])] == ["two", "one"], "the most requests first"
    (one,) = unpriced_of([ROW, other], by_project=False)
    assert (one.project, one.events, one.tokens) == (None, 2, 10)


def test_each_row_is_explained() -> None:
    found = unpriced_of([ROW, replace(ROW, model="other")], lambda row: replace(row, hint=f"mend {row.model}"))
    assert [one.hint for one in found] == ["mend new", "mend other"]


def ranged(low: str | None, high: str | None, *, billed: bool = False) -> Unpriced:
    (one,) = unpriced_of([ROW])
    return replace(one, low=None if low is None else Decimal(low), high=None if high is None else Decimal(high), billed=billed)


def test_ranges_add_up_to_what_is_sure() -> None:
    assert total_range([]) == (None, None)
    assert total_range([ranged("0.1", "2"), ranged("1", "3")]) == (Decimal("1.1"), Decimal(5))
    assert total_range([ranged("0.1", "2"), ranged("1", None)]) == (Decimal("1.1"), None), "nobody knows the most of all"
    assert total_range([ranged("0.1", "2"), ranged(None, None)]) == (Decimal("0.1"), None)
    assert total_range([ranged("0.1", "2"), ranged("9", "9", billed=True)]) == (Decimal("0.1"), Decimal(2)), "the bill has it"


@pytest.mark.parametrize(
    ("low", "high", "condition", "words"),
    [
        ("0.12", "4.8", "if it was a model of azure", "between $0.12 and $4.80 if it was a model of azure"),
        ("0.121", "0.119", "at its own prices", "about $0.12 at its own prices"),
        ("0.12", None, None, "at least $0.12"),
        (None, None, "at its own prices", ""),
    ],
)
def test_a_range_in_words(low: str | None, high: str | None, condition: str | None, words: str) -> None:
    one = ranged(low, high)
    assert range_words(one.low, one.high, condition, lambda amount: f"${amount:.2f}") == words
