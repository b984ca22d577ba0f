"""What mails tell beyond a check's rows, out of a real database and a real home."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline import money
from usage_pipeline.budgets import spending
from usage_pipeline.defs.mail_more import amounts_of, links_of, sums_of
from usage_pipeline.defs.workplace import Workplace, open_database
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.budgets import Budget
from usage_pipeline.tables.costs import BILLED, DailyCost, daily_costs
from usage_pipeline.tables.day_sums import day_sums_of

FIRST = date(2026, 3, 1)
ROW = DailyCost(
    day=FIRST, project="portal", team="support", user="u1", channel="openai", provider="openai", model="gpt-5", api_type="text",
    operation="chat", status="success", meter="output", quantity=Decimal(10), requests=0, list_cost=None, estimated_cost=None,
    billed_cost=None, cost=Decimal("1.5"), basis=BILLED, unpriced_quantity=Decimal(0), unpriced_events=0, unpriced_reason=None,
)  # fmt: skip
ROWS = [replace(ROW, day=FIRST + timedelta(days=number), project=project) for number in range(100) for project in ("portal", "search")]
BUDGET = Budget(
    budget_id="acme", scope="client", project=None, period="yearly", limit=Decimal(500), unit="USD", operation=None, thresholds=(),
    holder="Acme", projects=("portal",),
)  # fmt: skip
AS_OF = date(2026, 5, 9)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'usage.db'}")
    opened.insert(daily_costs, ROWS)
    yield opened
    opened.close()


def test_a_clients_year_counts_its_projects_and_names_nobody(database: Database) -> None:
    periods = [Period(date(2025, 1, 1), date(2025, 5, 10)), Period(date(2026, 1, 1), date(2026, 5, 9)), Period(AS_OF, date(2026, 5, 10))]
    found = sums_of(database, BUDGET, periods)
    assert [(row.day, row.project, row.user, row.cost, row.quantity) for row in found] == [
        (date(2026, 1, 1), "portal", None, Decimal("103.5"), Decimal(690)),
        (AS_OF, "portal", None, Decimal("1.5"), Decimal(10)),
    ]


def test_a_period_before_that_began_before_all_that_is_known_is_no_comparison(database: Database) -> None:
    after = Period(date(2026, 5, 1), date(2026, 5, 10))
    whole = sums_of(database, BUDGET, [Period(FIRST, date(2026, 3, 10)), after])
    cut = sums_of(database, BUDGET, [Period(date(2026, 2, 28), date(2026, 3, 9)), after])
    assert [row.day for row in whole] == [FIRST, after.start]
    assert [row.day for row in cut] == [after.start]


def test_amounts_by_day() -> None:
    spent = spending.index(day_sums_of(ROWS), [BUDGET])
    found = amounts_of(spent, BUDGET, Period(date(2026, 5, 1), date(2026, 5, 4)))
    assert {day: money.text(amount) for day, amount in found.items()} == dict.fromkeys(
        (date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 3)), "1.5"
    )


def test_links_are_of_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace = Workplace(home_folder=str(tmp_path), config_file=str(tmp_path / "usage.yaml"))
    monkeypatch.delenv("USAGE_DAGSTER_URL", raising=False)
    assert links_of(workplace, "portal", AS_OF, "5e1f") == []
    statement = tmp_path / "reports" / "2026-05" / "projects" / "portal" / "statement.pdf"
    statement.parent.mkdir(parents=True)
    statement.write_bytes(b"%PDF")
    monkeypatch.setenv("USAGE_DAGSTER_URL", "https://dagster.example.org/")
    assert [link.url for link in links_of(workplace, "portal", AS_OF, "5e1f")] == [str(statement), "https://dagster.example.org/runs/5e1f"]
    assert [link.url for link in links_of(workplace, None, AS_OF, "")] == ["https://dagster.example.org/assets/alerts"]


def test_an_address_of_dagster_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USAGE_DAGSTER_URL", "javascript:alert(1)")
    with pytest.raises(UsageConfigError, match="USAGE_DAGSTER_URL"):
        links_of(Workplace(home_folder=str(tmp_path), config_file=str(tmp_path / "usage.yaml")), None, AS_OF, "")
