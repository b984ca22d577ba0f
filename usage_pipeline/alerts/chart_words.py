"""Facts in, the chart of a budget's days out, with the words that say the same to who sees no picture."""

from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts import words
from usage_pipeline.alerts.chart import BARS_MAX, Bar
from usage_pipeline.alerts.facts import Facts
from usage_pipeline.alerts.letter import ChartView
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.tables.budgets import COUNTED_UNITS

DAYS_BEFORE = 13
"""How many days are shown before that of a day's budget."""


def chart_of(facts: Facts, currency: str) -> ChartView | None:
    """None where fewer than two days are known."""
    shown = _shown(facts)
    past = [(day, facts.daily.get(day, money.ZERO)) for day in shown.days() if day <= facts.status.as_of]
    known = [(day, amount) for day, amount in past if day in facts.daily]
    if len(known) <= 1:
        return None
    step = -(-shown.days_count // BARS_MAX)
    line = money.share_of(facts.status.limit, 1, facts.period.days_count)
    expected = _expected(facts)
    amounts = [*past, *((day, expected) for day in shown.days() if day > facts.status.as_of)]
    bars = [
        Bar(money.total([amount for _, amount in amounts[place : place + step]]), is_expected=amounts[place][0] > facts.status.as_of)
        for place in range(0, len(amounts), step)
    ]
    said = _said(known, line, facts, currency)
    a_day = words.amount(line, facts.status.unit, currency)
    return ChartView(
        bars=tuple(bars),
        line=money.total([line] * step),
        head=f"{facts.status.unit.capitalize() if facts.status.unit in COUNTED_UNITS else 'Spending'} a day",
        alt=f"Chart of the days {said}",
        sentence=f"The days {said}",
        caption=f"{a_day} a day {'is the limit' if facts.noun == 'day' else 'would end at the limit'}",
        first=_label(shown.start),
        last=_label(shown.last),
    )


def _shown(facts: Facts) -> Period:
    if facts.period.days_count > 1:
        return facts.period
    return Period(facts.status.as_of - ONE_DAY * DAYS_BEFORE, facts.status.as_of + ONE_DAY)


def _expected(facts: Facts) -> Decimal:
    """What the forecast leaves for each day to come."""
    if facts.status.forecast is None or facts.has_ended or facts.status.forecast <= facts.status.spent:
        return money.ZERO
    return money.share_of(money.total([facts.status.forecast, facts.status.spent.copy_negate()]), 1, facts.days_left)


def _said(known: list[tuple[date, Decimal]], line: Decimal, facts: Facts, currency: str) -> str:
    """'1–23 Oct: from $10.40 to $21.60 a day, the most on 14 October; 9 of 23 are above the $16.13 a day that the limit allows.'"""
    least, most = min(known, key=lambda pair: pair[1]), max(known, key=lambda pair: pair[1])
    low, high, allowed = (words.amount(amount, facts.status.unit, currency) for amount in (least[1], most[1], line))
    above = sum(amount > line for _, amount in known)
    days = words.short_days(Period(known[0][0], known[-1][0] + ONE_DAY))
    sizes = f"{high} each day" if low == high else f"from {low} to {high} a day, the most on {words.day(most[0])}"
    return f"{days}: {sizes}; {above} of {len(known)} are above the {allowed} a day that the limit allows."


def _label(day: date) -> str:
    return f"{day.day} {day:%b}"
