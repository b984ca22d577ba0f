"""Sums by day out of the database are those of Python, to the last digit, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.day_sums import day_sums
from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, DailyCost, daily_costs
from usage_pipeline.tables.day_sums import DIMENSIONS, DaySum, day_sums_of

FIRST = date(2026, 10, 1)
ROW = DailyCost(
    day=FIRST, project="chat", team="support", user="u_17", channel="openai", provider="openai", model="gpt-5", api_type="text",
    operation="chat", status="success", meter="input", quantity=Decimal("100.5"), requests=0, list_cost=None, estimated_cost=None,
    billed_cost=None, cost=Decimal("0.1"), basis=BILLED, unpriced_quantity=Decimal(0), unpriced_events=0, unpriced_reason=None,
)  # fmt: skip
ROWS = [
    ROW,
    replace(ROW, meter="output", cost=Decimal("12345678901234567890.000000000000001"), basis=LOG_ESTIMATED),
    replace(ROW, meter="cache_read", cost=Decimal("-0.000000000000003")),
    replace(ROW, meter="input", status="failure", cost=Decimal(0)),
    replace(ROW, meter="requests", requests=7, quantity=Decimal(7), cost=Decimal("0.2"), credits=Decimal("1.25")),
    replace(ROW, project="search", team=None, cost=None),
    replace(ROW, project="search", team=None, meter="images", cost=None),
    replace(ROW, day=FIRST + timedelta(days=1), user=None, model=None, operation=None, meter="charge", cost=Decimal(3)),
    replace(ROW, day=FIRST + timedelta(days=2), cost=Decimal(99)),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'usage.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.migrate()
    opened.insert(daily_costs, ROWS)
    yield opened
    opened.close()


@pytest.mark.parametrize("dimensions", [(), ("project",), ("team", "model"), DIMENSIONS], ids=str)
def test_the_database_sums_as_python_does(store: Database, dimensions: tuple[str, ...]) -> None:
    days = Period(FIRST, FIRST + timedelta(days=2))
    expected = day_sums_of([row for row in ROWS if row.day in days], dimensions)
    found = day_sums(store, days, dimensions)
    assert len(found) == len(expected)
    assert {_key(one): one for one in found} == {_key(one): one for one in expected}


def _key(one: DaySum) -> tuple[object, ...]:
    return one.day, one.project, one.team, one.user, one.operation, one.model, one.channel


def test_unknown_is_null_and_never_nothing(store: Database) -> None:
    (unknown,) = [one for one in day_sums(store, Period(FIRST, FIRST + timedelta(days=1)), ["project"]) if one.project == "search"]
    assert (unknown.cost, unknown.estimated, unknown.tokens, unknown.requests, unknown.credits) == (
        None,
        None,
        Decimal("100.5"),
        None,
        None,
    )


def test_a_group_of_many_rows_is_summed_exactly(database: Database) -> None:
    many = [replace(ROW, user=f"u_{number}", cost=Decimal("0.000000000000001") * number) for number in range(2500)]
    database.insert(daily_costs, many)
    (whole,) = day_sums(database, Period(FIRST, FIRST + timedelta(days=1)), [])
    assert whole.cost == Decimal("0.000000000000001") * sum(range(2500))
