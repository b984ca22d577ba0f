"""Which days of a month have costs, per channel, and how sure they are. A month prints this, or nobody sees what it lacks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from usage_pipeline.periods import Period
from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.costs import DailyCost

FINAL = "final"
ChannelDay = tuple[str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDays:
    """The days of a month on one channel: each is in exactly one of the four."""

    channel: str
    final: tuple[date, ...]
    """Billed, and the provider will not change it."""
    provisional: tuple[date, ...]
    """Billed, and the provider may still change it."""
    estimated: tuple[date, ...]
    """Usage without any bill."""
    missing: tuple[date, ...]
    """No row at all: nothing was used, or nothing was read."""

    @property
    def is_final(self) -> bool:
        """Whether every day is billed for good."""
        return not (self.provisional or self.estimated or self.missing)


def final_days_of(charges: Iterable[Charge]) -> set[ChannelDay]:
    """The days on which all of a channel's charges are final."""
    finalities: dict[ChannelDay, set[str]] = defaultdict(set)
    for charge in charges:
        finalities[charge.channel, charge.period_start.astimezone(UTC).date()].add(charge.finality)
    return {key for key, found in finalities.items() if found == {FINAL}}


def completeness(month: Period, daily: Sequence[DailyCost], final_days: Collection[ChannelDay] = frozenset()) -> list[ChannelDays]:
    """Every channel that has a row in `month`, by name. `final_days` as of `final_days_of`; billed days not in it are provisional."""
    billed: dict[str, dict[date, bool]] = defaultdict(dict)
    for row in daily:
        if row.day in month:
            billed[row.channel][row.day] = billed[row.channel].get(row.day, False) or row.billed_cost is not None
    return [_channel(month, channel, billed[channel], final_days) for channel in sorted(billed)]


def missing_days(month: Period, daily: Sequence[DailyCost]) -> list[date]:
    """The days of `month` without any row on any channel."""
    present = {row.day for row in daily}
    return [day for day in month.days() if day not in present]


def _channel(month: Period, channel: str, billed: dict[date, bool], final_days: Collection[ChannelDay]) -> ChannelDays:
    days = list(month.days())
    return ChannelDays(
        channel=channel,
        final=tuple(day for day in days if billed.get(day) and (channel, day) in final_days),
        provisional=tuple(day for day in days if billed.get(day) and (channel, day) not in final_days),
        estimated=tuple(day for day in days if billed.get(day) is False),
        missing=tuple(day for day in days if day not in billed),
    )
