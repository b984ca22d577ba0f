"""When each budget's spending first reached each of its thresholds: by plain addition, day by day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline.demo.configuration import BUDGETS, DemoBudget
from usage_pipeline.demo.truth import PERIODS, Breach, CostTruth
from usage_pipeline.periods import day_of

Tokens = Mapping[tuple[str, str, date], int]
"""Tokens by project, operation and day."""
Spent = dict[tuple[str | None, date], Decimal]
"""Cost by project (None: all) and day."""


def breaches(days: Sequence[date], costs: Sequence[CostTruth], tokens: Tokens) -> tuple[Breach, ...]:
    """Every threshold reached, by budget, then by period, then by threshold."""
    spent: Spent = {}
    for row in costs:
        for whose in (row.project, None):
            spent[whose, row.day] = spent.get((whose, row.day), Decimal(0)) + row.amount
    return tuple(breach for budget in BUDGETS for breach in _of_budget(budget, days, spent, tokens))


def _of_budget(budget: DemoBudget, days: Sequence[date], spent: Spent, tokens: Tokens) -> Iterator[Breach]:
    period, total, reached = day_of(date.min), Decimal(0), 0
    for day in days:
        if day not in period:
            period, total, reached = PERIODS[budget.period](day), Decimal(0), 0
        total += _amount(budget, day, spent, tokens)
        while reached < len(budget.thresholds) and total * 100 >= budget.limit * budget.thresholds[reached]:
            yield Breach(
                project=budget.project,
                period=budget.period,
                unit=budget.unit,
                operation=budget.operation,
                limit=budget.limit,
                period_start=period.start,
                threshold=budget.thresholds[reached],
                day=day,
            )
            reached += 1


def _amount(budget: DemoBudget, day: date, spent: Spent, tokens: Tokens) -> Decimal:
    if budget.unit == "USD":
        return spent.get((budget.project, day), Decimal(0))
    return Decimal(
        sum(
            quantity
            for (project, operation, on), quantity in tokens.items()
            if on == day and budget.project in (None, project) and budget.operation in (None, operation)
        )
    )
