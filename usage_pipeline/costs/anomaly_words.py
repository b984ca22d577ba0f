"""What an anomaly says, in a sentence that a mail can carry."""

from datetime import date
from decimal import Decimal

from usage_pipeline.tables.anomalies import PER_REQUEST

_SMALL = Decimal("0.1")


def cost_words(project: str, model: str | None, day: date, actual: Decimal, expected: Decimal, high: Decimal, *, is_holiday: bool) -> str:
    """`portal spent 31.20 on gpt-5 on Tuesday 2026-10-20: 7.8 times the usual 4.00 of a Tuesday (up to 5.10 is usual)`."""
    alike = "a holiday" if is_holiday else f"a {day:%A}"
    return (
        f"{project} spent {shown(actual)} on {model or 'charges without a model'} on {day:%A} {day}: {_times(actual, expected)}the usual "
        f"{shown(expected)} of {alike} (up to {shown(high)} is usual)"
    )


def unit_cost_words(project: str, model: str | None, day: date, actual: Decimal, expected: Decimal, excess: Decimal, unit: str) -> str:
    """`portal paid 0.0412 a request to gpt-5 on Tuesday 2026-10-20: 2.1 times the usual 0.0196, which made 18.20 more`."""
    what = "a request" if unit == PER_REQUEST else "per million tokens"
    return (
        f"{project} paid {shown(actual)} {what} for {model or 'charges without a model'} on {day:%A} {day}: {_times(actual, expected)}"
        f"the usual {shown(expected)}, which made {shown(excess)} more"
    )


def _times(actual: Decimal, expected: Decimal) -> str:
    return f"{actual / expected:,.1f} times " if expected > 0 else "against "


def shown(amount: Decimal) -> str:
    """Cents; below ten cents, three digits that count."""
    if amount and abs(amount) < _SMALL:
        return f"{amount:.{2 - amount.adjusted()}f}"
    return f"{amount:,.2f}"
