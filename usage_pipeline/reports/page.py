"""The statement as the template shows it: every text final, every number in its place. In: the snapshot. Out: a plain mapping."""

from datetime import date
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import start_of
from usage_pipeline.reports import charts, words
from usage_pipeline.reports.advice_lines import advice_table
from usage_pipeline.reports.annex_lines import annex_of
from usage_pipeline.reports.budget_lines import LINES_MOST, budget_lines, gauges_of, pace_of, project_budgets, project_percents
from usage_pipeline.reports.change_lines import change_lines
from usage_pipeline.reports.closing import closing_of
from usage_pipeline.reports.contracted import contracted_table
from usage_pipeline.reports.front import billed_width, change_text, facts_of, initial_of, kpis_of, lede_of, number_of, states_of
from usage_pipeline.reports.ledger import ledger_of
from usage_pipeline.reports.looks_page import looks_page
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.tables import Breakdown, breakdown
from usage_pipeline.reports.unit_lines import per_thousand_texts, unit_tables
from usage_pipeline.reports.violation_lines import violation_table
from usage_pipeline.reports.wallet_lines import wallet_table
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.looks import A4
from usage_pipeline.tables.summary import Group

TITLE = "AI usage cost statement"
PROJECTS_MOST, MODELS_MOST, FEW_MOST, PEOPLE_MOST = 24, 12, 6, 10
CHART_PROVIDERS = 5
CHART_HEIGHTS = ((190, 204), (126, 148))
"""A project's and the organisation's; the second ones leave room for what changed, which on Letter stands on the next page."""
NOTE_MOST = 60
NOTE_OF_APPROVAL_MOST = 200
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
        **looks_page(snapshot.looks),
        "number": number_of(snapshot),
        "created": f"{start_of(snapshot.data_through or snapshot.month.start):%Y-%m-%dT%H:%M:%SZ}",
        "facts": facts_of(snapshot),
        "lede": lede_of(snapshot, budgets),
        "finality": label,
        "finality_note": meaning,
        "revision": snapshot.revision,
        "grade": "" if snapshot.grade is None else snapshot.grade.letter,
        "approved": approved_text(snapshot),
        "is_project": snapshot.project is not None,
        "is_empty": not snapshot.rows,
        "month": words.month_text(snapshot.month),
        "currency": snapshot.currency,
        "total": words.total_amount(snapshot.totals.cost, snapshot.currency),
        "change": change_text(snapshot),
        "gauges": gauges_of(snapshot),
        "states": states_of(snapshot),
        "billed_width": billed_width(snapshot),
        "kpis": kpis_of(snapshot),
        "chart": _chart(snapshot),
        "breakdowns": _breakdowns(snapshot),
        "ledger": ledger_of(snapshot, _project_notes(snapshot), project_budgets(snapshot)),
        "budgets": budgets[:LINES_MOST],
        "budgets_left": max(0, len(budgets) - LINES_MOST),
        "closing": closing_of(snapshot),
        "advice": advice_table(snapshot),
        "violations": violation_table(snapshot),
        "changed": change_lines(snapshot),
        "units": unit_tables(snapshot) if snapshot.project is None else (),
        "wallets": wallet_table(snapshot),
        "annex": annex_of(snapshot),
        "contracted": contracted_table(snapshot.agreements, snapshot.totals, snapshot.currency),
    }


def approved_text(snapshot: Snapshot) -> str:
    """'Ana Example, 5 November 2026, 14:02 UTC: bills are in'; '' while it is not closed."""
    one = snapshot.approval
    if one is None:
        return ""
    when = f"{words.day_text(one.at.date())}, {one.at:%H:%M} UTC"
    return f"{words.clean(one.by)}, {when}" + (f": {words.clean(one.note, NOTE_OF_APPROVAL_MOST)}" if one.note else "")


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
        height=CHART_HEIGHTS[snapshot.changes is not None and snapshot.looks.paper == A4][snapshot.project is None],
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

    each = {} if snapshot.project is None else per_thousand_texts(snapshot, "operation")

    def operation(group: Group) -> dict[str, object]:
        return {"each": each.get(None if group.key is None else str(group.key), words.NONE)}

    def user(group: Group) -> dict[str, object]:
        return {"label": words.middle_cut(words.name_of("user", None if group.key is None else str(group.key)))}

    return {
        "project": breakdown(
            "By project", "project", snapshot.by_project, currency=currency, most=PROJECTS_MOST, rest="other projects", describe=project
        ),
        "provider": breakdown("By provider", "provider", snapshot.by_provider, currency=currency, most=FEW_MOST, describe=provider),
        "model": breakdown("By model", "model", snapshot.by_model, currency=currency, most=MODELS_MOST, rest="other models"),
        "operation": breakdown(
            "By operation",
            "operation",
            snapshot.by_operation,
            currency=currency,
            most=FEW_MOST,
            rest="other operations",
            describe=operation,
        ),
        "type": breakdown("By type", "type", snapshot.by_type, currency=currency, most=FEW_MOST, rest="other types"),
        "team": breakdown("By team", "team", snapshot.by_team, currency=currency, most=PEOPLE_MOST, rest="other teams"),
        "user": breakdown("By user", "user", snapshot.by_user, currency=currency, most=PEOPLE_MOST, rest="other users", describe=user),
        "meter": breakdown("By meter", "meter", snapshot.by_meter, currency=currency, most=PEOPLE_MOST, rest="other meters"),
    }


def _project_notes(snapshot: Snapshot) -> dict[str, str]:
    """What stands beside a project's name in the ledger."""
    return {
        one.id: words.clean(", ".join(value for value in (one.client, one.team, one.cost_center) if value), NOTE_MOST)
        for one in snapshot.projects
    }
