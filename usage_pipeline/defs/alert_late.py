"""Periods that ended within the last days, for a check of today: which budgets had one, and how each stood at its end.

A check of another day judges none, nor does a first look at a month gone by: a budget counts only where it was known, as it is now, before
its period was over. So a backfill stays silent, and a new limit is no news of old spending.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from usage_pipeline.alerts.late import Ended, ended_on
from usage_pipeline.budgets import spending
from usage_pipeline.budgets.changes import changes
from usage_pipeline.budgets.spending import Spending
from usage_pipeline.budgets.status import standing
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import ONE_DAY, Period, month_of, start_of
from usage_pipeline.tables.budget_versions import budget_versions
from usage_pipeline.tables.budgets import Budget

Late = Mapping[date, Sequence[Budget]]
"""By last day, the budgets to be judged once more."""


def late_budgets(workplace: Workplace, as_of: date) -> Late:
    """None for another day than today; none of a month that is closed."""
    settings, database, now = workplace.settings(), workplace.database(), workplace.now()
    ended = ended_on(settings.budgets, as_of) if as_of == now.date() else {}
    if not ended:
        return {}
    versions = database.select(budget_versions)
    unseen = changes(versions, settings.budgets, actor="", now=now).versions
    since: dict[str, datetime] = {}
    for one in (*versions, *unseen):
        since[one.budget_id] = max(one.recorded_at, since.get(one.budget_id, one.recorded_at))
    closed = closed_months(database)
    known = {
        day: [one for one in budgets if since[one.budget_id] < start_of(day + ONE_DAY)]
        for day, budgets in ended.items()
        if month_of(day).start not in closed
    }
    return {day: budgets for day, budgets in known.items() if budgets}


def days_of(late: Late) -> list[Period]:
    """The days whose sums are needed to judge them."""
    return [spending.days_needed(budgets, day) for day, budgets in late.items()]


def late_standing(late: Late, declared: Sequence[Budget], spent: Spending) -> list[Ended]:
    """How each stood at its end, where it had reached a threshold. `declared`: every version of every budget."""
    found: list[Ended] = []
    for day, budgets in late.items():
        named = {one.budget_id: one for one in budgets}
        versions = [one for one in declared if one.budget_id in named]
        statuses = standing(versions, spent, day, complete_through=day)
        found += [Ended(named[one.budget_id], one) for one in statuses if one.threshold is not None and one.period_end == day + ONE_DAY]
    return found
