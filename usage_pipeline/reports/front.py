"""The first page's words: whose statement it is, the month in three sentences, how sure the total is, the headline figures."""

from collections.abc import Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.budget_lines import BudgetLine
from usage_pipeline.reports.ledger import CACHED, INPUT
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.tables import is_counted, project_cents
from usage_pipeline.reports.unit_costs import counted_rows, per_thousand_requests
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.summary import Totals
from usage_pipeline.tables.unpriced import range_words, total_range

LEDE_NAMES = 3
NOT_COUNTED = "provider does not count requests"
BLENDED_FROM = 1000
"""Tokens below which a price per million says nothing."""


def number_of(snapshot: Snapshot) -> str:
    """The statement's number: 'ST-2026-10-ORG-1', 'ST-2026-10-support-portal-1'."""
    scope = "ORG" if snapshot.project is None else words.clean(snapshot.project.id)
    return f"ST-{snapshot.period}-{scope}-{snapshot.revision}"


def initial_of(name: str) -> str:
    """The first letter of the organisation's name, for its mark."""
    return next((letter.upper() for letter in words.clean(name) if letter.isalnum()), "•")


def lede_of(snapshot: Snapshot, lines: Sequence[BudgetLine]) -> str:
    """The month in three sentences: where most of it went, which budgets broke, what is missing."""
    if not snapshot.rows:
        return ""
    sentences = []
    parts = snapshot.by_project if snapshot.project is None else snapshot.by_model
    dearest = next((group for group in parts if group.cost and group.key not in {None, UNATTRIBUTED}), None)
    if dearest is not None and len(parts) > 1:
        names = {one.id: words.project_name(one) for one in snapshot.projects} if snapshot.project is None else {}
        sentences.append(
            f"{names.get(str(dearest.key), words.clean(str(dearest.key)))} cost the most, {words.percent(dearest.percent)} of the total."
        )
    over = [line.name for line in lines if line.over and line.is_monthly]
    briefly = sum(line.over and not line.is_monthly for line in lines)
    owners = list(dict.fromkeys(over))
    if over and snapshot.project is None and len(owners) <= LEDE_NAMES:
        sentences.append(f"Over budget: {words.listed(owners)}.")
    elif over:
        sentences.append(f"{words.plural(len(over), 'budget was', 'budgets were')} exceeded.")
    elif briefly:
        sentences.append(f"{words.plural(briefly, 'daily or weekly budget was', 'daily or weekly budgets were')} exceeded at times.")
    elif lines:
        which = "The budget" if len(lines) == 1 else "Every budget"
        sentences.append(f"{which} held." if not snapshot.completeness.missing else f"{which} holds so far.")
    complete = snapshot.completeness
    if complete.missing:
        sentences.append(f"Data covers {complete.present} of {complete.expected} days.")
    return " ".join(sentences)


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


def facts_of(snapshot: Snapshot) -> list[tuple[str, str]]:
    through = snapshot.data_through
    facts = [
        ("Statement", number_of(snapshot)),
        ("Period", words.period_text(snapshot.month)),
        ("Data through", "no data" if through is None else words.day_text(through)),
        ("Prepared for", "Project owners, Finance" if snapshot.project and snapshot.project.id != UNATTRIBUTED else "Finance"),
        ("Currency", snapshot.currency),
    ]
    if snapshot.project is not None:
        more = (("Client", snapshot.project.client), ("Team", snapshot.project.team), ("Cost centre", snapshot.project.cost_center))
        facts += [(name, words.clean(value)) for name, value in more if value]
    return facts


