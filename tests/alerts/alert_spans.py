"""Nine months of a growing project, of which a check's own rows hold two: what the database would sum for a budget of a long span."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from alert_samples import cost

from usage_pipeline import money
from usage_pipeline.alerts.more import More
from usage_pipeline.periods import Period
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.budgets import Budget
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.notices import Link

MILLION = 1_000_000


def growing(first: date, last: date) -> list[DailyCost]:
    """Weekly rhythm, growth, a model that takes over, a cache that is used more and more; the user is known of half."""
    rows: list[DailyCost] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        busy = Decimal("1.2") if day.weekday() < 5 else Decimal("0.3")
        grown = Decimal(100 + number) / 100 * busy
        spike = Decimal("2.6") if day.day == 14 and day.month == last.month else Decimal(1)
        cached = min(Decimal("0.6"), Decimal(number) / 200)
        for model, operation, user, part, price in (
            ("gpt-5", "chat", "u-17", Decimal("1.2"), Decimal("1.25")),
            ("claude-sonnet-4-5", "improvement", "u-04", Decimal(number) / 90, Decimal(3)),
            ("gemini-2.5-pro", "chat", None, Decimal("0.8"), Decimal("1.25")),
        ):
            millions = (part * grown * spike).quantize(Decimal("0.000001"))
            for meter, share, each in (
                ("input", 1 - cached, price),
                ("cache_read", cached, price / 10),
                ("output", Decimal("0.3"), price * 5),
            ):
                units = (millions * share * MILLION).quantize(Decimal(1))
                amount = money.multiply(units, each / MILLION)
                rows.append(cost(day, money.text(amount), model=model, operation=operation, user=user, meter=meter, quantity=units))
    return [row for row in rows if row.quantity]


def more_of(rows: Sequence[DailyCost]) -> More:
    """As storage.period_sums and the daily sums would say it of `rows`."""

    def sums(budget: Budget, periods: Sequence[Period]) -> list[DailyCost]:
        return [replace(row, day=one.start) for one in periods for row in rows if row.day in one and budget.counts(row)]

    def amounts(budget: Budget, days: Period) -> dict[date, Decimal]:
        known = {row.day for row in rows if row.day in days and budget.counts(row)}
        return {day: money.total([row.cost for row in rows if row.day == day and budget.counts(row)]) for day in sorted(known)}

    return More(sums=sums, amounts=amounts, savings=lambda: [SAVING], links=lambda project, _day: LINKS if project else [])


SAVING = Advice(
    project="support-portal", provider="openai", model="gpt-5", kind="cheaper_model", proposal="gpt-5-mini", requests=1200, tokens=900,
    cost=Decimal("210.40"), would_cost=Decimal("42.08"), saving=Decimal("168.32"), percent=Decimal(80), words="Estimate",
)  # fmt: skip
LINKS = [
    Link(text="Statement so far", url="/srv/usage/reports/2026-10/projects/support-portal/statement.pdf"),
    Link(text="Dagster", url="https://dagster.example.org/runs/5e1f"),
]
