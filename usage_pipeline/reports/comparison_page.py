"""The comparison as its pages show it: words and drawings, amounts rounded to cents that add up. In: the facts. Out: a plain mapping."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import start_of
from usage_pipeline.reports import charts, words
from usage_pipeline.reports.comparison_facts import Compared, ComparisonFacts, Outcome
from usage_pipeline.reports.comparison_files import CAUSES
from usage_pipeline.reports.focus_rows import stamp
from usage_pipeline.reports.front import initial_of
from usage_pipeline.reports.heat import outline
from usage_pipeline.reports.looks_page import looks_page
from usage_pipeline.reports.span_lines import signed
from usage_pipeline.reports.span_page import days_text
from usage_pipeline.reports.tables import width
from usage_pipeline.tables.budgets import BudgetStatus
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.forecasts import STRAIGHT
from usage_pipeline.tables.looks import LETTER
from usage_pipeline.tables.summary import known_total

KICKER = "Comparison across projects"
BARS_MOST, SMALL_MOST = 12, 12
NAME_MOST = 60
SMALL_WIDTH, SMALL_HEIGHT = Decimal(124), Decimal(34)


def page_of(facts: ComparisonFacts, attached: str) -> dict[str, Any]:
    """All that the template asks for. `attached` is the name of the CSV inside the PDF."""
    number, month = f"CP-{facts.span.name}", words.month_text(facts.span.period)
    lines = _lines(facts)
    return {
        **looks_page(facts.looks),
        "is_letter": facts.looks.paper == LETTER,
        "organisation": words.clean(facts.organisation.name),
        "initial": initial_of(facts.organisation.name),
        "number": number,
        "kicker": KICKER,
        "heading": month,
        "title": f"{KICKER}, {month}",
        "created": stamp(start_of(facts.days.last)),
        "facts": [
            ("Report", number),
            ("Days", days_text(facts.days)),
            ("Compared with", days_text(facts.compared)),
            ("Currency", facts.currency),
        ],
        "finality": facts.finality.state.capitalize(),
        "grade": "" if facts.whole.grade is None else facts.whole.grade.letter,
        "total": "no data" if facts.whole.cost is None else words.total_amount(facts.whole.cost, facts.currency),
        "change": _change(facts),
        "kpis": _kpis(facts),
        "is_empty": not facts.lines,
        "is_running": facts.is_running,
        "compares": facts.whole.causes is not None,
        "bars": _bars(facts),
        "bars_left": max(0, len(facts.lines) - BARS_MOST),
        "small": [_small(one, facts) for one in facts.lines[:SMALL_MOST] if one.cost],
        "spark_width": str(charts.SPARK_STEP * facts.days.days_count),
        "lines": lines,
        "whole": _total(facts, lines),
        "cost_width": words.column_width((line["cost"] for line in lines), 20),
        "foot": _foot(facts, attached),
    }


def label_of(one: Compared, facts: ComparisonFacts) -> str:
    if one.project == UNATTRIBUTED:
        return words.UNKNOWN["project"]
    known = next((words.project_name(project) for project in facts.projects if project.id == one.project), None)
    return words.clean(known or one.project or "", NAME_MOST) or repr(one.project)


def _lines(facts: ComparisonFacts) -> list[dict[str, Any]]:
    """The table's lines: costs of both months in cents that add up, each change their difference, its causes the parts of that."""
    new = money.round_parts([one.cost for one in facts.lines])
    old = money.round_parts([one.before for one in facts.lines])
    return [_line(one, facts, cost, before) for one, cost, before in zip(facts.lines, new, old, strict=True)]


def _line(one: Compared, facts: ComparisonFacts, cost: Decimal | None, before: Decimal | None) -> dict[str, Any]:
    currency, compares = facts.currency, one.causes is not None
    change = money.total([cost, -(before or money.ZERO)])
    causes = _cause_cents(one, change)
    says = compares and (cost is not None or before is not None)
    return {
        "label": label_of(one, facts),
        "muted": one.project == UNATTRIBUTED,
        "cost": words.amount(cost, currency) if cost is not None else ("unpriced" if one.sums.unpriced_events else words.NONE),
        "percent": words.percent(money.percent(one.cost, facts.whole.cost)) if one.cost is not None and facts.whole.cost else words.NONE,
        "before": words.NONE if before is None else words.amount(before, currency),
        "change": signed(change, currency) if says else words.NONE,
        "moved": words.change(cost or money.ZERO, before or money.ZERO, 0) if says and facts.is_whole else "",
        "up": says and change > 0,
        "causes": [signed(part, currency) if part else words.NONE for part in causes] if says else [words.NONE] * len(CAUSES),
        "change_cents": change if says else money.ZERO,
        "cause_cents": causes if says else [money.ZERO] * len(CAUSES),
        "spark": outline(charts.spark([amount or money.ZERO for _, amount in one.daily])),
        **_quality(one, facts),
    }


