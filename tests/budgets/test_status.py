"""Budget status by hand: periods, units, scopes, exact thresholds, the straight line and the day of crossing."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline.budgets.status import status_of, statuses
from usage_pipeline.tables.budgets import Budget, BudgetStatus, Threshold
from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, PROVIDER_ESTIMATED, UNATTRIBUTED, UNPRICED, DailyCost

USUAL = tuple(Threshold(percent=Decimal(p), level=level) for p, level in ((75, "info"), (90, "warning"), (100, "critical")))
MONTHLY = Budget(
    budget_id="chat/monthly/USD", scope="project", project="chat", period="monthly", limit=Decimal(310), unit="USD", operation=None,
    thresholds=USUAL,
)  # fmt: skip
ROW = DailyCost(
    day=date(2026, 10, 1), project="chat", team=None, user=None, channel="openai", provider="openai", model="m", api_type="text",
    operation="chat", status="success", meter="input", quantity=Decimal(100), requests=0, list_cost=None, estimated_cost=None,
    billed_cost=None, cost=Decimal(1), basis=BILLED, unpriced_quantity=Decimal(0), unpriced_events=0, unpriced_reason=None,
)  # fmt: skip


def october(day: int) -> date:
    return date(2026, 10, day)


def cost(day: int, amount: str | None, **changes: object) -> DailyCost:
    return replace(ROW, day=october(day), cost=None if amount is None else Decimal(amount), **changes)  # type: ignore[arg-type]


def test_a_month_by_hand() -> None:
    costs = [cost(1, "30.5"), cost(2, "9.5"), cost(4, "20", basis=LOG_ESTIMATED), cost(5, "1000"), replace(ROW, day=date(2026, 9, 30))]
    assert status_of(MONTHLY, costs, october(4)) == BudgetStatus(
        budget_id="chat/monthly/USD",
        period_start=october(1),
        period_end=date(2026, 11, 1),
        as_of=october(4),
        scope="project",
        project="chat",
        period="monthly",
        unit="USD",
        operation=None,
        limit=Decimal(310),
        spent=Decimal(60),
        percent=Decimal("19.3548"),
        remaining=Decimal(250),
        forecast=Decimal(465),
        crossing_date=october(21),
        threshold=None,
        level=None,
        days_with_data=3,
        estimated_share=Decimal("33.3333"),
        declared_limit=Decimal(310),
        run_rate=Decimal(15),
        forecast_method="straight_line",
        days_so_far=4,
    )


def test_nothing_known_is_no_forecast() -> None:
    status = status_of(MONTHLY, [cost(5, "1"), cost(3, None, basis=UNPRICED)], october(4))
    assert (status.spent, status.forecast, status.crossing_date, status.days_with_data) == (Decimal(0), None, None, 0)
    assert (status.percent, status.remaining, status.threshold, status.level) == (Decimal(0), Decimal(310), None, None)


def test_a_known_zero_is_a_forecast_of_zero() -> None:
    assert status_of(MONTHLY, [cost(1, "0")], october(4)).forecast == Decimal(0)


@pytest.mark.parametrize(
    ("period", "as_of", "start", "end"),
    [
        ("daily", october(4), october(4), october(5)),
        ("weekly", october(4), date(2026, 9, 28), october(5)),
        ("weekly", october(5), october(5), october(12)),
        ("monthly", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        ("weekly", date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 4)),
        ("monthly", date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_the_period_that_holds_the_day(period: str, as_of: date, start: date, end: date) -> None:
    before, first, last = replace(ROW, day=start - timedelta(days=1)), replace(ROW, day=start), replace(ROW, day=as_of)
    status = status_of(replace(MONTHLY, period=period), [before, first, last], as_of)
    assert (status.period_start, status.period_end, status.spent) == (start, end, Decimal(2))


@pytest.mark.parametrize(
    ("spent", "threshold", "level"),
    [
        ("232.5", 75, "info"),
        ("232.499999999999999", None, None),
        ("279", 90, "warning"),
        ("278.999999999999999", 75, "info"),
        ("310", 100, "critical"),
        ("309.999999999999999", 90, "warning"),
        ("0.000000000000001", None, None),
        ("99999999999999999999999.123456789012345", 100, "critical"),
    ],
)
def test_thresholds_are_exact(spent: str, threshold: int | None, level: str | None) -> None:
    status = status_of(MONTHLY, [cost(1, spent)], october(1))
    assert (status.threshold, status.level) == (None if threshold is None else Decimal(threshold), level)
    assert status.spent == Decimal(spent)


def test_sums_keep_every_digit() -> None:
    costs = [cost(1, "12345678901234567890.000000000000001"), cost(1, "0.000000000000001"), cost(2, "0.1")]
    assert status_of(MONTHLY, costs, october(2)).spent == Decimal("12345678901234567890.100000000000002")


def test_tokens_are_those_of_successful_requests() -> None:
    budget = replace(MONTHLY, unit="tokens", limit=Decimal(1000))
    costs = [
        cost(1, None, quantity=Decimal(600), basis=UNPRICED),
        cost(1, "1", quantity=Decimal(150), meter="cache_read", basis=PROVIDER_ESTIMATED),
        cost(1, "1", quantity=Decimal(7), meter="images"),
        cost(1, "0", quantity=Decimal(3), meter="requests", requests=3),
        cost(1, "0", quantity=Decimal(999), status="cache_hit"),
    ]
    status = status_of(budget, costs, october(1))
    assert (status.spent, status.percent, status.level, status.estimated_share) == (Decimal(750), Decimal(75), "info", Decimal(0))


def test_operation_is_matched_exactly() -> None:
    costs = [cost(1, "1", operation="improve"), cost(1, "2", operation="improvement"), cost(1, "4", operation=None)]
    assert status_of(replace(MONTHLY, operation="improve"), costs, october(1)).spent == Decimal(1)
    assert status_of(MONTHLY, costs, october(1)).spent == Decimal(7)


def test_the_organisation_counts_everything() -> None:
    whole = replace(MONTHLY, budget_id="organisation/monthly/USD", scope="organisation", project=None)
    costs = [cost(1, "1"), cost(1, "2", project="chatter"), cost(1, "4", project=UNATTRIBUTED, operation=None)]
    both = statuses([whole, MONTHLY, replace(whole, operation="chat")], costs, october(1))
    assert [status.spent for status in both] == [Decimal(7), Decimal(1), Decimal(3)]


def test_a_day_that_is_not_over_is_spent_but_sets_no_pace() -> None:
    costs = [cost(1, "10"), cost(2, "10"), cost(3, "1")]
    noon = status_of(MONTHLY, costs, october(3), complete_through=october(2))
    assert (noon.spent, noon.forecast, noon.crossing_date) == (Decimal(21), Decimal(310), october(31))
    assert status_of(MONTHLY, costs, october(3)).forecast == Decimal(217)
    assert status_of(MONTHLY, costs, october(3), complete_through=date(2026, 12, 1)).forecast == Decimal(217)


def test_before_a_whole_day_there_is_no_forecast_but_a_crossing() -> None:
    status = status_of(MONTHLY, [cost(1, "400")], october(1), complete_through=date(2026, 9, 30))
    assert (status.forecast, status.crossing_date, status.level) == (None, october(1), "critical")


def test_the_forecast_is_never_less_than_what_is_spent() -> None:
    assert status_of(MONTHLY, [cost(1, "1"), cost(2, "400")], october(2), complete_through=october(1)).forecast == Decimal(401)


@pytest.mark.parametrize(
    ("amounts", "crossing"),
    [
        (["310"], 1),
        (["100", "209.999999999999999", "0.000000000000001"], 3),
        (["155"], 2),
        (["154.999999999999999"], 3),
        (["10"], 31),
        (["9.999999999999999"], None),
        (["400", "-50", "0", "0"], 1),
        (["400", "-399"], None),
        (["400", "-360"], 16),
    ],
)
def test_the_day_of_crossing(amounts: list[str], crossing: int | None) -> None:
    costs = [cost(number, amount) for number, amount in enumerate(amounts, 1)]
    expected = None if crossing is None else october(crossing)
    assert status_of(MONTHLY, costs, october(len(amounts))).crossing_date == expected


def test_the_estimated_share_stays_between_nothing_and_all() -> None:
    assert status_of(MONTHLY, [cost(1, "-5"), cost(1, "6", basis=LOG_ESTIMATED)], october(1)).estimated_share == Decimal(100)
    assert status_of(MONTHLY, [cost(1, "-9", basis=LOG_ESTIMATED), cost(1, "10")], october(1)).estimated_share == Decimal(0)


AMOUNTS = st.decimals(min_value=0, max_value=10**6, places=15)
ROWS = st.lists(st.tuples(st.integers(1, 31), AMOUNTS), max_size=12)


@given(ROWS, ROWS, st.integers(1, 31), st.integers(0, 31))
def test_more_cost_never_looks_better(some: list[tuple[int, Decimal]], more: list[tuple[int, Decimal]], day: int, complete: int) -> None:
    complete_through = date(2026, 9, 30) + timedelta(days=complete)
    few = status_of(MONTHLY, [cost(*_text(row)) for row in some], october(day), complete_through=complete_through)
    many = status_of(MONTHLY, [cost(*_text(row)) for row in [*some, *more]], october(day), complete_through=complete_through)
    assert few.spent <= many.spent
    assert few.percent <= many.percent
    assert few.remaining >= many.remaining
    assert (few.threshold or 0) <= (many.threshold or 0)
    assert few.forecast is None or (many.forecast is not None and few.forecast <= many.forecast)
    assert few.crossing_date is None or (many.crossing_date is not None and many.crossing_date <= few.crossing_date)
    assert many.spent + many.remaining == MONTHLY.limit


def _text(row: tuple[int, Decimal]) -> tuple[int, str]:
    return row[0], str(row[1])
