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
from usage_pipeline.tables.budgets import CREDITS, PROJECT, REQUESTS, TEAM, TOKENS, USER, WHOLE_UNITS, Budget
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.summary import tokens_of

TOP = 3
ALL = Decimal(100)
PROJECT_DIMENSIONS = ("model", "operation", "user")
ORGANISATION_DIMENSIONS = ("project", "model")
"""An organisation's mail names no users, nor a client's or a team's: who they are is the projects' business."""

PERSONAL_DIMENSIONS = ("project", "model", "operation")
"""Of a user's or a team's budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One value of a dimension (None: lines that do not say), what it used and its share of the budget's spending in percent.

    `shown` is the amount in whole cents or tokens and `shown_percent` the share in whole percents, both by largest remainder.
    `before` and `compared` are its amounts in the compared days of the period before and of this one; None where there are none.
    """

    name: str | None
    amount: Decimal
    shown: Decimal
    percent: Decimal
    shown_percent: Decimal
    before: Decimal | None
    compared: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """All further values of a dimension that used anything, together."""

    count: int
    amount: Decimal
    shown: Decimal
    percent: Decimal
    shown_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """The largest values of one dimension, largest first, and the days of the period before they are compared with.

    What is shown of the rows and the others sums to what is shown of the budget's spending, and to 100 percent.
    """

    dimension: str
    rows: tuple[Driver, ...]
    others: Others | None
    compared_with: Period | None


def scope_of(budget: Budget, costs: Sequence[DailyCost]) -> list[DailyCost]:
    """The rows that the budget counts, of any day."""
    return [row for row in costs if budget.counts(row)]


def dimensions_of(budget: Budget) -> tuple[str, ...]:
    """What the spending of a budget is told by."""
    if budget.scope in {USER, TEAM}:
        return PERSONAL_DIMENSIONS
    return PROJECT_DIMENSIONS if budget.scope == PROJECT else ORGANISATION_DIMENSIONS


def days_compared(budget: Budget, as_of: date, last_whole_day: date) -> tuple[Period, Period]:
    """The whole days of the budget's period so far, which may be none, and the same days of the period before.

    What a fixed span is compared with are as many days right before it. Raises ValueError for a day outside of a span.
    """
    period = budget.period_on(as_of)
    if period is None:
        raise ValueError(f"{budget.budget_id} has no period that holds {as_of}")
    whole = Period(period.start, max(period.start, last_whole_day + ONE_DAY))
    previous = budget.period_on(period.start - ONE_DAY)
    if previous is None:
        return whole, Period(period.start - ONE_DAY * whole.days_count, period.start)
    return whole, Period(previous.start, min(previous.end, previous.start + ONE_DAY * whole.days_count))


def drivers(budget: Budget, costs: Sequence[DailyCost], as_of: date, last_whole_day: date) -> list[Drivers]:
    """The top three by each dimension that says anything. `costs` hold the period before too, if it is to be compared with."""
    whole, before = days_compared(budget, as_of, last_whole_day)
    rows = scope_of(budget, costs)
    now = [row for row in rows if whole.start <= row.day <= as_of]
    earlier = [row for row in rows if row.day in before]
    dimensions = dimensions_of(budget)
    tables = [
        _table(dimension, budget.unit, _sums(now, dimension, budget.unit), _sums(earlier, dimension, budget.unit),
               _sums([row for row in now if row.day in whole], dimension, budget.unit), before if earlier else None)
        for dimension in dimensions
        if dimension not in dict(budget.where)
    ]  # fmt: skip
    return [table for table in tables if any(row.name is not None for row in table.rows)]


def amount_of(row: DailyCost, unit: str) -> Decimal | None:
    """What a row adds to a budget in `unit`; None where its cost is unknown."""
    if unit == TOKENS:
        return tokens_of(row)
    if unit == CREDITS:
        return row.credits
    return Decimal(row.requests) if unit == REQUESTS else row.cost


def _sums(rows: Sequence[DailyCost], dimension: str, unit: str) -> dict[str | None, Decimal]:
    amounts: dict[str | None, list[Decimal | None]] = defaultdict(list)
    for row in rows:
        amounts[getattr(row, dimension)].append(amount_of(row, unit))
    return {name: money.total(parts) for name, parts in amounts.items()}


def _table(
    dimension: str,
    unit: str,
    now: dict[str | None, Decimal],
    before: dict[str | None, Decimal],
    compared: dict[str | None, Decimal],
    compared_with: Period | None,
) -> Drivers:
    """Cents are dealt to every value before the others are folded, largest first as in a statement, so both show the same."""
    ranked = sorted(((name, value) for name, value in now.items() if value), key=_largest_first)
    top = [(name, value) for name, value in ranked[:TOP] if value > 0]
    others_count = len(ranked) - len(top)
    whole = money.total([value for _, value in ranked])
    amounts = _folded([value for _, value in ranked], len(top))
    shown = _folded(_dealt([value for _, value in ranked], whole, step=Decimal(1) if unit in WHOLE_UNITS else money.CENT), len(top))
    percents = [money.share_of(ALL, value, whole) for value in amounts]
    shown_percents = _dealt(percents, ALL if whole else money.ZERO, step=Decimal(1))
    rows = tuple(
        Driver(
            name=name,
            amount=value,
            shown=shown[place],
            percent=percents[place],
            shown_percent=shown_percents[place],
            before=None if compared_with is None else before.get(name, money.ZERO),
            compared=None if compared_with is None else compared.get(name, money.ZERO),
        )
        for place, (name, value) in enumerate(top)
    )
    others = Others(
        count=others_count, amount=amounts[-1], shown=shown[-1], percent=percents[-1], shown_percent=shown_percents[-1]
    ) if others_count else None  # fmt: skip
    return Drivers(dimension=dimension, rows=rows, others=others, compared_with=compared_with)


def _folded(parts: Sequence[Decimal], kept: int) -> list[Decimal]:
    """The first `kept` parts, and the sum of the others where there are any."""
    return [*parts[:kept], *([money.total(parts[kept:])] if parts[kept:] else [])]


def _dealt(parts: Sequence[Decimal], whole: Decimal, *, step: Decimal) -> list[Decimal]:
    return [part or money.ZERO for part in money.round_parts(parts, step=step, whole=whole)]


def _largest_first(group: tuple[str | None, Decimal]) -> tuple[Decimal, bool, str]:
    name, value = group
    return (-value, name is None, name or "")
