"""What could cost less, as printed: estimates of one usage bought otherwise, the largest saving first. Never added up, for they overlap."""

from dataclasses import dataclass

from usage_pipeline.reports import words
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.costs import UNATTRIBUTED

MOST, MOST_OF_A_PROJECT = 8, 3
WORDS_MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceLine:
    """One proposal: whose usage, what it cost, what it would have cost."""

    project: str
    model: str
    provider: str
    words: str
    cost: str
    would_cost: str
    saving: str
    percent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceTable:
    """The printed lines, how many more there are, and what a column of amounts needs, in mm."""

    lines: tuple[AdviceLine, ...]
    left: int
    amount_width: int


def advice_table(snapshot: Snapshot) -> AdviceTable | None:
    """None where there is no advice."""
    most = MOST if snapshot.project is None else MOST_OF_A_PROJECT
    names = {project.id: words.project_name(project) for project in snapshot.projects}
    lines = tuple(_line(one, names, snapshot.currency) for one in snapshot.advice[:most])
    if not lines:
        return None
    width = words.column_width((text for line in lines for text in (line.cost, line.would_cost, line.saving)), 21)
    return AdviceTable(lines=lines, left=len(snapshot.advice) - len(lines), amount_width=width)


def _line(one: Advice, names: dict[str, str], currency: str) -> AdviceLine:
    return AdviceLine(
        project=names.get(one.project, words.name_of("project", None if one.project == UNATTRIBUTED else one.project)),
        model=words.name_of("model", one.model),
        provider=words.name_of("provider", one.provider),
        words=words.clean(one.words, WORDS_MOST),
        cost=words.amount(one.cost, currency),
        would_cost=words.amount(one.would_cost, currency),
        saving=words.amount(one.saving, currency),
        percent=words.percent(one.percent, 0),
    )
