"""What a mail says of one budget, as numbers: its status, its causes, and how far the numbers can be trusted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts.drivers import Driver, Drivers, amount_of, drivers, scope_of
from usage_pipeline.alerts.why import Why, why_of
from usage_pipeline.periods import Period
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.alerts import Alert
from usage_pipeline.tables.budgets import COUNTED_UNITS, Budget, BudgetStatus
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.unpriced import Explain, Unpriced, as_it_is, unpriced_of

NOUNS = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "fixed": "span"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One budget's part of a mail. `last_whole_day` is the last day of the period so far that is wholly over.

    `unpriced` is usage in the period whose cost is unknown and so in no amount, by model: the largest first. `daily` are the amounts by
    day, of the period and, of a day's budget, of days before; a day of which nothing is known is not in it.
    """

    alert: Alert
    budget: Budget
    status: BudgetStatus
    last_whole_day: date
    data_through: date | None
    drivers: tuple[Drivers, ...]
    unpriced: tuple[Unpriced, ...]
    finality: FinalityTold | None = None
    why: Why | None = None
    daily: Mapping[date, Decimal] = field(default_factory=dict)
    savings: tuple[Advice, ...] = ()

    @property
    def period(self) -> Period:
        return Period(self.status.period_start, self.status.period_end)

    @property
    def is_over(self) -> bool:
        return self.status.spent >= self.status.limit

    @property
    def days_gone(self) -> int:
        """Whole days of the period that are over."""
        return max(0, (self.last_whole_day - self.status.period_start).days + 1)

    @property
    def days_left(self) -> int:
        """Days of the period that are not over yet, a begun one included."""
        return self.period.days_count - self.days_gone

    @property
    def noun(self) -> str:
        return NOUNS[self.budget.period]

    @property
    def has_ended(self) -> bool:
        """Whether every day of the period is over: then there is no forecast, only what was spent."""
        return self.days_left == 0

    @property
    def end(self) -> Decimal | None:
        """The forecast, or the final amount of a period that is over; None before a whole day is over."""
        return self.status.spent if self.has_ended else self.status.forecast

    @property
    def daily_pace(self) -> Decimal | None:
        """What the days so far came to a day; None without a forecast."""
        if self.status.forecast is not None and self.status.run_rate is not None:
            return self.status.run_rate
        return None if self.status.forecast is None else money.share_of(self.status.forecast, 1, self.period.days_count)

    @property
    def daily_forecast(self) -> Decimal | None:
        """What the forecast expects of each day left; None without a forecast or a day left."""
        ahead = None if self.status.forecast is None else money.total([self.status.forecast, -self.status.spent])
        return None if ahead is None or not self.days_left else money.share_of(ahead, 1, self.days_left)

    @property
    def daily_allowance(self) -> Decimal | None:
        """What may be spent on each day left to end at the limit; None when nothing is left to spend, or no day to spend it on."""
        return money.share_of(self.status.remaining, 1, self.days_left) if self.days_left and self.status.remaining > 0 else None

    @property
    def main_driver(self) -> tuple[str, Driver] | None:
        """The largest named value of the first dimension that tells anything apart, with the dimension's name; None where none does.

        What is unattributed names nobody.
        """
        telling = (table for table in self.drivers if len(table.rows) > 1)
        return next(((table.dimension, row) for table in telling for row in table.rows if row.name not in {None, UNATTRIBUTED}), None)


def facts_of(
    alert: Alert,
    budget: Budget,
    status: BudgetStatus,
    costs: Sequence[DailyCost],
    last_whole_day: date,
    explain: Explain = as_it_is,
    daily: Mapping[date, Decimal] | None = None,
) -> Facts:
    """All that is to be said of `budget`. `costs` may hold more than the budget counts, and should hold the period before.

    `explain` gives unpriced usage its range of money and its hint. `daily` where `costs` are sums of many days.
    """
    ours = scope_of(budget, costs)
    rows = [row for row in ours if status.period_start <= row.day <= status.as_of]
    amounts = _by_day(ours, budget.unit) if daily is None else daily
    return Facts(
        alert=alert,
        budget=budget,
        status=status,
        last_whole_day=last_whole_day,
        data_through=max((day for day in amounts if status.period_start <= day <= status.as_of), default=None),
        drivers=tuple(drivers(budget, costs, status.as_of, last_whole_day)),
        unpriced=() if budget.unit in COUNTED_UNITS else _unpriced(rows, explain),
        why=why_of(budget, costs, status.as_of, last_whole_day),
        daily=amounts,
    )


def _by_day(rows: Sequence[DailyCost], unit: str) -> dict[date, Decimal]:
    known: dict[date, list[Decimal]] = defaultdict(list)
    for row in rows:
        amount = amount_of(row, unit)
        if amount is not None:
            known[row.day].append(amount)
    return {day: money.total(amounts) for day, amounts in known.items()}


def _unpriced(rows: Sequence[DailyCost], explain: Explain) -> tuple[Unpriced, ...]:
    """What is in no amount: not what a bill has."""
    return tuple(one for one in unpriced_of(rows, explain, by_project=False) if not one.billed)
