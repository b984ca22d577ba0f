"""The same units in both views at two prices: processed otherwise, in another tier, or simply at another price.

Units find each other first where processing and price are the same (no difference), then with the same tier, the same processing, any.
"""

from collections.abc import Callable

from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import Lot, take, units_of
from usage_pipeline.costs.reconcile_offers import Offers
from usage_pipeline.costs.reconcile_words import agreement, discount, pair_words
from usage_pipeline.tables.priced_usage import NO_VARIANT
from usage_pipeline.tables.reconciled_usage import NO_TIER, STANDARD
from usage_pipeline.tables.reconciliations import PRICE, PROCESSING, TIER

INSTALLED = "installed"
ADOPT = "usage-pipeline prices adopt --from {day}"
_LIKENESS: tuple[Callable[[Lot], object], ...] = (
    lambda lot: (lot.meter, lot.processing, lot.tier, lot.price, lot.is_unpriced),
    lambda lot: (lot.meter, lot.processing, lot.price, lot.is_unpriced),
    lambda lot: (lot.meter, lot.processing, lot.tier),
    lambda lot: (lot.meter, lot.processing),
    lambda lot: lot.meter,
)


def pair(gap: Gap, offers: Offers) -> None:
    """Take from both sides all units that the other has too; a price that differs is told as its cause.

    Where the lower view has more, requests over midnight are the first to be held to be what the upper one lacks.
    """
    held = _hold_back(gap)
    for likeness in _LIKENESS:
        waiting = [lot for lot in gap.upper if lot.quantity is None]
        upper, gap.upper = [lot for lot in gap.upper if lot.quantity is not None], waiting
        for lot in upper:
            rest = _pair_one(gap, lot, likeness, offers)
            if rest is not None:
                gap.upper.append(rest)
    gap.lower += held


def _hold_back(gap: Gap) -> list[Lot]:
    crossing = [lot for lot in gap.lower if lot.is_crossing]
    count = min(-gap.surplus, units_of(crossing))
    if count <= 0:
        return []
    gap.lower = [lot for lot in gap.lower if not lot.is_crossing] + crossing
    ordinary = take(gap.lower, units_of(gap.lower) - count)
    held, gap.lower = gap.lower, ordinary
    return held


def _pair_one(gap: Gap, lot: Lot, likeness: Callable[[Lot], object], offers: Offers) -> Lot | None:
    """What is left of `lot` once all that is like it below is used up."""
    rest: Lot | None = lot
    lower, gap.lower = gap.lower, []
    for one in lower:
        left: Lot | None = one
        if rest is not None and likeness(rest) == likeness(one):
            count = min(rest.units, one.units)
            upper_part, rest = rest.part(count)
            lower_part, left = one.part(count)
            _explain(gap, upper_part, lower_part, offers)
        if left is not None:
            gap.lower.append(left)
    return rest if rest is None or rest.units else None


def _explain(gap: Gap, upper: Lot, lower: Lot, offers: Offers) -> None:
    difference, quantity = upper.cost - lower.cost, upper.units
    if not difference:
        return
    words = pair_words(gap, upper, lower)
    cause = PRICE
    if not (upper.is_unpriced or lower.is_unpriced):
        cause = PROCESSING if upper.processing != lower.processing else TIER if upper.tier != lower.tier else PRICE
    mend = _mend(gap, upper, lower, offers)
    ours = offers.ours(gap.cell, upper) if cause != PRICE and gap.above == "bill" else None
    if ours is None or upper.price is None or upper.price == ours:
        gap.take(cause, difference, quantity, words, None if cause != PRICE else mend)
        return
    step = quantity * ours - lower.cost
    if step:
        gap.take(cause, step, quantity, words)
    gap.take(PRICE, difference - step, quantity, words, mend)


def _mend(gap: Gap, upper: Lot, lower: Lot, offers: Offers) -> str | None:
    """What makes our price the bill's: the book that has it, else an agreement. None where both views are priced by us."""
    if gap.above != "bill" or lower.is_unpriced or upper.price is None or lower.state == NO_VARIANT:
        return None
    if upper.is_foreign:
        return None  # another price on the next day
    if upper.book is not None:
        return ADOPT.format(day=gap.cell.day) if upper.book == INSTALLED else None
    if upper.percent is not None and lower.agreement is None:
        return discount(offers.provider_of(gap.cell), gap.cell, upper.percent)
    if (upper.processing, upper.tier) != (STANDARD, NO_TIER):
        return None  # an agreement holds for every processing and tier
    return agreement(offers.provider_of(gap.cell), gap.cell, upper.price, gap.cell.day)
