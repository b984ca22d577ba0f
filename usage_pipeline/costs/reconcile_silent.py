"""Bill lines that say no quantity: which units, at which price, make their amount. Known prices and the lower view's units tell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

from usage_pipeline import money
from usage_pipeline.costs.reconcile_fitting import Reading, at_list, at_offer, fits, listed_cost, off, same_first, told_by
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import Lot, cost_of, units_of
from usage_pipeline.costs.reconcile_offers import BOOK, LIST, OFF, Offer, plain_discount
from usage_pipeline.costs.reconcile_words import odd_words
from usage_pipeline.tables.reconciled_usage import NO_TIER

MOST_APART, MOST_OFFERS = 4, 8


def read_silent(reading: Reading, lines: Sequence[Lot], offers: Sequence[Offer], gap: Gap, *, prefers_list: bool) -> None:
    """Lines without a quantity: those of one processing together, beside the lower view's lots of the same; then what is left of both."""
    free = list(gap.lower)
    pools = [[line for line in lines if line.processing == one] for one in sorted({line.processing for line in lines})]
    known = {lot.processing for lot in free}
    for pool in sorted(pools, key=lambda one: one[0].processing not in known):
        line = replace(pool[0], cost=cost_of(pool), margin=sum((one.margin for one in pool), money.ZERO))
        lower = [lot for lot in free if lot.processing == line.processing] or free
        free = [lot for lot in free if lot not in lower]
        _read_pool(reading, (line, pool), lower, same_first(offers, line), gap, prefers_list=prefers_list)


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
        if fits(line, cost_of(lots)):
            reading.add(line, lots)
            return
    if units and not any(lot.is_unpriced for lot in lower):
        percent = plain_discount(line.cost, listed_cost(lower), line.margin)
        if percent is not None:
            reading.add(line, [off(lot, percent) for lot in lower])
            return
    parts = _apart(pool, units, _plausible(offers, line, prefers_list=prefers_list), gap.logged) if len(pool) > 1 else None
    if parts is not None:
        reading.add(line, parts)
        return
    for offer in _plausible(offers, line, prefers_list=prefers_list):
        count = money.in_proportion(line.cost, Decimal(1), offer.price).to_integral_value()
        if fits(line, count * offer.price):
            reading.add(line, [replace(at_offer(line, count, offer), is_reckoned=True)] if count else [])
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
    yield at_list(lower)
    yield from told_by(line, units, offers, logged)


def _apart(pool: Sequence[Lot], units: Decimal, offers: Sequence[Offer], logged: Sequence[Lot]) -> list[Lot] | None:
    """Lines of one processing at a price each, as they are for different tiers: so that together they make the lower view's units, else as
    near as can be to what the logs have in each tier. None where no such prices are known.
    """
    if len(pool) > MOST_APART:
        return None
    told = [
        [at_offer(line, line.cost / offer.price, offer) for offer in offers[:MOST_OFFERS] if line.cost % offer.price == 0] for line in pool
    ]
    for lots in product(*told):
        if units_of(lots) == units:
            return list(lots)
    counts = {tier: units_of(lot for lot in logged if lot.tier == tier) for tier in {lot.tier for lot in logged}}
    if max(counts, default=NO_TIER) == NO_TIER:
        return None
    apart = [list(lots) for lots in product(*told) if len({lot.tier for lot in lots}) == len({lot.text for lot in lots})]
    return min(apart, key=lambda lots: _distance(lots, counts), default=None)


def _distance(lots: Sequence[Lot], counts: Mapping[int, Decimal]) -> Decimal:
    """By how many units the lots are off `counts`, tier by tier."""
    off = (abs(count - units_of(lot for lot in lots if lot.tier == tier)) for tier, count in counts.items())
    return sum(off, money.ZERO)


def _plausible(offers: Sequence[Offer], line: Lot, *, prefers_list: bool) -> list[Offer]:
    """Prices at which an amount may tell a quantity: of the line's own processing, in our book."""
    own = [offer for offer in offers if offer.kind != BOOK and offer.processing == line.processing]
    return sorted(own, key=lambda offer: (offer.tier != NO_TIER, offer.kind != OFF, (offer.kind == LIST) != prefers_list))
