"""Requests over the limit on one request."""

from collections.abc import Sequence

import dagster as dg

from usage_pipeline.budgets.request_limits import violations_of
from usage_pipeline.defs.closed import open_spans
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.usage import report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.reports.snapshot import ORGANISATION, PROJECTS
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.request_limits import LimitViolation, Violations, limit_violations, told_of, worst_of

WORST = 5
IN_STATEMENT = 10


@dg.asset(
    key=limit_violations.name,
    deps=[priced_usage.name],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="budgets",
    kinds={"duckdb", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(limit_violations)},
)
def limit_violations_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """One row a request that used or cost more than usage.yaml's request_limits let one request; empty without such limits."""
    spans = open_spans(context, workplace)
    rows = [row for days in spans for row in _violations(workplace, days)]
    days = [day for span in spans for day in span.days()]
    workplace.database().replace(limit_violations, rows, where={"day": days})
    written = dict.fromkeys(days, 0)
    for row in rows:
        written[row.day] += 1
    report_days(context, written)
    columns = ("project", "operation", "model", "measure", "amount", "limit", "event_id")
    worst = [{name: getattr(row, name) for name in columns} for row in worst_of(rows)[:WORST]]
    return dg.MaterializeResult(metadata={"dagster/row_count": len(rows), "worst": markdown(worst, columns)})


def violations_in(workplace: Workplace, database: Database, month: Period, scopes: Sequence[str]) -> dict[str, Violations]:
    """What the month's statements say of them, by scope; nothing where usage.yaml has no request_limits and the month no violation."""
    rows = database.select(limit_violations, where={"day": month})
    if not rows and not workplace.settings().request_limits:
        return {}
    by_project: dict[str, list[LimitViolation]] = {}
    for row in rows:
        by_project.setdefault(PROJECTS + (row.project or UNATTRIBUTED), []).append(row)
    return {scope: told_of(rows if scope == ORGANISATION else by_project.get(scope, []), IN_STATEMENT) for scope in scopes}


def _violations(workplace: Workplace, days: Period) -> list[LimitViolation]:
    limits = workplace.settings().request_limits
    if not limits:
        return []
    engine = workplace.engine()
    found = violations_of(workplace.lake(engine).read(priced_usage, days), limits)
    return [LimitViolation(**row) for row in engine.to_pyarrow(found).to_pylist()]
