"""A project's October by hand: $460.12 of $500 by the 23rd, estimated in part, with one model nobody has a price for."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from usage_pipeline.money import percent
from usage_pipeline.tables.budgets import PERIODS, Budget, BudgetStatus, Threshold
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, UNATTRIBUTED, UNPRICED, DailyCost

AUGUST = date(2026, 8, 1)
TEMPLATES = Path(__file__).parents[2] / "reports_templates" / "mail"
ORGANISATION = Organisation(name="Example Org", finance=("finance@example.org",))
PROJECTS = (
    Project(id="support-portal", name="Support portal", owners=("ana@example.org", "lea@example.org")),
    Project(id="search-ranker", name="Search ranker", owners=("ben@example.org",)),
    Project(id="orphan", name="Orphan"),
)
USUAL = (
    Threshold(percent=Decimal(75), level="info"),
    Threshold(percent=Decimal(90), level="warning"),
    Threshold(percent=Decimal(100), level="critical"),
)
ROW = DailyCost(
    day=date(2026, 10, 1), project="support-portal", team=None, user="u-17", channel="openai", provider="openai", model="gpt-5",
    api_type="text", operation="chat", status="success", meter="output", quantity=Decimal(1000), requests=0, list_cost=None,
    estimated_cost=None, billed_cost=None, cost=Decimal(1), basis=BILLED, unpriced_quantity=Decimal(0), unpriced_events=0,
    unpriced_reason=None,
)  # fmt: skip


def budget(limit: str = "500", *, project: str | None = "support-portal", period: str = "monthly", unit: str = "USD",
           operation: str | None = None, thresholds: tuple[Threshold, ...] = USUAL) -> Budget:  # fmt: skip
    parts = [project or "organisation", period, unit, *([operation] if operation else [])]
    return Budget(
        budget_id="/".join(parts), scope="project" if project else "organisation", project=project, period=period, limit=Decimal(limit),
        unit=unit, operation=operation, thresholds=thresholds,
    )  # fmt: skip


def status(of: Budget, spent: str, as_of: date) -> BudgetStatus:
    """How `of` stands when `spent` was spent in its period: what the budgets room would say, in short."""
    period = PERIODS[of.period](as_of)
    amount = Decimal(spent)
    return BudgetStatus(
        budget_id=of.budget_id, period_start=period.start, period_end=period.end, as_of=as_of, scope=of.scope, project=of.project,
        period=of.period, unit=of.unit, operation=of.operation, limit=of.limit, spent=amount, percent=percent(amount, of.limit),
        remaining=of.limit - amount, forecast=None, crossing_date=None, threshold=None, level=None, days_with_data=1,
        estimated_share=Decimal(0),
    )  # fmt: skip


def cost(day: date, amount: str | None, **changes: object) -> DailyCost:
    values = {"day": day, "cost": None if amount is None else Decimal(amount), **({} if amount else {"basis": UNPRICED}), **changes}
    return replace(ROW, **values)  # type: ignore[arg-type]


def month() -> list[DailyCost]:
    """Two months of three models, three operations and four users, dearer in the second."""
    rows: list[DailyCost] = []
    for number in range(53):
        day = date(2026, 9, 1) + timedelta(days=number)
        growth = Decimal("1.45") if day.month == 10 else Decimal(1)
        basis = LOG_ESTIMATED if day >= date(2026, 10, 20) else BILLED
        rows += [
            cost(day, str(Decimal("8.40") * growth), basis=basis),
            cost(day, "3.10", basis=basis, model="claude-sonnet-4-5", user="u-17", operation="improvement"),
            cost(day, "1.75", basis=basis, model="gemini-2.5-pro", user="u-04", operation="chat"),
            cost(day, "0.52", basis=basis, model="gpt-5-mini", user=None, operation=None),
            cost(day, "2.15", basis=basis, project="search-ranker", model="text-embedding-3-large", user=None, operation="index"),
            cost(day, "0.90", basis=basis, project=UNATTRIBUTED, model=None, user=None, operation=None),
        ]
    rows.append(cost(date(2026, 10, 22), None, model="new-model-9", meter="requests", unpriced_events=12, quantity=Decimal(12)))
    rows.append(cost(date(2026, 10, 22), None, model="new-model-9", unpriced_quantity=Decimal(48210), quantity=Decimal(48210)))
    return rows
