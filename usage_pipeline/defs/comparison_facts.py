"""The facts of the comparison across projects, as of the month's last day that is over: of a closed month out of what was frozen."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from usage_pipeline.costs.forecast import forecast
from usage_pipeline.costs.told_by_sources import told_of_projects
from usage_pipeline.defs.digest_facts import KnownCosts, finality_in, statuses_on
from usage_pipeline.defs.forecasts import spending_around
from usage_pipeline.defs.grades import grades_of
from usage_pipeline.defs.looks import looks_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.reports import files_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import ONE_DAY, Period
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.reports.comparison_facts import (
    Compared,
    ComparisonFacts,
    Outcome,
    Told,
    added_up,
    compared_of,
    in_order,
    own_budget,
    told_by_project,
    told_together,
)
from usage_pipeline.reports.snapshot import ORGANISATION, PROJECTS
from usage_pipeline.storage.compiled import rows_of
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.spans import MONTH, Span
from usage_pipeline.tables.unpriced import unpriced_of


def comparison_facts(workplace: Workplace, span: Span, *, finality: FinalityTold | None = None) -> ComparisonFacts:
    """`finality` is the month's, where it is known.

    Raises UsageConfigError for anything but a month, and for one of which no day is over.
    """
    settings, database, today = workplace.settings(), workplace.database(), workplace.now().date()
    if span.kind != MONTH:
        raise UsageConfigError(f"{span.name}: projects are compared over a month, such as 2026-10")
    if span.period.start >= today:
        raise UsageConfigError(f"{span.name}: no day of it is over, today is {today} (UTC): name one that lies before")
    days = Period(span.period.start, min(span.period.end, today))
    compared = span.compared_with(days)
    known = KnownCosts(workplace, database)
    rows, before = known.costs(days), known.costs(compared)
    tell("comparison", 0, 2)
    statuses = statuses_on(workplace, database, days.last)
    grades = _grades(workplace, known, days, rows)
    outcomes = _outcomes(workplace, days, span.period) if days.end < span.period.end else {}
    lake = workplace.lake(workplace.engine())
    told = told_by_project(rows_of(lake.engine, told_of_projects, lake.read(priced_usage, days)))
    tell("comparison", 1, 2)
    ours, olds = _by_project(rows), _by_project(before)
    knows_before = any(row.cost is not None for row in before)

    def line(project: str | None) -> Compared:
        return compared_of(
            project,
            rows if project is None else ours.get(project, []),
            before if project is None else olds.get(project, []),
            days,
            knows_before=project is not None and knows_before,
            budget=own_budget(statuses, project, days),
            outcome=outcomes.get(project),
            grade=grades.get(ORGANISATION if project is None else PROJECTS + project),
            told=told_together(told.values()) if project is None else told.get(project, Told()),
        )

    lines = in_order(line(project) for project in sorted({*ours, *olds}))
    whole = line(None)
    return ComparisonFacts(
        span=span,
        days=days,
        compared=compared,
        organisation=settings.organisation,
        projects=settings.projects,
        lines=lines,
        whole=_with_causes(whole, lines),
        days_present=len({row.day for row in rows}),
        compared_present=len({row.day for row in before}),
        is_running=days.end < span.period.end,
        finality=finality or finality_in(workplace, known, days),
        looks=looks_of(settings),
    )


def _by_project(rows: Sequence[DailyCost]) -> dict[str, list[DailyCost]]:
    found: dict[str, list[DailyCost]] = defaultdict(list)
    for row in rows:
        found[row.project].append(row)
    return found


def _with_causes(whole: Compared, lines: Sequence[Compared]) -> Compared:
    """The whole with its projects' causes added up."""
    return Compared(**{name: getattr(whole, name) for name in Compared.__slots__} | {"causes": added_up(one.causes for one in lines)})


def _outcomes(workplace: Workplace, days: Period, month: Period) -> dict[str | None, Outcome]:
    """What the month is expected to come to, by project and (None) for all, with what was known on the last of `days`."""
    holidays = workplace.settings().holidays
    found: dict[str | None, Outcome] = {}
    for series in spending_around(workplace.database(), Period(month.start, days.last + ONE_DAY)):
        then = series.through(days.last)
        made = forecast(then.known, month, days.last, holidays=holidays, partly=then.partly)
        if made is not None:
            found[series.project] = Outcome(mean=made.mean, low=made.low, high=made.high, method=made.method)
    return found


def _grades(workplace: Workplace, known: KnownCosts, days: Period, rows: list[DailyCost]) -> Mapping[str, Grade]:
    """Of a closed month those that it was closed with."""
    if known.are_closed(days):
        return known.frozen(Period(days.start, days.end)).grades
    unpriced = unpriced_of(rows, explainer(workplace.books().book_on(days.last)))
    lines = sum(file.lines for file in files_of(workplace.database(), days))
    return grades_of(workplace, days, rows, unpriced, lines=lines)
