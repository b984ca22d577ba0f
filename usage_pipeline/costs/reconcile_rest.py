"""What is left once everything that is in both views was found: not final yet, in one view alone, or unexplained."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import cost_of
from usage_pipeline.costs.reconcile_words import surplus_words, uncounted_words
from usage_pipeline.tables.reconciliations import NOT_FINAL, UNBILLED, UNEXPLAINED, UNLOGGED

COVERAGE = "usage-pipeline coverage --from {day} --to {day} --unowned"


def name_rest(gaps: Sequence[Gap], open_days: Mapping[tuple[str, date], str]) -> None:
    """The last causes. `open_days`: channels and days that the provider may still change, with the words that say so."""
    elsewhere = _elsewhere(gaps)
    for gap in gaps:
        _silent(gap)
        surplus, words = gap.surplus, surplus_words(gap)
        if gap.upper or gap.lower:
            open_words = open_days.get((gap.cell.channel, gap.cell.day))
            if open_words is not None and surplus < 0:
                gap.take(NOT_FINAL, gap.rest, surplus, f"{words}; {open_words}", _again(gap))
            else:
                other = elsewhere.get(_key(gap, -surplus), set()) - {gap.cell.project}
                more = (
                    f"; it is the other way round under {', '.join(sorted(map(str, other)))}: one of both names another project"
                    if other
                    else ""
                )
                mend = COVERAGE.format(day=gap.cell.day) if other else None
                gap.take(UNLOGGED if surplus > 0 else UNBILLED, gap.rest, surplus, words + more, mend)
        gap.upper, gap.lower = [], []
        if gap.left:
            gap.take(UNEXPLAINED, gap.left, None, f"{money.text(gap.left)} are left that no known quantity or price makes")


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
