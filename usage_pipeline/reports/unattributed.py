"""Cost of no project as the statement tells it: how much and why, who looks after it, how it moved, and whose usage fits it.

In: the snapshot of the organisation, or of `unattributed` itself. Out: sentences and table rows; nothing is given to anybody.
"""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.tables import project_cents
from usage_pipeline.tables.claimants import LEVELS, Claimant
from usage_pipeline.tables.costs import BILLED, UNATTRIBUTED
from usage_pipeline.tables.summary import by, tokens_of

CLAIMS_MOST = 8
RULE_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The month's amount beside the month before's, each also by day; null where that is not known."""

    per_day: Decimal | None
    previous: Decimal | None
    previous_per_day: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A line of the table of claimants."""

    project: str
    evidence: str
    amount: str
    percent: str
    rule: str


def unattributed_text(snapshot: Snapshot) -> str:
    """What belongs to no project and why, by channel; '' where all has a project."""
    rows = [row for row in snapshot.rows if row.project == UNATTRIBUTED]
    if not rows:
        return ""
    whole = project_cents(snapshot.by_project).get(UNATTRIBUTED, money.ZERO)
    requests, tokens = sum(row.requests for row in rows), money.total([tokens_of(row) for row in rows])
    counted = f"{words.plural(requests, 'request')} and " if requests or not (whole or tokens) else ""
    usage = f"{counted}{words.compact(tokens)} tokens"
    if snapshot.totals.cost_unattributed == 0:
        return f"{usage} name no project that a rule knows. They cost nothing beyond what the bills give to projects."
    channels = by(rows, "channel")
    cents = money.round_parts([group.cost for group in channels], whole=whole)
    parts = [
        f"{words.amount(cost, snapshot.currency)} by {words.name_of('provider', str(group.key))}"
        for group, cost in zip(channels, cents, strict=True)
        if cost
    ]
    billed = money.total([row.cost for row in rows if row.basis == BILLED])
    estimated = money.total([row.cost for row in rows if row.basis != BILLED])
    return (
        f"{words.amount(whole, snapshot.currency)} ({usage}) {_why(billed, estimated, whole, snapshot.currency)}"
        f"{': ' + words.listed(parts) if len(parts) > 1 else ''}. It stays in the total and is given to nobody."
    )


def _why(billed: Decimal, estimated: Decimal, whole: Decimal, currency: str) -> str:
    """Where the amount comes from: bills, usage, or both."""
    of_bills = "was charged on lines that name no project of ours and that no usage explains"
    of_usage = "is estimated for usage that names no project that a rule knows"
    if not estimated:
        return of_bills
    if not billed:
        return of_usage
    first, second = (words.amount(part, currency) for part in money.round_parts([billed, estimated], whole=whole))
    return f"belongs to no project: {first} {of_bills}, {second} {of_usage}"


def trend_of(snapshot: Snapshot) -> Trend | None:
    """None where nothing is without a project."""
    amount, days = snapshot.totals.cost_unattributed, snapshot.completeness.present
    if snapshot.unclaimed is None:
        return None
    previous = snapshot.previous
    before = None if previous is None else dict(previous.by_project).get(UNATTRIBUTED, money.ZERO)
    return Trend(
        per_day=money.share_of(amount, 1, days) if days else None,
        previous=before,
        previous_per_day=None if previous is None or before is None else money.share_of(before, 1, previous.month.days_count),
    )


def trend_text(snapshot: Snapshot) -> str:
    """Who looks after it, what it is a day, and what it was the month before."""
    found, trend, currency = snapshot.unclaimed, trend_of(snapshot), snapshot.currency
    if found is None or trend is None or snapshot.project is not None:
        return ""
    owners = f"Looked after by {words.listed([words.clean(one) for one in found.owners])}. " if found.owners else "Nobody looks after it. "
    daily = "" if trend.per_day is None else f"{words.total_amount(trend.per_day, currency)} a day"
    if snapshot.previous is None or trend.previous is None or trend.previous_per_day is None:
        return f"{owners}{daily}; of the month before nothing is known.".replace("  ", " ")
    month = words.month_word(snapshot.previous.month)
    if not trend.previous:
        return f"{owners}{daily}; in {month} all cost had a project."
    moved = "" if trend.per_day is None else f" ({words.change(trend.per_day, trend.previous_per_day)})"
    was = f"{words.total_amount(trend.previous_per_day, currency)} a day in {month}, {words.amount(trend.previous, currency)} in all"
    return f"{owners}{daily}; it was {was}{moved}."


def evidence_of(one: Claimant) -> str:
    """'used the same key, 83.2% of what the projects logged there'."""
    return f"{LEVELS[one.level]}: {words.percent(money.percent(one.own_cost, one.all_cost))} of what projects logged there"


def claims_of(snapshot: Snapshot) -> tuple[Claim, ...]:
    """The dearest claims, and what nobody's usage fits; in the organisation's statement alone."""
    found = snapshot.unclaimed
    if found is None or snapshot.project is not None:
        return ()
    names = {project.id: words.project_name(project) for project in snapshot.projects}
    shown = [
        Claim(
            project=names.get(one.project, words.clean(one.project)),
            evidence=evidence_of(one),
            amount=words.total_amount(one.amount, snapshot.currency),
            percent=words.percent(money.percent(one.amount, found.amount)),
            rule=words.clean(one.rule or "", RULE_MOST),
        )
        for one in found.claimants[:CLAIMS_MOST]
    ]
    rest = money.total([one.amount for one in found.claimants[CLAIMS_MOST:]])
    others = ((f"{len(found.claimants) - CLAIMS_MOST} more", "see statement.json", rest), ("Nobody", "no project’s logs fit", found.nobody))
    return (
        *shown,
        *(
            Claim(
                project=name,
                evidence=why,
                amount=words.total_amount(amount, snapshot.currency),
                percent=words.percent(money.percent(amount, found.amount)),
                rule="",
            )
            for name, why, amount in others
            if amount
        ),
    )
