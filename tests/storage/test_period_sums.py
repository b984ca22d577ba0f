"""Sums over a period are those of its rows, to the last digit, for what a budget counts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.period_sums import first_day, period_sums
from usage_pipeline.tables.costs import BILLED, UNPRICED, DailyCost, daily_costs

YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
ROW = DailyCost(
    day=date(2026, 1, 1), project="portal", team="support", user="u1", channel="openai", provider="openai", model="gpt-5", api_type="text",
    operation="chat", status="success", meter="output", quantity=Decimal(1), requests=0, list_cost=None, estimated_cost=None,
    billed_cost=None, cost=Decimal("0.000000000000001"), basis=BILLED, unpriced_quantity=Decimal(0), unpriced_events=0,
    unpriced_reason=None,
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'usage.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.migrate()
    yield opened
    opened.close()


def rows() -> list[DailyCost]:
    days = [date(2026, month, day) for month in range(1, 13) for day in (1, 15)]
    return [
        *(replace(ROW, day=day) for day in days),
        *(replace(ROW, day=day, user="u2", cost=Decimal("12345678901234567.9")) for day in days),
        *(replace(ROW, day=day, project="search", team=None) for day in days),
        replace(ROW, day=date(2026, 3, 1), meter="requests", quantity=Decimal(3), requests=3, cost=None, basis=UNPRICED, unpriced_events=2),
        replace(ROW, day=date(2025, 12, 31), cost=Decimal(99)),
    ]


def test_sums_of_a_project_by_person(database: Database) -> None:
    database.replace(daily_costs, rows(), where={"day": Period(date(2025, 1, 1), YEAR.end)})
    found = period_sums(database, YEAR, [("project", ("portal",))], personal=True)
    assert {row.day for row in found} == {YEAR.start}
    assert sorted((row.user, row.meter, row.cost, row.requests, row.unpriced_events) for row in found if row.cost is not None) == [
        ("u1", "output", Decimal("0.000000000000024"), 0, 0),
        ("u2", "output", Decimal("296296293629629629.6"), 0, 0),
    ]
    assert [(row.cost, row.requests, row.unpriced_events, row.quantity) for row in found if row.basis == UNPRICED] == [
        (None, 3, 2, Decimal(3))
    ]


def test_nobody_is_named_for_who_has_no_business_to_know(database: Database) -> None:
    database.replace(daily_costs, rows(), where={"day": Period(date(2025, 1, 1), YEAR.end)})
    found = period_sums(database, YEAR, [], personal=False)
    assert {(row.user, row.team) for row in found} == {(None, None)}
    expected = money.total([row.cost for row in rows() if row.day in YEAR])
    assert money.total([row.cost for row in found]) == expected
    assert {row.team for row in period_sums(database, YEAR, [("team", ("support",))], personal=False)} == {"support"}


def test_no_days_and_no_rows(database: Database) -> None:
    assert first_day(database) is None
    database.replace(daily_costs, rows(), where={"day": Period(date(2025, 1, 1), YEAR.end)})
    assert first_day(database) == date(2025, 12, 31)
    assert period_sums(database, Period(YEAR.start, YEAR.start), [], personal=False) == []
