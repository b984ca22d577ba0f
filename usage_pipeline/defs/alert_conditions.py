"""What tables and findings say that is worth telling beside budgets, as conditions of the rules that usage.yaml turns on.

Only what is so now: days gone by for more than a few days are silent, so that a backfill tells nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date

from usage_pipeline import money
from usage_pipeline.alerts.condition_words import anomaly_words, gap_words, violation_words
from usage_pipeline.alerts.conditions import (
    ANOMALY,
    RECONCILIATION_GAP,
    REQUEST_LIMIT,
    STALE_SOURCE,
    UNPRICED,
    WALLET_LOW,
    WARNING,
    Condition,
)
from usage_pipeline.alerts.words import day as plain_day
from usage_pipeline.defs.alert_wallets import wallet_conditions
from usage_pipeline.defs.finding_unreconciled import unreconciled
from usage_pipeline.defs.source_status import source_statuses
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import ONE_DAY, Period, inclusive, month_of
from usage_pipeline.tables.anomalies import Anomaly, anomalies
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost
from usage_pipeline.tables.request_limits import LimitViolation, limit_violations
from usage_pipeline.tables.unpriced import unpriced_of

RECENT_DAYS = 3
"""Of so many days, `as_of` included, single days are told of: bills and logs come a day or two late."""
HELD_DAYS = 7
"""How long what a single day brought stays on the list."""
CRITICAL, ORGANISATION_SCOPE = "critical", "organisation"
SHOWN = 3

Collect = Callable[[Workplace, date, Sequence[DailyCost]], list[Condition]]


def conditions_of(workplace: Workplace, as_of: date, costs: Sequence[DailyCost]) -> list[Condition]:
    """What holds on `as_of`. `costs` are the rows of its month, at least."""
    return [one for rule in workplace.settings().alerts.rules for one in COLLECTED.get(rule, _nothing)(workplace, as_of, costs)]


def _nothing(_workplace: Workplace, _as_of: date, _costs: Sequence[DailyCost]) -> list[Condition]:
    return []


def _anomalies(workplace: Workplace, as_of: date, _costs: Sequence[DailyCost]) -> list[Condition]:
    """A project's day with an anomaly, once, with all its models."""
    currency = workplace.settings().organisation.currency
    found: dict[tuple[str, date], list[Anomaly]] = defaultdict(list)
    for one in workplace.database().select(anomalies, where={"day": recent(as_of)}):
        found[one.project, one.day].append(one)
    return [
        _of_a_day(ANOMALY, project, day, _first([anomaly_words(one, currency) for one in sorted(rows, key=lambda one: -one.excess)]))
        for (project, day), rows in found.items()
    ]


def _violations(workplace: Workplace, as_of: date, _costs: Sequence[DailyCost]) -> list[Condition]:
    """A project's day with requests over a limit on one request, once."""
    currency = workplace.settings().organisation.currency
    found: dict[tuple[str, date], list[LimitViolation]] = defaultdict(list)
    for one in workplace.database().select(limit_violations, where={"day": recent(as_of)}):
        found[one.project or UNATTRIBUTED, one.day].append(one)
    return [_of_a_day(REQUEST_LIMIT, project, day, violation_words(rows, day, currency)) for (project, day), rows in found.items()]


def _unpriced(_workplace: Workplace, as_of: date, costs: Sequence[DailyCost]) -> list[Condition]:
    """Each model without a rate in the running month, once a month: finance and whoever keeps the prices hear of it."""
    month = month_of(as_of)
    found: dict[str, int] = defaultdict(int)
    for one in unpriced_of([row for row in costs if row.day in month], by_project=False):
        if not one.billed:
            found[f"{one.provider or one.channel} {one.model or 'without a model'}"] += one.events
    return [
        Condition(
            rule=UNPRICED,
            scope=f"models/{model}",
            project=None,
            period_start=month.start,
            period_end=month.end,
            level=WARNING,
            words=f"{model} has no rate: its cost is unknown, not 0, and in no budget ({events:,} requests since {plain_day(month.start)})."
            " `usage-pipeline unpriced` says what to add to usage.yaml.",
        )
        for model, events in sorted(found.items())
    ]


def _stale(workplace: Workplace, as_of: date, _costs: Sequence[DailyCost]) -> list[Condition]:
    """A source that gave data once and none of late, once for the day on which it stopped."""
    days = workplace.settings().limits.stale_days
    return [
        Condition(
            rule=STALE_SOURCE,
            scope=f"sources/{one.source}",
            project=None,
            period_start=one.newest_day,
            period_end=None,
            level=WARNING,
            words=f"{one.source} has given no data since {plain_day(one.newest_day)}, {one.lag_days} days ago; more than {days} days is too"
            " long. What was used or billed since is in no number. `usage-pipeline sources` tells more.",
        )
        for one in source_statuses(workplace, as_of)
        if one.is_stale and one.newest_day
    ]


def _gap(workplace: Workplace, as_of: date, _costs: Sequence[DailyCost]) -> list[Condition]:
    """Money of the running month on which bill, the provider's count and logs differ for no known cause, where it blocks the close."""
    month = month_of(as_of)
    found = unreconciled(workplace.database(), Period(month.start, as_of + ONE_DAY), workplace.settings().limits)
    if found is None or not found.blocks:
        return []
    return [
        Condition(
            rule=RECONCILIATION_GAP,
            scope=ORGANISATION_SCOPE,
            project=None,
            period_start=month.start,
            period_end=month.end,
            level=CRITICAL if as_of == month.last else WARNING,
            words=gap_words(found.amount or money.ZERO, found.count, month.start, workplace.settings().organisation.currency),
        )
    ]


def recent(as_of: date) -> Period:
    """The days of which single ones are told."""
    return inclusive(as_of - ONE_DAY * (RECENT_DAYS - 1), as_of)


def _of_a_day(rule: str, project: str, day: date, words: str) -> Condition:
    named = None if project == UNATTRIBUTED else project
    return Condition(
        rule=rule,
        scope=f"projects/{project}",
        project=named,
        period_start=day,
        period_end=day + ONE_DAY * (HELD_DAYS + 1),
        level=WARNING,
        words=words,
    )


def _first(words: Sequence[str]) -> str:
    more = len(words) - SHOWN
    return " ".join(words[:SHOWN]) + (f" And {more} more on that day." if more > 0 else "")


COLLECTED: dict[str, Collect] = {
    ANOMALY: _anomalies,
    UNPRICED: _unpriced,
    STALE_SOURCE: _stale,
    RECONCILIATION_GAP: _gap,
    REQUEST_LIMIT: _violations,
    WALLET_LOW: wallet_conditions,
}
"""By rule. Thresholds and forecasts come from the budgets' status."""
BY_DAY = (ANOMALY, REQUEST_LIMIT)
"""Those that say of each day what was so on it; the others say what is so now, and cannot be replayed."""
