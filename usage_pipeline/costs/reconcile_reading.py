"""What a bill's lines mean: each read at the known price that explains it exactly, which tells price, processing and tier, and of a line
that says no quantity also that.

A line that no price explains is taken at our own price; what it says beyond that is unexplained. Amounts that a provider rounded are read
within half a unit of the last decimal of its lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import product

from usage_pipeline import money
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import Lot, cost_of, units_of
from usage_pipeline.costs.reconcile_offers import BOOK, LIST, NET, OFF, Offer, less, plain_discount, plain_price
from usage_pipeline.costs.reconcile_words import exact, odd_words, rounding_words
from usage_pipeline.tables.reconciled_usage import NO_TIER
from usage_pipeline.tables.reconciliations import ROUNDING, UNEXPLAINED

BILL_VIEW = "bill"
MOST_APART, MOST_OFFERS = 4, 8
_NOISE = Decimal("1e-15")
"""Of an amount that was a binary fraction once."""


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


def read_bill(gap: Gap, offers: Sequence[Offer], *, prefers_list: bool) -> None:
    """Replace the gap's lines by what they mean. `prefers_list`: other lines of that day are at list prices."""
    if not gap.upper:
        return
    whole = _whole(gap)
    reading = whole or Reading()
    if whole is None:
        for line in gap.upper:
            if line.quantity is not None:
                _read_line(reading, line, offers, gap)
        _read_silent(reading, [line for line in gap.upper if line.quantity is None], offers, gap, prefers_list=prefers_list)
    if reading.rounding:
        gap.take(ROUNDING, reading.rounding, None, rounding_words(gap))
    for amount, words in reading.odd:
        gap.take(UNEXPLAINED, amount, None, words)
    gap.upper = reading.lots


def _whole(gap: Gap) -> Reading | None:
    """The bill is what the lower view says, or that with more or fewer units at one of its prices, however they are split in lines."""
    billed = Lot(quantity=None, cost=cost_of(gap.upper), margin=sum((line.margin for line in gap.upper), money.ZERO))
    reading, difference = Reading(), cost_of(gap.upper) - cost_of(gap.lower)
    is_silent = any(line.quantity is None for line in gap.upper)
    more = money.ZERO if is_silent else units_of(gap.upper) - units_of(gap.lower)
    if not gap.lower or any(lot.is_unpriced for lot in gap.lower):
        return None
    if not more and _fits(billed, cost_of(gap.lower)):
        reading.add(billed, gap.lower)
        return reading
    for lot in gap.lower:
        if more and lot.price and _fits(replace(billed, cost=difference), more * lot.price):
            if more > 0:
                reading.add(billed, [*gap.lower, replace(lot, quantity=more, cost=more * lot.price)])
                return reading
            if lot.units >= -more:
                rest = lot.part(-more)[1]
                reading.add(billed, [*(one for one in gap.lower if one is not lot), *([rest] if rest else [])])
                return reading
    return None


def _fits(line: Lot, cost: Decimal) -> bool:
    return abs(line.cost - cost) <= max(line.margin, abs(line.cost) * _NOISE)


def _at(line: Lot, quantity: Decimal, offer: Offer) -> Lot:
    return replace(
        line,
        quantity=quantity,
        cost=quantity * offer.price,
        price=offer.price,
        processing=offer.processing,
        tier=offer.tier,
        told=offer.told,
        book=offer.book,
    )


def _same_first(offers: Sequence[Offer], line: Lot) -> list[Offer]:
    return sorted(offers, key=lambda offer: offer.processing != line.processing)


def _read_line(reading: Reading, line: Lot, offers: Sequence[Offer], gap: Gap) -> None:
    units = line.units
    if not units:
        reading.odd += [(line.cost, odd_words(line, line.cost, gap))] if line.cost else []
        return
    ordered = _same_first(offers, line)
    if not line.cost:
        reading.lots.append(replace(line, price=money.ZERO, told="nothing"))
        return
    for lots in _told_by(line, units, ordered, gap.logged):
        if _fits(line, cost_of(lots)):
            reading.add(line, lots)
            return
    if (odd := _odd_price(line, units, ordered)) is not None:
        reading.add(line, [odd])
        return
    if not ordered:
        reading.lots.append(line)
        return
    lot = _at(line, units, ordered[0])
    reading.lots.append(lot)
    reading.odd.append((line.cost - lot.cost, odd_words(line, line.cost - lot.cost, gap)))


