"""What a mail tells beyond its check's own rows: asked for only where there is something to write, so a silent check costs nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.periods import Period
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.budgets import Budget
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.notices import Link


def _no_sums(_budget: Budget, _days: Sequence[Period]) -> list[DailyCost]:
    return []


def _no_amounts(_budget: Budget, _days: Period) -> dict[date, Decimal]:
    return {}


def _no_savings() -> list[Advice]:
    return []


def _no_links(_project: str | None, _day: date) -> list[Link]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """`sums`: what a budget of a long span counts, one sum for all of the days of each period, on its first day, so that a year's rows
    need not be read; nothing for a period that began before anything was known. `amounts`: what each day of it came to. `savings`: what
    the month could have cost. `links`: where more is, for a project or the organisation, of a day's month.
    """

    sums: Callable[[Budget, Sequence[Period]], Sequence[DailyCost]] = _no_sums
    amounts: Callable[[Budget, Period], Mapping[date, Decimal]] = _no_amounts
    savings: Callable[[], Sequence[Advice]] = _no_savings
    links: Callable[[str | None, date], Sequence[Link]] = _no_links


NO_MORE = More()
