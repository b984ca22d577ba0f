"""A lot: units that one view of one cell has at one price. What the causes of a difference are told by, and taken from, piece by piece."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.meters import METERS
from usage_pipeline.tables.reconciled_usage import NO_TIER, STANDARD

UNITS = {meter.name: meter.unit.lower() for meter in METERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One meter of one model of one project on one day and channel; None in a dimension that the views do not tell apart."""

    day: date
    channel: str
    project: str | None
    model: str | None
    meter: str

    @property
    def unit(self) -> str:
        return UNITS.get(self.meter, "units")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """`quantity` None: a bill that does not say. `price`: of one unit, where the cost is their product. `listed`: at the list price.

    `told` says in words what price it is. Of unpriced units the cost is 0.
    """

    quantity: Decimal | None
    cost: Decimal
    price: Decimal | None = None
    listed: Decimal | None = None
    list_cost: Decimal = money.ZERO
    meter: str = ""
    processing: str = STANDARD
    tier: int = NO_TIER
    region: str | None = None
    agreement: str | None = None
    is_unpriced: bool = False
    is_unsplit: bool = False
    is_crossing: bool = False
    state: str = ""
    text: str = ""
    told: str = ""
    book: str | None = None
    percent: Decimal | None = None
    """So many percent below the list price, negative above it, where that is its price."""
    lines: int = 0
    days: int = 1
    """For how many days the bill's line is that this is an even part of."""
    margin: Decimal = money.ZERO
    """How far off rounding may have put the cost of a bill's line."""
    rounded_to: str = ""
    """What a line was rounded to, in words."""
    original: Decimal | None = None
    currency: str | None = None
    """The cost on the bill, where that is in another currency."""
    is_foreign: bool = False
    """At a price in that currency."""
    is_reckoned: bool = False
    """The bill tells no quantity: its amount does, at `price`."""

    @property
    def units(self) -> Decimal:
        return money.ZERO if self.quantity is None else self.quantity

    def part(self, quantity: Decimal) -> "tuple[Lot, Lot | None]":
        """`quantity` of it, and the rest; together they cost what it costs."""
        if quantity >= self.units:
            return self, None
        cost, listed = self._share(self.cost, self.price, quantity), self._share(self.list_cost, self.listed, quantity)
        rest = replace(self, quantity=self.units - quantity, cost=self.cost - cost, list_cost=self.list_cost - listed)
        return replace(self, quantity=quantity, cost=cost, list_cost=listed), rest

    def _share(self, amount: Decimal, price: Decimal | None, quantity: Decimal) -> Decimal:
        if price is not None and self.units * price == amount:
            return quantity * price
        if not self.units:
            return amount  # money without units goes as a whole
        return money.in_proportion(amount, quantity, self.units)


def cost_of(lots: Iterable[Lot]) -> Decimal:
    return sum((lot.cost for lot in lots), money.ZERO)


def units_of(lots: Iterable[Lot]) -> Decimal:
    return sum((lot.units for lot in lots), money.ZERO)


def take(lots: list[Lot], quantity: Decimal) -> list[Lot]:
    """Remove `quantity` from the front of `lots`, and give what was removed."""
    taken: list[Lot] = []
    while quantity > 0 and lots:
        part, rest = lots[0].part(quantity)
        taken.append(part)
        quantity -= part.units
        lots[:1] = [] if rest is None else [rest]
    return taken
