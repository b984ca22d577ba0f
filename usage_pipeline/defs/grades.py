"""The grades of a month's statements, out of the database, the ledger and the lake: what `reports.grading` is told of each scope."""

from collections.abc import Sequence

from usage_pipeline import money
from usage_pipeline.costs.overlaps import overlaps_of
from usage_pipeline.defs.day_gaps import day_gaps
from usage_pipeline.defs.finality import missing_days
from usage_pipeline.defs.findings_lines import rejected_bill_lines, rejected_usage_lines
from usage_pipeline.defs.source_status import source_statuses
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.reports.grading import Making, grade_of
from usage_pipeline.reports.snapshot import ORGANISATION, PROJECTS
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.reconciliations import UNEXPLAINED, reconciliation_causes
from usage_pipeline.tables.unpriced import Unpriced


def grades_of(
    workplace: Workplace, month: Period, daily: Sequence[DailyCost], unpriced: Sequence[Unpriced], *, lines: int
) -> dict[str, Grade]:
    """The grade of each scope that has cost rows. `unpriced` are the month's rows by project with ranges; `lines` those of its files.

    While the month runs, only days before the newest data can be missing.
    """
    settings, database, lake = workplace.settings(), workplace.database(), workplace.lake(workplace.engine())
    through, today = max((row.day for row in daily), default=month.start), workplace.now().date()
    gaps = [day for day in missing_days(database, month, daily) if today >= month.end or day < through]
    silent = [one for one in day_gaps(workplace, month, daily) if not one.is_billed]
    partly = {day for one in silent for day in one.days}.difference(gaps)
    rejected = [row for told in (rejected_bill_lines, rejected_usage_lines) for row in told(settings, database, lake, month)]
    statuses = source_statuses(workplace, min(month.last, today))
    causes = database.select(reconciliation_causes, where={"day": month, "cause": UNEXPLAINED})
    overlaps = overlaps_of(daily)
    found: dict[str, Grade] = {}
    for project in (None, *sorted({row.project for row in daily})):
        made = Making(
            unpriced=[one for one in unpriced if project in {None, one.project}],
            unexplained=money.total([abs(row.amount) for row in causes if project in {None, row.project}]),
            twice=money.total(
                [
                    min(one.provider_cost, one.logged_cost)
                    for one in overlaps
                    if project in {None, *one.provider_projects, *one.logged_projects}
                ]
            ),
            missing=len(gaps),
            partly_missing=len(partly),
            partly_worth=money.total([one.worth for one in silent]) if project is None and not gaps else None,
            days=month.days_count,
            rejected=sum(int(str(row["lines"])) for row in rejected),
            lines=lines,
            stale=sum(one.is_stale for one in statuses),
            sources=len(statuses),
        )
        rows = [row for row in daily if project in {None, row.project}]
        grade = grade_of(rows, made, settings.organisation.currency, settings.limits.grades)
        if grade is not None:
            found[ORGANISATION if project is None else PROJECTS + project] = grade
    return found
