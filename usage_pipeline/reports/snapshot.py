"""One month of one scope as a snapshot: every number that any format of the statement shows, exact. Formats only render it.

In: the month's daily costs, the month before, budget status, who reports. Out: `Snapshot`. No clock, no rounding, no I/O.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import ONE_DAY, Period, month_name, month_of
from usage_pipeline.reports.changes import Changes, Compared, changes_in, whole_before
from usage_pipeline.reports.contracted import Contracted, contracted_of
from usage_pipeline.reports.focus_book import FocusBook
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.budgets import BudgetStatus
from usage_pipeline.tables.claimants import Unclaimed
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost, MonthlyCost
from usage_pipeline.tables.exchange_used import ExchangeUsed
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.looks import PLAIN, Looks
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.reconciled_told import ReconciledTold
from usage_pipeline.tables.request_limits import Violations
from usage_pipeline.tables.shared_used import SharedUsed
from usage_pipeline.tables.summary import Group, Totals, by, totals
from usage_pipeline.tables.unpriced import Explain, Unpriced, as_it_is, unpriced_of
from usage_pipeline.tables.wallets import PROJECT
from usage_pipeline.tables.wallets_told import WalletTold

ORGANISATION = "organisation"
PROJECTS = "projects/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Days of the month that are in the data: `present` of `expected`, and which are missing."""

    expected: int
    present: int
    missing: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """Lines behind the month: read = accepted + duplicates + rejected."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who closed the month, when, and why in their words."""

    by: str
    at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """The month before: its cost, and by project where its rows are known."""

    month: Period
    cost: Decimal
    by_project: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayByProvider:
    """What one day cost by provider: one stack of the chart."""

    day: date
    costs: tuple[tuple[str | None, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDays:
    """What one project cost on each day that has a known cost: one sparkline."""

    project: str
    costs: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A month's statement for the organisation (`project` None) or one project. Amounts in `organisation.currency`, unrounded.

    `rows` are the month's cost rows by their whole key; every `by_` group list sums to `totals` exactly. `focus` is what the FOCUS files of
    all the month's statements are made of.
    """

    month: Period
    scope: str
    revision: int
    finality: str
    organisation: Organisation
    project: Project | None
    projects: tuple[Project, ...]
    rows: tuple[MonthlyCost, ...]
    totals: Totals
    by_day: tuple[Group, ...]
    by_project: tuple[Group, ...]
    by_provider: tuple[Group, ...]
    by_model: tuple[Group, ...]
    by_operation: tuple[Group, ...]
    by_type: tuple[Group, ...]
    by_team: tuple[Group, ...]
    by_user: tuple[Group, ...]
    by_meter: tuple[Group, ...]
    days_by_provider: tuple[DayByProvider, ...]
    days_by_project: tuple[ProjectDays, ...]
    previous: Previous | None
    budgets: tuple[BudgetStatus, ...]
    unpriced: tuple[Unpriced, ...]
    agreements: tuple[Contracted, ...]
    advice: tuple[Advice, ...]
    exchange: tuple[ExchangeUsed, ...]
    shared: tuple[SharedUsed, ...]
    inputs: tuple[tuple[str, str], ...]
    price_book: str
    completeness: Completeness
    accounting: Accounting | None
    approval: Approval | None = None
    focus: FocusBook | None = None
    grade: Grade | None = None
    unclaimed: Unclaimed | None = None
    violations: Violations | None = None
    changes: Changes | None = None
    wallets: tuple[WalletTold, ...] = ()
    reconciled: ReconciledTold | None = None
    looks: Looks = PLAIN

    @property
    def period(self) -> str:
        return month_name(self.month)

    @property
    def currency(self) -> str:
        return self.organisation.currency

    @property
    def data_through(self) -> date | None:
        """The last day that has cost rows."""
        days = [group.key for group in self.by_day if isinstance(group.key, date)]
        return max(days, default=None)


def statement_of(
    month: Period,
    scope: str,
    *,
    daily: Sequence[DailyCost],
    previous: Sequence[MonthlyCost] | Decimal | None,
    statuses: Sequence[BudgetStatus],
    projects: Sequence[Project],
    organisation: Organisation,
    inputs: Sequence[tuple[str, str]],
    price_book: str,
    revision: int = 1,
    finality: str = "open",
    completeness: Completeness | None = None,
    accounting: Accounting | None = None,
    approval: Approval | None = None,
    explain: Explain = as_it_is,
    focus: FocusBook | None = None,
    advice: Sequence[Advice] = (),
    exchange: Sequence[ExchangeUsed] = (),
    shared: Sequence[SharedUsed] = (),
    grade: Grade | None = None,
    unclaimed: Unclaimed | None = None,
    violations: Violations | None = None,
    compared: Compared | None = None,
    wallets: Sequence[WalletTold] = (),
    reconciled: ReconciledTold | None = None,
    looks: Looks = PLAIN,
) -> Snapshot:
    """The statement of `month` for 'organisation' or a project id (or 'projects/<id>').

    `daily` and `previous` may hold other projects' rows: they are left out of a project's statement. `previous` is None where the month
    before has no data; `compared` are its rows of the days that this month has had, if that is not all of them. `inputs` are (file,
    sha256). Without `completeness`, days without a row count as missing. `reconciled` is the organisation's alone; of `wallets` a project
    has its own.
    `advice` may hold other projects' too. `explain` gives unpriced usage its range of money and its hint (prices.money_range.explainer).

    Raises AccountingError for a daily row outside the month.
    """
    project = None if scope == ORGANISATION else _project_of(scope.removeprefix(PROJECTS), projects)
    ours = [row for row in daily if project is None or row.project == project.id]
    outside = sorted({row.day for row in ours if row.day not in month})
    if outside:
        raise AccountingError(f"statement {month_name(month)} of {scope}: got cost rows of {outside[0]}, which is not in the month")
    rows = tuple(monthly_costs_of(month, ours))
    complete = completeness or completeness_of(month, {row.day for row in daily})
    return Snapshot(
        month=month,
        scope=ORGANISATION if project is None else PROJECTS + project.id,
        revision=revision,
        finality=finality,
        organisation=organisation,
        project=project,
        projects=tuple(projects),
        rows=rows,
        totals=totals(rows),
        by_day=tuple(sorted(by(ours, "day"), key=lambda group: str(group.key))),
        by_project=tuple(by(rows, "project")),
        by_provider=tuple(by(rows, "provider")),
        by_model=tuple(by(rows, "model")),
        by_operation=tuple(by(rows, "operation")),
        by_type=tuple(by(rows, "api_type")),
        by_team=tuple(by(rows, "team")),
        by_user=tuple(by(rows, "user")),
        by_meter=tuple(by(rows, "meter")),
        days_by_provider=_days_by_provider(ours),
        days_by_project=_days_by_project(ours),
        previous=_previous(previous, month, project),
        budgets=_budgets(statuses, month, project),
        unpriced=unpriced_of(ours, explain),
        agreements=contracted_of(rows),
        advice=_advice(advice, project),
        shared=tuple(one for one in shared if project is None or one.project == project.id),
        exchange=_exchange(exchange, None if project is None else {row.channel for row in rows}),
        inputs=tuple(sorted(inputs)),
        price_book=price_book,
        completeness=complete,
        accounting=accounting,
        approval=approval,
        focus=focus,
        grade=grade,
        unclaimed=unclaimed if project is None or project.id == UNATTRIBUTED else None,
        violations=violations,
        changes=changes_in(
            month, rows, None if project is None else project.id, compared or whole_before(month, previous), complete.missing
        ),
        wallets=_wallets(wallets, project),
        reconciled=reconciled if project is None else None,
        looks=looks,
    )


def completeness_of(month: Period, days_present: Iterable[date]) -> Completeness:
    """How much of `month` is there, from the days that have data."""
    present = set(days_present)
    missing = tuple(day for day in month.days() if day not in present)
    return Completeness(expected=month.days_count, present=month.days_count - len(missing), missing=missing)


def _project_of(project_id: str, projects: Sequence[Project]) -> Project:
    """The project as declared; one that only a tag names is called by its id."""
    name = "Unattributed" if project_id == UNATTRIBUTED else project_id
    return next((one for one in projects if one.id == project_id), Project(id=project_id, name=name))


def _days_by_provider(rows: Sequence[DailyCost]) -> tuple[DayByProvider, ...]:
    days: dict[date, dict[str | None, list[Decimal | None]]] = {}
    for row in rows:
        days.setdefault(row.day, {}).setdefault(row.provider, []).append(row.cost)
    return tuple(
        DayByProvider(
            day=day,
            costs=tuple((key, money.total(costs)) for key, costs in sorted(days[day].items(), key=lambda item: item[0] or "")),
        )
        for day in sorted(days)
    )


def _days_by_project(rows: Sequence[DailyCost]) -> tuple[ProjectDays, ...]:
    projects: dict[str, dict[date, list[Decimal | None]]] = {}
    for row in rows:
        projects.setdefault(row.project, {}).setdefault(row.day, []).append(row.cost)
    return tuple(
        ProjectDays(project=project, costs=tuple((day, money.total(costs)) for day, costs in sorted(projects[project].items())))
        for project in sorted(projects)
    )


def _previous(previous: Sequence[MonthlyCost] | Decimal | None, month: Period, project: Project | None) -> Previous | None:
    before = month_of(month.start - ONE_DAY)
    if previous is None or isinstance(previous, Decimal):
        return None if previous is None else Previous(month=before, cost=previous)
    if not previous:
        return None
    ours = [row for row in previous if project is None or row.project == project.id]
    groups = tuple((str(group.key), group.cost or money.ZERO) for group in by(ours, "project"))
    return Previous(month=before, cost=money.total([row.cost for row in ours]), by_project=groups)


def _wallets(wallets: Sequence[WalletTold], project: Project | None) -> tuple[WalletTold, ...]:
    """A project's own, or all: what others took from one that is shared is not its business."""
    return tuple(one for one in wallets if project is None or (one.scope == PROJECT and one.holder == project.id))


def _advice(advice: Sequence[Advice], project: Project | None) -> tuple[Advice, ...]:
    """The largest saving first."""
    ours = [one for one in advice if project is None or one.project == project.id]
    return tuple(sorted(ours, key=lambda one: (-one.saving, one.project, one.provider, one.model, one.kind)))


def _exchange(exchange: Sequence[ExchangeUsed], channels: set[str] | None) -> tuple[ExchangeUsed, ...]:
    """Those of a project's channels, without amounts: what was billed to all is not its business."""
    ours = [one for one in exchange if channels is None or one.channel in channels]
    told = ours if channels is None else [replace(one, original_cost=None, cost=None) for one in ours]
    return tuple(sorted(told, key=lambda one: (one.currency, one.channel, one.day)))


def _budgets(statuses: Sequence[BudgetStatus], month: Period, project: Project | None) -> tuple[BudgetStatus, ...]:
    """The organisation's own budgets first, then projects'; only periods that share a day with the month."""
    ours = [
        status
        for status in statuses
        if (project is None or status.project == project.id) and Period(status.period_start, status.period_end).overlaps(month)
    ]
    return tuple(sorted(ours, key=lambda status: (status.project is not None, status.project or "", status.budget_id, status.period_start)))
