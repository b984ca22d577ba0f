"""How final a month's figures are, as a mail says it: the state, and the first reasons for it."""

from usage_pipeline.costs.finality import MonthFinality
from usage_pipeline.defs.finality import finality_of
from usage_pipeline.defs.finding import first_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.revisions import CLOSED, OPEN, PROVISIONAL

REASONS_SHOWN = 2
MEANS = {
    OPEN: "are open and can still change",
    PROVISIONAL: "are provisional: usage and bills are in, and something stands against the close",
    CLOSED: "are closed",
}


def finality_told(workplace: Workplace, month: Period) -> FinalityTold:
    return told_of(finality_of(workplace, month))


def told_of(found: MonthFinality) -> FinalityTold:
    """'The figures of October 2026 are open and can still change: openai: the bill ends on 2026-10-03, and …'."""
    means = MEANS.get(found.finality, f"are {found.finality}")
    words = f"The figures of {found.month.start:%B %Y} {means}: {first_of([_short(one) for one in found.reasons], REASONS_SHOWN)}."
    return FinalityTold(state=found.finality, words=words.replace("..", "."))


def _short(reason: str) -> str:
    """A finding's first sentence: what to do about it is for whoever runs the pipeline."""
    return reason.split(". ", maxsplit=1)[0].rstrip(".")
