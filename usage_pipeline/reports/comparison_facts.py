"""What the comparison across projects says of a month, exact and unrounded; its files only render it. Values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.reports.ledger import CACHED, INPUT
from usage_pipeline.tables.budgets import COUNTED_UNITS, BudgetStatus
from usage_pipeline.tables.causes import Causes, causes_of
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.looks import PLAIN, Looks
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.spans import Span
from usage_pipeline.tables.summary import Totals, known_total, tokens_of, totals
from usage_pipeline.tables.usage_events import LOG_VIEW

_TOKENS = frozenset(TOKEN_METERS)
THOUSAND = Decimal(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the month is expected to come to, with its 80 % interval."""

    mean: Decimal
    low: Decimal
    high: Decimal
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What sources tell: `batch` of so many tokens went through a batch API, `failed` of so many logged requests failed."""

    batch: int = 0
    of_tokens: int = 0
    failed: int = 0
    of_requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One project, or all (`project` None). Amounts are null where nothing is known; `causes` where nothing is known of before.

    `cost_per_request` is of the cost whose requests somebody counted, `cost_per_1000_tokens` of what tokens cost. The shares are percents,
    null where they say nothing: no log that tells of failures (providers count none), no input read, no source that tells of batches.
    `daily` is null on days without data.
    """

    project: str | None
    cost: Decimal | None
    before: Decimal | None
    causes: Causes | None
    sums: Totals
    cost_per_request: Decimal | None
    cost_per_1000_tokens: Decimal | None
    cache_percent: Decimal | None
    batch_percent: Decimal | None
    failure_percent: Decimal | None
    budget: BudgetStatus | None
    outcome: Outcome | None
    grade: Grade | None
    daily: tuple[tuple[date, Decimal | None], ...]

    @property
    def change(self) -> Decimal | None:
        return None if self.causes is None else self.causes.change


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonFacts:
    """`lines` are the projects with cost, usage or cost before, the dearest first and unattributed cost last; they sum to `whole` in cost,
    change, requests and tokens. Causes are judged within each project, so `whole`'s are the sums of theirs.
    """

    span: Span
    days: Period
    compared: Period
    organisation: Organisation
    projects: tuple[Project, ...]
    lines: tuple[Compared, ...]
    whole: Compared
    days_present: int
    compared_present: int
    is_running: bool
    finality: FinalityTold
    looks: Looks = PLAIN

    @property
    def currency(self) -> str:
        return self.organisation.currency

    @property
    def is_whole(self) -> bool:
        """Whether there is data of every day of both, so that the change says something."""
        return self.days_present == self.days.days_count and self.compared_present == self.compared.days_count


def compared_of(
    project: str | None,
    rows: Sequence[DailyCost],
    before: Sequence[DailyCost],
    days: Period,
    *,
    knows_before: bool,
    budget: BudgetStatus | None,
    outcome: Outcome | None,
    grade: Grade | None,
    told: Told,
) -> Compared:
    """One line out of its cost rows; null causes where nothing is known of any project before (`knows_before`)."""
    sums = totals(rows)
    by_day: dict[date, list[Decimal | None]] = {}
    for row in rows:
        by_day.setdefault(row.day, []).append(row.cost)
    given = money.total([row.quantity for row in rows if row.meter in INPUT | CACHED and tokens_of(row)])
    cached = money.total([row.quantity for row in rows if row.meter in CACHED and tokens_of(row)])
    return Compared(
        project=project,
        cost=known_total(row.cost for row in rows),
        before=known_total(row.cost for row in before),
        causes=causes_of(before, rows) if knows_before else None,
        sums=sums,
        cost_per_request=_per_request(rows),
        cost_per_1000_tokens=_per_tokens(rows),
        cache_percent=_percent(cached, given),
        batch_percent=_percent(Decimal(told.batch), Decimal(told.of_tokens)),
        failure_percent=_percent(Decimal(told.failed), Decimal(told.of_requests)),
        budget=budget,
        outcome=outcome,
        grade=grade,
        daily=tuple((day, known_total(by_day.get(day, []))) for day in days.days()),
    )


def added_up(causes: Iterable[Causes | None]) -> Causes | None:
    """The sums of each project's causes; null where nothing is known of before."""
    known = [one for one in causes if one is not None]
    if not known:
        return None
    names = ("before", "now", "volume", "price", "mix", "cache", "charges")
    return Causes(**{name: money.total([getattr(one, name) for one in known]) for name in names})


def own_budget(statuses: Sequence[BudgetStatus], project: str | None, days: Period) -> BudgetStatus | None:
    """The monthly budget in money of all that the project (or the organisation) spends; of several the fullest, none elsewhere."""
    found = [
        one
        for one in statuses
        if one.project == project
        and one.owner == project
        and one.period == "monthly"
        and not one.only
        and one.unit not in COUNTED_UNITS
        and Period(one.period_start, one.period_end).overlaps(days)
    ]
    return max(found, key=lambda one: (one.percent, one.budget_id), default=None)


def in_order(lines: Iterable[Compared]) -> tuple[Compared, ...]:
    """The dearest first, unattributed cost last."""
    return tuple(
        sorted(lines, key=lambda one: (one.project == UNATTRIBUTED, one.cost is None, -(one.cost or money.ZERO), one.project or ""))
    )


def told_by_project(rows: Iterable[Mapping[str, Any]]) -> dict[str, Told]:
    """Of each project the batches of the view that tells of more tokens, as views are never added; failures are told by logs alone."""
    found: dict[str, Told] = {}
    for row in sorted(rows, key=lambda one: (one["told"], one["view"])):
        one = found.get(row["project"], Told())
        if row["told"]:
            one = replace(one, batch=row["batch"], of_tokens=row["told"])
        if row["view"] == LOG_VIEW:
            one = replace(one, failed=row["failed"], of_requests=row["requests"])
        found[row["project"]] = one
    return found


def told_together(told: Iterable[Told]) -> Told:
    names = [one.name for one in fields(Told)]
    known = list(told)
    return Told(**{name: sum(getattr(one, name) for one in known) for name in names})


def _per_request(rows: Sequence[DailyCost]) -> Decimal | None:
    """Cost whose (project, channel, model) has counted requests, by those requests."""
    counted = {(row.project, row.channel, row.model) for row in rows if row.requests}
    ours = [row for row in rows if (row.project, row.channel, row.model) in counted]
    cost, requests = known_total(row.cost for row in ours), sum(row.requests for row in ours)
    return None if cost is None or not requests else money.in_proportion(cost, Decimal(1), Decimal(requests))


def _per_tokens(rows: Sequence[DailyCost]) -> Decimal | None:
    """What tokens with a price cost, a thousand of them."""
    ours = [row for row in rows if row.meter in _TOKENS and row.cost is not None]
    tokens = money.total([money.total([tokens_of(row), -min(tokens_of(row), row.unpriced_quantity)]) for row in ours])
    cost = known_total(row.cost for row in ours)
    return None if cost is None or not tokens else money.in_proportion(cost, THOUSAND, tokens)


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    return money.percent(part, whole) if whole else None
