"""The usage report as its page shows it: words and drawings, amounts rounded to cents that add up. In: the facts. Out: a plain mapping."""

from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import Period, month_of, start_of
from usage_pipeline.reports import charts, words
from usage_pipeline.reports.focus_rows import stamp
from usage_pipeline.reports.front import initial_of
from usage_pipeline.reports.heat import SHADES, heat_of
from usage_pipeline.reports.looks_page import looks_page
from usage_pipeline.reports.span_page import days_text
from usage_pipeline.reports.usage_facts import ZONE, UsageFacts
from usage_pipeline.reports.usage_rows import WEEKDAYS
from usage_pipeline.reports.usage_tables import NAME_MOST, STATES, credits_text, each_text, project_label, table_of
from usage_pipeline.tables.logged_use import DIMENSIONS, TOP, RecentRequest, UsedOfMeter
from usage_pipeline.tables.spans import MONTH

KICKER = "Usage report"
CHART_HEIGHT = 128
THOUSAND = Decimal(1000)
METERS_MOST = 14


def page_of(facts: UsageFacts, attached: str) -> dict[str, Any]:
    """All that the template asks for. `attached` is the name of the CSV inside the PDF."""
    scope = "ORG" if facts.project is None else words.clean(facts.project.id)
    number, heading = f"US-{facts.span.name}-{scope}", heading_of(facts)
    title = f"{KICKER}, {span_text(facts)}"
    return {
        **looks_page(facts.looks),
        "organisation": words.clean(facts.organisation.name),
        "initial": initial_of(facts.organisation.name),
        "number": number,
        "kicker": KICKER if facts.project is None else title,
        "heading": heading,
        "title": title,
        "created": stamp(start_of(facts.days.last)),
        "facts": [
            ("Report", number),
            ("Days", days_text(facts.days)),
            ("Compared with", before_text(facts)),
            ("Days and hours in", ZONE),
            ("Currency", facts.currency),
        ],
        "finality": facts.finality.state.capitalize(),
        "grade": "",
        "is_empty": facts.is_empty,
        "total": _total(facts),
        "change": _change(facts),
        "relation": relation_of(facts),
        "kpis": _kpis(facts),
        "chart": None if facts.is_empty else _chart(facts),
        "heat": None if facts.is_empty else _heat(facts),
        "tables": {name: table_of(facts, name) for name in (*DIMENSIONS, *TOP)},
        "before": words.month_word(facts.compared) if is_month(facts.compared) else "Before",
        "spread": _spread(facts),
        "meters": _meters(facts),
        "recent": [_recent(facts, one) for one in facts.recent],
        "foot": _foot(facts, attached),
    }


def heading_of(facts: UsageFacts) -> str:
    """The month of an organisation, the name of a project."""
    return span_text(facts) if facts.project is None else words.project_name(facts.project)


def span_text(facts: UsageFacts) -> str:
    return words.month_text(facts.span.period) if facts.span.kind == MONTH else days_text(facts.days)


def is_month(days: Period) -> bool:
    return days == month_of(days.start)


def before_text(facts: UsageFacts) -> str:
    """'September 2026', '1 Sep – 12 September 2026'."""
    return words.month_text(facts.compared) if is_month(facts.compared) else days_text(facts.compared)


def relation_of(facts: UsageFacts) -> str:
    """What the cost here is, and what the statement says of the same days, in one line."""
    cost, billed = facts.statement.cost, facts.statement.billed
    here = "Cost in this report is our price times what logs tell, request by request"
    if cost is None:
        return f"{here}. The statement knows no cost of these days."
    said = f"{words.amount(cost, facts.currency)}, {words.amount(billed, facts.currency)} of it billed"
    return f"{here}. The statement of the same days says {said}: it takes the bill where there is one, and use that passed no log."


def _total(facts: UsageFacts) -> str:
    cost = facts.total.known_cost
    return "no data" if facts.is_empty else "unpriced" if cost is None else words.total_amount(cost, facts.currency)


def _change(facts: UsageFacts) -> str:
    before = facts.before
    if before is None or before.known_cost is None:
        return f"no logs are priced of {days_text(facts.compared)}"
    if facts.total.known_cost is None:
        return f"{words.amount(before.known_cost, facts.currency)} in {days_text(facts.compared)}"
    change = words.change(facts.total.known_cost, before.known_cost)
    return f"{change} from {words.amount(before.known_cost, facts.currency)} ({before_text(facts)})"


def _kpis(facts: UsageFacts) -> list[tuple[str, str, str]]:
    total = facts.total
    failed = words.percent(money.percent(Decimal(total.failed_requests), Decimal(total.requests))) if total.requests else words.NONE
    each = total.tokens_each
    per_thousand = None if total.cost_each is None else total.cost_each * THOUSAND
    cards = [
        ("Requests", words.count(total.requests), f"{failed} failed, {words.plural(total.cache_hits, 'cache answer')}"),
        ("Tokens", words.compact(total.tokens), "of requests that succeeded" if each is None else f"{words.compact(each)} a request"),
        ("Per 1,000 requests", words.NONE if per_thousand is None else words.amount(per_thousand, facts.currency), "that succeeded"),
        (
            "Unpriced",
            words.plural(total.unpriced_events, "request"),
            "cost unknown: in no total" if total.unpriced_events else "every request has a price",
        ),
    ]
    if total.credits is None and not total.uncredited_events:
        return cards
    unknown = f"unknown for {words.plural(total.uncredited_events, 'request')}"
    return [*cards, ("Credits", credits_text(total.credits), unknown if total.uncredited_events else "beside the cost")]


