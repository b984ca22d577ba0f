"""The facts of a digest, gathered as of the span's last day: of closed months out of what was frozen, else out of the database."""

from datetime import date, timedelta
from decimal import Decimal

from usage_pipeline.budgets.spending import index
from usage_pipeline.budgets.status import standing
from usage_pipeline.costs.forecast import forecast
from usage_pipeline.defs.budget_forecasts import with_forecasts
from usage_pipeline.defs.budgets import sums_around
from usage_pipeline.defs.closed import Closed, closed_months
from usage_pipeline.defs.closed_facts import frozen_facts
from usage_pipeline.defs.finality_told import finality_told
from usage_pipeline.defs.finding_money import why_not_known
from usage_pipeline.defs.findings import findings_of
from usage_pipeline.defs.forecasts import spending_around
from usage_pipeline.defs.grades import grades_of
from usage_pipeline.defs.looks import looks_of
from usage_pipeline.defs.reports import files_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import ONE_DAY, Period, day_of, month_of, months_in
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.reports.facts import Facts
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.reports.span_facts import FindingTold, Outlook, SpanFacts, at_risk
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.day_sums import day_sums
from usage_pipeline.tables.anomalies import anomalies
from usage_pipeline.tables.budgets import BudgetStatus
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.revisions import CLOSED, OPEN, PROVISIONAL, RECONCILED
from usage_pipeline.tables.spans import DAY, MONTH, WEEK, Span
from usage_pipeline.tables.summary import known_total
from usage_pipeline.tables.unpriced import Unpriced, unpriced_of

LEAST_FINAL_FIRST = (OPEN, PROVISIONAL, RECONCILED, CLOSED)
TREND_DAYS = {DAY: 14, WEEK: 28}


def facts_of(workplace: Workplace, span: Span) -> SpanFacts:
    """Raises UsageConfigError for a span of which no day is over."""
    settings, database = workplace.settings(), workplace.database()
    today = workplace.now().date()
    if span.period.start >= today:
        raise UsageConfigError(f"{span.name}: no day of it is over, today is {today} (UTC): name one that lies before")
    days = Period(span.period.start, min(span.period.end, today))
    compared = span.compared_with(days)
    known = KnownCosts(workplace, database)
    rows, before = known.costs(days), known.costs(compared)
    unpriced = unpriced_in(workplace, rows, days)
    statuses = statuses_on(workplace, database, days.last)
    return SpanFacts(
        span=span,
        days=days,
        compared=compared,
        organisation=settings.organisation,
        projects=settings.projects,
        rows=rows,
        before=before,
        day_before=_cost(known.costs(day_of(days.start - ONE_DAY))) if span.kind == DAY else None,
        trend=_trend(database, span, days, rows),
        outlook=_outlook(workplace, database, known, days.last),
        budgets=at_risk(statuses),
        budgets_count=len(statuses),
        anomalies=tuple(sorted(database.select(anomalies, where={"day": days}), key=lambda one: (-one.excess, one.day, one.project))),
        unpriced=unpriced,
        findings=_findings(workplace, known, days, rows),
        finality=finality_in(workplace, known, days),
        grade=_grade(workplace, known, span, days, rows, unpriced),
        looks=looks_of(settings),
    )


class KnownCosts:
    """The cost rows of days: of closed months as they were closed, also while they are being revised."""

    def __init__(self, workplace: Workplace, database: Database) -> None:
        self.workplace, self.database = workplace, database
        self.closed: dict[date, Closed] = closed_months(database)
        self._frozen: dict[date, Facts] = {}

    def frozen(self, month: Period) -> Facts:
        if month.start not in self._frozen:
            self._frozen[month.start] = frozen_facts(self.workplace.home, self.closed[month.start])
        return self._frozen[month.start]

    def costs(self, days: Period) -> list[DailyCost]:
        found: list[DailyCost] = []
        for month in months_in(days):
            part = Period(max(month.start, days.start), min(month.end, days.end))
            if month.start in self.closed:
                found += [row for row in self.frozen(month).daily if row.day in part]
            else:
                found += self.database.select(daily_costs, where={"day": part})
        return found

    def are_closed(self, days: Period) -> bool:
        return all(month.start in self.closed for month in months_in(days))


