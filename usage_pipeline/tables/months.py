"""Days of cost become a month's: the one exact sum that the database keeps and statements are made of."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.tables.costs import DailyCost, MonthlyCost, daily_costs
from usage_pipeline.tables.summary import known_total

KEY = tuple(name for name in daily_costs.key if name != "day")
COUNTS = ("requests", "unpriced_events", "uncredited_events")
QUANTITIES = ("quantity", "unpriced_quantity")
AMOUNTS = ("list_cost", "estimated_cost", "billed_cost", "cost", "credits")
key_of = attrgetter(*KEY)
"""All of a row's key but its day."""


def nulls_first(values: Iterable[Any]) -> tuple[tuple[bool, Any], ...]:
    """A sort key for values that may be null."""
    return tuple((value is not None, "" if value is None else value) for value in values)


def monthly_costs_of(month: Period, daily: Sequence[DailyCost]) -> list[MonthlyCost]:
    """The rows of `daily` that lie in `month`, summed by key; in the order of the key, nulls first.

    An amount is null where no day knows it. `days_count`: the days that have a row of the key.
    """
    groups: dict[tuple[Any, ...], list[DailyCost]] = defaultdict(list)
    for row in daily:
        if row.day in month:
            groups[key_of(row)].append(row)
    return [_row(month, key, groups[key]) for key in sorted(groups, key=nulls_first)]


def _row(month: Period, key: tuple[Any, ...], days: Sequence[DailyCost]) -> MonthlyCost:
    columns: dict[str, Any] = dict(zip(KEY, key, strict=True))
    columns |= {name: sum(getattr(row, name) for row in days) for name in COUNTS}
    columns |= {name: money.total([getattr(row, name) for row in days]) for name in QUANTITIES}
    columns |= {name: known_total(getattr(row, name) for row in days) for name in AMOUNTS}
    return MonthlyCost(**columns, month=month.start, days_count=len({row.day for row in days}))
