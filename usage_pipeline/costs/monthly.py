"""Whether `monthly_costs` is the exact sum of the month's days."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.tables.costs import Cost, DailyCost, MonthlyCost
from usage_pipeline.tables.months import AMOUNTS, COUNTS, QUANTITIES, key_of, nulls_first


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
        groups[(_month(row), *key_of(row))].append(row)
    return {key: [money.total([_number(row, column) for row in group]) for column in _COLUMNS] for key, group in groups.items()}


def _month(row: Cost) -> str:
    start = row.day if isinstance(row, DailyCost) else row.month if isinstance(row, MonthlyCost) else None
    return "" if start is None else f"{start:%Y-%m}"


def _number(row: Cost, column: str) -> Decimal | None:
    value = getattr(row, column)
    return Decimal(value) if isinstance(value, int) else value
