"""Why spending changed: cost rows of some days and of the days they are compared with in, the change by cause out. Pure and exact.

- volume: another number of units, at what a unit cost on average before;
- price: the same units of the same model and meter, at another price;
- cache: another part of a model's input read from or written to its cache, at the prices of before;
- mix: other models, channels and kinds of tokens than before: what is left, so the parts sum to the change to the last digit;
- charges: what comes without units, such as fees and credits.

All token meters are counted together, any other meter by itself. What is not priced is in no amount, so it is left out on both sides.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.costs import Cost
from usage_pipeline.tables.meters import TOKEN_METERS, UNMAPPED
from usage_pipeline.tables.usage_events import SUCCESS

VOLUME, PRICE, MIX, CACHE, CHARGES = "volume", "price", "mix", "cache", "charges"

_TOKENS = frozenset(TOKEN_METERS)
_PROMPT = frozenset({"input", "cache_read", "cache_write", "cache_write_1h"})

_Cell = tuple[str, str | None, str | None, str]
"""Channel, provider, model and meter: what has one price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """`before` and `now` are the two sums; the parts sum to `change` exactly."""

    before: Decimal
    now: Decimal
    volume: Decimal
    price: Decimal
    mix: Decimal
    cache: Decimal
    charges: Decimal

    @property
    def change(self) -> Decimal:
        return _minus(self.now, self.before)

    @property
    def parts(self) -> tuple[tuple[str, Decimal], ...]:
        """Each cause's part, by name."""
        return ((VOLUME, self.volume), (PRICE, self.price), (MIX, self.mix), (CACHE, self.cache), (CHARGES, self.charges))

    @property
    def main(self) -> tuple[str, Decimal]:
        """The cause that made most of it: the largest part in the direction of the change."""
        sign = -1 if self.change < 0 else 1
        return max(self.parts, key=lambda part: part[1] * sign)


@dataclass(frozen=True, slots=True)
class _Used:
    units: Decimal
    cost: Decimal


def causes_of(before: Iterable[Cost], now: Iterable[Cost]) -> Causes:
    """Why `now` costs more or less than `before`; rows whose cost is unknown are left out."""
    old, old_charges = _cells(before)
    new, new_charges = _cells(now)
    volume = price = cache = used = money.ZERO
    for pool in sorted({_pool(cell) for cell in (*old, *new)}):
        was = {cell: one for cell, one in old.items() if _pool(cell) == pool}
        is_now = {cell: one for cell, one in new.items() if _pool(cell) == pool}
        volume = money.total([volume, _volume(was, is_now)])
        if _units(was) > 0:
            price = money.total([price, *(_price(was.get(cell), one) for cell, one in is_now.items())])
            cache = money.total([cache, _cache(was, is_now)])
        used = money.total([used, _minus(_cost(is_now), _cost(was))])
    return Causes(
        before=money.total([_cost(old), old_charges]),
        now=money.total([_cost(new), new_charges]),
        volume=volume,
        price=price,
        mix=_minus(used, money.total([volume, price, cache])),
        cache=cache,
        charges=_minus(new_charges, old_charges),
    )


def _cells(rows: Iterable[Cost]) -> tuple[dict[_Cell, _Used], Decimal]:
    """Units and cost by what has one price, and what costs without any. Failures and cached answers that cost nothing are no volume."""
    found: dict[_Cell, list[Cost]] = defaultdict(list)
    for row in rows:
        if row.cost is not None and (row.cost or row.status == SUCCESS):
            found[row.channel, row.provider, row.model, row.meter].append(row)
    cells: dict[_Cell, _Used] = {}
    charges: list[Decimal] = []
    for cell, own in found.items():
        units = money.total([_minus(row.quantity, row.unpriced_quantity) for row in own])
        cost = money.total([row.cost for row in own])
        if units > 0 and cell[3] != UNMAPPED:
            cells[cell] = _Used(units, cost)
        else:
            charges.append(cost)
    return cells, money.total(charges)


def _pool(cell: _Cell) -> str:
    return "" if cell[3] in _TOKENS else cell[3]


def _volume(was: Mapping[_Cell, _Used], now: Mapping[_Cell, _Used]) -> Decimal:
    """Of a pool that is new, all."""
    units, cost = _units(was), _cost(was)
    return _minus(money.in_proportion(cost, _units(now), units), cost) if units > 0 else _cost(now)


def _price(was: _Used | None, now: _Used) -> Decimal:
    return money.ZERO if was is None else _minus(now.cost, money.in_proportion(was.cost, now.units, was.units))


def _cache(was: Mapping[_Cell, _Used], now: Mapping[_Cell, _Used]) -> Decimal:
    """What the units of now would cost at the prices of before (a new meter at its own), less what they would if dealt as before."""
    found = money.ZERO
    for model in sorted({cell[:3] for cell in now}, key=repr):
        old = {cell: one for cell, one in was.items() if cell[:3] == model and cell[3] in _PROMPT}
        new = {cell: one for cell, one in now.items() if cell[:3] == model and cell[3] in _PROMPT}
        if _units(old) > 0 and new:
            at_old = [
                money.in_proportion(old[cell].cost, one.units, old[cell].units) if cell in old else one.cost for cell, one in new.items()
            ]
            as_before = money.in_proportion(_cost(old), _units(new), _units(old))
            found = _minus(money.total([found, *at_old]), as_before)
    return found


def _units(cells: Mapping[_Cell, _Used]) -> Decimal:
    return money.total([one.units for one in cells.values()])


def _cost(cells: Mapping[_Cell, _Used]) -> Decimal:
    return money.total([one.cost for one in cells.values()])


def _minus(amount: Decimal, less: Decimal) -> Decimal:
    return money.total([amount, less.copy_negate()])


def in_cents(causes: Causes) -> Sequence[tuple[str, Decimal]]:
    """The parts in whole cents that sum to the change in whole cents."""
    rounded = money.round_parts([amount for _, amount in causes.parts])
    return [(name, amount or money.ZERO) for (name, _), amount in zip(causes.parts, rounded, strict=True)]