def states_of(snapshot: Snapshot) -> list[dict[str, str]]:
    """How sure the total is, in four cells."""
    totals, currency = snapshot.totals, snapshot.currency
    billed = money.percent(totals.cost_billed, totals.cost)
    nothing_billed = "no bill covers it yet" if totals.cost_estimated else "nothing was charged"
    nothing_left = "all of it is billed" if totals.cost_billed else "nothing to estimate"
    cells = [
        {
            "label": "Billed by the provider",
            "value": words.amount(totals.cost_billed, currency),
            "note": f"{words.percent(billed)} of the total" if totals.cost_billed else nothing_billed,
            "kind": "billed",
        },
        {
            "label": "Estimated",
            "value": words.amount(_cents(totals.cost) - _cents(totals.cost_billed), currency),
            "note": f"{words.percent(100 - billed)} at our rates, not billed yet" if totals.cost_estimated else nothing_left,
            "kind": "estimated",
        },
        _unpriced(snapshot),
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
        cells.append(_failed(snapshot))
    return cells


def _unpriced(snapshot: Snapshot) -> dict[str, str]:
    """What has no price: in requests, or in tokens where nobody counts requests."""
    totals, found = snapshot.totals, snapshot.totals.unpriced_events or snapshot.unpriced
    value, priced = words.plural(totals.unpriced_events, "request"), "every request has a price"
    if not is_counted(totals):
        value, priced = f"{words.compact(totals.unpriced_tokens)} tokens" if totals.tokens else words.NONE, NOT_COUNTED
    note = unpriced_note(snapshot) if found else priced
    return {"label": "Unpriced", "value": value, "note": note, "kind": "warn" if found else ""}


def unpriced_note(snapshot: Snapshot) -> str:
    """That it is not in the total, and what it may be."""
    if snapshot.unpriced and all(one.billed for one in snapshot.unpriced):
        return "no rate of ours: the bill has its cost"
    low, high = total_range(snapshot.unpriced)
    may_be = range_words(low, high, None, lambda amount: words.total_amount(amount, snapshot.currency))
    return f"not in the total: {may_be}" if may_be else "price unknown: not in the total"


def _failed(snapshot: Snapshot) -> dict[str, str]:
    totals = snapshot.totals
    if not is_counted(totals):
        return {"label": "Failed", "value": words.NONE, "note": NOT_COUNTED, "kind": ""}
    note = f"of {words.count(totals.requests)}; {words.plural(totals.cache_hits, 'cache answer')}"
    return {"label": "Failed", "value": words.plural(totals.failed_requests, "request"), "note": note, "kind": ""}


def _cents(value: Decimal) -> Decimal:
    return value.quantize(money.CENT)


def billed_width(snapshot: Snapshot) -> str:
    share = money.percent(snapshot.totals.cost_billed, snapshot.totals.cost)
    return f"{min(max(share, money.ZERO), Decimal(100)).quantize(money.CENT)}%"


def kpis_of(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    totals, currency = snapshot.totals, snapshot.currency
    meters = {str(group.key): group for group in snapshot.by_meter}
    token_cost = money.total([meters[name].cost for name in meters if name in TOKEN_METERS])
    priced = totals.tokens - totals.unpriced_tokens
    given = money.total([meters[name].tokens for name in meters if name in INPUT | CACHED])
    cached = money.total([meters[name].tokens for name in meters if name in CACHED])
    blended = words.amount(token_cost * 10**6 / priced, currency) if priced >= BLENDED_FROM else words.NONE
    cards = [
        ("Tokens", words.compact(totals.tokens), "input, cached and output"),
        ("Requests", words.compact(totals.requests) if totals.requests else words.NONE, per_thousand(snapshot)),
        ("Blended price", blended, "per million tokens"),
        ("Served from cache", words.percent(money.percent(cached, given)) if given else words.NONE, "of input tokens"),
    ]
    return [*cards, _credits(snapshot)] if has_credits(totals) else cards


def has_credits(totals: Totals) -> bool:
    """Whether a credit rule is for any of it."""
    return totals.credits is not None or bool(totals.uncredited_events)


def _credits(snapshot: Snapshot) -> tuple[str, str, str]:
    totals = snapshot.totals
    unknown = f"unknown for {words.plural(totals.uncredited_events, 'request')}"
    if totals.credits is None:
        return ("Credits", words.NONE, unknown)
    return ("Credits", words.compact(totals.credits), unknown if totals.uncredited_events else "beside the cost")


def per_thousand(snapshot: Snapshot) -> str:
    """What a thousand requests cost: cost whose (project, channel, model) has counted requests, by those requests.

    'per thousand counted' says that there is other cost, whose requests nobody counted.
    """
    counted = counted_rows(snapshot.rows)
    if not counted:
        return "not stated by the provider"
    each = per_thousand_requests(snapshot.rows)
    if each is None:
        return "price unknown"
    is_all = money.total([row.cost for row in counted]) == snapshot.totals.cost
    return words.amount(each, snapshot.currency) + (" per thousand" if is_all else " per thousand counted")
