"""Where one dollar may be in the day twice: in a bill or the provider's usage under one project, in the logs under another.

Cells are told apart by project. Where the attribution rules read a project from the bill's fields and another one from the logs' tags
(or none from the bill: one key for all projects, say), the log stays an estimate of its own beside the bill. Only a rule can mend
that; and it is no fault where the logged requests went through an account whose bill is not read.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.costs import LOG_ESTIMATED, DailyCost


@dataclass(frozen=True, slots=True)
class Overlap:
    """One model on one channel and day: what the provider says under `provider_projects`, and logs alone under `logged_projects`."""

    day: date
    channel: str
    model: str
    provider_projects: tuple[str, ...]
    provider_cost: Decimal
    logged_projects: tuple[str, ...]
    logged_cost: Decimal


def overlaps_of(daily: Sequence[DailyCost]) -> list[Overlap]:
    """Every (day, channel, model) with both, in that order. The smaller cost is the most that may be counted twice."""
    provider: dict[tuple[date, str, str], list[DailyCost]] = defaultdict(list)
    logged: dict[tuple[date, str, str], list[DailyCost]] = defaultdict(list)
    for row in daily:
        if row.model is not None and row.cost:
            (logged if row.basis == LOG_ESTIMATED else provider)[row.day, row.channel, row.model].append(row)
    found = sorted(provider.keys() & logged.keys())
    overlaps = (Overlap(*key, *_side(provider[key]), *_side(logged[key])) for key in found)
    return [one for one in overlaps if set(one.logged_projects) - set(one.provider_projects)]


def _side(rows: Sequence[DailyCost]) -> tuple[tuple[str, ...], Decimal]:
    return tuple(sorted({row.project for row in rows})), money.total([row.cost for row in rows])
