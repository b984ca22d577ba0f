"""Credits follow the requests through the three views of a day: each request's credits once, whatever else tells of it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from cost_rows import charge_row, costs_of, usage_row

from usage_pipeline.costs.accounting import check_day
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost
from usage_pipeline.tables.summary import by, totals
from usage_pipeline.tables.usage_costs import UsageCost

DAY = date(2026, 10, 2)


def day(*usage: UsageCost, charges: Sequence[Charge] = ()) -> list[DailyCost]:
    return costs_of(DAY, usage, charges)


def log(requests: int | None, credits_sum: str | int | None, **columns: Any) -> UsageCost:
    return usage_row(requests=requests, credits=credits_sum, **({"operation": "chat"} | columns))


def provider(requests: int | None, credits_sum: str | int | None, **columns: Any) -> UsageCost:
    return usage_row(view="provider", requests=requests, credits=credits_sum, **columns)


def credits_of(rows: Sequence[DailyCost], dimension: str) -> dict[Any, tuple[int, Decimal | None]]:
    """{value: (requests, credits)}."""
    return {one.key: (one.requests, one.credits) for one in by([row for row in rows if row.meter == "requests"], dimension)}


def test_credits_stand_on_the_rows_of_requests_alone():
    rows = day(log(3, "7.5", user="ana"), usage_row(user="ana", operation="chat", quantity=60, cost="0.9"))
    assert {row.meter: row.credits for row in rows} == {"requests": Decimal("7.5"), "input": None}
    assert totals(rows).credits == Decimal("7.5")


def test_without_a_schedule_there_are_none_not_zero():
    whole = totals(day(log(3, None)))
    assert (whole.credits, whole.uncredited_events) == (None, 0)
    assert totals([]).credits is None


def test_unknown_credits_are_counted_beside_the_known():
    rows = day(log(3, 6, user="ana"), log(2, None, user="ben", uncredited_events=2))
    assert (totals(rows).credits, totals(rows).uncredited_events) == (6, 2)
    assert {one.key: (one.credits, one.uncredited_events) for one in by(rows, "user")} == {"ana": (6, 0), "ben": (None, 2)}


def test_failures_and_cache_hits_are_rows_of_zero():
    rows = day(log(1, 2), log(4, 0, status="failure"), log(5, 0, status="cache_hit"))
    assert credits_of(rows, "status") == {"success": (1, 2), "failure": (4, 0), "cache_hit": (5, 0)}


def test_views_are_not_added():
    rows = day(log(3, 6, user="ana"), provider(3, 6))
    assert (totals(rows).requests, totals(rows).credits) == (3, 6)
    assert credits_of(rows, "user") == {"ana": (3, 6)}


def test_a_log_that_counts_no_requests_adds_no_credits_to_a_provider_that_does():
    assert credits_of(day(log(None, "0.5", user="ana"), provider(3, 6)), "user") == {None: (3, 6)}


def test_what_logs_do_not_explain_has_the_providers_credits():
    rows = day(log(3, 6, user="ana"), log(1, 2, user="ben"), provider(10, 20))
    assert credits_of(rows, "user") == {"ana": (3, 6), "ben": (1, 2), None: (6, 12)}


def test_credits_of_an_operation_that_the_provider_does_not_know_are_those_of_the_logs():
    rows = day(log(3, 15), log(2, None, operation="embed"), provider(7, None))
    assert credits_of(rows, "operation") == {"chat": (3, 15), "embed": (2, None), None: (2, None)}
    rows = day(log(3, 15), log(2, 2, operation="embed"), provider(7, 7))
    assert credits_of(rows, "operation") == {"chat": (3, 15), "embed": (2, 2), None: (2, 2)}


def test_logs_that_claim_more_requests_than_the_provider_get_the_credits_of_what_they_explain():
    rows = day(log(6, 12, user="ana"), log(3, 9, user="ben"), provider(3, 6))
    assert credits_of(rows, "user") == {"ana": (2, 4), "ben": (1, 3)}


def test_what_a_log_does_not_know_comes_from_the_provider():
    rows = day(log(3, None, user="ana", uncredited_events=3), provider(4, 8))
    assert credits_of(rows, "user") == {"ana": (3, 6), None: (1, 2)}
    assert totals(rows).uncredited_events == 0


def test_unknown_events_stay_with_their_requests():
    rows = day(log(3, None, user="ana", uncredited_events=3), provider(2, None, uncredited_events=1))
    assert [(row.user, row.requests, row.credits, row.uncredited_events) for row in rows] == [("ana", 2, None, 2)]


def test_a_provider_that_counts_no_requests_leaves_credits_to_the_logs():
    rows = day(log(3, 6), provider(None, "0.75"), provider(None, 5, project="other"))
    assert credits_of(rows, "project") == {"chat": (3, 6), "other": (0, 5)}


def test_a_provider_that_counts_no_requests_says_that_credits_per_request_are_unknown():
    rows = day(provider(None, None, uncredited_events=4))
    assert [(row.requests, row.credits, row.uncredited_events) for row in rows] == [(0, None, 4)]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ([provider(None, 5), log(2, 4, project=None)], {"chat": (0, 5), UNATTRIBUTED: (2, None)}),
        ([provider(None, None, uncredited_events=1), log(2, 4, project=None)], {"chat": (0, None), UNATTRIBUTED: (2, 4)}),
        ([provider(None, 5), log(3, 6), log(2, 4, project=None)], {"chat": (3, 6), UNATTRIBUTED: (2, 4)}),
        ([provider(3, 6), log(2, 4, project=None)], {"chat": (3, 6)}),
    ],
    ids=["provider has credits", "provider knows none", "logs count both", "provider counts"],
)
def test_usage_without_a_project_is_in_what_the_provider_says_of_its_model(
    usage: list[UsageCost], expected: dict[str, tuple[int, Decimal | None]]
):
    assert credits_of(day(*usage), "project") == expected


@pytest.mark.parametrize("charges", [[charge_row("1.2", 90)], [charge_row("1.2")], [charge_row("5", meter="unmapped", model=None)]])
def test_a_bill_changes_no_credits(charges: list[Charge]):
    usage = [log(3, 6, user="ana"), usage_row(user="ana", quantity=60, cost="0.9"), provider(10, 20)]
    rows = day(*usage, charges=charges)
    assert credits_of(rows, "user") == credits_of(day(*usage), "user") == {"ana": (3, 6), None: (7, 14)}


def test_a_day_whose_credits_are_off_is_refused():
    usage = [log(3, 6)]
    with pytest.raises(AccountingError, match=r"2026-10-02: credits of .* in the rows and in its view: 6 and 7 differ"):
        check_day(DAY, [log(3, 7)], [], day(*usage))
