"""Days on which a project spent far more on a model than is usual."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from usage_pipeline import money
from usage_pipeline.costs.anomalies import anomalies_of, days_needed
from usage_pipeline.defs.closed import open_spans, still_open, to_revise
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.usage import report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.storage.day_sums import day_sums
from usage_pipeline.tables.anomalies import Anomaly, anomalies
from usage_pipeline.tables.costs import daily_costs


@dg.asset(
    key=anomalies.name,
    deps=[daily_costs.name],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="costs",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(anomalies)},
)
def anomalies_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Cost and unit cost of each project and model against the same weekdays before; telling people is `alerts`."""
    spans = open_spans(context, workplace)
    found = [judged(workplace, days) for days in spans]
    rows = [row for one, _ in found for row in one]
    days = [day for span in spans for day in span.days()]
    with workplace.database().transaction() as transaction:
        still_open(transaction, spans, to_revise(context, workplace))
        transaction.replace(anomalies, rows, where={"day": days})
    written = dict.fromkeys(days, 0)
    for row in rows:
        written[row.day] += 1
    report_days(context, written)
    return dg.MaterializeResult(metadata=anomaly_metadata(rows, sum(count for _, count in found)))


def judged(workplace: Workplace, days: Period) -> tuple[list[Anomaly], int]:
    """The anomalies of `days` by what daily costs say now, and how many days of a project and model were looked at."""
    settings = workplace.settings()
    sums = day_sums(workplace.database(), days_needed(days), ("project", "model", "channel"))
    return anomalies_of(sums, days, settings.anomalies, settings.holidays)


def anomaly_metadata(rows: Sequence[Anomaly], judged_count: int) -> dict[str, Any]:
    """How many, how much money, and the dearest in words."""
    dearest = sorted(rows, key=lambda row: -row.excess)
    return {
        "dagster/row_count": len(rows),
        "judged": judged_count,
        "dearest excess": amount(dearest[0].excess if dearest else money.ZERO),
        "dearest": markdown([{"kind": row.kind, "excess": row.excess, "what": row.words} for row in dearest]),
    }
