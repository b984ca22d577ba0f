"""What the digests and the one-pager say of a span of days, exact and unrounded; they only render it. Values in, values out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.reports.movers import Mover, movers_of
from usage_pipeline.tables.anomalies import Anomaly
from usage_pipeline.tables.budgets import BudgetStatus
from usage_pipeline.tables.causes import Causes, causes_of
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.looks import PLAIN, Looks
from usage_pipeline.tables.spans import Span
from usage_pipeline.tables.summary import Totals, known_total, totals
from usage_pipeline.tables.unpriced import Unpriced


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingTold:
    """One finding with its money at risk; where that is null, `unknown` says why nobody knows it."""

    code: str
    blocks: bool
    amount: Decimal | None
    unknown: str | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The month of the span's last day: spent `through` that day, and what it will come to; null forecast where nothing can be said."""

    month: Period
    through: date
    spent: Decimal | None
    forecast: Decimal | None
    low: Decimal | None
    high: Decimal | None
    method: str | None

    @property
    def is_over(self) -> bool:
        return self.through >= self.month.last


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanFacts:
    """`days` are those of `span` that are over, `compared` those they are held against. `before` is empty where nothing is known of them.

    `trend` are the last days with what each cost, null without data. `budgets` are those at risk on the last day, the worst first.
    """

    span: Span
    days: Period
    compared: Period
    organisation: Organisation
    projects: tuple[Project, ...]
    rows: Sequence[DailyCost]
    before: Sequence[DailyCost]
    day_before: Decimal | None
    trend: tuple[tuple[date, Decimal | None], ...]
    outlook: Outlook
    budgets: tuple[BudgetStatus, ...]
    budgets_count: int
    anomalies: tuple[Anomaly, ...]
    unpriced: tuple[Unpriced, ...]
    findings: tuple[FindingTold, ...]
    finality: FinalityTold
    grade: Grade | None
    looks: Looks = PLAIN

    @property
    def currency(self) -> str:
        return self.organisation.currency

    @property
    def totals(self) -> Totals:
        return totals(self.rows)

    @property
    def cost(self) -> Decimal | None:
        """Null where nothing is known of the span: no data is not 0."""
        return known_total(row.cost for row in self.rows)

    @property
    def cost_before(self) -> Decimal | None:
        return known_total(row.cost for row in self.before)

    @property
    def causes(self) -> Causes | None:
        """Why it costs more or less than before; null where there is nothing to compare."""
        return causes_of(self.before, self.rows) if self.cost_before is not None else None

    @property
    def days_present(self) -> int:
        return len({row.day for row in self.rows})

    @property
    def compared_present(self) -> int:
        return len({row.day for row in self.before})

    @property
    def is_whole(self) -> bool:
        """Whether there is data of every day of both spans, so that the change says something."""
        return self.days_present == self.days.days_count and self.compared_present == self.compared.days_count

    def movers(self, dimension: str) -> tuple[Mover, ...]:
        return movers_of(dimension, self.rows, self.before)


def at_risk(statuses: Sequence[BudgetStatus]) -> tuple[BudgetStatus, ...]:
    """The budgets that are over, past a threshold or expected to go over, the worst first."""
    return tuple(sorted((one for one in statuses if _is_at_risk(one)), key=_worst_first))


def expected(one: BudgetStatus) -> Decimal:
    """What its period comes to, as far as anybody can say: never less than spent."""
    return max(one.spent, one.forecast if one.forecast is not None else one.spent)


def _is_at_risk(one: BudgetStatus) -> bool:
    return one.spent > 0 and (one.level is not None or expected(one) >= one.limit)


def _worst_first(one: BudgetStatus) -> tuple[bool, Decimal, str, str]:
    return (one.spent < one.limit, -money.percent(expected(one), one.limit), one.budget_id, one.period_start.isoformat())
