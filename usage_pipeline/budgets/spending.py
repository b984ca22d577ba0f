"""Daily costs in, what was spent per day out: by project and operation, and by the whole organisation. Read once, asked often."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.tables.costs import BILLED, DailyCost
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.summary import tokens_of

TOKENS = "tokens"
_TOKEN_METERS = frozenset(TOKEN_METERS)

_Key = tuple[str | None, str | None, date]
"""Project (None: all), operation, day."""


@dataclass(frozen=True, slots=True)
class DaySpending:
    """One day on which something is known: the amount, and the part of it that no bill covers."""

    day: date
    amount: Decimal
    estimated: Decimal


@dataclass(frozen=True, slots=True)
class Spending:
    """Amounts by unit, then by (project or None for all, operation or None for all), then by day."""

    by_unit: dict[str, dict[tuple[str | None, str | None], dict[date, DaySpending]]]

    def days(self, project: str | None, operation: str | None, unit: str, period: Period) -> list[DaySpending]:
        """The days of `period` on which something is known, in order. `project` None: all projects; `operation` None: all operations."""
        known = self.by_unit[TOKENS if unit == TOKENS else "USD"].get((project, operation), {})
        return [known[day] for day in sorted(known) if day in period]


def index(costs: Sequence[DailyCost]) -> Spending:
    """Every sum that a budget may ask for, exactly. One pass over the rows, then over their much fewer groups."""
    rows: dict[tuple[str, str | None, date], list[DailyCost]] = defaultdict(list)
    for row in costs:
        rows[row.project, row.operation, row.day].append(row)
    money_parts: dict[_Key, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    token_parts: dict[_Key, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for (project, operation, day), group in rows.items():
        keys = {(whose, what, day) for whose in (project, None) for what in (operation, None)}
        if any(row.cost is not None for row in group):
            part = (money.total([row.cost for row in group]), money.total([row.cost for row in group if row.basis != BILLED]))
            for key in keys:
                money_parts[key].append(part)
        if any(row.meter in _TOKEN_METERS for row in group):
            tokens = money.total([tokens_of(row) for row in group])
            for key in keys:
                token_parts[key].append((tokens, money.ZERO))
    return Spending({"USD": _by_scope(money_parts), TOKENS: _by_scope(token_parts)})


def _by_scope(parts: dict[_Key, list[tuple[Decimal, Decimal]]]) -> dict[tuple[str | None, str | None], dict[date, DaySpending]]:
    scopes: dict[tuple[str | None, str | None], dict[date, DaySpending]] = defaultdict(dict)
    for (project, operation, day), amounts in parts.items():
        whole = money.total([amount for amount, _ in amounts])
        scopes[project, operation][day] = DaySpending(day, whole, money.total([estimated for _, estimated in amounts]))
    return dict(scopes)
