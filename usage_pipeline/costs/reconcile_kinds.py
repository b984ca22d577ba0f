"""Tokens that are in both views as another kind of one model: cached or not, written for 5 minutes or an hour, of an image or of text."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import cost_of, take, units_of
from usage_pipeline.costs.reconcile_words import NAMES, units, verb
from usage_pipeline.tables.reconciliations import CACHE

FAMILIES: tuple[tuple[str, ...], ...] = (
    ("input", "cache_read", "cache_write", "cache_write_1h"),
    ("input_audio", "cache_audio_read"),
    ("input_image", "cache_image_read"),
    ("output", "output_image", "output_audio"),
)
"""Meters whose tokens are the same tokens of another kind."""


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


def _move(gap: Gap, cause: str, quantity: Decimal, evidence: str) -> None:
    """Take `quantity` of the gap's surplus, or of what it lacks."""
    lots = gap.upper if gap.surplus > 0 else gap.lower
    sign = 1 if lots is gap.upper else -1
    gap.take(cause, sign * cost_of(take(lots, quantity)), sign * quantity, evidence)


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
