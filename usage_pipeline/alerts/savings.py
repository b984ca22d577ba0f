"""What a month could have cost, as sentences for a mail: the largest savings that the month's advice counted for what a budget is about."""

from collections.abc import Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts import words
from usage_pipeline.tables.advice import BATCH, CACHE, CHEAPER_MODEL, Advice
from usage_pipeline.tables.budgets import COUNTED_UNITS, Budget, BudgetStatus

MOST = 2
SHORT = ("daily", "weekly")
LEAST_PERCENT = Decimal(2)
"""Of what the budget spent: less is not worth a line."""

WORDS = {
    CHEAPER_MODEL: "had {proposal} answered instead; its answers differ, so try it on part of the work first",
    BATCH: "had it been called through the batch API, for work that nobody waits for",
    CACHE: "at most, had {proposal} of its input been read from the cache, as on its best day",
}


def is_savable(budget: Budget) -> bool:
    """Whether a month's advice is by what the budget is about: a month's money or more, narrowed to no more than a project and a model."""
    if budget.period in SHORT:
        return False
    return budget.unit not in COUNTED_UNITS and not {name for name, _ in budget.where} - {"project", "model"}


def savings_for(budget: Budget, status: BudgetStatus, advice: Sequence[Advice]) -> tuple[Advice, ...]:
    """The largest of `advice` for a budget that `is_savable`, one for each model of a project."""
    wanted = dict(budget.where)
    ours = [
        one
        for one in advice
        if all(getattr(one, name) == value for name, value in wanted.items()) and money.reaches(one.saving, status.spent, LEAST_PERCENT)
    ]
    best: dict[tuple[str, str], Advice] = {}
    for one in sorted(ours, key=lambda one: (-one.saving, one.model, one.kind, one.project)):
        best.setdefault((one.project, one.model), one)
    return tuple(best.values())[:MOST]


def sentence_of(one: Advice, currency: str) -> str:
    """'An estimate: $41.20 (12 % of what gpt-5 costs) less this month, had gpt-5-mini answered instead; its answers differ, …'"""
    told = WORDS[one.kind].format(proposal=words.plain(one.proposal))
    saved = words.amount(one.saving, currency, currency)
    part = f"{words.percentage(one.saving, one.cost)} of what {words.plain(one.model)} costs"
    return f"An estimate: {saved} less this month ({part}), {told}."