def _chart(facts: UsageFacts) -> dict[str, Any]:
    costs = {one.day: one.cost for one in facts.by_day}
    days = list(facts.days.days())
    known = [costs.get(day) or money.ZERO for day in days]
    highest = max(known)
    peak = words.short_amount(highest, facts.currency) if highest >= money.CENT else None
    missing = [day for day in days if day not in costs]
    return {
        "drawn": charts.daily_chart(
            days, [[cost] for cost in known], charts.COLOURS[:1], peak_text=peak, pace=None, missing=missing, height=CHART_HEIGHT
        ),
        "gaps": bool(missing),
        "alt": f"Log-estimated cost per day, {days_text(facts.days)}" + (f"; highest {peak}" if peak else ""),
    }


def _heat(facts: UsageFacts) -> dict[str, Any]:
    hours: dict[int, int] = {}
    for one in facts.by_hour:
        hours[one.hour] = hours.get(one.hour, 0) + one.requests
    busiest = min(hours, key=lambda hour: (-hours[hour], hour))
    peak = max(facts.by_hour, key=lambda one: (one.requests, -one.weekday, -one.hour))
    share = words.percent(money.percent(Decimal(hours[busiest]), Decimal(facts.total.requests or 1)))
    told = (
        f"Busiest hour of the day: {_clock(busiest)} with {share} of requests; of the week: "
        f"{WEEKDAYS[peak.weekday]} {_clock(peak.hour)} with {words.plural(peak.requests, 'request')}."
    )
    return {
        "drawn": heat_of(facts.by_hour, [name[:3] for name in WEEKDAYS]),
        "shades": SHADES,
        "told": told,
        "alt": f"Requests by day of the week and hour ({ZONE}): {told}",
    }


def _clock(hour: int) -> str:
    return f"{hour:02d}:00–{(hour + 1) % 24:02d}:00"


def _spread(facts: UsageFacts) -> str:
    """How cost is spread over conversations, in a sentence; '' without any."""
    one, currency = facts.spread, facts.currency
    if one is None:
        return ""
    left_out = f"; {words.plural(one.unpriced, 'conversation')} with unpriced requests not among them" if one.unpriced else ""
    return (
        f"Of {words.plural(one.conversations, 'priced conversation')} half cost up to {each_text(one.median, currency)}, "
        f"95 in 100 up to {each_text(one.percentile_95, currency)}, the dearest {each_text(one.dearest, currency)}{left_out}."
    )


def _meters(facts: UsageFacts) -> dict[str, Any]:
    cents = money.round_parts([one.cost for one in facts.meters])
    shown = len(facts.meters) if len(facts.meters) <= METERS_MOST + 1 else METERS_MOST
    lines = [_meter(facts, one, cost) for one, cost in zip(facts.meters[:shown], cents[:shown], strict=True)]
    if shown < len(facts.meters):
        rest = words.amount(money.total(cents[shown:]), facts.currency)
        lines.append({"label": f"{len(facts.meters) - shown} other meters", "note": "", "quantity": "", "percent": "", "cost": rest})
    known = [one for one in cents if one is not None]
    return {"lines": lines, "total": words.amount(money.total(known) if known else None, facts.currency)}


def _meter(facts: UsageFacts, one: UsedOfMeter, cost: Decimal | None) -> dict[str, str]:
    whole = facts.total.cost
    unpriced = f"{words.compact(one.unpriced_quantity)} unpriced" if one.unpriced_quantity and cost is not None else ""
    return {
        "label": words.name_of("meter", one.meter),
        "note": unpriced,
        "quantity": words.compact(one.quantity),
        "percent": words.NONE if one.cost is None or not whole else words.percent(money.percent(one.cost, whole)),
        "cost": words.amount(cost, facts.currency),
    }


def _recent(facts: UsageFacts, one: RecentRequest) -> dict[str, Any]:
    return {
        "moment": f"{words.short_day(one.started_at.date())}, {one.started_at:%H:%M:%S}",
        "project": project_label(facts, one.project),
        "user": words.middle_cut(words.name_of("user", one.user)),
        "model": words.clean(words.name_of("model", one.model), NAME_MOST) if one.model else words.NONE,
        "tokens": words.count(one.tokens) if one.tokens else words.NONE,
        "cost": "unpriced" if one.cost is None else each_text(one.cost, facts.currency),
        "status": STATES.get(one.status, words.clean(one.status, NAME_MOST)).split(" ", maxsplit=1)[0],
        "failed": one.status == "failure",
    }


def _foot(facts: UsageFacts, attached: str) -> str:
    draft = " A closed month of it is being revised: its requests are those of the draft." if facts.is_draft else ""
    digits = (
        f"Amounts are rounded to cents that add up; {attached} (attached), the workbook and the JSON beside it carry every digit, and all "
        "users, models and projects. Tokens are those of requests that succeeded; averages are of those that succeeded and have a price. "
        "Users are named as the logs name them, mail addresses by a pseudonym."
    )
    return f"{facts.finality.words}{draft} {digits}"
