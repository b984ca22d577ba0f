"""Sums by day, project and model in, the days out on which a project spent far more on a model than such days usually cost.

A day is compared with days of its own kind (same weekday; holidays are like Sundays) in the eight weeks before, by median and median
deviation, which a few odd days do not move. The three days just before are not looked at: what goes wrong goes wrong for days. What
happened twice in these weeks, some days apart, is usual: batch jobs are no news. Unit costs are compared with all days alike.
Only what costs more is told, from a floor of money on; a cost that falls away is told by sources that go stale.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.anomaly_usual import HISTORY_DAYS, SKIPPED_DAYS, Usual, usual, usual_rate
from usage_pipeline.costs.anomaly_words import cost_words, unit_cost_words
from usage_pipeline.periods import Period
from usage_pipeline.tables.anomalies import COST, PER_MILLION_TOKENS, PER_REQUEST, UNIT_COST, Anomaly, AnomalyRules
from usage_pipeline.tables.day_sums import DaySum


@dataclass(slots=True)
class _Day:
    """What a project used of a model on a day."""

    cost: Decimal | None = None
    requests: Decimal = money.ZERO
    tokens: Decimal = money.ZERO


def anomalies_of(sums: Sequence[DaySum], days: Period, rules: AnomalyRules, holidays: Collection[date] = ()) -> tuple[list[Anomaly], int]:
    """The anomalies of `days`, the dearest first, and how many days of a project and model were judged. `sums`: `days_needed`."""
    observed = sorted({row.day for row in sums})
    by_model: dict[tuple[str, str | None], dict[date, _Day]] = defaultdict(lambda: defaultdict(_Day))
    for row in sums:
        one = by_model[row.project or "", row.model][row.day]
        one.cost = row.cost if one.cost is None else money.total([one.cost, row.cost])
        one.requests = money.total([one.requests, row.requests])
        one.tokens = money.total([one.tokens, row.tokens])
    found: list[Anomaly] = []
    judged = 0
    for (project, model), used in by_model.items():
        for day in sorted(day for day in used if day in days):
            today = used[day]
            if today.cost is None or (model is None and not today.requests and not today.tokens):
                continue
            judged += 1
            found += _of_cost(project, model, day, used, observed, rules, holidays)
            found += _of_unit_cost(project, model, day, used, rules)
    return sorted(found, key=lambda one: (-one.excess, one.day, one.project, one.model or "", one.kind)), judged


def days_needed(days: Period) -> Period:
    """`days` and those before that they are compared with."""
    return Period(days.start - timedelta(days=HISTORY_DAYS + SKIPPED_DAYS), days.end)


def _of_cost(
    project: str,
    model: str | None,
    day: date,
    used: Mapping[date, _Day],
    observed: Sequence[date],
    rules: AnomalyRules,
    holidays: Collection[date],
) -> list[Anomaly]:
    """Days on which others used something and this project nothing of the model cost 0; what came before its first use tells nothing."""
    first = min(used)
    before: dict[date, Decimal] = {}
    for one in observed:
        if first <= one < day:
            cost = used[one].cost if one in used else money.ZERO
            if cost is not None:
                before[one] = cost
    actual, found = used[day].cost, usual(before, day, rules, holidays)
    if found is None or actual is None or actual <= found.high:
        return []
    excess = money.total([actual, -found.expected])
    if excess < rules.floor:
        return []
    words = cost_words(project, model, day, actual, found.expected, found.high, is_holiday=day in holidays)
    return [_anomaly(project, model, day, COST, None, found, actual, excess, words)]


def _of_unit_cost(project: str, model: str | None, day: date, used: Mapping[date, _Day], rules: AnomalyRules) -> list[Anomaly]:
    unit = PER_REQUEST if used[day].requests > 0 else PER_MILLION_TOKENS
    rates = {one: rate for one, what in used.items() if one <= day and (rate := _rate(what, unit)) is not None}
    found = usual_rate(rates, day, rules)
    if day not in rates or found is None:
        return []
    actual = rates[day]
    if actual <= found.high:
        return []
    units = _units(used[day], unit)
    with money.exactly():
        excess = money.exact((actual - found.expected) * units)
    if excess < rules.floor:
        return []
    words = unit_cost_words(project, model, day, actual, found.expected, excess, unit)
    return [_anomaly(project, model, day, UNIT_COST, unit, found, actual, excess, words)]


def _rate(what: _Day, unit: str) -> Decimal | None:
    units = _units(what, unit)
    if what.cost is None or what.cost <= 0 or units <= 0:
        return None
    return money.exact(money.in_proportion(what.cost, Decimal(1), units))


def _units(what: _Day, unit: str) -> Decimal:
    with money.exactly():
        return what.requests if unit == PER_REQUEST else what.tokens.scaleb(-6)


def _anomaly(
    project: str,
    model: str | None,
    day: date,
    kind: str,
    unit: str | None,
    found: Usual,
    actual: Decimal,
    excess: Decimal,
    words: str,
) -> Anomaly:
    return Anomaly(
        day=day,
        project=project,
        model=model,
        kind=kind,
        unit=unit,
        expected=found.expected,
        low=found.low,
        high=found.high,
        actual=actual,
        excess=excess,
        compared_days=found.days,
        words=words,
    )
