"""Units that are in both views, and not in the same place: on the day before or after, of another kind of the same model, of a model
whose name the price book does not know. What is moved leaves one cell and enters another; nothing is unlogged or unbilled by it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import Lot, cost_of, take, units_of
from usage_pipeline.costs.reconcile_words import NAMES, alias, units, verb
from usage_pipeline.tables.reconciliations import BOUNDARY, CACHE, PRICE

ONE_DAY = timedelta(days=1)
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("input", "cache_read", "cache_write", "cache_write_1h"),
    ("input_audio", "cache_audio_read"),
    ("input_image", "cache_image_read"),
)
"""Meters whose tokens are the same tokens of another kind."""
LEAST_ALIKE = 50
"""So many units, equal to the last one, are no chance."""


def _move(gap: Gap, cause: str, quantity: Decimal, evidence: str) -> None:
    """Take `quantity` of the gap's surplus, or of what it lacks."""
    lots = gap.upper if gap.surplus > 0 else gap.lower
    sign = 1 if lots is gap.upper else -1
    gap.take(cause, sign * cost_of(take(lots, quantity)), sign * quantity, evidence)


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
        for day, count in moves.items():
            _note(chain, day, count, told[day][1])
        for day in chain:
            net = moves.get(day - ONE_DAY, money.ZERO) - moves.get(day, money.ZERO)
            if net:
                take(chain[day].upper if net > 0 else chain[day].lower, abs(net))


def _possible(chain: Mapping[date, Gap], moves: dict[date, Decimal]) -> dict[date, Decimal]:
    """`moves`, each made smaller until no day would gain or lose more units than it has too many or too few."""
    while True:
        for day in sorted(chain):
            surplus = chain[day].surplus
            before, after = moves.get(day - ONE_DAY, money.ZERO), moves.get(day, money.ZERO)
            over = max(before - after - max(surplus, money.ZERO), money.ZERO) or min(before - after - min(surplus, money.ZERO), money.ZERO)
            if over:
                place, change = (day - ONE_DAY, -over) if before and before * over > 0 else (day, over)
                moves[place] = moves[place] + change
                break
        else:
            return {day: count for day, count in moves.items() if count}


def _note(chain: Mapping[date, Gap], day: date, count: Decimal, words: str) -> None:
    """Both ends at the price that the units have there."""
    for gap, quantity in ((chain[day], -count), (chain[day + ONE_DAY], count)):
        side = (gap.upper or gap.had[0]) if quantity > 0 else (gap.lower or gap.had[1])
        gap.take(BOUNDARY, _worth(side, abs(quantity)) * (1 if quantity > 0 else -1), quantity, words)


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


def between_kinds(gaps: Iterable[Gap]) -> None:
    """Tokens that one view has as one kind and the other as another: cached or not, written for 5 minutes or for an hour."""
    groups: dict[object, list[Gap]] = defaultdict(list)
    for gap in gaps:
        for number, family in enumerate(FAMILIES):
            if gap.cell.meter in family:
                groups[number, replace(gap.cell, meter=""), gap.step].append(gap)
    for group in groups.values():
        _untold(group)
        _even_out(group)


def _untold(group: Sequence[Gap]) -> None:
    """A kind that the lower view does not have at all, while it has fewer tokens of all kinds: of what it has, the same share is of it."""
    had = units_of(lot for gap in group for lot in gap.had[0])
    lacking = sum((gap.surplus for gap in group), money.ZERO)
    blank = [gap for gap in group if gap.surplus > 0 and units_of(gap.had[0]) == gap.surplus and not units_of(gap.had[1])]
    others = [gap for gap in group if units_of(gap.had[1]) and gap.had[0] and gap.surplus >= 0]
    if len(blank) != 1 or not others or lacking <= 0 or lacking >= had:
        return
    (gap,), other = blank, max(others, key=lambda one: units_of(one.had[1]))
    there = min(gap.surplus, units_of(other.had[1]))
    count = min(money.in_proportion(gap.surplus, had - lacking, had).to_integral_value(), there)
    like = other.had[0][0]
    if count <= 0 or like.price is None or other.surplus < 0:
        return
    words = f"{_kinds(gap, other, count)}, in proportion: {NAMES[gap.below]} {verb(gap.below, 'has', 'have')} no {gap.cell.meter} at all"
    _move(gap, CACHE, count, words)
    again = replace(like, quantity=count, cost=count * like.price)
    other.take(CACHE, -again.cost, -count, words)
    other.upper.append(again)


def _even_out(group: Sequence[Gap]) -> None:
    """Equal surpluses and lacks first, then what is left of both."""
    for is_same in (True, False):
        for gap in group:
            for other in group:
                if gap.surplus > 0 > other.surplus and (gap.surplus == -other.surplus or not is_same):
                    count = min(gap.surplus, -other.surplus)
                    words = _kinds(gap, other, count)
                    _move(gap, CACHE, count, words)
                    _move(other, CACHE, count, words)


def _kinds(gap: Gap, other: Gap, count: Decimal) -> str:
    note = f", which {verb(gap.below, 'does', 'do')} not tell cached tokens apart" if any(lot.is_unsplit for lot in other.lower) else ""
    return f"{units(count)} tokens are {gap.cell.meter} in {NAMES[gap.above]} and {other.cell.meter} in {NAMES[gap.below]}{note}"


def known_by_another_name(gaps: Iterable[Gap]) -> None:
    """Usage of a model that the price book does not know, exactly as much of each meter as another model of that day lacks: an alias."""
    groups: dict[object, dict[str | None, list[Gap]]] = defaultdict(lambda: defaultdict(list))
    for gap in gaps:
        if gap.surplus:
            groups[gap.cell.day, gap.cell.channel, gap.cell.project, gap.step][gap.cell.model].append(gap)
    for models in groups.values():
        for name, nameless in models.items():
            if name and all(gap.surplus < 0 and all(lot.is_unpriced for lot in gap.lower) for gap in nameless):
                _rename(name, nameless, models)


def _rename(name: str, nameless: Sequence[Gap], models: Mapping[str | None, Sequence[Gap]]) -> None:
    wanted = {gap.cell.meter: -gap.surplus for gap in nameless}
    if max(wanted.values()) < LEAST_ALIKE:
        return
    for model, lacking in models.items():
        if model != name and model and {gap.cell.meter: gap.surplus for gap in lacking if gap.cell.meter in wanted} == wanted:
            for gap in [*nameless, *(gap for gap in lacking if gap.cell.meter in wanted)]:
                count = abs(gap.surplus)
                has = f"{NAMES[gap.below]} {verb(gap.below, 'has', 'have')} {units(count)} {gap.cell.unit}"
                words = f"{has} of '{name}', which has no price: as many as of {model} above"
                lots = gap.upper if gap.surplus > 0 else gap.lower
                sign = 1 if lots is gap.upper else -1
                gap.take(PRICE, sign * cost_of(take(lots, count)), sign * count, words, alias(name, model))
            return
