"""What was given to a wallet and what it used, by day, in; its lots, what lapsed of them and what is overdrawn out.

A lot is one thing given. Usage is taken from the lot that ends first, of equals from the one given first. A day begins with what is
given on it, then its usage is taken, then lots whose last day it is lapse. What is used beyond all lots is a debt, which the next thing
given pays first: so either nothing is owed or nothing is left. Usage below zero (a refund) pays the debt, the rest is a lot without end.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from usage_pipeline import money

_LAST = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A sum given on `day`, to be used up to `expires` (null: for ever); negative where it takes away."""

    reference: str
    day: date
    amount: Decimal
    expires: date | None = None


@dataclass(slots=True, kw_only=True)
class Lot:
    """What is left of one thing given."""

    reference: str
    day: date
    expires: date | None
    left: Decimal

    @property
    def order(self) -> tuple[date, date, str]:
        return (self.expires or _LAST, self.day, self.reference)


@dataclass(slots=True)
class Standing:
    """The lots that are left, in the order in which they are used; what is owed; and what lapsed, by lot and day."""

    lots: list[Lot] = field(default_factory=list)
    debt: Decimal = money.ZERO
    lapsed: dict[tuple[str, date], Decimal] = field(default_factory=dict)

    @property
    def balance(self) -> Decimal:
        return money.total([*(lot.left for lot in self.lots), -self.debt])


def standing(given: Iterable[Given], used: Mapping[date, Decimal], through: date) -> Standing:
    """How it stands at the end of `through`. What is given later counts already, for its entry stands; nothing later lapses."""
    by_day: dict[date, list[Given]] = defaultdict(list)
    for one in given:
        by_day[one.day].append(one)
    ends = {one.expires for one in _flat(by_day) if one.expires is not None and one.expires <= through}
    found = Standing()
    with money.exactly():
        for day in sorted({*by_day, *used, *ends}):
            _add(found, by_day.get(day, []))
            _take(found, used.get(day, money.ZERO), day)
            if day <= through:
                _lapse(found, day)
    return found


def _flat(by_day: Mapping[date, list[Given]]) -> list[Given]:
    return [one for listed in by_day.values() for one in listed]


def _add(found: Standing, given: list[Given]) -> None:
    """What is given on one day: lots first, then what is taken away, so that their order in the day does not matter."""
    found.lots += [Lot(reference=one.reference, day=one.day, expires=one.expires, left=one.amount) for one in given if one.amount > 0]
    found.lots.sort(key=lambda lot: lot.order)
    owed, found.debt = found.debt, money.ZERO
    _draw(found, owed)
    for one in given:
        if one.amount < 0:
            _draw(found, -one.amount)


def _take(found: Standing, amount: Decimal, day: date) -> None:
    if amount >= 0:
        _draw(found, amount)
        return
    paid = min(found.debt, -amount)
    found.debt -= paid
    if -amount > paid:
        found.lots.append(Lot(reference="", day=day, expires=None, left=-amount - paid))
        found.lots.sort(key=lambda lot: lot.order)


def _draw(found: Standing, amount: Decimal) -> None:
    for lot in found.lots:
        taken = min(lot.left, amount)
        lot.left -= taken
        amount -= taken
    found.debt += amount
    found.lots = [lot for lot in found.lots if lot.left]


def _lapse(found: Standing, day: date) -> None:
    for lot in found.lots:
        if lot.expires is not None and lot.expires <= day:
            found.lapsed[lot.reference, lot.expires] = lot.left
    found.lots = [lot for lot in found.lots if lot.expires is None or lot.expires > day]
