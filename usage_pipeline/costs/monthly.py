"""`monthly_costs`: the exact sum of the month's days, and the check that it is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

from usage_pipeline import money
from usage_pipeline.costs.draft import nulls_first
from usage_pipeline.periods import Period
from usage_pipeline.tables.costs import Cost, DailyCost, MonthlyCost, daily_costs
from usage_pipeline.tables.summary import known_total

KEY = tuple(name for name in daily_costs.key if name != "day")
COUNTS = ("requests", "unpriced_events")
QUANTITIES = ("quantity", "unpriced_quantity")
AMOUNTS = ("list_cost", "estimated_cost", "billed_cost", "cost")
_key_of = attrgetter(*KEY)


@dataclass(frozen=True, slots=True)
class Difference:
    """A sum that is not the same in the days and in the month."""

    key: tuple[Any, ...]
    column: str
    daily: Decimal
    monthly: Decimal

    def __str__(self) -> str:
        """`2026-10 chat ... input: cost is 1.5 in the days and 1 in the month`."""
        words = " ".join(str(part) for part in self.key if part is not None)
        return f"{words}: {self.column} is {money.text(self.daily)} in the days and {money.text(self.monthly)} in the month"


def monthly_costs_of(month: Period, daily: Sequence[DailyCost]) -> list[MonthlyCost]:
    """The rows of `daily` that lie in `month`, summed by key; in the order of the key, nulls first.

    An amount is null where no day knows it. `days_count`: the days that have a row of the key.
    """
    groups: dict[tuple[Any, ...], list[DailyCost]] = defaultdict(list)
    for row in daily:
        if row.day in month:
            groups[_key_of(row)].append(row)
    return [_row(month, key, groups[key]) for key in sorted(groups, key=nulls_first)]


def _row(month: Period, key: tuple[Any, ...], days: Sequence[DailyCost]) -> MonthlyCost:
    columns: dict[str, Any] = dict(zip(KEY, key, strict=True))
    columns |= {name: sum(getattr(row, name) for row in days) for name in COUNTS}
    columns |= {name: money.total([getattr(row, name) for row in days]) for name in QUANTITIES}
    columns |= {name: known_total(getattr(row, name) for row in days) for name in AMOUNTS}
    return MonthlyCost(**columns, month=month.start, days_count=len({row.day for row in days}))


def footing(daily: Sequence[DailyCost], monthly: Sequence[MonthlyCost]) -> list[Difference]:
    """Every sum in which the months differ from their days: none, or something is stale. Compares per month and key."""
    days = _sums(daily)
    months = _sums(monthly)
    nothing = [money.ZERO] * len(_COLUMNS)
    return [
        Difference(key, column, of_days, of_months)
        for key in sorted(days.keys() | months.keys(), key=nulls_first)
        for column, of_days, of_months in zip(_COLUMNS, days.get(key, nothing), months.get(key, nothing), strict=True)
        if of_days != of_months
    ]


_COLUMNS = (*COUNTS, *QUANTITIES, *AMOUNTS)


def _sums(rows: Sequence[Cost]) -> dict[tuple[Any, ...], list[Decimal]]:
    groups: dict[tuple[Any, ...], list[Cost]] = defaultdict(list)
    for row in rows:
        groups[(_month(row), *_key_of(row))].append(row)
    return {key: [money.total([_number(row, column) for row in group]) for column in _COLUMNS] for key, group in groups.items()}


def _month(row: Cost) -> str:
    start = row.day if isinstance(row, DailyCost) else row.month if isinstance(row, MonthlyCost) else None
    return "" if start is None else f"{start:%Y-%m}"


def _number(row: Cost, column: str) -> Decimal | None:
    value = getattr(row, column)
    return Decimal(value) if isinstance(value, int) else value
