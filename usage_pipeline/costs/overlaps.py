"""Where one dollar may be in the day twice: billed or counted by the provider without a project, and logged under one.

Cells are told apart by project. Where the provider's project has no attribution rule while the gateway's logs name projects (one key
for all of them, say), the bill stays `unattributed` and the logs are estimates of their own beside it. Only a rule can mend that.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.costs import LOG_ESTIMATED, UNATTRIBUTED, DailyCost


@dataclass(frozen=True, slots=True)
class Overlap:
    """Costs of one model on one channel and day: what the provider says of no project, and what logs say of projects."""

    day: date
    channel: str
    model: str
    unattributed: Decimal
    logged: Decimal


def overlaps_of(daily: Sequence[DailyCost]) -> list[Overlap]:
    """Every (day, channel, model) with both, in that order. The smaller of the two is what may be counted twice."""
    unattributed: dict[tuple[date, str, str], list[Decimal]] = defaultdict(list)
    logged: dict[tuple[date, str, str], list[Decimal]] = defaultdict(list)
    for row in daily:
        if row.model is None or not row.cost:
            continue
        if row.project == UNATTRIBUTED and row.basis != LOG_ESTIMATED:
            unattributed[row.day, row.channel, row.model].append(row.cost)
        elif row.project != UNATTRIBUTED and row.basis == LOG_ESTIMATED:
            logged[row.day, row.channel, row.model].append(row.cost)
    return [Overlap(*key, money.total(unattributed[key]), money.total(logged[key])) for key in sorted(unattributed.keys() & logged.keys())]
