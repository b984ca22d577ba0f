"""What a bill's lines mean: each read at the known price that explains it exactly, which tells price, processing and tier, and of a line
that says no quantity also that.

A line that no price explains is taken at our own price; what it says beyond that is unexplained.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_fitting import Reading, at_list, at_offer, fits, listed_cost, odd_price, off, same_first, told_by, usual
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import Lot, cost_of, units_of
from usage_pipeline.costs.reconcile_offers import Offer, plain_discount
from usage_pipeline.costs.reconcile_silent import read_silent
from usage_pipeline.costs.reconcile_words import odd_words, rounding_words
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.reconciled_usage import NO_TIER
from usage_pipeline.tables.reconciliations import ROUNDING, UNEXPLAINED

BILL_VIEW = "bill"


def read_bill(gap: Gap, offers: Sequence[Offer], *, prefers_list: bool) -> None:
    """Replace the gap's lines by what they mean. `prefers_list`: other lines of that day are at list prices."""
    if not gap.upper:
        return
    if gap.cell.meter == UNMAPPED:
        _read_money(gap)
        return
    whole = _whole(gap)
    reading = whole or Reading()
    if whole is None:
        for line in gap.upper:
            if line.quantity is not None:
                _read_line(reading, line, offers, gap)
        read_silent(reading, [line for line in gap.upper if line.quantity is None], offers, gap, prefers_list=prefers_list)
    if reading.rounding:
        gap.take(ROUNDING, reading.rounding, None, rounding_words(gap))
    for amount, words in reading.odd:
        gap.take(UNEXPLAINED, amount, None, words)
    gap.upper = reading.lots


def _read_money(gap: Gap) -> None:
    """A bill that names no meter tells money alone: what all units below cost at our prices, at the list's, or so many percent off it."""
    lower, reading = list(gap.lower), Reading()
    if not lower or any(lot.is_unpriced for lot in lower):
        return
    line = Lot(quantity=None, cost=cost_of(gap.upper), margin=sum((one.margin for one in gap.upper), money.ZERO))
    percent = plain_discount(line.cost, listed_cost(lower), line.margin)
    for lots in (lower, at_list(lower), lower if percent is None else [off(lot, percent) for lot in lower]):
        if fits(line, cost_of(lots)):
            reading.add(line, lots)
            if reading.rounding:
                gap.take(ROUNDING, reading.rounding, None, rounding_words(gap))
            gap.upper = reading.lots
            return


def _whole(gap: Gap) -> Reading | None:
    """The bill is what the lower view says, or that with more or fewer units at one of its prices, however they are split in lines."""
    billed = Lot(quantity=None, cost=cost_of(gap.upper), margin=sum((line.margin for line in gap.upper), money.ZERO))
    reading, difference = Reading(), cost_of(gap.upper) - cost_of(gap.lower)
    is_silent = any(line.quantity is None for line in gap.upper)
    more = money.ZERO if is_silent else units_of(gap.upper) - units_of(gap.lower)
    if not gap.lower or any(lot.is_unpriced for lot in gap.lower):
        return None
    if not more and fits(billed, cost_of(gap.lower)):
        reading.add(billed, gap.lower)
        return reading
    for lot in gap.lower:
        if more and lot.price and fits(replace(billed, cost=difference), more * lot.price):
            if more > 0:
                reading.add(billed, [*gap.lower, replace(lot, quantity=more, cost=more * lot.price)])
                return reading
            if lot.units >= -more:
                rest = lot.part(-more)[1]
                reading.add(billed, [*(one for one in gap.lower if one is not lot), *([rest] if rest else [])])
                return reading
    return None


def _read_line(reading: Reading, line: Lot, offers: Sequence[Offer], gap: Gap) -> None:
    units = line.units
    if not units:
        reading.odd += [(line.cost, odd_words(line, line.cost, gap))] if line.cost else []
        return
    ordered = same_first(offers, line)
    if not line.cost:
        reading.lots.append(replace(line, price=money.ZERO, told="nothing"))
        return
    for lots in told_by(line, units, ordered, gap.logged):
        if fits(line, cost_of(lots)):
            reading.add(line, lots)
            return
    if (odd := odd_price(line, units, ordered)) is not None:
        reading.add(line, [odd])
        return
    if not ordered:
        reading.lots.append(line)
        return
    lot = at_offer(line, units, usual(ordered, line))
    reading.lots.append(lot)
    reading.odd.append((line.cost - lot.cost, odd_words(line, line.cost - lot.cost, gap)))


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
            found.append((cost_of(silent), listed_cost(lower), sum((line.margin for line in silent), money.ZERO)))
    return found