def _mixed(line: Lot, offers: Sequence[Offer], logged: Sequence[Lot]) -> Iterator[list[Lot]]:
    """The line in two parts, as the logs have it: so many units in another tier or processed otherwise."""
    for one in logged:
        if one.units >= line.units or (one.tier == NO_TIER and one.processing == line.processing):
            continue
        for kind in (NET, LIST):
            base = next((offer for offer in offers if (offer.kind, offer.processing, offer.tier) == (kind, line.processing, NO_TIER)), None)
            part = next((offer for offer in offers if (offer.kind, offer.processing, offer.tier) == (kind, one.processing, one.tier)), None)
            if base and part:
                yield [_at(line, line.units - one.units, base), _at(line, one.units, part)]


def _odd_price(line: Lot, units: Decimal, offers: Sequence[Offer]) -> Lot | None:
    """At a price that nobody knows, and that is one all the same: so many percent off the list, or a number of few digits."""
    listed = next((offer for offer in offers if offer.kind == LIST and offer.processing == line.processing), None)
    percent = None if listed is None else plain_discount(line.cost, units * listed.price, line.margin)
    if listed is not None and percent is not None:
        return _at(line, units, less(listed, percent))
    price = plain_price(line.cost, units)
    return None if price is None else replace(line, quantity=units, price=price, told="a price that no price book has")


def listed_of(gap: Gap) -> list[tuple[Decimal, Decimal, Decimal]]:
    """(billed, at the list price, margin) of the bill's lines: of each that tells its quantity, else of all of one processing, beside as
    many units as the lower view has of it.
    """
    if gap.above != BILL_VIEW or any(lot.is_unpriced for lot in gap.lower):
        return []
    found = []
    for processing in sorted({line.processing for line in gap.upper}):
        lower = [lot for lot in gap.lower if lot.processing == processing]
        listed = next((lot.listed for lot in lower if lot.listed and lot.tier == NO_TIER), None)
        lines = [line for line in gap.upper if line.processing == processing]
        silent = [line for line in lines if line.quantity is None]
        if listed is not None:
            found += [(line.cost, line.units * listed, line.margin) for line in lines if line.quantity is not None]
        if silent and lower:
            found.append((cost_of(silent), _listed_cost(lower), sum((line.margin for line in silent), money.ZERO)))
    return found


def _listed_cost(lots: Sequence[Lot]) -> Decimal:
    return sum((lot.list_cost for lot in lots), money.ZERO)


def _read_silent(reading: Reading, lines: Sequence[Lot], offers: Sequence[Offer], gap: Gap, *, prefers_list: bool) -> None:
    """Lines without a quantity: those of one processing together, beside the lower view's lots of the same; then what is left of both."""
    free = list(gap.lower)
    pools = [[line for line in lines if line.processing == one] for one in sorted({line.processing for line in lines})]
    known = {lot.processing for lot in free}
    for pool in sorted(pools, key=lambda one: one[0].processing not in known):
        line = replace(pool[0], cost=cost_of(pool), margin=sum((one.margin for one in pool), money.ZERO))
        lower = [lot for lot in free if lot.processing == line.processing] or free
        free = [lot for lot in free if lot not in lower]
        _read_pool(reading, (line, pool), lower, _same_first(offers, line), gap, prefers_list=prefers_list)


