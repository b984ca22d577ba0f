"""A day, a week and a month of the invented organisation as the facts of a digest, with all that a page can hold."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from invented_month import ORGANISATION, daily_rows, explain, projects, row, status

from usage_pipeline.periods import ONE_DAY, Period, month_of
from usage_pipeline.reports.span_facts import FindingTold, Outlook, SpanFacts, at_risk
from usage_pipeline.tables.anomalies import COST, Anomaly
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.months import KEY
from usage_pipeline.tables.spans import DAY, Span, day_span, month_span, week_span
from usage_pipeline.tables.summary import known_total
from usage_pipeline.tables.unpriced import unpriced_of

LAST = date(2026, 10, 12)
DAY_SPAN, WEEK_SPAN, MONTH_SPAN = day_span(LAST), week_span(LAST), month_span(LAST)
WORDS = "85 requests have no rate: their cost is unknown, not 0, as no catalog names their model. The statement lists them."


def two_months() -> list[DailyCost]:
    """October, and September with other amounts: the same days of a smaller organisation."""
    september = [replace(one, day=one.day - timedelta(days=30)) for one in daily_rows(count=11) if one.day > date(2026, 10, 1)]
    return [*september, *daily_rows()]


def facts(span: Span, rows: list[DailyCost] | None = None, **values: Any) -> SpanFacts:
    known = two_months() if rows is None else rows
    days = span.period
    compared = span.compared_with(days)
    ours = [one for one in known if one.day in days]
    cost = known_total(one.cost for one in ours)
    spent = cost or Decimal(0)
    month = month_of(days.last)
    budgets = [
        status(None, "100", Decimal(120), level="critical", threshold=Decimal(100)),
        *(status(one.id, "100", Decimal(90 - number), forecast=Decimal(130)) for number, one in enumerate(projects(6))),
    ]
    trend = Period(days.end - timedelta(days=28), days.end)
    found: dict[str, Any] = {
        "span": span, "days": days, "compared": compared, "organisation": ORGANISATION, "projects": tuple(projects()),
        "rows": ours, "before": [one for one in known if one.day in compared],
        "day_before": Decimal("12.34") if span.kind == DAY else None,
        "trend": tuple((day, known_total(one.cost for one in known if one.day == day)) for day in trend.days()),
        "outlook": Outlook(
            month=month, through=days.last, spent=spent, forecast=spent * 2, low=spent, high=spent * 3, method="weekly"
        ),
        "budgets": at_risk(budgets), "budgets_count": 9,
        "anomalies": tuple(
            Anomaly(
                day=days.last - ONE_DAY * number, project="support-copilot", model="claude-sonnet-4-5", kind=COST, unit=None,
                expected=Decimal(2), low=Decimal(1), high=Decimal(3), actual=Decimal(90), excess=Decimal(88), compared_days=20, words="x",
            )
            for number in range(5)
        ),
        "unpriced": tuple(explain(one) for one in unpriced_of(ours)),
        "findings": tuple(
            FindingTold(code=f"code{number}", blocks=number < 1, amount=None if number else Decimal("0.91"), unknown="why", words=WORDS)
            for number in range(5)
        ),
        "finality": FinalityTold(state="open", words="The figures of October 2026 are open and can still change: the bill ends early."),
        "grade": Grade(letter="B", measures=()),
    }  # fmt: skip
    return SpanFacts(**(found | values))


def many_unpriced(days: Period, count: int = 6) -> list[DailyCost]:
    """Usage of models that nobody knows, on the last of the days."""
    assert "day" not in KEY
    return [
        row(
            day=days.last, project="sandbox", provider="openai", model=f"mystery-model-of-a-long-name-{number}", basis="unpriced",
            unpriced_reason="unresolved_model", meter="requests", quantity=Decimal(9), requests=9, unpriced_events=9,
        )
        for number in range(count)
    ]  # fmt: skip
