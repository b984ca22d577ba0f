"""Whether known prices make an amount of a bill: at one price, in parts, at a discount; and what a line then says.

Amounts that a provider rounded fit within half a unit of the last decimal of its lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_lots import Lot, cost_of
from usage_pipeline.costs.reconcile_offers import LIST, NET, OFF, Offer, less, plain_discount, plain_price
from usage_pipeline.tables.reconciled_usage import NO_TIER

_NOISE = Decimal("1e-15")
"""Of an amount that was a binary fraction once."""

_CURRENCIES_APART = Decimal("0.1")
"""So far a provider's rate between two currencies may be from the day's, as a share of the amount."""


@dataclass(slots=True)
class Reading:
    """Lines as lots with quantity and price; what rounding made of them; what nothing explains, with words."""

    lots: list[Lot] = field(default_factory=list)
    rounding: Decimal = money.ZERO
    odd: list[tuple[Decimal, str]] = field(default_factory=list)

    def add(self, line: Lot, lots: Sequence[Lot]) -> None:
        """`line` is worth these lots, save a rest that is within its margin."""
        self.lots += lots
        self.rounding += line.cost - cost_of(lots)


def fits(line: Lot, cost: Decimal) -> bool:
    return abs(line.cost - cost) <= max(line.margin, abs(line.cost) * _NOISE)


def at_offer(line: Lot, quantity: Decimal, offer: Offer) -> Lot:
    return replace(
        line,
        quantity=quantity,
        cost=quantity * offer.price,
        price=offer.price,
        processing=offer.processing,
        tier=offer.tier,
        told=offer.told,
        book=offer.book,
        percent=offer.percent,
    )


def mixed(line: Lot, offers: Sequence[Offer], logged: Sequence[Lot]) -> Iterator[list[Lot]]:
    """The line in two parts, as the logs have it: so many units in another tier or processed otherwise."""
    for one in logged:
        if one.units >= line.units or (one.tier == NO_TIER and one.processing == line.processing):
            continue
        for kind in (NET, LIST):
            base = next((offer for offer in offers if (offer.kind, offer.processing, offer.tier) == (kind, line.processing, NO_TIER)), None)
            part = next((offer for offer in offers if (offer.kind, offer.processing, offer.tier) == (kind, one.processing, one.tier)), None)
            if base and part:
                yield [at_offer(line, line.units - one.units, base), at_offer(line, one.units, part)]


def told_by(line: Lot, units: Decimal, offers: Sequence[Offer], logged: Sequence[Lot]) -> Iterator[list[Lot]]:
    """The units at one known price, in two parts as the logs have them, at a discount that other lines show."""
    yield from ([at_offer(line, units, offer)] for offer in offers if offer.kind != OFF)
    yield from mixed(replace(line, quantity=units), offers, logged)
    yield from ([at_offer(line, units, offer)] for offer in offers if offer.kind == OFF)


def odd_price(line: Lot, units: Decimal, offers: Sequence[Offer]) -> Lot | None:
    """At a price that nobody knows, and that is one all the same: so many percent off the list, or a number of few digits."""
    listed = next((offer for offer in offers if offer.kind == LIST and offer.processing == line.processing), None)
    percent = None if listed is None else plain_discount(line.cost, units * listed.price, line.margin)
    if listed is not None and percent is not None:
        return at_offer(line, units, less(listed, percent))
    price = plain_price(line.cost, units)
    if price is not None:
        return replace(line, quantity=units, price=price, told="a price that no price book has")
    return _foreign_price(line, units, offers)


def _foreign_price(line: Lot, units: Decimal, offers: Sequence[Offer]) -> Lot | None:
    """At a price in the bill's own currency, near the one that is known: providers set those by a rate of their own."""
    if line.original is None or line.cost <= 0 or not offers:
        return None
    known = units * usual(offers, line).price
    if plain_price(line.original, units) is None and abs(line.cost - known) > known * _CURRENCIES_APART:
        return None
    own = money.text(money.in_proportion(line.original, Decimal(1), units).normalize())
    price = money.in_proportion(line.cost, Decimal(1), units)
    return replace(line, quantity=units, price=price, is_foreign=True, told=f"{own} {line.currency} on the bill, at the rate of the day")


def listed_cost(lots: Sequence[Lot]) -> Decimal:
    return sum((lot.list_cost for lot in lots), money.ZERO)


def usual(offers: Sequence[Offer], line: Lot) -> Offer:
    """The price that a line is held to have if none is known to make it: ours, for how it was processed, of the base tier."""
    return min(offers, key=lambda one: (one.processing != line.processing, one.tier != NO_TIER, one.kind != NET))


def same_first(offers: Sequence[Offer], line: Lot) -> list[Offer]:
    return sorted(offers, key=lambda offer: offer.processing != line.processing)


def at_list(lots: Sequence[Lot]) -> list[Lot]:
    """The same units at list prices."""
    return [replace(lot, cost=lot.list_cost, price=lot.listed, told="the list price") for lot in lots]


def off(lot: Lot, percent: Decimal) -> Lot:
    """The same units at so many percent off the list price (negative: on top of it)."""
    words = f"{money.text(abs(percent))} % {'below' if percent > 0 else 'above'} the list price"
    price = None if lot.listed is None else lot.listed - lot.listed * percent.scaleb(-2)
    return replace(lot, cost=lot.list_cost - lot.list_cost * percent.scaleb(-2), price=price, told=words, percent=percent)
