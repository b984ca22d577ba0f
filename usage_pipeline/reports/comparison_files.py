"""The comparison for machines and spreadsheets: JSON with all facts, CSV and XLSX with a row a project. Exact, never rounded."""

import dataclasses
import json
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import start_of
from usage_pipeline.reports.comparison_facts import Compared, ComparisonFacts
from usage_pipeline.reports.formats.xlsx import workbook_of
from usage_pipeline.reports.plain import plain
from usage_pipeline.reports.sheets import DAY, MONEY, NUMBER, PERCENT, TEXT, Column, Sheet, Value
from usage_pipeline.reports.typed_rows import Row, csv_rows, sheet_of
from usage_pipeline.tables.causes import CACHE, CHARGES, MIX, PRICE, VOLUME

NAME = "comparison"
PROJECTS, DAILY = "Projects", "Rows by day"
CAUSES = (VOLUME, PRICE, MIX, CACHE, CHARGES)
_MONEY = (
    "cost", "billed", "estimated", "cost_before", "change", *CAUSES, "budget_limit", "budget_spent", "forecast", "forecast_low",
    "forecast_high", "cost_per_request", "cost_per_1000_tokens",
)  # fmt: skip
_NUMBERS = ("requests", "failed_requests", "tokens", "unpriced_events", "credits")
HEADS = (
    "period", "project", "name", "cost", "percent", "billed", "estimated", "cost_before", "change", "change_percent", *CAUSES, "main_cause",
    "budget_limit", "budget_spent", "budget_percent", "forecast", "forecast_low", "forecast_high", "requests", "failed_requests",
    "failure_percent", "cost_per_request", "tokens", "cost_per_1000_tokens", "cache_percent", "batch_percent", "credits", "grade",
    "unpriced_events", "currency",
)  # fmt: skip


def _kind(head: str) -> str:
    if head == "percent" or head.endswith("_percent"):
        return PERCENT
    return MONEY if head in _MONEY else NUMBER if head in _NUMBERS else TEXT


COLUMNS = tuple(Column(head=head, kind=_kind(head), width=max(12, len(head) + 3)) for head in HEADS)


def values_of(one: Compared, facts: ComparisonFacts) -> dict[str, Value]:
    """A line by the heads of the CSV; null where not known."""
    sums, budget, outcome, causes = one.sums, one.budget, one.outcome, one.causes
    whole = facts.whole.cost
    known = one.cost is not None
    return {
        "period": facts.span.name,
        "project": one.project,
        "name": next((project.name for project in facts.projects if project.id == one.project), None),
        "cost": one.cost,
        "percent": money.percent(one.cost, whole) if one.cost is not None and whole else None,
        "billed": sums.cost_billed if known else None,
        "estimated": sums.cost_estimated if known else None,
        "cost_before": one.before,
        "change": one.change,
        "change_percent": money.percent(one.change, abs(one.before)) if one.change is not None and one.before else None,
        **(dict(causes.parts) if causes is not None else {}),
        "main_cause": causes.main[0] if causes is not None and causes.change else None,
        **({"budget_limit": budget.limit, "budget_spent": budget.spent, "budget_percent": budget.percent} if budget else {}),
        **({"forecast": outcome.mean, "forecast_low": outcome.low, "forecast_high": outcome.high} if outcome else {}),
        "requests": sums.requests,
        "failed_requests": sums.failed_requests,
        "failure_percent": one.failure_percent,
        "cost_per_request": one.cost_per_request,
        "tokens": sums.tokens,
        "cost_per_1000_tokens": one.cost_per_1000_tokens,
        "cache_percent": one.cache_percent,
        "batch_percent": one.batch_percent,
        "credits": sums.credits,
        "grade": None if one.grade is None else one.grade.letter,
        "unpriced_events": sums.unpriced_events,
        "currency": facts.currency,
    }


def row_of(one: Compared, facts: ComparisonFacts) -> Row:
    values = values_of(one, facts)
    return tuple(values.get(head) for head in HEADS)


def csv_of(facts: ComparisonFacts) -> bytes:
    """A row a project, and no total: rows are for adding up."""
    return csv_rows(COLUMNS, [row_of(one, facts) for one in facts.lines], with_bom=facts.looks.excel_bom)


def xlsx_of(facts: ComparisonFacts) -> bytes:
    return workbook_of(
        sheets_of(facts),
        title=f"Comparison across projects {facts.span.name}",
        author=facts.organisation.name,
        comments=facts.finality.state,
        moment=start_of(facts.days.last),
        paper=facts.looks.paper,
    )


def sheets_of(facts: ComparisonFacts) -> list[Sheet]:
    """The projects with their total, and what each cost on each day, for a pivot table."""
    total = row_of(facts.whole, facts)
    rows = [row_of(one, facts) for one in facts.lines]
    place = HEADS.index("project")
    named = (*total[:place], "Total", *total[place + 1 :])
    columns = (
        Column(head="day", kind=DAY, width=12), Column(head="project", width=28), Column(head="cost", kind=MONEY, width=20),
        Column(head="currency", width=10),
    )  # fmt: skip
    daily = [(day, one.project, cost, facts.currency) for one in facts.lines for day, cost in one.daily if cost is not None]
    kept = sheet_of(PROJECTS, COLUMNS, rows, total=named)
    return [kept, Sheet(name=DAILY, columns=columns, rows=daily)]


def json_of(facts: ComparisonFacts) -> bytes:
    """Keys in a fixed order; money is a plain decimal string, null where unknown."""
    document = {
        "report": NAME,
        "period": facts.span.name,
        "from": facts.days.start,
        "to": facts.days.last,
        "compared_from": facts.compared.start,
        "compared_to": facts.compared.last,
        "currency": facts.currency,
        "finality": facts.finality.state,
        "finality_words": facts.finality.words,
        "grade": None if facts.whole.grade is None else facts.whole.grade.letter,
        "grade_reasons": [] if facts.whole.grade is None else list(facts.whole.grade.reasons),
        "cost": facts.whole.cost,
        "cost_before": facts.whole.before,
        "days": facts.days.days_count,
        "days_with_data": facts.days_present,
        "compared_days": facts.compared.days_count,
        "compared_days_with_data": facts.compared_present,
        "total": _line(facts.whole, facts),
        "projects": [_line(one, facts) for one in facts.lines],
    }
    return (json.dumps(plain(document), ensure_ascii=False, indent=1) + "\n").encode()


def _line(one: Compared, facts: ComparisonFacts) -> dict[str, Any]:
    values = values_of(one, facts)
    return {head: values.get(head) for head in HEADS[1:-1]} | {
        "grade_reasons": [] if one.grade is None else list(one.grade.reasons),
        "budget": None if one.budget is None else dataclasses.asdict(one.budget),
        "daily": [{"day": day, "cost": cost} for day, cost in one.daily],
    }
