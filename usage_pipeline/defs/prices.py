"""The price book, and every usage event at its rates."""

import dagster as dg
import ibis

from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN, days_of
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.usage import by_day, report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.tables.priced_usage import STATES, priced_usage
from usage_pipeline.tables.usage_events import usage_events


@dg.asset(key="price_book", group_name="prices", kinds={"python"}, owners=OWNERS, code_version="1")
def price_book_asset(workplace: Workplace) -> dg.MaterializeResult[None]:
    """The catalog of genai-prices with the agreements of usage.yaml on top: one version, named by its content."""
    book = workplace.book()
    agreements = [
        {
            "provider": one.provider,
            "model": one.model or "all",
            "meter": one.meter or "all",
            "project": one.project or "all",
            "unit price": one.unit_price,
            "discount %": one.discount_percent,
            "from": one.valid_from,
            "source": one.source,
        }
        for one in workplace.settings().agreements
    ]
    return dg.MaterializeResult(metadata={"version": book.version, "catalog": book.catalog, "agreements": markdown(agreements)})


@dg.asset(
    key=priced_usage.name,
    deps=[usage_events.name, "price_book"],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="prices",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(priced_usage)},
)
def priced_usage_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Every usage event with the rates in force at its start. One without a rate stays, its cost null, with its reason."""
    tell("pricing usage")
    engine = workplace.engine()
    days, lake, book = days_of(context), workplace.lake(engine), workplace.book()
    events = lake.read(usage_events, days)
    keys = book.resolve(engine.to_pyarrow(keys_of(events)))
    book_tables = (ibis.memtable(rows) for rows in (keys.resolutions, keys.rate_cards, keys.rates))
    priced = price_events(events, *book_tables, price_book=book.version)
    written = lake.replace(priced_usage, priced, list(days.days()), day_column="started_at")
    report_days(context, written)
    priced_rows = lake.read(priced_usage, days)
    states = priced_rows.group_by("price_state").agg(events=priced_rows.count()).order_by(ibis.desc("events"))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(written.values()),
            "price book": book.version,
            "states": markdown([{**row, "meaning": STATES[row["price_state"]]} for row in engine.to_pyarrow(states).to_pylist()]),
            "rows by day": by_day(written),
        }
    )
