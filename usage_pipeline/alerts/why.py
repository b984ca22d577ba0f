"""Daily costs in, why a budget's spending changed out: the change by cause, and what changed most: whose use of which model.

Whole days of the period so far against the same days of the period before; only of money, for what else is counted has no price.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts.drivers import TOP, days_compared, dimensions_of, scope_of
from usage_pipeline.periods import Period
from usage_pipeline.tables.budgets import COUNTED_UNITS, PROJECT, Budget
from usage_pipeline.tables.causes import Causes, causes_of
from usage_pipeline.tables.costs import DailyCost

WHOSE = ("operation", "user", "team")
"""By what a project's use is told apart, the first that says anything; anything wider is told apart by project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """What somebody's use of one model cost before and now. `who` and `model` None: lines that do not say."""

    who: str | None
    model: str | None
    causes: Causes


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The change of the budget's spending, and the largest of what it is made of. `whose`: the dimension of `Mover.who`."""

    causes: Causes
    compared_with: Period
    whose: str | None
    movers: tuple[Mover, ...]


def why_of(budget: Budget, costs: Sequence[DailyCost], as_of: date, last_whole_day: date) -> Why | None:
    """None where there is nothing to compare, or where it is not about money."""
    if budget.unit in COUNTED_UNITS:
        return None
    whole, before = days_compared(budget, as_of, last_whole_day)
    rows = scope_of(budget, costs)
    now, earlier = [row for row in rows if row.day in whole], [row for row in rows if row.day in before]
    if not now or not earlier:
        return None
    whose = _whose(budget, [*now, *earlier])
    return Why(causes=causes_of(earlier, now), compared_with=before, whose=whose, movers=_movers(whose, earlier, now))


def _whose(budget: Budget, rows: Sequence[DailyCost]) -> str | None:
    if budget.scope != PROJECT:
        return PROJECT
    asked = [name for name in WHOSE if name not in dict(budget.where) and name in {*dimensions_of(budget), "team"}]
    return next((name for name in asked if any(getattr(row, name) is not None for row in rows)), None)


def _movers(whose: str | None, before: Sequence[DailyCost], now: Sequence[DailyCost]) -> tuple[Mover, ...]:
    """The three largest changes, up or down; ties by name."""
    old, new = _by_pair(whose, before), _by_pair(whose, now)
    changes = {pair: money.total([_cost(new.get(pair, [])), _cost(old.get(pair, [])).copy_negate()]) for pair in {*old, *new}}
    largest = sorted((pair for pair, change in changes.items() if change), key=lambda pair: (-abs(changes[pair]), repr(pair)))[:TOP]
    return tuple(Mover(who=pair[0], model=pair[1], causes=causes_of(old.get(pair, []), new.get(pair, []))) for pair in largest)


def _by_pair(whose: str | None, rows: Sequence[DailyCost]) -> dict[tuple[str | None, str | None], list[DailyCost]]:
    found: dict[tuple[str | None, str | None], list[DailyCost]] = defaultdict(list)
    for row in rows:
        found[None if whose is None else getattr(row, whose), row.model].append(row)
    return found


def _cost(rows: Sequence[DailyCost]) -> Decimal:
    return money.total([row.cost for row in rows])
