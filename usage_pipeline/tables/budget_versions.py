"""`budgets`: every version of every budget that usage.yaml declared, as runs and checks saw them. In the database, append-only."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline.money import MONEY
from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetVersion:
    """A budget as it was declared from one look at usage.yaml to the next that found it changed."""

    budget_id: str = column("Budget.budget_id", key=True)
    valid_from: date | None = column("Budget.valid_from: versions that hold one after the other have lives of their own", key=True)
    number: int = column("1 for the first, and one more with each change", key=True)
    recorded_at: datetime = column("When it was seen first (UTC)")
    actor: str = column("Who ran what saw it; never an e-mail address")
    is_removed: bool = column("True where usage.yaml has it no longer; then the rest is what it was last")
    limit: Decimal = column("The limit, in `unit`", type=MONEY)
    unit: str = column("'USD' (the reporting currency), 'tokens', 'credits' or 'requests'")
    declared: str = column("All that was declared but why: a JSON object")
    why: str | None = column("Why, in its author's words")


budget_versions = Table("budgets", BudgetVersion)
