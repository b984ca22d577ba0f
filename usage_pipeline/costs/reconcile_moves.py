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
from usage_pipeline.costs.reconcile_lots import cost_of, take, units_of
from usage_pipeline.costs.reconcile_words import NAMES, alias, units
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
        moves = [(day, *_moved(chain, day)) for day in sorted(chain)]
        for day, count, words in moves:
            if count:
                _shift(chain[day], chain[day + ONE_DAY], count, words)


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


def _shift(one: Gap, following: Gap, count: Decimal, words: str) -> None:
    """Both ends at once, as far as both have what is to be moved."""
    there = -one.surplus if count > 0 else one.surplus
    here = following.surplus if count > 0 else -following.surplus
    moved = min(abs(count), there, here)
    if moved > 0:
        _move(one, BOUNDARY, moved, words)
        _move(following, BOUNDARY, moved, words)


def between_kinds(gaps: Iterable[Gap]) -> None:
    """Tokens that one view has as one kind and the other as another: cached or not, written for 5 minutes or for an hour."""
    groups: dict[object, list[Gap]] = defaultdict(list)
    for gap in gaps:
        for number, family in enumerate(FAMILIES):
            if gap.cell.meter in family and gap.surplus:
                groups[number, replace(gap.cell, meter=""), gap.step].append(gap)
    for group in groups.values():
        _even_out(group)


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
    note = ", which does not tell cached tokens apart" if any(lot.is_unsplit for lot in other.lower) else ""
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
                words = (
                    f"{NAMES[gap.below]} have {units(count)} {gap.cell.unit} of '{name}', which has no price: as many as of {model} above"
                )
                lots = gap.upper if gap.surplus > 0 else gap.lower
                sign = 1 if lots is gap.upper else -1
                gap.take(PRICE, sign * cost_of(take(lots, count)), sign * count, words, alias(name, model))
            return
