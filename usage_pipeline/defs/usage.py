"""What was used and what was billed, each line with the project it belongs to."""

from datetime import date
from functools import partial

import dagster as dg
import ibis.expr.types as ir

from usage_pipeline.defs.closed import open_spans
from usage_pipeline.defs.exchange import replace_charges
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.sources.attribution import attribute
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.names import named
from usage_pipeline.sources.siblings import with_siblings
from usage_pipeline.sources.spread import spread
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.long_lines import has_long_lines, lines_before
from usage_pipeline.storage.names import names_of
from usage_pipeline.storage.shards import STARTED
from usage_pipeline.tables.charges import Charge, charges
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.usage_events import UsageEvent, usage_events


@dg.asset(
    key=usage_events.name,
    deps=[ingested_files.name],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="usage",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(usage_events)},
)
def usage_events_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """One row a request, or a provider's usage bucket: deduplicated, attributed to a project, meters disjoint."""
    return _attributed(context, workplace, usage_events)


@dg.asset(
    key=charges.name,
    deps=[ingested_files.name],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="usage",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(charges)},
)
def charges_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """One row a line of a provider's bill, a line for several days split evenly over them: the newest export of each day counts."""
    return _attributed(context, workplace, charges)


def _attributed(
    context: dg.AssetExecutionContext, workplace: Workplace, table: Table[UsageEvent] | Table[Charge]
) -> dg.MaterializeResult[None]:
    """Replace the run's days of `table`, but those of closed months."""
    tell(f"attributing {table.name}".replace("_", " "))
    written: dict[date, int] = {}
    for days in open_spans(context, workplace):
        written |= attribute_days(workplace, table, days)
    report_days(context, written)
    return dg.MaterializeResult(metadata={"dagster/row_count": sum(written.values()), "rows by day": by_day(written)})


def attribute_days(workplace: Workplace, table: Table[UsageEvent] | Table[Charge], days: Period) -> dict[date, int]:
    """Replace `days` of `table` by what landed for them, attributed by the rules of usage.yaml; rows by day."""
    settings, database = workplace.settings(), workplace.database()
    lake, time_column = workplace.lake(workplace.engine()), STARTED[table.name]
    channels = {spec.name: SOURCES[spec.kind].channel for spec in settings.sources}
    names = names_of(workplace.home.landing, {name: channel for name, channel in channels.items() if channel})
    landed = named(rows_for(days, table, lake=lake, database=database), names, time_column)
    rules = with_siblings(settings.attribution, settings.sources, SOURCES)
    if table is charges:
        return replace_charges(lake, landed, days, settings, partial(attribute, rules=rules, projects=settings.projects))
    return lake.replace(table, attribute(landed, rules, settings.projects), list(days.days()), day_column=time_column)


def rows_for(days: Period, table: Table[UsageEvent] | Table[Charge], *, lake: Lake, database: Database) -> ir.Table:
    """The rows of `days`: of bill lines for several days, which may have started before, each day's part."""
    rows = landed_rows(table, days, lake=lake, database=database)
    if table is not charges:
        return rows
    before = lines_before(days, lake=lake, database=database)
    if before is None and not has_long_lines(days, database=database):
        return rows
    return spread(rows if before is None else charges.conform(rows).union(charges.conform(before)), days)


def report_days(context: dg.AssetExecutionContext, written: dict[date, int]) -> None:
    """Row counts on each day's partition."""
    for day, rows in written.items():
        context.add_asset_metadata({"dagster/partition_row_count": rows}, partition_key=day.isoformat())


def by_day(written: dict[date, int]) -> dg.MarkdownMetadataValue:
    return markdown([{"day": day, "rows": rows} for day, rows in sorted(written.items()) if rows])
