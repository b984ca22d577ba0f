"""Requests over midnight: on the day before in one view, on the day after in the other. Nothing is unlogged or unbilled by it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import Lot, cost_of, take, units_of
from usage_pipeline.costs.reconcile_words import NAMES, units
from usage_pipeline.tables.reconciliations import BOUNDARY

ONE_DAY = timedelta(days=1)
LEAST_ALIKE = 50
"""So many units, equal to the last one, are no chance."""
NONE = (money.ZERO, "")


def over_midnight(gaps: Sequence[Gap]) -> None:
    """Requests over midnight: the lower view has them on the day they started, the upper one on the day they ended, or the other way round.

    Told by the logs' own times, else by units that are equal and opposite on neighbouring days. What is moved over a midnight depends on
    the two days around it and the one before alone, so that any range of days gives the same.
    """
    chains: dict[object, dict[date, Gap]] = defaultdict(dict)
    for gap in gaps:
        chains[replace(gap.cell, day=date.min), gap.step, gap.above, gap.below][gap.cell.day] = gap
    for chain in chains.values():
        told = {day: _moved(chain, day) for day in sorted(chain)}
        moves = _possible(chain, {day: count for day, (count, _) in told.items() if count})
        for day, gap in chain.items():
            before = day - ONE_DAY
            gained, lost = moves.get(before, money.ZERO), moves.get(day, money.ZERO)
            _take(gap, [(gained, told.get(before, NONE)[1]), (-lost, told[day][1])])


def _possible(chain: Mapping[date, Gap], moves: dict[date, Decimal]) -> dict[date, Decimal]:
    """`moves`, each made smaller until no day would gain or lose more units than it has too many or too few."""
    while True:
        for day in sorted(chain):
            surplus = chain[day].surplus
            before, after = moves.get(day - ONE_DAY, money.ZERO), moves.get(day, money.ZERO)
            over = max(before - after - max(surplus, money.ZERO), money.ZERO) or min(before - after - min(surplus, money.ZERO), money.ZERO)
            if over:
                place, own = (day - ONE_DAY, before) if before * over > 0 else (day, -after)
                less = min(abs(over), abs(own)) * (1 if own > 0 else -1)
                moves[place] -= less if place < day else -less
                break
        else:
            return {day: count for day, count in moves.items() if count}


def _take(gap: Gap, parts: Sequence[tuple[Decimal, str]]) -> None:
    """`parts`: units that the upper view has of the day before, and those it has only on the next one (negative), each with its words.

    Together they are worth the units that are taken; what cancels out is at the price that units have there.
    """
    told = sorted((part for part in parts if part[0]), key=lambda part: abs(part[0]))
    net = sum((quantity for quantity, _ in told), money.ZERO)
    lots = gap.upper if net > 0 else gap.lower
    price_of = list(lots or gap.had[0] or gap.had[1])
    left = cost_of(take(lots, abs(net))) * (1 if net > 0 else -1)
    for quantity, words in told[:-1]:
        amount = _worth(price_of, abs(quantity)) * (1 if quantity > 0 else -1)
        gap.take(BOUNDARY, amount, quantity, words)
        left -= amount
    for quantity, words in told[-1:]:
        gap.take(BOUNDARY, left, quantity, words)


def _moved(chain: Mapping[date, Gap], day: date) -> tuple[Decimal, str]:
    """How many units are on `day` below and on the next day above (negative: the other way round), and what tells."""
    one, following = chain[day], chain.get(day + ONE_DAY)
    if following is None:
        return money.ZERO, ""
    crossing, before, after = _crossing(one), _crossing(chain.get(day - ONE_DAY)), _crossing(following)
    if crossing:
        lacks, has = before - one.surplus, following.surplus + after
        count = min(crossing, lacks, has)
        if count > 0:
            return count, f"requests of {units(crossing)} {one.cell.unit} in the logs started on {day} and ended on {day + ONE_DAY}"
    previous = chain.get(day - ONE_DAY)
    surplus = one.surplus
    if surplus and surplus == -following.surplus and (previous is None or previous.surplus != -surplus) and abs(surplus) >= LEAST_ALIKE:
        here, there = ("few", "many") if surplus < 0 else ("many", "few")
        said = f"{units(abs(surplus))} {one.cell.unit}"
        return -surplus, f"{NAMES[one.above]} has {said} too {here} on {day}, and as many too {there} on {day + ONE_DAY}"
    return money.ZERO, ""


def _crossing(gap: Gap | None) -> Decimal:
    return money.ZERO if gap is None else units_of(lot for lot in gap.logged if lot.is_crossing)


def _worth(lots: Sequence[Lot], quantity: Decimal) -> Decimal:
    """What `quantity` from the front of `lots` costs; more than there is, at the last one's price."""
    copies = list(lots)
    taken = take(copies, quantity)
    rest = quantity - units_of(taken)
    last = taken[-1] if taken else None
    return cost_of(taken) + (rest * last.price if rest > 0 and last is not None and last.price is not None else money.ZERO)
