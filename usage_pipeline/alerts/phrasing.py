"""Facts in, the letter out: the words of a mail.

The first budget gets the whole page; others that crossed a threshold follow in short, and the project's other budgets as a table.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts import words
from usage_pipeline.alerts.advice import advise, price_the_unpriced
from usage_pipeline.alerts.bar import segments_of
from usage_pipeline.alerts.chart_words import chart_of
from usage_pipeline.alerts.drivers import Driver, Drivers, Others
from usage_pipeline.alerts.facts import NOUNS, Facts
from usage_pipeline.alerts.letter import Block, DriverRow, DriverTable, Letter, OtherBudget
from usage_pipeline.alerts.subject import only, period_of, subject_of, whose
from usage_pipeline.alerts.trust import trust_in
from usage_pipeline.alerts.why_words import change_table
from usage_pipeline.tables.budgets import COUNTED_UNITS, CREDITS, FIXED, REQUESTS, TOKENS, WHOLE_UNITS, Budget, BudgetStatus
from usage_pipeline.tables.configuration import Organisation, Project

KINDS = {TOKENS: "token", CREDITS: "credit", REQUESTS: "request"}
BLOCKS_MAX, OTHERS_MAX = 5, 10
"""Budgets shown at length in one mail; the rest as lines of a table, so that no mail program cuts it off (Gmail does at 102 kB)."""

HEADS = {"model": "Models", "operation": "Operations", "user": "Users", "project": "Projects"}
NAMELESS = {"model": "without a model", "operation": "not said", "user": "not said", "project": "not said"}


def letter_of(
    facts: Sequence[Facts],
    others: Sequence[tuple[Budget, BudgetStatus]],
    *,
    project: Project | None,
    organisation: Organisation,
    why: str,
    now: datetime,
) -> Letter:
    """The words for `facts` (at least one, most severe first) of one project, or of the organisation where `project` is None."""
    currency = organisation.currency
    saver = next((one for one in facts if one.savings), None)  # those of the same usage are told once
    at_length = [one if one is saver else replace(one, savings=()) for one in facts[:BLOCKS_MAX]]
    blocks = tuple(_block(one, project, organisation) for one in at_length)
    lines = [*((one.budget, one.status) for one in facts[BLOCKS_MAX:]), *sorted(others, key=lambda pair: -pair[1].percent)]
    return Letter(
        subject=subject_of(facts, project.id if project else organisation.name, currency),
        preheader=f"{blocks[0].spent} {blocks[0].of_limit}. {blocks[0].forecast_label}: {blocks[0].forecast}.",
        organisation=words.plain(organisation.name),
        blocks=blocks,
        others=tuple(_other(budget, status, currency) for budget, status in lines[:OTHERS_MAX]),
        left_out=_left_out(len(lines) - OTHERS_MAX),
        also=price_the_unpriced(facts),
        why=words.plain_sentence(why),
        rule=_rule(facts[0].budget),
        judged=f"{words.day(now.date())} {now:%Y, %H:%M} UTC",
    )


def _block(facts: Facts, project: Project | None, organisation: Organisation) -> Block:
    status, currency = facts.status, organisation.currency
    name = whose(status, project.name if project else organisation.name)
    over = status.spent > status.limit
    return Block(
        level=facts.alert.level,
        headline=_headline(facts, name),
        spent=words.amount(status.spent, status.unit, currency),
        of_limit=f"of {words.figure(status.limit, status.unit, currency, short=True)} for {_period_and_day(facts)}",
        percent=_used(facts.budget, status, status.spent, places=1),
        state="" if facts.finality is None else f"figures are {facts.finality.state}",
        bar=tuple(segments_of(status)),
        forecast_label="In the end" if facts.has_ended else "Forecast",
        forecast="none yet" if facts.end is None else words.figure(facts.end, status.unit, currency),
        forecast_percent="" if facts.end is None else _used(facts.budget, status, facts.end),
        forecast_over=facts.end is not None and facts.end >= status.limit,
        crossing_label="Limit reached" if facts.is_over or facts.has_ended else "Reaches the limit",
        crossing=_crossing(facts),
        left_label="Over by" if over else "Left",
        left=words.figure(abs(words.rest(status.limit, status.spent, status.unit)), status.unit, currency),
        advice=tuple(advise(facts, currency=currency, ask=_who_decides(project, organisation))),
        drivers=tuple(_driver_table(table, status.unit, currency) for table in facts.drivers),
        trust=tuple(trust_in(facts, currency)),
        outlook=tuple(_outlook(facts, currency)),
        chart=chart_of(facts, currency),
        why=change_table(facts.why, currency),
    )


def _headline(facts: Facts, name: str) -> str:
    status = facts.status
    kind = f"{KINDS[status.unit]} budget" if status.unit in KINDS else "budget"
    what = f" for {only(status)}" if status.only else ""
    period = period_of(status)
    which = f"{period} {kind}{what}" if status.period == "monthly" else f"{kind}{what} for {period}"
    if facts.alert.threshold is None and not facts.is_over and not facts.has_ended:  # told for its forecast
        return f"{name} is on course to go over its {which}"
    return f"{name} has used {_used(facts.budget, status, status.spent)} of its {which}"


def _outlook(facts: Facts, currency: str) -> list[tuple[str, str]]:
    """The range and the pace behind the forecast, as pairs of label and value; a period that is over has none."""
    status, found = facts.status, []
    if facts.has_ended or status.forecast is None:
        return []
    if status.forecast_low is not None and status.forecast_high is not None:
        low, high = (words.figure(one, status.unit, currency) for one in (status.forecast_low, status.forecast_high))
        found.append(("80 % range", f"{low} to {high}"))
    if facts.daily_pace is not None and facts.period.days_count > 1:
        found.append(("Pace so far", f"{words.figure(facts.daily_pace, status.unit, currency)} a day"))
    return found


def _used(budget: Budget, status: BudgetStatus, amount: Decimal, *, places: int = 0) -> str:
    """`amount` in percent of the limit; none of the budget's thresholds shows as reached before it is."""
    return words.percentage(amount, status.limit, marks=[threshold.percent for threshold in budget.thresholds], places=places)


