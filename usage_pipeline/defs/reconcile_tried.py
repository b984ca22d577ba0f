"""Reconciliation as it would be with other settings: the lake's usage and bills attributed and priced once more, in memory."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend

from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.defs.books import Books
from usage_pipeline.defs.prices import union, volumes_known
from usage_pipeline.defs.reconciliations import Facts, days_around, facts_of, other_books, reconciled_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.settings import Settings
from usage_pipeline.sources.attribution import attribute
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.siblings import with_siblings
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.usage_events import usage_events

Attribution = Callable[[ir.Table], ir.Table]
"""Rows with the project that the rules give them."""


def reconciled_with(workplace: Workplace, settings: Settings, days: Period) -> Reconciled:
    """Both tables' rows of `days`, by the agreements, aliases and attribution rules of `settings`. Writes nothing."""
    engine = workplace.engine()
    lake, around = workplace.lake(engine), days_around(days)
    books = Books(workplace.home.prices, workplace.database(), workplace.now(), settings.agreements, settings.aliases, str(settings.file))
    spans = books.in_force(around)
    rules = with_siblings(settings.attribution, settings.sources, SOURCES)
    priced, rates = _priced(engine, lake, spans, lambda rows: attribute(rows, rules, settings.projects))
    now = facts_of(workplace, lake, days)
    facts = Facts(
        priced=priced,
        rates=rates,
        bills=ibis.memtable(engine.to_pyarrow(attribute(lake.read(charges, around), rules, settings.projects))),
        spans=spans,
        others=other_books(books, {book.catalog for _, book in spans}),
        logged=now.logged,
        now=now.now,
    )
    return reconciled_of(engine, facts, days)


def _priced(engine: Backend, lake: Lake, spans: list[tuple[Period, PriceBook]], owned: Attribution) -> tuple[ir.Table, ir.Table]:
    """Usage attributed and priced, and the rates it was priced by."""
    tables, rates = [], []
    for span, book in spans:
        events = ibis.memtable(engine.to_pyarrow(usage_events.conform(owned(lake.read(usage_events, span)))))
        keys = book.resolve(engine.to_pyarrow(keys_of(events, book.scopes)), volumes=volumes_known(lake, book, span))
        known = (ibis.memtable(rows) for rows in (keys.resolutions, keys.rate_cards, keys.rates))
        tables.append(price_events(events, *known, price_book=book.version, scopes=book.scopes))
        rates.append(keys.rates)
    return ibis.memtable(engine.to_pyarrow(union(tables))), ibis.memtable(pa.concat_tables(rates)).distinct()
