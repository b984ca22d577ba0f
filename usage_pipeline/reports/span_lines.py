"""The tables of a span's page: movers, budgets at risk, anomalies, what has no price and findings, in words, in cents that add up."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import ONE_DAY
from usage_pipeline.reports import words
from usage_pipeline.reports.budget_lines import limit_text
from usage_pipeline.reports.movers import Mover
from usage_pipeline.reports.span_facts import FindingTold, SpanFacts, expected
from usage_pipeline.tables.anomalies import PER_REQUEST, Anomaly
from usage_pipeline.tables.budgets import COUNTED_UNITS, FIXED, BudgetStatus
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.unpriced import Unpriced, range_words

MOVERS_MOST = 5
NAME_MOST, WORDS_MOST = 40, 150


def signed(value: Decimal, currency: str) -> str:
    """'+$1.20', '−$3.00', '$0.00'."""
    return ("+" if value.quantize(money.CENT) > 0 else "") + words.amount(value, currency)


def cents(value: Decimal | None) -> Decimal:
    return (value or money.ZERO).quantize(money.CENT)


def moved(facts: SpanFacts) -> Decimal:
    """The change, in the cents that the two totals are shown in."""
    return money.total([cents(facts.cost), -cents(facts.cost_before)])


def name_of_model(key: str | None) -> str:
    return words.clean(words.name_of("model", key), NAME_MOST)


def name_of(dimension: str, key: str | None, facts: SpanFacts) -> str:
    if dimension == "project":
        named = next((one for one in facts.projects if one.id == key), None)
        return words.UNKNOWN["project"] if key == UNATTRIBUTED else words.clean(words.project_name(named) if named else str(key), NAME_MOST)
    return name_of_model(key)


def movers(facts: SpanFacts, dimension: str) -> dict[str, Any]:
    """The lines of those that moved most, the rest in one, and the total: every column sums to its foot in cents."""
    found = facts.movers(dimension)
    now, before = money.round_parts([one.now for one in found]), money.round_parts([one.before for one in found])
    rows = list(zip(found, now, before, strict=True))
    rest = rows[MOVERS_MOST:]
    lines = [_mover(name_of(dimension, one.key, facts), [(one, new, old)], facts) for one, new, old in rows[:MOVERS_MOST]]
    if rest:
        lines.append(_mover(f"{len(rest)} more", rest, facts) | {"muted": True})
    return {
        "title": f"By {dimension}",
        "lines": lines,
        "total": {
            "cost": words.amount(facts.cost, facts.currency) if facts.cost is not None else words.NONE,
            "change": signed(moved(facts), facts.currency),
            "percent": words.change(facts.cost or money.ZERO, facts.cost_before or money.ZERO, 0) if facts.is_whole else "",
        },
    }


def _mover(name: str, rows: Sequence[tuple[Mover, Decimal | None, Decimal | None]], facts: SpanFacts) -> dict[str, Any]:
    news, olds = [new for _, new, _ in rows if new is not None], [old for _, _, old in rows if old is not None]
    new, old = money.total(news), money.total(olds)
    change = money.total([new, -old])
    return {
        "label": name,
        "muted": False,
        "cost": words.amount(new, facts.currency) if news else words.NONE,
        "change": signed(change, facts.currency) if news or olds else words.NONE,
        "percent": words.change(new, old, 0) if (news or olds) and facts.is_whole else "",
        "up": change > 0,
        "why": rows[0][0].causes.main[0] if len(rows) == 1 and change else "",
    }


def budget(one: BudgetStatus, facts: SpanFacts) -> dict[str, Any]:
    whole = one.spent >= one.limit
    share = money.percent(one.spent, one.limit)
    what = one.period if one.period != FIXED else f"{words.short_day(one.period_start)} to {words.short_day(one.period_end - ONE_DAY)}"
    only = f", {', '.join(words.clean(name, NAME_MOST) for name in one.only)} only" if one.only else ""
    crosses = f"reached on {words.short_day(one.crossing_date)}" if one.crossing_date else ""
    if crosses and one.crossing_date and one.crossing_date > one.as_of:
        crosses = f"crosses on {words.short_day(one.crossing_date)}"
    return {
        "name": _owner(one, facts),
        "what": what + only,
        "limit": limit_text(one, facts.currency),
        "spent": _units(one, one.spent, facts.currency),
        "percent": words.percent(share, 0),
        "width": f"{min(share, Decimal(100)):.1f}%",
        "forecast": _units(one, expected(one), facts.currency),
        "over": whole,
        "state": ("over the limit" if one.spent > one.limit else crosses)
        or (f"past {money.text(one.threshold)}%" if one.threshold else ""),
    }


def _units(one: BudgetStatus, value: Decimal, currency: str) -> str:
    return f"{words.compact(value)} {one.unit}" if one.unit in COUNTED_UNITS else words.amount(value, currency)


def _owner(one: BudgetStatus, facts: SpanFacts) -> str:
    if one.holder is not None:
        return f"{one.scope.capitalize()} {words.clean(one.holder, NAME_MOST)}"
    return words.clean(facts.organisation.name, NAME_MOST) if one.project is None else name_of("project", one.project, facts)


def anomaly(one: Anomaly, facts: SpanFacts) -> dict[str, str]:
    unit = "" if one.unit is None else f" a {one.unit}" if one.unit == PER_REQUEST else f" per {one.unit}"
    return {
        "day": words.short_day(one.day),
        "project": name_of("project", one.project, facts),
        "model": name_of("model", one.model, facts),
        "usual": words.amount(one.high, facts.currency) + unit,
        "excess": signed(one.excess, facts.currency),
    }


def unpriced(one: Unpriced, currency: str) -> dict[str, str]:
    return {
        "model": name_of_model(one.model),
        "requests": words.count(one.events),
        "range": "billed all the same" if one.billed else range_text(one.low, one.high, currency),
    }


def range_text(low: Decimal | None, high: Decimal | None, currency: str) -> str:
    return range_words(low, high, None, lambda value: words.amount(value, currency)) or "not known"


def finding(one: FindingTold, currency: str) -> dict[str, str]:
    """Its first sentence: what to do about it is for whoever runs the pipeline."""
    return {
        "words": words.clean(one.words.split(". ", maxsplit=1)[0], WORDS_MOST),
        "blocks": "blocks the close" if one.blocks else "",
        "amount": "not known" if one.amount is None else words.amount(one.amount, currency),
    }
