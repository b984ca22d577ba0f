"""What is left once everything that is in both views was found: not final yet, in one view alone, or unexplained."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import cost_of
from usage_pipeline.costs.reconcile_words import money_words, surplus_words, uncounted_words
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.reconciliations import NOT_FINAL, UNBILLED, UNEXPLAINED, UNLOGGED

COVERAGE = "usage-pipeline coverage --from {day} --to {day} --unowned"


def name_rest(gaps: Sequence[Gap], open_days: Mapping[tuple[str, date], str]) -> None:
    """The last causes. `open_days`: channels and days that the provider may still change, with the words that say so."""
    elsewhere = _elsewhere(gaps)
    for gap in gaps:
        open_words = open_days.get((gap.cell.channel, gap.cell.day))
        _money_alone(gap, open_words)
        _silent(gap)
        if gap.cell.meter == UNMAPPED:
            _alone(gap, None, money_words(gap, *map(cost_of, gap.had)), open_words)
        else:
            _alone(gap, gap.surplus, surplus_words(gap), open_words, elsewhere.get(_key(gap, -gap.surplus), set()) - {gap.cell.project})
        if gap.left:
            gap.take(UNEXPLAINED, gap.left, None, f"{money.text(gap.left)} are left that no known quantity or price makes")


def _alone(gap: Gap, surplus: Decimal | None, words: str, open_words: str | None, other: Collection[str | None] = ()) -> None:
    """What one view alone has. `surplus`: the units, None where they are of several kinds. `other`: projects that have it the other way."""
    if not (gap.upper or gap.lower):
        return
    is_more = (gap.rest if surplus is None else surplus) > 0
    if open_words is not None and not is_more:
        gap.take(NOT_FINAL, gap.rest, surplus, f"{words}; {open_words}", _again(gap))
    else:
        names = ", ".join(sorted(map(str, other)))
        more = f"; it is the other way round under {names}: one of both names another project" if other else ""
        mend = COVERAGE.format(day=gap.cell.day) if other else None
        gap.take(UNLOGGED if is_more else UNBILLED, gap.rest, surplus, words + more, mend)
    gap.upper, gap.lower = [], []


def _money_alone(gap: Gap, open_words: str | None) -> None:
    """A bill that names no meter, and usage that does not make its amount: nothing tells whether prices or units differ, however far apart
    both are. Only where the lower view has nothing at all is it known to lack the usage.
    """
    if gap.cell.meter != UNMAPPED or not gap.upper or not gap.lower:
        return
    billed, below = cost_of(gap.upper), cost_of(gap.lower)
    words = f"{money_words(gap, billed, below)}: the bill tells neither meter nor quantity, so not whether units or prices differ"
    if open_words is not None and billed < below:
        gap.take(NOT_FINAL, billed - below, None, f"{words}; {open_words}", _again(gap))
    else:
        gap.take(UNEXPLAINED, billed - below, None, words)
    gap.upper, gap.lower = [], []


def _silent(gap: Gap) -> None:
    """Lines that say no quantity, of what the lower view has nothing."""
    lines = [lot for lot in gap.upper if lot.quantity is None]
    if lines:
        gap.take(UNLOGGED, cost_of(lines), None, uncounted_words(gap, lines))
        gap.upper = [lot for lot in gap.upper if lot.quantity is not None]


def _again(gap: Gap) -> str:
    return f"usage-pipeline run --from {gap.cell.day} --to {gap.cell.day}"


def _key(gap: Gap, surplus: Decimal) -> object:
    return (replace(gap.cell, project=None), gap.step, surplus)


def _elsewhere(gaps: Iterable[Gap]) -> dict[object, set[str | None]]:
    """Projects by the surplus that they have: units that one view has under one project, and the other under another."""
    found: dict[object, set[str | None]] = defaultdict(set)
    for gap in gaps:
        if gap.surplus:
            found[_key(gap, gap.surplus)].add(gap.cell.project)
    return found
