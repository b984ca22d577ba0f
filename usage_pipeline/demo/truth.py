"""What is true of a demo world, known because every request was made here: the yardstick for the pipeline's results."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import Period, day_of, month_of, week_of

PERIODS: dict[str, Callable[[date], Period]] = {"daily": day_of, "weekly": week_of, "monthly": month_of}
BILLED, PROVIDER_ESTIMATED, LOG_ESTIMATED = "billed", "provider_estimated", "log_estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTruth:
    """What becomes of the lines of one file. lines = accepted + duplicates + rejected; a copy's lines are all duplicates."""

    source: str
    file: str
    lines: int
    accepted: int
    duplicates: int
    rejected: int
    reasons: tuple[str, ...]
    is_copy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTruth:
    """What one project owes one channel for one day, and on what that rests: its bill, the provider's usage, or logs."""

    day: date
    project: str
    channel: str
    basis: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """The first day of a period on which a budget's spending reached a threshold (percent of the limit).

    `project` is None for the organisation's own budgets.
    """

    project: str | None
    period: str
    unit: str
    operation: str | None
    limit: Decimal
    period_start: date
    threshold: int
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The whole truth. `costs` holds a row per day, project and channel; everything else is a count or is summed from it.

    `requests_made` counts every request, `requests` those that some record tells of.
    """

    first_day: date
    last_day: date
    seed: int
    costs: tuple[CostTruth, ...]
    requests_made: int
    requests: int
    failed_requests: int
    cache_hits: int
    unpriced_events: int
    unpriced_tokens: int
    files: tuple[FileTruth, ...]
    breaches: tuple[Breach, ...]

    @property
    def cost(self) -> Decimal:
        return money.total([row.amount for row in self.costs])

    def billed(self) -> dict[str, Decimal]:
        """Billed in total, by channel."""
        return self._sums(lambda row: row.channel, [row for row in self.costs if row.basis == BILLED])

    def cost_by_project(self, month: str | None = None) -> dict[str, Decimal]:
        """Cost by project, of '2026-10' or of all days."""
        return self._sums(lambda row: row.project, [row for row in self.costs if month in (None, f"{row.day:%Y-%m}")])

    def cost_by_basis(self) -> dict[str, Decimal]:
        return self._sums(lambda row: row.basis, self.costs)

    def cost_by_day(self) -> dict[date, Decimal]:
        return self._sums(lambda row: row.day, self.costs)

    def months(self) -> list[str]:
        return sorted({f"{row.day:%Y-%m}" for row in self.costs})

    def reached(self) -> list[Breach]:
        """Thresholds reached in the periods that hold the last day: what alerts judged on that day must tell."""
        return [breach for breach in self.breaches if self.last_day in PERIODS[breach.period](breach.period_start)]

    def lines(self) -> dict[str, dict[str, int]]:
        """Line accounting by source."""
        sums: dict[str, dict[str, int]] = {}
        for file in self.files:
            row = sums.setdefault(file.source, dict.fromkeys(("lines", "accepted", "duplicates", "rejected"), 0))
            for name in row:
                row[name] += getattr(file, name)
        return dict(sorted(sums.items()))

    def document(self) -> dict[str, Any]:
        """The same as plain JSON values: money as text, days as ISO dates, with the sums that people ask for first."""
        plain = {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}
        sums = {
            "cost": self.cost,
            "billed_by_channel": self.billed(),
            "cost_by_basis": self.cost_by_basis(),
            "cost_by_project_month": {month: self.cost_by_project(month) for month in self.months()},
            "lines_by_source": self.lines(),
        }
        return {"sums": _plain(sums)} | plain

    def _sums(self, key: Any, rows: Any) -> dict[Any, Decimal]:
        sums: dict[Any, Decimal] = {}
        for row in rows:
            sums[key(row)] = sums.get(key(row), money.ZERO) + row.amount
        return dict(sorted(sums.items()))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return money.text(value)
    if isinstance(value, date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
