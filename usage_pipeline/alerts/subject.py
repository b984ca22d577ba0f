"""The one line that says it all: 'support-portal at 92 % of $500 for October, crosses on the 27th'."""

from collections.abc import Sequence

from usage_pipeline.alerts import words
from usage_pipeline.alerts.facts import Facts
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.tables.budgets import FIXED, LEVELS, BudgetStatus

LENGTH, NAME_LENGTH_MIN = 90, 20
"""What a mail program shows of a subject; a name gives way first, but not beyond recognition."""


def subject_of(facts: Sequence[Facts], name: str, currency: str) -> str:
    """Of the first of `facts`, the most severe; a critical one says so. `name`: the project's or organisation's."""
    first = facts[0]
    status = first.status
    limit = words.amount(status.limit, status.unit, currency, short=True)
    what = f"{limit} ({short(only(status), NAME_LENGTH_MIN)})" if status.only else limit
    period = period_of(status)
    more = f" (+{len(facts) - 1} more)" if len(facts) > 1 else ""
    loud = "Critical: " if first.alert.level == LEVELS[-1] else ""
    said = f" at {used(first)} of {what} for {period}{_outlook(first, currency)}{more}"
    return loud + short(whose(status, name), LENGTH - len(said) - len(loud)) + said


def period_of(status: BudgetStatus, *, year: bool = False) -> str:
    """'October', 'week 43', '2026', or the days of a fixed span: '15 Sep – 31 Dec'."""
    if status.period == FIXED:
        days = words.short_days(Period(status.period_start, status.period_end))
        return f"{days} {(status.period_end - ONE_DAY).year}" if year else days
    return words.period_name(status.period, status.period_start, year=year)


def whose(status: BudgetStatus, name: str) -> str:
    """'Support portal', or 'Team support' where the budget is a team's, a user's or a client's."""
    return words.plain(f"{status.scope.capitalize()} {status.holder}" if status.holder else name)


def only(status: BudgetStatus) -> str:
    """'improvement', 'gpt-5, openai': what the budget is narrowed to."""
    return ", ".join(words.plain(one) for one in status.only)


def used(facts: Facts) -> str:
    """What is spent in percent of the limit; none of the budget's thresholds shows as reached before it is."""
    marks = [threshold.percent for threshold in facts.budget.thresholds]
    return words.percentage(facts.status.spent, facts.status.limit, marks=marks)


def short(name: str, length: int) -> str:
    """`name` in at most so many characters, but for the least that a name needs."""
    most = max(length, NAME_LENGTH_MIN)
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def _outlook(facts: Facts, currency: str) -> str:
    """What comes, or came, of it; a period that is over has no outlook, so its percentage is the last word."""
    status = facts.status
    when = words.on_day(status.period, status.crossing_date) if status.crossing_date and status.period != "daily" else ""
    reached = f", reached {when}" if when and facts.is_over else ""
    if facts.has_ended:
        return f"{reached}, the {facts.noun} is over"
    if when and not facts.is_over:
        return f", crosses {when}"
    if facts.is_over or status.forecast is None:
        return reached
    return f", forecast {words.amount(status.forecast, status.unit, currency, short=True)}"
