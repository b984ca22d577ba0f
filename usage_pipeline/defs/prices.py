"""The price book, and every usage event at its rates."""

from collections.abc import Sequence

import dagster as dg
import ibis

from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN, days_of
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.usage import by_day, report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.tables.configuration import Agreement
from usage_pipeline.tables.priced_usage import STATES, priced_usage
from usage_pipeline.tables.usage_events import usage_events

PRICE_BOOK = "price_book"

price_book_spec = dg.AssetSpec(
    key=PRICE_BOOK,
    group_name="prices",
    description="The catalog of genai-prices with the agreements of usage.yaml on top: one version, named by its content. "
    "Told of whenever usage is priced by it.",
    kinds={"python"},
    owners=OWNERS,
)
"""No step of its own: an unpartitioned one between days would cut a backfill of days in two runs."""


@dg.asset(
    key=priced_usage.name,
    deps=[usage_events.name, PRICE_BOOK],
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
    keys = book.resolve(engine.to_pyarrow(keys_of(events, book.scopes)))
    book_tables = (ibis.memtable(rows) for rows in (keys.resolutions, keys.rate_cards, keys.rates))
    priced = price_events(events, *book_tables, price_book=book.version, scopes=book.scopes)
    context.log_event(_told(book, workplace.settings().agreements))
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


def _told(book: PriceBook, agreements: Sequence[Agreement]) -> dg.AssetMaterialization:
    """The book's version and its agreements."""
    rows = [
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
        for one in agreements
    ]
    return dg.AssetMaterialization(PRICE_BOOK, metadata={"version": book.version, "catalog": book.catalog, "agreements": markdown(rows)})
