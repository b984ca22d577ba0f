"""The statement as the template shows it: every text final, every number in its place. In: the snapshot. Out: a plain mapping."""

from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import start_of
from usage_pipeline.reports import charts, words
from usage_pipeline.reports.budget_lines import LINES_MOST, budget_lines, gauges_of, pace_of, project_budgets, project_percents
from usage_pipeline.reports.closing import closing_of
from usage_pipeline.reports.ledger import CACHED, INPUT, ledger_of
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.tables import Breakdown, breakdown, project_cents
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.summary import Group

TITLE = "AI usage cost statement"
PROJECTS_MOST, MODELS_MOST, FEW_MOST, PEOPLE_MOST = 24, 12, 6, 10
CHART_PROVIDERS = 5
LEDE_NAMES = 3
NOTE_MOST = 60
FINALITIES = {
    "open": ("Open", "Not all days or bills are in yet: every number here can still change."),
    "provisional": ("Provisional", "The bills are in; late usage and corrections can still change it."),
    "reconciled": ("Reconciled", "Bills and usage were compared; only the close is missing."),
    "closed": ("Closed", "The month is closed: this revision never changes again."),
}


def page_of(snapshot: Snapshot) -> dict[str, Any]:
    """The template's whole context."""
    budgets = budget_lines(snapshot)
    label, meaning = FINALITIES.get(snapshot.finality, (snapshot.finality.capitalize(), ""))
    return {
        "title": f"{TITLE}, {words.month_text(snapshot.month)}",
        "kicker": TITLE if snapshot.project is None else f"{TITLE}, {words.month_text(snapshot.month)}",
        "heading": words.month_text(snapshot.month) if snapshot.project is None else words.project_name(snapshot.project),
        "organisation": words.clean(snapshot.organisation.name),
        "initial": initial_of(snapshot.organisation.name),
        "number": number_of(snapshot),
        "created": f"{start_of(snapshot.data_through or snapshot.month.start):%Y-%m-%dT%H:%M:%SZ}",
        "facts": _facts(snapshot),
        "lede": lede_of(snapshot),
        "finality": label,
        "finality_note": meaning,
        "revision": snapshot.revision,
        "is_project": snapshot.project is not None,
        "is_empty": not snapshot.rows,
        "month": words.month_text(snapshot.month),
        "currency": snapshot.currency,
        "total": words.total_amount(snapshot.totals.cost, snapshot.currency),
        "change": change_text(snapshot),
        "gauges": gauges_of(snapshot),
        "states": _states(snapshot),
        "billed_width": _billed_width(snapshot),
        "kpis": _kpis(snapshot),
        "chart": _chart(snapshot),
        "breakdowns": _breakdowns(snapshot),
        "ledger": ledger_of(snapshot, _project_notes(snapshot), project_budgets(snapshot)),
        "budgets": budgets[:LINES_MOST],
        "budgets_left": max(0, len(budgets) - LINES_MOST),
        "closing": closing_of(snapshot),
    }


def number_of(snapshot: Snapshot) -> str:
    """The statement's number: 'ST-2026-10-ORG-1', 'ST-2026-10-support-portal-1'."""
    scope = "ORG" if snapshot.project is None else words.clean(snapshot.project.id)
    return f"ST-{snapshot.period}-{scope}-{snapshot.revision}"


def initial_of(name: str) -> str:
    """The first letter of the organisation's name, for its mark."""
    return next((letter.upper() for letter in words.clean(name) if letter.isalnum()), "•")


def change_text(snapshot: Snapshot) -> str:
    """The total against the month before; no percentage while days are missing, because it would mislead."""
    previous, complete = snapshot.previous, snapshot.completeness
    if previous is None:
        return "No data for the month before"
    before = f"{words.month_word(previous.month)} ({words.amount(previous.cost, snapshot.currency)})"
    if complete.missing and previous.cost == 0:
        return f"{complete.present} of {complete.expected} days"
    if complete.missing:
        return f"{complete.present} of {complete.expected} days; all of {before}"
    if previous.cost == 0:
        return f"Nothing in {words.month_word(previous.month)}"
    return f"{words.change(snapshot.totals.cost, previous.cost)} from {before}"


