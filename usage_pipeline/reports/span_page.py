"""A span's facts as what its page shows: words and drawings, amounts rounded to cents that add up. Read by the two templates."""

from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import ONE_DAY, Period, start_of
from usage_pipeline.reports import charts, words
from usage_pipeline.reports.focus_rows import stamp
from usage_pipeline.reports.front import initial_of
from usage_pipeline.reports.looks_page import looks_page
from usage_pipeline.reports.span_facts import SpanFacts
from usage_pipeline.reports.span_lines import (
    WORDS_MOST,
    anomaly,
    budget,
    cents,
    finding,
    moved,
    movers,
    name_of,
    range_text,
    signed,
    unpriced,
)
from usage_pipeline.tables.causes import CACHE, CHARGES, MIX, PRICE, VOLUME
from usage_pipeline.tables.forecasts import STRAIGHT
from usage_pipeline.tables.grades import MEANINGS as MEANINGS_OF_GRADES
from usage_pipeline.tables.looks import LETTER
from usage_pipeline.tables.spans import DAY, MONTH, WEEK
from usage_pipeline.tables.unpriced import total_range

BUDGETS_MOST, ANOMALIES_MOST, UNPRICED_MOST, FINDINGS_MOST = 5, 3, 3, 3
FINALITY_MOST = 260
CHART_HEIGHT = 88
MEANINGS = {
    VOLUME: "more or less used",
    PRICE: "the same, other price",
    MIX: "other models or tokens",
    CACHE: "more or less from cache",
    CHARGES: "fees and credits",
}
KINDS = {DAY: "Daily digest", WEEK: "Weekly digest"}


def page_of(facts: SpanFacts, attached: str, number: str, kicker: str) -> dict[str, Any]:
    """All that the templates ask for. `attached` is the name of the CSV inside the PDF."""
    return {
        **looks_page(facts.looks),
        "is_letter": facts.looks.paper == LETTER,
        "organisation": words.clean(facts.organisation.name),
        "initial": initial_of(facts.organisation.name),
        "number": number,
        "kicker": kicker,
        "heading": heading_of(facts),
        "title": f"{kicker}, {heading_of(facts)}",
        "created": stamp(start_of(facts.days.last)),
        "facts": [
            ("Report", number),
            ("Days", days_text(facts.days)),
            ("Compared with", days_text(facts.compared)),
            ("Currency", facts.currency),
        ],
        "finality": facts.finality.state.capitalize(),
        "grade": None if facts.grade is None else facts.grade.letter,
        "lede": _lede(facts),
        "total": "no data" if facts.cost is None else words.total_amount(facts.cost, facts.currency),
        "change": _change(facts),
        "sure": _sure(facts),
        "outlook": _outlook(facts),
        "causes": _causes(facts),
        "kpis": _kpis(facts),
        "chart": _chart(facts),
        "movers": {name: movers(facts, name) for name in ("project", "model")},
        "compares": facts.cost_before is not None,
        "budgets": [budget(one, facts) for one in facts.budgets[:BUDGETS_MOST]],
        "budgets_left": max(0, len(facts.budgets) - BUDGETS_MOST),
        "budgets_none": "No budget is set." if not facts.budgets_count else f"None of {words.plural(facts.budgets_count, 'budget')} is.",
        "anomalies": [anomaly(one, facts) for one in facts.anomalies[:ANOMALIES_MOST]],
        "anomalies_left": max(0, len(facts.anomalies) - ANOMALIES_MOST),
        "unpriced": [unpriced(one, facts.currency) for one in facts.unpriced[:UNPRICED_MOST]],
        "unpriced_left": max(0, len(facts.unpriced) - UNPRICED_MOST),
        "unpriced_total": range_text(*total_range(facts.unpriced), facts.currency),
        "findings": [finding(one, facts.currency) for one in facts.findings[:FINDINGS_MOST]],
        "findings_left": max(0, len(facts.findings) - FINDINGS_MOST),
        "foot": _foot(facts, attached),
    }


def heading_of(facts: SpanFacts) -> str:
    """'2 October 2026', 'Week 41, 2026', 'October 2026'."""
    if facts.span.kind == DAY:
        return words.day_text(facts.days.start)
    if facts.span.kind == WEEK:
        year, week = facts.span.name.split("-W")
        return f"Week {int(week)}, {year}"
    return words.month_text(facts.span.period)


def days_text(days: Period) -> str:
    """'2 Oct 2026', '5 Oct – 11 Oct 2026'."""
    return words.day_text(days.start) if days.days_count == 1 else f"{words.short_day(days.start)} – {words.day_text(days.last)}"


def _change(facts: SpanFacts) -> str:
    before = facts.cost_before
    if before is None:
        return f"nothing is known of {days_text(facts.compared)}"
    what = f"{words.amount(before, facts.currency)} ({days_text(facts.compared)})"
    percent = f", {words.change(facts.cost or money.ZERO, before)}" if facts.is_whole else ""
    return f"{signed(moved(facts), facts.currency)}{percent} from {what}"


def _sure(facts: SpanFacts) -> str:
    """What of the total is a bill, and how much of the days is there."""
    sums, said = facts.totals, []
    if facts.cost is not None:
        billed = words.amount(sums.cost_billed, facts.currency)
        said.append(
            f"{billed} of it billed, {words.amount(money.total([cents(sums.cost), -cents(sums.cost_billed)]), facts.currency)} estimated"
        )
    if facts.span.kind == DAY and facts.day_before is not None:
        said.append(f"the day before {words.amount(facts.day_before, facts.currency)}")
    return "; ".join(said)