def _cause_cents(one: Compared, change: Decimal) -> list[Decimal]:
    """The causes in cents that sum to the change as it is shown: what is left goes to the largest."""
    if one.causes is None:
        return [money.ZERO] * len(CAUSES)
    parts = [amount for _, amount in one.causes.parts]
    rounded = [amount or money.ZERO for amount in money.round_parts(parts)]
    largest = max(range(len(parts)), key=lambda place: abs(parts[place]))
    rounded[largest] = money.total([rounded[largest], change, *(-amount for amount in rounded)])
    return rounded


def _quality(one: Compared, facts: ComparisonFacts) -> dict[str, Any]:
    currency, outcome = facts.currency, one.outcome
    return {
        "budget": _budget(one.budget, facts),
        "forecast": words.NONE if outcome is None else words.amount(outcome.mean, currency),
        "range": "" if outcome is None else _range(outcome, currency),
        "requests": words.count(one.sums.requests) if one.sums.requests else words.NONE,
        "per_request": words.NONE if one.cost_per_request is None else words.amount(one.cost_per_request, currency, 4),
        "tokens": words.compact(one.sums.tokens) if one.sums.tokens else words.NONE,
        "per_tokens": words.NONE if one.cost_per_1000_tokens is None else words.amount(one.cost_per_1000_tokens, currency, 4),
        "cache": words.percent(one.cache_percent),
        "batch": words.percent(one.batch_percent),
        "failed": words.percent(one.failure_percent),
        "unpriced": words.count(one.sums.unpriced_events) if one.sums.unpriced_events else "",
        "grade": words.NONE if one.grade is None else one.grade.letter,
    }


def _range(outcome: Outcome, currency: str) -> str:
    mark = "*" if outcome.method == STRAIGHT else ""
    return f"{words.amount(outcome.low, currency, 0)}–{words.amount(outcome.high, currency, 0)}{mark}"


def _budget(one: BudgetStatus | None, facts: ComparisonFacts) -> dict[str, Any]:
    if one is None:
        return {"limit": words.NONE, "percent": "", "width": "0%", "over": False}
    places = 0 if one.limit == one.limit.to_integral_value() else 2
    return {
        "limit": words.amount(one.limit, facts.currency, places),
        "percent": words.percent(one.percent, 0),
        "width": width(one.percent),
        "over": one.spent > one.limit,
    }


