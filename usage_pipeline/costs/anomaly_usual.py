"""What days cost before in, what a day like one of them usually costs out: by median and median deviation, which odd days do not move."""

import statistics
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.anomalies import AnomalyRules

HISTORY_DAYS = 56
SKIPPED_DAYS = 3
"""So many days just before a day are not looked at."""
YOUNGEST_DAYS = 5
"""With fewer days before, nothing is usual yet."""
ALIKE_DAYS = 4
"""With fewer days of its kind, a day is compared with all days, and allowed more."""
SUNDAY, SATURDAY = 6, 5

_SPREAD = Decimal("1.4826")
"""Median deviation × this is the standard deviation of a normal distribution."""
_LEAST_SPREAD, _LEAST_SPREAD_YOUNG = Decimal("0.1"), Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Usual:
    """What days like one usually cost."""

    expected: Decimal
    low: Decimal
    high: Decimal
    days: int


def usual(before: Mapping[date, Decimal], day: date, rules: AnomalyRules, holidays: Collection[date] = ()) -> Usual | None:
    """What a day like `day` costs by the days `before` it; null where these are too few."""
    history = _looked_at(before, day)
    if len(history) < YOUNGEST_DAYS:
        return None
    kind = _kind(day, holidays)
    alike = {one: amount for one, amount in history.items() if _kind(one, holidays) == kind}
    is_young = len(alike) < ALIKE_DAYS
    compared = history if is_young else alike
    least = _LEAST_SPREAD_YOUNG if is_young else _LEAST_SPREAD
    rivals = history if is_young else {one: amount for one, amount in history.items() if _is_off(one, holidays) == _is_off(day, holidays)}
    return _usual(compared, _typical_deviation(history, holidays), least, _twice(rivals), rules)


def usual_rate(before: Mapping[date, Decimal], day: date, rules: AnomalyRules) -> Usual | None:
    """The same of what a unit costs: no day of the week has prices of its own."""
    history = _looked_at(before, day)
    return _usual(history, money.ZERO, _LEAST_SPREAD, _twice(history), rules) if len(history) >= YOUNGEST_DAYS else None


def _looked_at(before: Mapping[date, Decimal], day: date) -> dict[date, Decimal]:
    return {one: amount for one, amount in before.items() if SKIPPED_DAYS < (day - one).days <= HISTORY_DAYS + SKIPPED_DAYS}


def _usual(compared: Mapping[date, Decimal], typical: Decimal, least: Decimal, twice: Decimal, rules: AnomalyRules) -> Usual:
    values = list(compared.values())
    with money.exactly():
        expected = statistics.median(values)
        own = statistics.median([abs(value - expected) for value in values])
        spread = max(_SPREAD * own, _SPREAD * typical * expected, least * expected)
        beyond = rules.deviations * spread
        low, high = max(money.ZERO, expected - beyond), max(expected + beyond, twice)
        return Usual(money.exact(expected), money.exact(low), money.exact(high), len(values))


def _typical_deviation(history: Mapping[date, Decimal], holidays: Collection[date]) -> Decimal:
    """The median deviation of days from the median of their kind, as a part of it: few days of one kind tell it badly."""
    kinds: dict[int, list[Decimal]] = defaultdict(list)
    for one, amount in history.items():
        kinds[_kind(one, holidays)].append(amount)
    middles = {kind: statistics.median(values) for kind, values in kinds.items() if len(values) > 1}
    parts = [money.in_proportion(abs(money.total([amount, -middle])), Decimal(1), middle)
             for one, amount in history.items() if (middle := middles.get(_kind(one, holidays), money.ZERO)) > 0]  # fmt: skip
    return statistics.median(parts) if parts else money.ZERO


def _twice(history: Mapping[date, Decimal]) -> Decimal:
    """The most that was reached twice, some days apart."""
    ranked = sorted(history, key=lambda one: (-history[one], one))
    return next((history[one] for one in ranked if abs((one - ranked[0]).days) > SKIPPED_DAYS), money.ZERO)


def _kind(day: date, holidays: Collection[date]) -> int:
    return SUNDAY if day in holidays else day.weekday()


def _is_off(day: date, holidays: Collection[date]) -> bool:
    return _kind(day, holidays) >= SATURDAY