def _lede(facts: SpanFacts) -> str:
    """Why it moved and what needs somebody, in at most three sentences."""
    told = []
    if not facts.is_whole:
        told.append(_incomplete(facts))
    elif facts.causes is not None and moved(facts):
        cause = facts.causes.main[0]
        amount = dict(cause_cents(facts))[cause]
        first = next(iter(facts.movers("project")), None)
        told.append(
            f"Most of the change is {cause} ({signed(amount, facts.currency)})"
            + (f"; {name_of('project', first.key, facts)} moved most, by {signed(first.change, facts.currency)}." if first else ".")
        )
    if facts.budgets:
        told.append(f"{words.plural(len(facts.budgets), 'budget is', 'budgets are')} at risk.")
    if facts.anomalies:
        told.append(f"{words.plural(len(facts.anomalies), 'anomaly', 'anomalies')}.")
    return " ".join(told)


def _incomplete(facts: SpanFacts) -> str:
    """Why the change says little."""
    days, compared = facts.days.days_count, facts.compared.days_count
    data = f"Data covers {facts.days_present} of {words.plural(days, 'day')}"
    if facts.cost_before is None:
        return f"{data}; nothing to compare it with." if facts.days_present < days else "There is nothing to compare it with yet."
    return f"{data}, and {facts.compared_present} of the {compared} before: the change says little."


def _outlook(facts: SpanFacts) -> dict[str, str]:
    one, currency = facts.outlook, facts.currency
    month = words.month_text(one.month)
    if one.spent is None:
        return {"label": month, "value": "no data", "note": f"nothing is known of it through {words.day_text(one.through)}", "range": ""}
    if one.is_over and facts.span.kind == MONTH:
        each = money.in_proportion(one.spent, Decimal(1), Decimal(max(1, facts.days_present)))
        days = words.plural(facts.days_present, "day")
        return {
            "label": "A day, on average",
            "value": words.amount(each, currency),
            "note": f"the month is over; {days} with data",
            "range": "",
        }
    if one.is_over:
        return {"label": f"{month}, all of it", "value": words.amount(one.spent, currency), "note": "the month is over", "range": ""}
    spent = f"{words.amount(one.spent, currency)} spent through {words.day_text(one.through)}"
    if one.forecast is None or one.low is None or one.high is None:
        return {
            "label": f"{month}, so far",
            "value": words.amount(one.spent, currency),
            "note": "too little is known for a forecast",
            "range": "",
        }
    how = "; a straight line, as there are less than two weeks of history" if one.method == STRAIGHT else ""
    return {
        "label": f"{month}, forecast",
        "value": words.amount(one.forecast, currency),
        "range": f"{words.amount(one.low, currency)} to {words.amount(one.high, currency)} in 4 of 5 cases{how}",
        "note": spent,
    }


def _causes(facts: SpanFacts) -> list[tuple[str, str, str]]:
    return [(name.capitalize(), signed(amount, facts.currency), MEANINGS[name]) for name, amount in cause_cents(facts)]


def cause_cents(facts: SpanFacts) -> list[tuple[str, Decimal]]:
    """The change by cause, in cents that sum to the change as it is shown."""
    if facts.causes is None:
        return []
    parts = facts.causes.parts
    rounded = [amount or money.ZERO for amount in money.round_parts([amount for _, amount in parts])]
    largest = max(range(len(parts)), key=lambda place: abs(parts[place][1]))
    rounded[largest] = money.total([rounded[largest], moved(facts), *(-amount for amount in rounded)])
    return [(name, amount) for (name, _), amount in zip(parts, rounded, strict=True)]


def _kpis(facts: SpanFacts) -> list[tuple[str, str, str]]:
    sums = facts.totals
    each = (
        "–"
        if not sums.requests or facts.cost is None
        else words.amount(money.in_proportion(facts.cost, Decimal(1000), Decimal(sums.requests)), facts.currency)
    )
    return [
        ("Requests", words.count(sums.requests), f"{words.count(sums.failed_requests)} failed"),
        ("Tokens", words.compact(sums.tokens), "of successful requests"),
        ("Per 1,000 requests", each, "all of the cost"),
        (
            "Without a project",
            words.amount(sums.cost_unattributed, facts.currency),
            words.percent(money.percent(sums.cost_unattributed, sums.cost)),
        ),
    ]


def _chart(facts: SpanFacts) -> dict[str, Any]:
    days = [day for day, _ in facts.trend]
    known = [cost or money.ZERO for _, cost in facts.trend]
    highest = max(known, default=money.ZERO)
    return {
        "drawn": charts.daily_chart(
            days,
            [
                [cost if day in facts.days else money.ZERO, money.ZERO if day in facts.days else cost]
                for day, cost in zip(days, known, strict=True)
            ],
            [charts.COLOURS[0], "#b8c4d6"],
            peak_text=words.short_amount(highest, facts.currency) if highest >= money.CENT else None,
            pace=None,
            missing=[day for day, cost in facts.trend if cost is None],
            height=CHART_HEIGHT,
        ),
        "colour": charts.COLOURS[0],
        "gaps": any(cost is None for _, cost in facts.trend),
        "alt": f"Cost per day, {days_text(Period(days[0], days[-1] + ONE_DAY))}; highest {words.short_amount(highest, facts.currency)}",
    }


def _foot(facts: SpanFacts, attached: str) -> str:
    """How far the numbers can be trusted, and where all of their digits are."""
    grade = ""
    if facts.grade is not None:
        reasons = words.clean("; ".join(facts.grade.reasons[:1]), WORDS_MOST)
        grade = f" Grade {facts.grade.letter}, {MEANINGS_OF_GRADES[facts.grade.letter]}{f': {reasons}' if reasons else ''}."
    digits = f"Amounts are rounded to cents that add up; {attached} (attached) and the JSON beside it carry every digit, project and model."
    return f"{words.clean(facts.finality.words, FINALITY_MOST)}{grade} {digits}"