def lede_of(snapshot: Snapshot) -> str:
    """The month in three sentences: where most of it went, which budgets broke, what is missing."""
    if not snapshot.rows:
        return ""
    sentences = []
    parts = snapshot.by_project if snapshot.project is None else snapshot.by_model
    dearest = next((group for group in parts if group.cost and group.key not in {None, UNATTRIBUTED}), None)
    if dearest is not None and len(parts) > 1:
        names = {one.id: words.project_name(one) for one in snapshot.projects} if snapshot.project is None else {}
        sentences.append(
            f"{names.get(str(dearest.key), words.clean(str(dearest.key)))} cost the most, {words.percent(dearest.percent)} of it."
        )
    lines = budget_lines(snapshot)
    over = [line.name for line in lines if line.over and line.is_monthly]
    briefly = sum(line.over and not line.is_monthly for line in lines)
    owners = list(dict.fromkeys(over))
    if over and snapshot.project is None and len(owners) <= LEDE_NAMES:
        sentences.append(f"Over budget: {words.listed(owners)}.")
    elif over:
        sentences.append(f"{words.plural(len(over), 'budget was', 'budgets were')} exceeded.")
    if briefly:
        sentences.append(f"{words.plural(briefly, 'daily or weekly budget was', 'daily or weekly budgets were')} exceeded at times.")
    if lines and not over and not briefly:
        sentences.append("Every budget held." if not snapshot.completeness.missing else "Every budget holds so far.")
    complete = snapshot.completeness
    if complete.missing:
        sentences.append(f"Data covers {complete.present} of {complete.expected} days.")
    return " ".join(sentences)


def _facts(snapshot: Snapshot) -> list[tuple[str, str]]:
    through = snapshot.data_through
    last = snapshot.month.last
    facts = [
        ("Statement", number_of(snapshot)),
        ("Period", f"1–{last.day} {words.month_text(snapshot.month)}"),
        ("Data through", "no data" if through is None else words.day_text(through)),
        ("Prepared for", "Finance" if snapshot.project is None else "Project owners, Finance"),
        ("Currency", snapshot.currency),
    ]
    if snapshot.project is not None:
        more = (("Client", snapshot.project.client), ("Team", snapshot.project.team), ("Cost centre", snapshot.project.cost_center))
        facts += [(name, words.clean(value)) for name, value in more if value]
    return facts


def _states(snapshot: Snapshot) -> list[dict[str, str]]:
    """How sure the total is, in four cells."""
    totals, currency = snapshot.totals, snapshot.currency
    billed = money.percent(totals.cost_billed, totals.cost)
    cells = [
        {
            "label": "Billed by the provider",
            "value": words.amount(totals.cost_billed, currency),
            "note": f"{words.percent(billed)} of the total" if totals.cost_billed else "no bill covers it yet",
            "kind": "billed",
        },
        {
            "label": "Estimated",
            "value": words.amount(_cents(totals.cost) - _cents(totals.cost_billed), currency),
            "note": f"{words.percent(100 - billed)} at our rates, not billed yet" if totals.cost_estimated else "all of it is billed",
            "kind": "estimated",
        },
        {
            "label": "Unpriced",
            "value": words.plural(totals.unpriced_events, "request"),
            "note": "price unknown: not in the total" if totals.unpriced_events or snapshot.unpriced else "every request has a price",
            "kind": "warn" if totals.unpriced_events or snapshot.unpriced else "",
        },
    ]
    if snapshot.project is None:
        note = f"{words.percent(money.percent(totals.cost_unattributed, totals.cost))} belongs to no project yet"
        cells.append(
            {
                "label": "Unattributed",
                "value": words.amount(project_cents(snapshot.by_project).get(UNATTRIBUTED, money.ZERO), currency),
                "note": note if totals.cost_unattributed else "all cost has a project",
                "kind": "warn" if totals.cost_unattributed else "",
            }
        )
    else:
        note = f"of {words.count(totals.requests)}; {words.plural(totals.cache_hits, 'cache answer')}"
        cells.append({"label": "Failed", "value": words.plural(totals.failed_requests, "request"), "note": note, "kind": ""})
    return cells


def _cents(value: Decimal) -> Decimal:
    return value.quantize(money.CENT)


def _billed_width(snapshot: Snapshot) -> str:
    share = money.percent(snapshot.totals.cost_billed, snapshot.totals.cost)
    return f"{min(max(share, money.ZERO), Decimal(100)).quantize(money.CENT)}%"


