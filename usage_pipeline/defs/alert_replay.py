"""The days of a replay: every budget's status at the end of each, out of the daily costs that are known now. Changes nothing."""

from collections.abc import Iterator, Sequence

from usage_pipeline.alerts.replay import JudgedDay, Replay, replay
from usage_pipeline.budgets import spending
from usage_pipeline.budgets.status import standing
from usage_pipeline.defs.alert_conditions import BY_DAY, COLLECTED
from usage_pipeline.defs.budget_forecasts import history_of, with_forecasts
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.storage.day_sums import day_sums


def replayed(workplace: Workplace, days: Period, rules: Sequence[str]) -> Replay:
    """What would have been told on each of `days` by `rules`."""
    return replay(_judged(workplace, days, rules), workplace.settings().budgets, rules)


def _judged(workplace: Workplace, days: Period, rules: Sequence[str]) -> Iterator[JudgedDay]:
    settings = workplace.settings()
    budgets = settings.budgets
    earliest = min(spending.days_needed(budgets, day).start for day in (days.start, days.last))
    around = history_of(Period(min(earliest, days.start), days.end))
    spent = spending.index(day_sums(workplace.database(), around, spending.dimensions_of(budgets)), budgets)
    for day in days.days():
        found = standing(budgets, spent, day, complete_through=day)
        found = with_forecasts(found, budgets, spent, settings.holidays, complete_through=day)
        conditions = [one for rule in rules if rule in BY_DAY for one in COLLECTED[rule](workplace, day, ())]
        yield JudgedDay(day, found, conditions)