def _total(facts: ComparisonFacts, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The organisation's line: sums of what stands above it, and its own rates and budget."""
    whole, currency = facts.whole, facts.currency
    new = known_total(money.round_parts([one.cost for one in facts.lines]))
    old = known_total(money.round_parts([one.before for one in facts.lines]))
    compares = whole.causes is not None
    change = money.total([line["change_cents"] for line in lines])
    causes = [money.total([line["cause_cents"][place] for line in lines]) for place, _ in enumerate(CAUSES)]
    return {
        "label": "Organisation",
        "cost": words.amount(new, currency) if new is not None else words.NONE,
        "before": words.NONE if old is None else words.amount(old, currency),
        "change": signed(change, currency) if compares else words.NONE,
        "moved": words.change(new or money.ZERO, old or money.ZERO, 0) if compares and facts.is_whole else "",
        "causes": [signed(part, currency) if part else words.NONE for part in causes] if compares else [words.NONE] * len(CAUSES),
        "spark": outline(charts.spark([amount or money.ZERO for _, amount in whole.daily])),
        **_quality(whole, facts),
    }


def _change(facts: ComparisonFacts) -> str:
    before = facts.whole.before
    if before is None or facts.whole.cost is None:
        return f"nothing is known of {days_text(facts.compared)}"
    percent = f", {words.change(facts.whole.cost, before)}" if facts.is_whole else ""
    moved = money.total([facts.whole.cost.quantize(money.CENT), -before.quantize(money.CENT)])
    return f"{signed(moved, facts.currency)}{percent} from {words.amount(before, facts.currency)}"


def _kpis(facts: ComparisonFacts) -> list[tuple[str, str, str]]:
    whole, currency = facts.whole, facts.currency
    named = [one for one in facts.lines if one.project != UNATTRIBUTED]
    over = sum(one.budget is not None and one.budget.spent > one.budget.limit for one in named)
    with_budget = sum(one.budget is not None for one in named)
    grown = sum((one.change or money.ZERO) > 0 for one in named)
    unowned = whole.sums.cost_unattributed
    outcome = whole.outcome
    last = (
        ("Forecast", words.amount(outcome.mean, currency), "for the whole month")
        if outcome is not None
        else ("Cost more than before", words.plural(grown, "project"), f"of {words.count(len(named))}")
    )
    share = words.percent(money.percent(unowned, whole.sums.cost))
    return [
        ("Projects", words.count(len(named)), f"{words.count(sum(bool(one.cost) for one in named))} with cost"),
        ("Over budget", words.plural(over, "project"), f"of {words.count(with_budget)} with a monthly budget"),
        ("Without a project", words.amount(unowned, currency), f"{share} of the cost"),
        last,
    ]


def _bars(facts: ComparisonFacts) -> list[dict[str, str]]:
    """The dearest, each against the month before: the bar is now, the mark is before."""
    shown = facts.lines[:BARS_MOST]
    most = max((max(one.cost or money.ZERO, one.before or money.ZERO) for one in shown), default=money.ZERO)
    cents = money.round_parts([one.cost for one in facts.lines])
    return [
        {
            "label": label_of(one, facts),
            "width": width(money.percent(max(one.cost or money.ZERO, money.ZERO), most or Decimal(1))),
            "mark": "" if one.before is None else width(money.percent(max(one.before, money.ZERO), most or Decimal(1))),
            "cost": words.NONE if cost is None else words.amount(cost, facts.currency),
        }
        for one, cost in zip(shown, cents, strict=False)
    ]


def _small(one: Compared, facts: ComparisonFacts) -> dict[str, Any]:
    """One small chart of daily cost, on a scale of its own whose top is written beside it."""
    values = [amount or money.ZERO for _, amount in one.daily]
    top = max([*values, money.ZERO])
    column = SMALL_WIDTH / len(values)
    bars = [
        charts.Box(
            x=charts.at(column * place + column * Decimal("0.12")),
            y=charts.at(SMALL_HEIGHT - tall),
            width=charts.at(column * Decimal("0.76")),
            height=charts.at(tall),
        )
        for place, value in enumerate(values)
        if (tall := (max(value, money.ZERO) / top * (SMALL_HEIGHT - 2) if top else money.ZERO)) > Decimal("0.05")
    ]
    highest = words.short_amount(top, facts.currency) if top >= money.CENT else words.total_amount(top, facts.currency)
    label = label_of(one, facts)
    return {"label": label, "top": highest, "bars": outline(bars), "alt": f"Cost per day of {label}; highest {highest}"}


def _foot(facts: ComparisonFacts, attached: str) -> str:
    days = ""
    if not facts.is_whole:
        days = (
            f" Data covers {facts.days_present} of {words.plural(facts.days.days_count, 'day')} and {facts.compared_present} of the "
            f"{facts.compared.days_count} compared with, so no change in percent is given."
        )
    is_straight = any(one.outcome and one.outcome.method == STRAIGHT for one in facts.lines)
    line = " * a straight line: less than two weeks of history." if is_straight else ""
    return (
        f"{facts.finality.words}{days} Cost is billed where a bill is, else estimated, as in the statements. Causes are judged within each "
        "project and added up: volume is more or less used, price the same at another price, mix other models or tokens, cache more or "
        "less from cache, charges fees and credits. A request’s cost is of cost whose requests are counted; failures are those of logged "
        f"requests; batch is the part of tokens of which a source tells; a dash is unknown.{line} Amounts are rounded to cents that add "
        f"up; {attached} (attached), the workbook and the JSON beside it carry every digit."
    )