def _cost(rows: list[DailyCost]) -> Decimal | None:
    return known_total(row.cost for row in rows)


def unpriced_in(workplace: Workplace, rows: list[DailyCost], days: Period) -> tuple[Unpriced, ...]:
    """By model, with ranges of money out of the book of the last day."""
    if not unpriced_of(rows):
        return ()
    return unpriced_of(rows, explainer(workplace.books().book_on(days.last)), by_project=False)


def statuses_on(workplace: Workplace, database: Database, as_of: date) -> list[BudgetStatus]:
    """Every budget as it stood at the end of `as_of`, with its forecast: what came later is not looked at."""
    settings = workplace.settings()
    budgets = settings.budgets
    sums = [one for one in sums_around(database, budgets, month_of(as_of)) if one.day <= as_of]
    spending = index(sums, budgets)
    found = standing(budgets, spending, as_of, complete_through=as_of)
    return with_forecasts(found, budgets, spending, settings.holidays, complete_through=as_of)


def _trend(database: Database, span: Span, days: Period, rows: list[DailyCost]) -> tuple[tuple[date, Decimal | None], ...]:
    """The last days; of a month all of its own."""
    shown = days if span.kind == MONTH else Period(days.end - timedelta(days=TREND_DAYS[span.kind]), days.end)
    costs = {one.day: one.cost for one in day_sums(database, shown, ())}
    costs |= {day: _cost([row for row in rows if row.day == day]) for day in days.days()}
    return tuple((day, costs.get(day)) for day in shown.days())


def _outlook(workplace: Workplace, database: Database, known: KnownCosts, through: date) -> Outlook:
    month = month_of(through)
    spent = _cost(known.costs(Period(month.start, through + ONE_DAY)))
    made = None
    if through < month.last:
        series = next((one for one in spending_around(database, Period(month.start, through + ONE_DAY)) if one.project is None), None)
        if series is not None:
            then = series.through(through)
            made = forecast(then.known, month, through, holidays=workplace.settings().holidays, partly=then.partly)
    return Outlook(
        month=month,
        through=through,
        spent=spent,
        forecast=None if made is None else made.mean,
        low=None if made is None else made.low,
        high=None if made is None else made.high,
        method=None if made is None else made.method,
    )


def _findings(workplace: Workplace, known: KnownCosts, days: Period, rows: list[DailyCost]) -> tuple[FindingTold, ...]:
    """Nothing stands against what is closed."""
    if known.are_closed(days):
        return ()
    return tuple(
        FindingTold(code=one.code, blocks=one.blocks, amount=one.amount, unknown=why_not_known(one), words=one.words)
        for one in findings_of(workplace, days, rows)
    )


def finality_in(workplace: Workplace, known: KnownCosts, days: Period) -> FinalityTold:
    """The least final of the span's months."""
    told = [
        FinalityTold(state=CLOSED, words=f"{known.closed[month.start].words}.")
        if month.start in known.closed
        else finality_told(workplace, month)
        for month in months_in(days)
    ]
    return min(told, key=lambda one: LEAST_FINAL_FIRST.index(one.state))


def _grade(
    workplace: Workplace, known: KnownCosts, span: Span, days: Period, rows: list[DailyCost], unpriced: tuple[Unpriced, ...]
) -> Grade | None:
    """Of a closed month the one that it was closed with."""
    if span.kind == MONTH and known.are_closed(days):
        return known.frozen(span.period).grades.get(ORGANISATION)
    lines = sum(file.lines for file in files_of(workplace.database(), days))
    return grades_of(workplace, days, rows, unpriced, lines=lines).get(ORGANISATION)