def _read_pool(
    reading: Reading,
    lines: tuple[Lot, Sequence[Lot]],
    lower: Sequence[Lot],
    offers: Sequence[Offer],
    gap: Gap,
    *,
    prefers_list: bool,
) -> None:
    """`lines`: all of a processing as one, and each."""
    line, pool = lines
    units = units_of(lower)
    for lots in _same_units(line, lower, units, offers, gap.logged):
        if _fits(line, cost_of(lots)):
            reading.add(line, lots)
            return
    if units and not any(lot.is_unpriced for lot in lower):
        percent = plain_discount(line.cost, _listed_cost(lower), line.margin)
        if percent is not None:
            reading.add(line, [_off(lot, percent) for lot in lower])
            return
    parts = _apart(pool, units, _plausible(offers, line, prefers_list=prefers_list), gap.logged) if len(pool) > 1 else None
    if parts is not None:
        reading.add(line, parts)
        return
    for offer in _plausible(offers, line, prefers_list=prefers_list):
        count = money.in_proportion(line.cost, Decimal(1), offer.price).to_integral_value()
        if _fits(line, count * offer.price):
            reading.add(line, [_at(line, count, offer)] if count else [])
            return
    if units and all(lot.is_unpriced for lot in lower):
        reading.lots.append(replace(line, quantity=units))
    elif not lower:
        reading.lots.append(line)
    else:
        reading.lots += lower
        reading.odd.append((line.cost - cost_of(lower), odd_words(line, line.cost - cost_of(lower), gap)))


def _same_units(line: Lot, lower: Sequence[Lot], units: Decimal, offers: Sequence[Offer], logged: Sequence[Lot]) -> Iterator[list[Lot]]:
    """As many units as the lower view has: at its own prices, at the list's, all at one price, in parts as the logs have them."""
    if not units or any(lot.is_unpriced for lot in lower):
        return
    yield list(lower)
    yield [replace(lot, cost=lot.list_cost, price=lot.listed, told="the list price") for lot in lower]
    yield from _told_by(line, units, offers, logged)


def _told_by(line: Lot, units: Decimal, offers: Sequence[Offer], logged: Sequence[Lot]) -> Iterator[list[Lot]]:
    """The units at one known price, in two parts as the logs have them, at a discount that other lines show."""
    yield from ([_at(line, units, offer)] for offer in offers if offer.kind != OFF)
    yield from _mixed(replace(line, quantity=units), offers, logged)
    yield from ([_at(line, units, offer)] for offer in offers if offer.kind == OFF)


def _apart(pool: Sequence[Lot], units: Decimal, offers: Sequence[Offer], logged: Sequence[Lot]) -> list[Lot] | None:
    """Lines of one processing at a price each, as they are for different tiers: so that together they make the lower view's units, else as
    near as can be to what the logs have in each tier. None where no such prices are known.
    """
    if len(pool) > MOST_APART:
        return None
    told = [[_at(line, line.cost / offer.price, offer) for offer in offers[:MOST_OFFERS] if line.cost % offer.price == 0] for line in pool]
    for lots in product(*told):
        if units_of(lots) == units:
            return list(lots)
    counts = {tier: units_of(lot for lot in logged if lot.tier == tier) for tier in {lot.tier for lot in logged}}
    if max(counts, default=NO_TIER) == NO_TIER:
        return None
    apart = [list(lots) for lots in product(*told) if len({lot.tier for lot in lots}) == len({lot.text for lot in lots})]
    return min(apart, key=lambda lots: _distance(lots, counts), default=None)


def _off(lot: Lot, percent: Decimal) -> Lot:
    words = f"{exact(abs(percent))} % {'below' if percent > 0 else 'above'} the list price"
    price = None if lot.listed is None else lot.listed - lot.listed * percent.scaleb(-2)
    return replace(lot, cost=lot.list_cost - lot.list_cost * percent.scaleb(-2), price=price, told=words)


def _distance(lots: Sequence[Lot], counts: Mapping[int, Decimal]) -> Decimal:
    """By how many units the lots are off `counts`, tier by tier."""
    off = (abs(count - units_of(lot for lot in lots if lot.tier == tier)) for tier, count in counts.items())
    return sum(off, money.ZERO)


def _plausible(offers: Sequence[Offer], line: Lot, *, prefers_list: bool) -> list[Offer]:
    """Prices at which an amount may tell a quantity: of the line's own processing, in our book."""
    own = [offer for offer in offers if offer.kind != BOOK and offer.processing == line.processing]
    return sorted(own, key=lambda offer: (offer.tier != NO_TIER, offer.kind != OFF, (offer.kind == LIST) != prefers_list))
