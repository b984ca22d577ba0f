"""`budgets` (from usage.yaml) and `budget_status`: what may be spent, and what was. In the database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import ibis.expr.datatypes as dt

from usage_pipeline.money import MONEY, reaches
from usage_pipeline.periods import Period, day_of, month_of, week_of
from usage_pipeline.tables.schema import Table, column

LEVELS = ("info", "warning", "critical")
"""Levels of an alert, rising."""

PERIODS: dict[str, Callable[[date], Period]] = {"daily": day_of, "weekly": week_of, "monthly": month_of}
"""The period that holds a day, by `Budget.period`."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A percentage of a budget at which to tell, and how loudly."""

    percent: Decimal
    level: str


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A limit on what a project, or the organisation, may spend in each period."""

    budget_id: str = column("Stable id made of scope, period, unit and operation", key=True)
    scope: str = column("'project' or 'organisation'")
    project: str | None = column("Project id, null for the organisation")
    period: str = column("'daily', 'weekly' or 'monthly'")
    limit: Decimal = column("The limit, in `unit`", type=MONEY)
    unit: str = column("'USD' (the reporting currency) or 'tokens'")
    operation: str | None = column("Only this operation, null for all")
    thresholds: tuple[Threshold, ...] = column("Rising percentages with their levels", type=dt.string)

    def reached(self, spent: Decimal) -> tuple[Threshold, ...]:
        """The thresholds that `spent` has reached, rising; exact to the last digit. Nothing spent reaches nothing."""
        rising = sorted(self.thresholds, key=lambda threshold: threshold.percent)
        return tuple(threshold for threshold in rising if spent > 0 and reaches(spent, self.limit, threshold.percent))


@dataclass(frozen=True, kw_only=True)
class BudgetStatus:
    """How one budget stands in one of its periods, as of a day."""

    budget_id: str = column("Budget.budget_id", key=True)
    period_start: date = column("First UTC day of the period", key=True)
    period_end: date = column("The day after its last")
    as_of: date = column("The last day counted")
    scope: str = column("'project' or 'organisation'")
    project: str | None = column("Project id, null for the organisation")
    period: str = column("'daily', 'weekly' or 'monthly'")
    unit: str = column("'USD' or 'tokens'")
    operation: str | None = column("Only this operation, null for all")
    limit: Decimal = column("The limit, in `unit`")
    spent: Decimal = column("Spent from period_start to as_of inclusive, in `unit`")
    percent: Decimal = column("spent in percent of limit, 4 decimals")
    remaining: Decimal = column("limit - spent; negative when over")
    forecast: Decimal | None = column("Straight line to the period's end; null before a full day has passed")
    crossing_date: date | None = column("The day the straight line reaches the limit, or the day it was reached; null if not in the period")
    threshold: Decimal | None = column("The highest threshold reached, in percent; null if none")
    level: str | None = column("Its level")
    days_with_data: int = column("Days of the period so far that have costs")
    estimated_share: Decimal = column("Part of `spent` that is estimated, not billed, in percent")


budget_status = Table("budget_status", BudgetStatus)
