"""The price book, and every usage event at its rates."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import dagster as dg
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend

from usage_pipeline.defs.closed import open_spans
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.usage import by_day, report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.credits import with_credits
from usage_pipeline.prices.tiers import Volumes, days_needed
from usage_pipeline.prices.volume import volumes_of
from usage_pipeline.prices.words import describe
from usage_pipeline.storage.compiled import view_of
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.configuration import Agreement
from usage_pipeline.tables.price_books import PriceBookAdoption
from usage_pipeline.tables.priced_usage import STATES, priced_usage
from usage_pipeline.tables.rates import Scopes, applied_rates
from usage_pipeline.tables.usage_events import usage_events

PRICE_BOOK = "price_book"
SEPARATOR = " · "

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
    written: dict[date, int] = {}
    spans = open_spans(context, workplace)
    for days in spans:
        written |= price_days(workplace, days)
    books = workplace.books()
    context.log_event(_told(books.adoptions(), workplace.settings().agreements))
    report_days(context, written)
    versions = [book.version for days in spans for _, book in books.in_force(days)]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(written.values()),
            "price book": SEPARATOR.join(dict.fromkeys(versions)),
            "states": markdown(_states(workplace.lake(workplace.engine()), spans)),
            "rows by day": by_day(written),
        }
    )


def price_days(workplace: Workplace, days: Period) -> dict[date, int]:
    """Replace `days` of priced usage, each by its own book, and keep the rates beside it; rows by day."""
    engine, settings = workplace.engine(), workplace.settings()
    lake = workplace.lake(engine)
    priced, rates = [], []
    spans = workplace.books().in_force(days)
    for span, book in spans:
        events = lake.read(usage_events, span)
        filled = lake.filled(usage_events, span)
        facts = (book.scopes, frozenset(filled))
        found = engine.to_pyarrow(view_of(engine, keys_of, events, facts=facts))
        keys = book.resolve(found, volumes=volumes_known(lake, book, span))
        tables = [_registered(engine, rows) for rows in (keys.resolutions, keys.rate_cards, keys.rates)]
        priced.append(view_of(engine, _priced, events, *tables, facts=(*facts, book.version)))
        rates.append(keys.rates)
    written = lake.replace(priced_usage, with_credits(union(priced), settings.credits), list(days.days()), day_column="started_at")
    _keep_rates(lake, pa.concat_tables(rates), days)
    return written


def _priced(
    events: ir.Table, resolutions: ir.Table, rate_cards: ir.Table, rates: ir.Table, scopes: Scopes, filled: Collection[str], version: str
) -> ir.Table:
    return price_events(events, resolutions, rate_cards, rates, price_book=version, scopes=scopes, filled=filled)


def _registered(engine: Backend, rows: pa.Table) -> ir.Table:
    """Rows that the engine keeps under a name for as long as it lives."""
    name = ibis.util.gen_name("book")
    engine.con.register(name, rows)
    return engine.table(name)


def _states(lake: Lake, spans: Sequence[Period]) -> list[dict[str, Any]]:
    """How many events were priced how, most first."""
    counts: Counter[str] = Counter()
    for days in spans:
        rows = lake.read(priced_usage, days)
        by_state = rows.group_by("price_state").agg(events=rows.count())
        counts.update({row["price_state"]: row["events"] for row in lake.engine.to_pyarrow(by_state).to_pylist()})
    return [{"price_state": state, "events": events, "meaning": STATES[state]} for state, events in counts.most_common()]


def union(tables: Sequence[ir.Table]) -> ir.Table:
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def volumes_known(lake: Lake, book: PriceBook, days: Period) -> Volumes:
    """How far the usage known by now has come towards the volume tiers of the book's agreements, up to the end of `days`."""
    needed = days_needed(days, book.agreements)
    return volumes_of(lake.read(usage_events, needed), book, lake.engine) if needed else Volumes()


def _keep_rates(lake: Lake, rates: pa.Table, days: Period) -> None:
    """Beside each day's priced usage, the rates that it was priced by."""
    priced = lake.read(priced_usage, days)
    used = priced.filter(priced.rate_card.notnull()).select("rate_card", day=priced.started_at.date()).distinct()
    known = ibis.memtable(rates).distinct()
    lake.replace(applied_rates, used.inner_join(known, "rate_card"), list(days.days()), day_column="day")


def _told(adoptions: Sequence[PriceBookAdoption], agreements: Sequence[Agreement]) -> dg.AssetMaterialization:
    """The book adopted last, all adoptions, and the agreements."""
    last = adoptions[-1]
    books = [
        {
            "price book": one.version,
            "adopted": f"{one.adopted_at:%Y-%m-%d %H:%M}",
            "usage from": one.valid_from or "ever",
            "models": one.models_count,
            "rate cards": one.rate_cards_count,
            "rates": one.rates_count,
            "note": one.note,
        }
        for one in adoptions
    ]
    terms = [{"agreement": describe(one), "from": one.valid_from, "to": one.valid_to} for one in agreements]
    return dg.AssetMaterialization(
        PRICE_BOOK,
        metadata={
            "version": last.version,
            "models": last.models_count,
            "rate cards": last.rate_cards_count,
            "rates": last.rates_count,
            "books": markdown(books),
            "agreements": markdown(terms),
        },
    )
