"""Daily costs in, the causes of a budget's spending out: the largest models, operations, users or projects and how they changed.

Amounts are those of the budget's period so far, in its unit. They are compared over whole days only, with the same days of the period
before, where that has any: so neither a half day nor a longer month looks like a change.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.tables.budgets import PERIODS, Budget
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.summary import tokens_of

TOP = 3
TOKENS = "tokens"
PROJECT_DIMENSIONS = ("model", "operation", "user")
ORGANISATION_DIMENSIONS = ("project", "model")
"""An organisation's mail names no users: who they are is the projects' business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One value of a dimension (None: lines that do not say), what it used and its share of the budget's spending in percent.

    `before` and `compared` are its amounts in the compared days of the period before and of this one; None where there are none.
    """

    name: str | None
    amount: Decimal
    percent: Decimal
    before: Decimal | None
    compared: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """The largest values of one dimension, largest first, and the days of the period before they are compared with."""

    dimension: str
    rows: tuple[Driver, ...]
    others_count: int
    compared_with: Period | None


def scope_of(budget: Budget, costs: Sequence[DailyCost]) -> list[DailyCost]:
    """The rows that the budget counts, of any day."""
    return [
        row
        for row in costs
        if (budget.project is None or row.project == budget.project) and (budget.operation is None or row.operation == budget.operation)
    ]


def drivers(budget: Budget, costs: Sequence[DailyCost], as_of: date, last_whole_day: date) -> list[Drivers]:
    """The top three by each dimension that says anything. `costs` hold the period before too, if it is to be compared with."""
    period = PERIODS[budget.period](as_of)
    rows = scope_of(budget, costs)
    now = [row for row in rows if period.start <= row.day <= as_of]
    whole = Period(period.start, max(period.start, last_whole_day + ONE_DAY))
    before = _same_days_before(budget, whole)
    earlier = [row for row in rows if row.day in before]
    dimensions = ORGANISATION_DIMENSIONS if budget.project is None else PROJECT_DIMENSIONS
    tables = [
        _table(dimension, _sums(now, dimension, budget.unit), _sums(earlier, dimension, budget.unit),
               _sums([row for row in now if row.day in whole], dimension, budget.unit), before if earlier else None)
        for dimension in dimensions
        if dimension != "operation" or budget.operation is None
    ]  # fmt: skip
    return [table for table in tables if any(row.name is not None for row in table.rows)]


def amount_of(row: DailyCost, unit: str) -> Decimal | None:
    """What a row adds to a budget in `unit`; None where its cost is unknown."""
    return tokens_of(row) if unit == TOKENS else row.cost


def _same_days_before(budget: Budget, whole: Period) -> Period:
    """As many days from the start of the period before, at most all of it."""
    previous = PERIODS[budget.period](whole.start - ONE_DAY)
    return Period(previous.start, min(previous.end, previous.start + ONE_DAY * whole.days_count))


def _sums(rows: Sequence[DailyCost], dimension: str, unit: str) -> dict[str | None, Decimal]:
    amounts: dict[str | None, list[Decimal | None]] = defaultdict(list)
    for row in rows:
        amounts[getattr(row, dimension)].append(amount_of(row, unit))
    return {name: money.total(parts) for name, parts in amounts.items()}


def _table(
    dimension: str,
    now: dict[str | None, Decimal],
    before: dict[str | None, Decimal],
    compared: dict[str | None, Decimal],
    compared_with: Period | None,
) -> Drivers:
    whole = money.total(list(now.values()))
    ranked = sorted(((name, value) for name, value in now.items() if value > 0), key=_largest_first)
    rows = tuple(
        Driver(
            name=name,
            amount=value,
            percent=money.percent(value, whole),
            before=None if compared_with is None else before.get(name, money.ZERO),
            compared=None if compared_with is None else compared.get(name, money.ZERO),
        )
        for name, value in ranked[:TOP]
    )
    return Drivers(dimension=dimension, rows=rows, others_count=max(0, len(ranked) - TOP), compared_with=compared_with)


def _largest_first(group: tuple[str | None, Decimal]) -> tuple[Decimal, bool, str]:
    name, value = group
    return (-value, name is None, name or "")