def _crossing(facts: Facts) -> str:
    crossing = facts.status.crossing_date
    if facts.has_ended and not facts.is_over:
        return "no"
    if crossing:
        return words.short_day(crossing)
    return "not in this period" if facts.status.forecast is not None else "not known"


def _period_and_day(facts: Facts) -> str:
    status = facts.status
    name = period_of(status, year=True)
    if status.period == "daily":
        return name
    return f"{name}, day {(status.as_of - status.period_start).days + 1} of {facts.period.days_count}"


def _who_decides(project: Project | None, organisation: Organisation) -> str:
    """Finance decides on a project's limit; the organisation's own is decided by whoever set it."""
    return ", ".join(organisation.finance) if project and organisation.finance else "whoever set the limit"


def _driver_table(table: Drivers, unit: str, currency: str) -> DriverTable:
    return DriverTable(
        head=HEADS[table.dimension],
        unit=unit.capitalize() if unit in COUNTED_UNITS else "Spent",
        rows=tuple(_driver_row(row, table.dimension, unit, currency) for row in table.rows),
        others=None if table.others is None else _others_row(table.others, unit, currency),
        compared_with="" if table.compared_with is None else words.short_days(table.compared_with),
    )


def _driver_row(row: Driver, dimension: str, unit: str, currency: str) -> DriverRow:
    before, compared = row.before, row.compared
    change = words.change(before, compared) if before is not None and compared is not None else ""
    return DriverRow(
        name=NAMELESS[dimension] if row.name is None else words.plain(row.name),
        amount=_part(row, unit, currency),
        share=words.share(row.percent, row.shown_percent),
        change=change,
        rises=(compared or 0) > (before or 0) and not change.startswith(words.UNCHANGED),
    )


def _others_row(others: Others, unit: str, currency: str) -> DriverRow:
    return DriverRow(
        name=f"and {others.count} more",
        amount=_part(others, unit, currency),
        share=words.share(others.percent, others.shown_percent),
        change="",
        rises=False,
    )


def _part(row: Driver | Others, unit: str, currency: str) -> str:
    """An amount as it adds up with those beside it; '<$0.01' for what would show as nothing."""
    if row.amount > 0 and not row.shown:
        return f"<{words.figure(Decimal(1) if unit in WHOLE_UNITS else money.CENT, unit, currency)}"
    return words.figure(row.shown, unit, currency)


def _other(budget: Budget, status: BudgetStatus, currency: str) -> OtherBudget:
    what = f", {only(status)}" if status.only else ""
    name = period_of(status)
    return OtherBudget(
        name=f"{name[:1].upper()}{name[1:]}{what}" + (f", {status.scope} {words.plain(status.holder)}" if status.holder else ""),
        spent=words.amount(status.spent, status.unit, currency),
        limit=words.figure(status.limit, status.unit, currency, short=True),
        percent=_used(budget, status, status.spent),
    )


def _left_out(count: int) -> str:
    if count <= 0:
        return ""
    return f"and {count} more {'budget' if count == 1 else 'budgets'}: `usage-pipeline budgets check --dry-run` lists all."


def _rule(budget: Budget) -> str:
    """'Told once a month at each of 75, 90 and 100 %.'"""
    *rest, last = [f"{threshold.percent.normalize():f}" for threshold in budget.thresholds]
    marks = f"each of {', '.join(rest)} and {last} %" if rest else f"{last} %"
    every = "in all" if budget.period == FIXED else f"a {NOUNS[budget.period]}"
    return f"A budget is told of once {every} at {marks}; a project gets at most one mail in 24 hours, unless it becomes more serious."
