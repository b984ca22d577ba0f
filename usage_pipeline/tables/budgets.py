"""`Budget` (from usage.yaml) and `budget_status`: what may be spent, and what was. Status is in the database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import ibis.expr.datatypes as dt

from usage_pipeline.money import MONEY, reaches
from usage_pipeline.periods import Period, day_of, inclusive, month_of, week_of, year_of
from usage_pipeline.tables.schema import Table, column

LEVELS = ("info", "warning", "critical")
"""Levels of an alert, rising."""

PERIODS: dict[str, Callable[[date], Period]] = {"daily": day_of, "weekly": week_of, "monthly": month_of, "yearly": year_of}
"""The period that holds a day, by `Budget.period`; a fixed span has days of its own."""

YEARLY, FIXED = "yearly", "fixed"
LONG = (YEARLY, FIXED)
"""Periods that may be longer than a month: each month says how they stood at its end."""

ORGANISATION, PROJECT, TEAM, USER, CLIENT = "organisation", "project", "team", "user", "client"
SCOPES = (ORGANISATION, PROJECT, TEAM, USER, CLIENT)

TOKENS, CREDITS, REQUESTS = "tokens", "credits", "requests"
COUNTED_UNITS = (TOKENS, CREDITS, REQUESTS)
"""Units beside the reporting currency."""

WHOLE_UNITS = (TOKENS, REQUESTS)

STRAIGHT_LINE = "straight_line"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A percentage of a budget at which to tell, and how loudly."""

    percent: Decimal
    level: str


