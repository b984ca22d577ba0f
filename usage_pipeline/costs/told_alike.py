"""Whether two bills tell of the same lines with other amounts, as a corrected export beside the one that it corrects does.

In: what each of two tells, summed by day and by what names a line. They tell of the same where the quantities are equal on at least half
of what the smaller one names, whatever the amounts; or, where lines have no quantities, where both name nearly the same on the days that
they share and each day's amount lies within a quarter of the other's. One account's bill that is split by resource or region names the
same skus with other quantities, or other places. Corrections and credits are no evidence: they stand beside what they correct.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from usage_pipeline import money

SKU, METERED, PLACES = "sku", ("meter", "model"), ("resource_id", "region")
NEARLY, HALF = 90, 50
"""Percent of the names, or days, that are to be common."""

CLOSE = 25
"""Percent of the larger amount by which the smaller may be off."""

Name = tuple[str, ...]
Key = tuple[date, Name]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSum:
    """The lines of one day with these names: sku, meter, model, accounts and places as far as they are told. `quantity`: None where a line
    has none.
    """

    day: date
    names: Mapping[str, str]
    quantity: Decimal | None
    amount: Decimal


@dataclass(frozen=True)
class Keyed:
    """Sums by day and name: all keys, those with a quantity, and these with what it is."""

    sums: Mapping[Key, LineSum]

    @cached_property
    def keys(self) -> frozenset[Key]:
        return frozenset(self.sums)

    @cached_property
    def counted(self) -> frozenset[Key]:
        return frozenset(key for key, one in self.sums.items() if one.quantity)

    @cached_property
    def quantities(self) -> frozenset[tuple[Key, Decimal | None]]:
        return frozenset((key, self.sums[key].quantity) for key in self.counted)


@dataclass(frozen=True)
class Told:
    """All that one teller tells, `accounts` being the columns of `names` that name one. What was keyed once is kept for other pairs."""

    lines: Sequence[LineSum]
    accounts: tuple[str, ...]
    kept: dict[Name, Keyed] = field(default_factory=dict)

    @cached_property
    def filled(self) -> frozenset[str]:
        return frozenset(name for one in self.lines for name in one.names)

    @cached_property
    def skus(self) -> frozenset[str]:
        return frozenset(one.names[SKU] for one in self.lines if SKU in one.names)

    def by(self, columns: Name) -> Keyed:
        """The sums by day and these names; without the lines that have none but of accounts and places."""
        if columns not in self.kept:
            several: dict[Key, list[LineSum]] = defaultdict(list)
            for one in self.lines:
                if columns[0] in one.names:
                    several[one.day, tuple(one.names.get(column, "") for column in columns)].append(one)
            self.kept[columns] = Keyed({key: _sum(lines) for key, lines in several.items()})
        return self.kept[columns]


def _sum(lines: Sequence[LineSum]) -> LineSum:
    quantities = [one.quantity for one in lines]
    return LineSum(
        day=lines[0].day,
        names={},
        quantity=None if None in quantities else money.total(quantities),
        amount=money.total([one.amount for one in lines]),
    )


def alike(first: Told, second: Told, *, one_source: bool) -> bool:
    """Whether they tell of the same lines. `one_source`: both spell skus alike, so those who share none do not."""
    if one_source and first.skus.isdisjoint(second.skus):
        return False
    columns = _common(first, second)
    mine, theirs = first.by(columns), second.by(columns)
    shared = mine.keys & theirs.keys
    if not shared:
        return False
    if len(mine.counted & theirs.counted) * 100 >= len(shared) * HALF:
        return len(mine.quantities & theirs.quantities) * 100 >= min(len(mine.keys), len(theirs.keys)) * HALF
    return _nearly_the_same(mine.sums, theirs.sums)


def _common(first: Told, second: Told) -> Name:
    """The names to compare by: those that both tell."""
    both = first.filled & second.filled
    what = METERED if first.skus.isdisjoint(second.skus) else (SKU,)
    place = tuple(one for one in PLACES if one in both)[:1]
    return (*what, *(one for one in first.accounts if one in both), *place)


def _nearly_the_same(mine: Mapping[Key, LineSum], theirs: Mapping[Key, LineSum]) -> bool:
    ours, others = _by_day(mine), _by_day(theirs)
    days = sorted(ours.keys() & others.keys())
    if len(days) * 100 < min(len(ours), len(others)) * HALF:
        return False
    sizes = [sum(1 for day, _ in one if day in ours and day in others) for one in (mine, theirs)]
    if len(mine.keys() & theirs.keys()) * 100 < max(sizes) * NEARLY:
        return False
    judged = days[:-1] if len(days) > 2 else days  # noqa: PLR2004 - the older one may have been written before its last day was over
    return all(_close(ours[day], others[day]) for day in judged) and any(ours[day] for day in judged)


def _by_day(sums: Mapping[Key, LineSum]) -> dict[date, Decimal]:
    amounts: dict[date, list[Decimal]] = defaultdict(list)
    for (day, _), one in sums.items():
        amounts[day].append(one.amount)
    return {day: money.total(several) for day, several in amounts.items()}


def _close(first: Decimal, second: Decimal) -> bool:
    larger = max(abs(first), abs(second))
    return abs(first - second) * 100 <= larger * CLOSE
