"""Scopes, spans, versions, raises and rollover by hand and by every split of rows that hypothesis thinks of."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline.budgets.spending import days_needed, dimensions_of, index
from usage_pipeline.budgets.status import standing, status_of, statuses
from usage_pipeline.tables.budgets import Budget, Raise, Threshold
from usage_pipeline.tables.costs import BILLED, DailyCost
from usage_pipeline.tables.day_sums import day_sums_of

USUAL = tuple(Threshold(percent=Decimal(p), level=level) for p, level in ((75, "info"), (90, "warning"), (100, "critical")))
WHOLE = Budget(
    budget_id="organisation:monthly:USD", scope="organisation", project=None, period="monthly", limit=Decimal(100), unit="USD",
    operation=None, thresholds=USUAL,
)  # fmt: skip
ROW = DailyCost(
    day=date(2026, 10, 1), project="chat", team="support", user="u_17", channel="openai", provider="openai", model="gpt-5",
    api_type="text", operation="chat", status="success", meter="requests", quantity=Decimal(3), requests=3, list_cost=None,
    estimated_cost=None, billed_cost=None, cost=Decimal(1), basis=BILLED, unpriced_quantity=Decimal(0), unpriced_events=0,
    unpriced_reason=None, credits=Decimal("2.5"),
)  # fmt: skip
OCTOBER = date(2026, 10, 1)


def row(day: date = OCTOBER, amount: str = "1", **changes: Any) -> DailyCost:
    return replace(ROW, day=day, cost=Decimal(amount), **changes)


def spent(budget: Budget, rows: Sequence[DailyCost], as_of: date = OCTOBER) -> Decimal:
    return status_of(budget, rows, as_of).spent


ROWS = [
    row(),
    row(amount="2", project="search", team="ml"),
    row(amount="4", project="search", team=None, user="u_18", model="gpt-4o", operation=None),
    row(amount="8", project="portal", user=None, channel="azure.openai"),
    row(amount="16", model=None, operation=None, meter="charge", requests=0, credits=None, user=None),
]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 31),
        ({"scope": "project", "project": "search"}, 6),
        ({"scope": "team", "holder": "support"}, 25),
        ({"scope": "user", "holder": "u_17"}, 3),
        ({"scope": "client", "holder": "Acme", "projects": ("search", "portal")}, 14),
        ({"operation": "chat"}, 11),
        ({"model": "gpt-5"}, 11),
        ({"channel": "azure.openai"}, 8),
        ({"scope": "team", "holder": "support", "model": "gpt-5", "channel": "openai", "operation": "chat"}, 1),
        ({"scope": "team", "holder": "nobody"}, 0),
        ({"unit": "requests"}, 12),
        ({"unit": "credits"}, 10),
        ({"unit": "credits", "scope": "project", "project": "search"}, 5),
    ],
    ids=str,
)
def test_what_each_scope_and_unit_counts(changes: dict[str, Any], expected: int) -> None:
    budget = replace(WHOLE, **changes)
    assert spent(budget, ROWS) == expected
    if budget.unit == "USD":
        assert sum(one.cost or 0 for one in ROWS if budget.counts(one)) == expected


def test_a_year_counts_from_the_first_of_january() -> None:
    yearly = replace(WHOLE, period="yearly", limit=Decimal(365))
    status = status_of(
        yearly, [row(date(2025, 12, 31), "1000"), row(date(2026, 1, 1), "10"), row(date(2026, 1, 10), "10")], date(2026, 1, 10)
    )
    assert (status.period_start, status.period_end, status.spent, status.forecast) == (
        date(2026, 1, 1), date(2027, 1, 1), Decimal(20), Decimal(730),
    )  # fmt: skip
    assert (status.run_rate, status.days_with_data, status.days_so_far, status.forecast_method) == (Decimal(2), 2, 10, "straight_line")
    assert status.crossing_date == date(2026, 7, 2)


def test_a_fixed_span_has_a_status_on_its_days_alone() -> None:
    span = replace(WHOLE, period="fixed", first_day=date(2026, 10, 5), last_day=date(2026, 12, 31))
    rows = [row(date(2026, 10, 4), "7"), row(date(2026, 10, 5)), row(date(2026, 12, 31)), row(date(2027, 1, 1), "7")]
    assert statuses([span], rows, date(2026, 10, 4)) == []
    assert statuses([span], rows, date(2027, 1, 1)) == []
    status = status_of(span, rows, date(2026, 12, 31))
    assert (status.period_start, status.period_end, status.spent) == (date(2026, 10, 5), date(2027, 1, 1), Decimal(2))


def test_the_version_of_the_day_judged_gives_the_limit() -> None:
    old = replace(WHOLE, valid_to=date(2026, 10, 15))
    new = replace(WHOLE, limit=Decimal(200), valid_from=date(2026, 10, 15), valid_to=date(2026, 11, 1))
    limits = [[one.limit for one in statuses([old, new], ROWS, date(2026, 10, 14) + timedelta(days=ahead))] for ahead in (0, 1, 18)]
    assert limits == [[Decimal(100)], [Decimal(200)], []]


def test_a_raise_holds_from_its_first_to_its_last_day() -> None:
    raised = replace(WHOLE, raises=(Raise(limit=Decimal(150), first_day=date(2026, 10, 10), last_day=date(2026, 10, 20), why="launch"),))
    rows = [row(amount="120")]
    found = {day: status_of(raised, rows, date(2026, 10, day)) for day in (9, 10, 20, 21)}
    assert {day: one.limit for day, one in found.items()} == {9: Decimal(100), 10: Decimal(150), 20: Decimal(150), 21: Decimal(100)}
    during, after = found[20], found[21]
    assert (during.declared_limit, during.raised_by, during.raise_ends, during.raise_why) == (
        Decimal(100), Decimal(50), date(2026, 10, 20), "launch",
    )  # fmt: skip
    assert (during.level, during.remaining, after.level, after.remaining) == ("info", Decimal(30), "critical", Decimal(-20))
    assert (after.raised_by, after.raise_why) == (None, None)


@pytest.mark.parametrize(
    ("september", "left"),
    [(["40"], "60"), (["100"], "0"), (["130"], "0"), (["-5"], "100"), ([], None)],
    ids=["some", "none", "over", "credit", "unknown"],
)
def test_what_the_month_before_left_is_added_once(september: list[str], left: str | None) -> None:
    rolling = replace(WHOLE, rollover=True)
    rows = [row(date(2026, 8, 1), "1"), *(row(date(2026, 9, 30), amount) for amount in september), row()]
    status = status_of(rolling, rows, OCTOBER)
    assert status.rolled_over == (None if left is None else Decimal(left))
    assert status.limit == 100 + Decimal(left or 0)
    assert status.declared_limit == Decimal(100)


def test_nothing_rolls_over_from_before_the_budget_was() -> None:
    started = replace(WHOLE, rollover=True, valid_from=OCTOBER)
    assert status_of(started, [row(date(2026, 9, 1), "1"), row()], OCTOBER).rolled_over == Decimal(0)
    before = replace(WHOLE, limit=Decimal(30), valid_to=OCTOBER)
    (status,) = statuses([before, started], [row(date(2026, 9, 1), "1"), row()], OCTOBER)
    assert (status.rolled_over, status.limit) == (Decimal(29), Decimal(129))


def test_a_project_that_spent_nothing_left_all_of_it_where_others_are_known() -> None:
    quiet = replace(WHOLE, scope="project", project="quiet", rollover=True)
    assert status_of(quiet, [row(date(2026, 9, 3), "50"), row()], OCTOBER).limit == Decimal(200)


def test_the_days_needed_reach_back_to_what_rolls_over() -> None:
    as_of = date(2026, 10, 14)
    assert days_needed([WHOLE], as_of).start == OCTOBER
    assert days_needed([WHOLE, replace(WHOLE, rollover=True)], as_of).start == date(2026, 9, 1)
    assert days_needed([replace(WHOLE, period="yearly", rollover=True)], as_of).start == date(2025, 1, 1)
    assert days_needed([], as_of).days_count == 1


AMOUNTS = st.decimals(Decimal("-1e6"), Decimal("1e9"), places=15)
DAYS = st.dates(date(2026, 8, 1), date(2026, 10, 31))
MANY = st.lists(
    st.builds(
        lambda day, amount, project, team, model: row(day, str(amount), project=project, team=team, model=model),
        DAYS, AMOUNTS, st.sampled_from(["chat", "search", "portal"]), st.sampled_from(["support", None]), st.sampled_from(["m", None]),
    ),
    max_size=30,
)  # fmt: skip
ASKED = [
    WHOLE,
    replace(WHOLE, budget_id="b", scope="team", holder="support", rollover=True),
    replace(WHOLE, budget_id="c", scope="client", holder="Acme", projects=("chat", "portal"), period="weekly", rollover=True),
    replace(WHOLE, budget_id="d", scope="project", project="search", model="m", period="yearly"),
    replace(WHOLE, budget_id="e", period="fixed", first_day=date(2026, 9, 15), last_day=date(2026, 10, 31), raises=(
        Raise(limit=Decimal(10**6), first_day=OCTOBER, last_day=OCTOBER),
    )),
]  # fmt: skip


@given(MANY, st.integers(1, 9), st.dates(date(2026, 9, 15), date(2026, 10, 31)))
def test_no_split_of_the_rows_changes_a_status(rows: list[DailyCost], parts: int, as_of: date) -> None:
    """Each row as several that sum to it, in another order, and summed by day beforehand: the same status to the last digit."""
    split = [replace(one, cost=part) for one in rows for part in _parts(one.cost or Decimal(0), parts)]
    whole = statuses(ASKED, rows, as_of)
    assert statuses(ASKED, split[::-1], as_of) == whole
    assert standing(ASKED, index(day_sums_of(split, dimensions_of(ASKED)), ASKED), as_of) == whole
    for status, budget in zip(whole, ASKED, strict=True):
        counted = [one for one in rows if budget.counts(one) and status.period_start <= one.day <= as_of]
        assert status.spent == sum((one.cost or Decimal(0) for one in counted), Decimal(0)).quantize(Decimal("1e-15"))
        assert status.remaining + status.spent == status.limit
        assert status.limit == (status.declared_limit or 0) + (status.raised_by or 0) + (status.rolled_over or 0)
        assert 0 <= (status.rolled_over or 0) <= budget.limit


def _parts(amount: Decimal, count: int) -> list[Decimal]:
    first = (amount / count).quantize(Decimal("1e-15"))
    return [first] * (count - 1) + [amount - first * (count - 1)]


@given(DAYS, st.integers(0, 40), DAYS)
def test_a_raise_is_in_force_exactly_on_its_days(first: date, length: int, as_of: date) -> None:
    one = Raise(limit=Decimal(500), first_day=first, last_day=first + timedelta(days=length))
    status = status_of(replace(WHOLE, raises=(one,)), [row()], as_of)
    assert status.limit == (500 if first <= as_of <= one.last_day else 100)


@given(st.lists(DAYS, min_size=1, max_size=4, unique=True), DAYS)
def test_versions_one_after_the_other_leave_one_limit_a_day(borders: list[date], as_of: date) -> None:
    edges = [None, *sorted(borders), None]
    versions = [
        replace(WHOLE, limit=Decimal(number + 1), valid_from=edges[number], valid_to=edges[number + 1]) for number in range(len(edges) - 1)
    ]
    (status,) = statuses(versions, [row()], as_of)
    assert status.limit == 1 + sum(border <= as_of for border in borders)
