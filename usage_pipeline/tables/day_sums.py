"""`DaySum`: one day of one combination of dimensions in every unit a budget may have. Never stored: summed out of daily_costs."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.costs import BILLED, DailyCost
from usage_pipeline.tables.meters import REQUESTS, TOKEN_METERS
from usage_pipeline.tables.summary import known_total, tokens_of

DIMENSIONS = ("project", "team", "user", "operation", "model", "channel")
"""Columns of daily_costs that a budget may be about, in the order of `DaySum`."""

_TOKENS = frozenset(TOKEN_METERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """Exact sums of one day's cost rows; a dimension that was not asked for is null, as is an amount of which nothing is known."""

    day: date
    project: str | None = None
    team: str | None = None
    user: str | None = None
    operation: str | None = None
    model: str | None = None
    channel: str | None = None
    cost: Decimal | None
    estimated: Decimal | None
    tokens: Decimal | None
    requests: Decimal | None
    credits: Decimal | None


def day_sums_of(costs: Iterable[DailyCost], dimensions: Collection[str] = DIMENSIONS) -> list[DaySum]:
    """`costs` summed by day and `dimensions`."""
    names = [name for name in DIMENSIONS if name in dimensions]
    groups: dict[tuple[date, tuple[str | None, ...]], list[DailyCost]] = defaultdict(list)
    for row in costs:
        groups[row.day, tuple(getattr(row, name) for name in names)].append(row)
    return [_sum(day, dict(zip(names, values, strict=True)), rows) for (day, values), rows in groups.items()]


def _sum(day: date, values: dict[str, str | None], rows: list[DailyCost]) -> DaySum:
    tokens = [tokens_of(row) for row in rows if row.meter in _TOKENS]
    counted = [Decimal(row.requests) for row in rows if row.meter == REQUESTS]
    return DaySum(
        day=day,
        **values,
        cost=known_total(row.cost for row in rows),
        estimated=known_total(row.cost for row in rows if row.basis != BILLED),
        tokens=money.total(tokens) if tokens else None,
        requests=money.total(counted) if counted else None,
        credits=known_total(row.credits for row in rows),
    )