@dataclass(frozen=True, kw_only=True)
class Raise:
    """Another limit for a while: in force on days judged from `first_day` to `last_day`, both included."""

    limit: Decimal
    first_day: date
    last_day: date
    why: str | None = None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A limit on what somebody may spend in each period, or in one span of days."""

    budget_id: str = column("Stable id made of scope, period, unit, operation, model and channel", key=True)
    scope: str = column("'project', 'team', 'user', 'client' or 'organisation'")
    project: str | None = column("Project id, null for any other scope")
    period: str = column("'daily', 'weekly', 'monthly', 'yearly' or 'fixed'")
    limit: Decimal = column("The limit, in `unit`", type=MONEY)
    unit: str = column("'USD' (the reporting currency), 'tokens', 'credits' or 'requests'")
    operation: str | None = column("Only this operation, null for all")
    thresholds: tuple[Threshold, ...] = column("Rising percentages with their levels", type=dt.string)
    holder: str | None = column("The team, user or client; null for a project or the organisation", default=None)
    projects: tuple[str, ...] = column("Of a client's budget: the client's projects", type=dt.string, default=())
    model: str | None = column("Only this model (catalog id), null for all", default=None)
    channel: str | None = column("Only what this channel bills, null for all", default=None)
    first_day: date | None = column("First day of a fixed span", default=None)
    last_day: date | None = column("Last day of a fixed span", default=None)
    valid_from: date | None = column("Holds on days judged from here on; null: always did", default=None)
    valid_to: date | None = column("Until the day before; null: without an end", default=None)
    rollover: bool = column("Whether the unspent of the period before is added", default=False)
    raises: tuple[Raise, ...] = column("Temporary limits", type=dt.string, default=())
    why: str | None = column("Why it is as it is, in its author's words", default=None)

    @property
    def owner(self) -> str | None:
        """Whose it is: the id of the project, team, user or client; null for the organisation."""
        return self.project if self.project is not None else self.holder

    @property
    def where(self) -> tuple[tuple[str, str], ...]:
        """What a cost must be of to count: (dimension, value), always in the same order."""
        own = (PROJECT, self.project) if self.scope == PROJECT else (self.scope, self.holder)
        named = (own, ("operation", self.operation), ("model", self.model), ("channel", self.channel))
        return tuple((name, value) for name, value in named if value is not None)

    def counts(self, row: Any) -> bool:
        """Whether a cost row, or a sum of them, is one that the budget counts."""
        return all(row.project in self.projects if name == CLIENT else getattr(row, name) == value for name, value in self.where)

    def period_on(self, day: date) -> Period | None:
        """The budget's period that holds `day`; null for a day outside of a fixed span."""
        if self.first_day is None or self.last_day is None:
            return PERIODS[self.period](day)
        span = inclusive(self.first_day, self.last_day)
        return span if day in span else None

    def in_force(self, day: date) -> bool:
        """Whether this version of the budget is the one that holds on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def raised(self, day: date) -> Raise | None:
        """The raise in force on `day`; of several the highest."""
        found = [one for one in self.raises if one.first_day <= day <= one.last_day]
        return max(found, key=lambda one: one.limit, default=None)

    def reached(self, spent: Decimal, limit: Decimal | None = None) -> tuple[Threshold, ...]:
        """The thresholds that `spent` has reached, rising; exact to the last digit. Nothing spent reaches nothing.

        `limit` is the one of the day where it is not the declared one, for raises and what rolled over.
        """
        whole = self.limit if limit is None else limit
        rising = sorted(self.thresholds, key=lambda threshold: threshold.percent)
        return tuple(threshold for threshold in rising if spent > 0 and reaches(spent, whole, threshold.percent))


@dataclass(frozen=True, kw_only=True)
class BudgetStatus:
    """How one budget stands in one of its periods, as of a day."""

    budget_id: str = column("Budget.budget_id", key=True)
    period_start: date = column("First UTC day of the period", key=True)
    period_end: date = column("The day after its last")
    as_of: date = column("The last day counted", key=True)
    scope: str = column("'project', 'team', 'user', 'client' or 'organisation'")
    project: str | None = column("Project id, null for any other scope")
    period: str = column("'daily', 'weekly', 'monthly', 'yearly' or 'fixed'")
    unit: str = column("'USD', 'tokens', 'credits' or 'requests'")
    operation: str | None = column("Only this operation, null for all")
    limit: Decimal = column("The limit in force on `as_of`, in `unit`: raised, and with what rolled over")
    spent: Decimal = column("Spent from period_start to as_of inclusive, in `unit`")
    percent: Decimal = column("spent in percent of limit, 4 decimals")
    remaining: Decimal = column("limit - spent; negative when over")
    forecast: Decimal | None = column("What the period comes to by `forecast_method`; null before a full day has passed")
    crossing_date: date | None = column("The day the forecast reaches the limit, or the day it was reached; null if not in the period")
    threshold: Decimal | None = column("The highest threshold reached, in percent; null if none")
    level: str | None = column("Its level")
    days_with_data: int = column("Days of the period so far that have costs")
    estimated_share: Decimal = column("Part of `spent` that is estimated, not billed, in percent")
    holder: str | None = column("The team, user or client; null for a project or the organisation", default=None)
    model: str | None = column("Only this model, null for all", default=None)
    channel: str | None = column("Only what this channel bills, null for all", default=None)
    declared_limit: Decimal | None = column("The limit as declared; null in rows of older versions, where it is `limit`", default=None)
    raised_by: Decimal | None = column("What a temporary raise adds to it on `as_of`; null without one", default=None)
    raise_ends: date | None = column("The raise's last day", default=None)
    raise_why: str | None = column("Why, in its author's words", default=None)
    rolled_over: Decimal | None = column(
        "What the period before left; null where the budget does not roll over or that is unknown", default=None
    )
    run_rate: Decimal | None = column(
        "Spent a day in the whole days so far; null before one has passed or where nothing is known", default=None
    )
    forecast_low: Decimal | None = column("Lower end of the forecast's 80 % interval; null for a straight line", default=None)
    forecast_high: Decimal | None = column("Upper end of it", default=None)
    forecast_method: str | None = column("How the forecast was made: 'straight_line', ...; null without one", default=None)
    days_so_far: int | None = column("Days of the period up to as_of: days_with_data of so many tell of anything", default=None)

    @property
    def owner(self) -> str | None:
        """Whose it is: the id of the project, team, user or client; null for the organisation."""
        return self.project if self.project is not None else self.holder

    @property
    def only(self) -> tuple[str, ...]:
        """What it is narrowed to: operation, model and channel, where it is."""
        return tuple(one for one in (self.operation, self.model, self.channel) if one is not None)


budget_status = Table("budget_status", BudgetStatus)
"""How every budget stood in every one of its periods that ended in a month, or is running; a long one at the end of each month."""
