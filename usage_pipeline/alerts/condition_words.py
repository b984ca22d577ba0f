"""What is told of an anomaly, of requests over a limit and of money that nothing explains: rows in, sentences out."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline.alerts import words
from usage_pipeline.tables.anomalies import COST, PER_REQUEST, Anomaly
from usage_pipeline.tables.budgets import TOKENS
from usage_pipeline.tables.request_limits import LimitViolation

MAX_TOKENS = "max_tokens"


def anomaly_words(one: Anomaly, currency: str) -> str:
    """'portal spent $31.20 on gpt-5 on Tue 20 Oct: 7.8 times what such a day usually costs, $4.00 (up to $5.10 is usual).'"""
    what, day = words.plain(one.model or "charges without a model"), words.short_day(one.day)
    actual, expected = words.amount(one.actual, currency, currency), words.amount(one.expected, currency, currency)
    times = f"{one.actual / one.expected:,.1f} times " if one.expected > 0 else "against "
    project = words.plain(one.project)
    if one.kind == COST:
        high = words.amount(one.high, currency, currency)
        return f"{project} spent {actual} on {what} on {day}: {times}what such a day usually costs, {expected} (up to {high} is usual)."
    unit = "a request" if one.unit == PER_REQUEST else "per million tokens"
    excess = words.amount(one.excess, currency, currency)
    return f"{project} paid {actual} {unit} for {what} on {day}: {times}the usual {expected}, which made the day {excess} dearer."


def violation_words(rows: Sequence[LimitViolation], day: date, currency: str) -> str:
    """How many requests of a day went over a limit on one request, and by how much the worst did."""
    worst = max(rows, key=lambda one: one.amount / one.limit if one.limit else one.amount)
    what = "1 request" if len(rows) == 1 else f"{len(rows):,} requests"
    unit = TOKENS if worst.measure == MAX_TOKENS else currency
    had, may = words.amount(worst.amount, unit, currency), words.figure(worst.limit, unit, currency, short=True)
    of = ", ".join(words.plain(one) for one in (worst.operation, worst.model) if one is not None)
    return (
        f"On {words.short_day(day)} {what} went over the limit on one request. The worst took {had} where {may} is the limit"
        f"{f' ({of})' if of else ''}. `usage-pipeline budgets violations --from {day} --to {day}` lists them."
    )


def gap_words(amount: Decimal, count: int, since: date, currency: str) -> str:
    """Money on which the views differ for no known cause."""
    places = "1 place" if count == 1 else f"{count:,} places"
    return (
        f"Since {words.day(since)} bills, the providers' counts and logs differ by {words.amount(amount, currency, currency)} for no known"
        f" reason, in {places}: too much for the month to be closed."
    )
