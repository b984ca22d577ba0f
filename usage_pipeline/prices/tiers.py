"""Volume tiers: what an agreement's price is on a day, from the units used since its period began.

Tiers are graduated: each unit costs what its own tier says, and the count starts again at 0 with every UTC month, quarter or year.
Prices hold for whole days, so a day inside one tier has that tier's price, and a day that crosses into another the mean of
both, weighed by its units on either side. Quantity × that price is the graduated amount, up to the rounding of the unit price to 15
decimals: at most half of 1e-15 a unit, on such days only.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from usage_pipeline.money import ZERO, exact, less, mean, total
from usage_pipeline.periods import ONE_DAY, Period, month_of, quarter_of, year_of
from usage_pipeline.tables.configuration import MONTH, QUARTER, YEAR, Agreement, VolumeTier

PERIOD_OF: dict[str, Callable[[date], Period]] = {MONTH: month_of, QUARTER: quarter_of, YEAR: year_of}


@dataclass(frozen=True, slots=True)
class Part:
    """A price for `units` of a day's usage, or for all of it where that is None; `above` names its tier, if it is one's."""

    unit_price: Decimal | None
    discount_percent: Decimal | None
    above: Decimal | None = None
    units: Decimal | None = None

    def net(self, list_price: Decimal) -> Decimal:
        """With all its digits."""
        return self.unit_price if self.unit_price is not None else less(list_price, self.discount_percent or ZERO)


@dataclass(frozen=True)
class Volumes:
    """Units used, by tiered agreement and UTC day. A day that is not listed has none of its own: the count stands still on it."""

    units: Mapping[Agreement, Mapping[date, Decimal]] = field(default_factory=dict)

    @cached_property
    def _running(self) -> dict[Agreement, tuple[list[date], list[Decimal]]]:
        """By agreement, whatever its line: the days in order, and the sum before each of them and after the last."""
        found = {}
        for agreement, by_day in self.units.items():
            days = sorted(by_day)
            sums = [ZERO]
            for day in days:
                sums.append(total([sums[-1], by_day[day]]))
            found[without_line(agreement)] = (days, sums)
        return found

    def days(self, agreement: Agreement) -> Sequence[date]:
        """The days of which a volume is known, in order."""
        return self._running.get(without_line(agreement), ([], []))[0]

    def before(self, agreement: Agreement, day: date) -> Decimal:
        """Units from the start of the agreement's period until `day` begins."""
        return total([self._until(agreement, day), self._until(agreement, PERIOD_OF[agreement.per](day).start).copy_negate()])

    def on(self, agreement: Agreement, day: date) -> Decimal:
        """Units of the day itself."""
        return total([self._until(agreement, day + ONE_DAY), self._until(agreement, day).copy_negate()])

    def _until(self, agreement: Agreement, day: date) -> Decimal:
        days, sums = self._running.get(without_line(agreement), ([], [ZERO]))
        return sums[bisect_left(days, day)]


def without_line(agreement: Agreement) -> Agreement:
    """The agreement as such: where it stands in a file says nothing."""
    return replace(agreement, line=None)


def net_price(list_price: Decimal, parts: Sequence[Part]) -> Decimal:
    """What a unit costs under `parts`, at 15 decimals."""
    nets = [part.net(list_price) for part in parts]
    return exact(nets[0]) if len(parts) == 1 else mean(nets, [part.units or ZERO for part in parts])


def parts_on(agreement: Agreement, day: date | None, volumes: Volumes) -> tuple[Part, ...]:
    """What the agreement says on `day` (None: before all that is known): one price, or those of the tiers that the day has units in."""
    if not agreement.tiers:
        return (Part(agreement.unit_price, agreement.discount_percent),)
    opening, units = (ZERO, ZERO) if day is None else (volumes.before(agreement, day), volumes.on(agreement, day))
    shares = graduated(agreement.tiers, opening, units)
    whole = len(shares) == 1
    return tuple(Part(tier.unit_price, tier.discount_percent, tier.above, None if whole else share) for tier, share in shares)


def graduated(tiers: Sequence[VolumeTier], opening: Decimal, units: Decimal) -> list[tuple[VolumeTier, Decimal]]:
    """The tiers that `units` more fall in after `opening`, with the units in each; the tier of the next unit where there are none."""
    closing = total([opening, units])
    spans = [*((tier, after.above) for tier, after in pairwise(tiers)), (tiers[-1], None)]
    if units == 0:
        return [(tier, ZERO) for tier, end in spans if tier.above <= opening and (end is None or opening < end)]
    inside = [(tier, max(tier.above, opening), closing if end is None else min(end, closing)) for tier, end in spans]
    return [(tier, total([last, first.copy_negate()])) for tier, first, last in inside if first < last]


def changes(agreement: Agreement, volumes: Volumes) -> set[date]:
    """Days on which what a tiered agreement says may change: those with a volume, the days after, and where periods begin."""
    days = volumes.days(agreement)
    periods = {PERIOD_OF[agreement.per](day) for day in days}
    return {*days, *(day + ONE_DAY for day in days), *(edge for period in periods for edge in (period.start, period.end))}


def days_needed(days: Period, agreements: Sequence[Agreement]) -> Period | None:
    """The days whose usage decides the tiers of `days`: from the start of the first period to the last day. None without tiers then."""
    starts = [
        PERIOD_OF[one.per](max(days.start, one.valid_from or days.start)).start
        for one in agreements
        if one.tiers and (one.valid_from or date.min) < days.end and days.start < (one.valid_to or date.max)
    ]
    return Period(min(starts), days.end) if starts and days.days_count else None