def _kpis(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    totals, currency = snapshot.totals, snapshot.currency
    meters = {str(group.key): group for group in snapshot.by_meter}
    token_cost = money.total([meters[name].cost for name in meters if name in TOKEN_METERS])
    priced = totals.tokens - totals.unpriced_tokens
    given = money.total([meters[name].tokens for name in meters if name in INPUT | CACHED])
    cached = money.total([meters[name].tokens for name in meters if name in CACHED])
    blended = words.amount(token_cost * 10**6 / priced, currency) if priced > 0 else words.NONE
    each = (
        words.amount(totals.cost * 1000 / totals.requests, currency) + " per thousand" if totals.requests else "not stated by the provider"
    )
    return [
        ("Tokens", words.compact(totals.tokens), "input, cached and output"),
        ("Requests", words.compact(totals.requests) if totals.requests else words.NONE, each),
        ("Blended price", blended, "per million tokens"),
        ("Served from cache", words.percent(money.percent(cached, given)) if given else words.NONE, "of input tokens"),
    ]


def _chart(snapshot: Snapshot) -> dict[str, Any]:
    """The daily bars: the dearest providers each in a colour, the others together."""
    keys = [group.key for group in snapshot.by_provider]
    named = keys[: CHART_PROVIDERS if len(keys) > CHART_PROVIDERS + 1 else CHART_PROVIDERS + 1]
    has_rest = len(named) < len(keys)
    colours = [*colours_of(snapshot).values()][: len(named)] + ([charts.OTHER_COLOUR] if has_rest else [])
    legend = [words.name_of("provider", None if key is None else str(key)) for key in named] + (["Others"] if has_rest else [])
    by_day = {one.day: dict(one.costs) for one in snapshot.days_by_provider}
    days = list(snapshot.month.days())
    stacks = []
    for day in days:
        costs = by_day.get(day, {})
        stack = [costs.get(None if key is None else str(key), money.ZERO) for key in named]
        rest = money.total(list(costs.values())) - money.total(stack)
        stacks.append([*stack, rest] if has_rest else stack)
    gaps = gaps_of(snapshot)
    highest = max(snapshot.by_day, key=lambda group: group.cost or money.ZERO, default=None)
    peak = None if highest is None or not highest.cost or highest.cost < money.CENT else words.short_amount(highest.cost, snapshot.currency)
    pace = pace_of(snapshot)
    drawn = charts.daily_chart(
        days,
        stacks,
        colours or [],
        peak_text=peak,
        pace=pace,
        missing=gaps,
        height=204 if snapshot.project is None else 190,
    )
    return {
        "drawn": drawn,
        "legend": list(zip(legend, colours, strict=True)),
        "pace": "" if pace is None else words.short_amount(pace, snapshot.currency),
        "gaps": bool(gaps),
        "alt": f"Daily cost by provider in {words.month_text(snapshot.month)}" + (f", highest day {peak}" if peak else ""),
    }


def gaps_of(snapshot: Snapshot) -> tuple[date, ...]:
    """Days to mark as without data: while the month runs, only those before the newest data."""
    through = snapshot.data_through
    missing = snapshot.completeness.missing
    return missing if snapshot.finality != "open" else tuple(day for day in missing if through and day < through)


def colours_of(snapshot: Snapshot) -> dict[str | None, str]:
    """Each provider's colour, the same in chart and tables."""
    keys = [None if group.key is None else str(group.key) for group in snapshot.by_provider]
    return {key: (*charts.COLOURS, charts.OTHER_COLOUR)[min(place, len(charts.COLOURS))] for place, key in enumerate(keys)}


def _breakdowns(snapshot: Snapshot) -> dict[str, Breakdown]:
    currency = snapshot.currency
    colours = colours_of(snapshot)
    budgets = project_percents(snapshot)
    names = {one.id: words.project_name(one) for one in snapshot.projects}
    before = dict(snapshot.previous.by_project) if snapshot.previous and not snapshot.completeness.missing else {}

    def provider(group: Group) -> dict[str, object]:
        return {"colour": colours[None if group.key is None else str(group.key)]}

    def project(group: Group) -> dict[str, object]:
        key = str(group.key)
        status = budgets.get(key)
        label = words.UNKNOWN["project"] if key == UNATTRIBUTED else names.get(key, words.clean(key))
        return {
            "label": label,
            "muted": key == UNATTRIBUTED,
            "budget": words.NONE if status is None else words.percent(status.percent, 0),
            "over": status is not None and status.spent > status.limit,
            "moved": words.change(group.cost or money.ZERO, before.get(key, money.ZERO), 0) if before else "",
        }

    return {
        "project": breakdown(
            "By project", "project", snapshot.by_project, currency=currency, most=PROJECTS_MOST, rest="other projects", describe=project
        ),
        "provider": breakdown("By provider", "provider", snapshot.by_provider, currency=currency, most=FEW_MOST, describe=provider),
        "model": breakdown("By model", "model", snapshot.by_model, currency=currency, most=MODELS_MOST, rest="other models"),
        "operation": breakdown(
            "By operation", "operation", snapshot.by_operation, currency=currency, most=FEW_MOST, rest="other operations"
        ),
        "type": breakdown("By type", "type", snapshot.by_type, currency=currency, most=FEW_MOST, rest="other types"),
        "team": breakdown("By team", "team", snapshot.by_team, currency=currency, most=PEOPLE_MOST, rest="other teams"),
        "user": breakdown("By user", "user", snapshot.by_user, currency=currency, most=PEOPLE_MOST, rest="other users"),
        "meter": breakdown("By meter", "meter", snapshot.by_meter, currency=currency, most=PEOPLE_MOST, rest="other meters"),
    }


def _project_notes(snapshot: Snapshot) -> dict[str, str]:
    """What stands beside a project's name in the ledger."""
    return {
        one.id: words.clean(", ".join(value for value in (one.client, one.team, one.cost_center) if value), NOTE_MOST)
        for one in snapshot.projects
    }
