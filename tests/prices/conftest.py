"""The book of the installed catalog, and events priced by the way that all events go."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import ibis
import pytest
from priced_events import Price, events_table

from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.tables.rates import Scopes, rate_cards, rates, resolutions
from usage_pipeline.tables.usage_events import usage_events


@pytest.fixture(scope="session")
def price_engine() -> Iterator[Any]:
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    yield connection
    connection.disconnect()


@pytest.fixture(scope="session")
def book() -> PriceBook:
    return build_book([])


@pytest.fixture(scope="session")
def price(price_engine: Any, book: PriceBook) -> Price:
    """Events, as dictionaries, to priced rows in the same order. Compiled once: that costs more than pricing."""
    inputs = [ibis.table(table.schema, name=table.name) for table in (usage_events, resolutions, rate_cards, rates)]

    @cache
    def programs(scopes: Scopes) -> tuple[str, str]:
        steps = keys_of(inputs[0], scopes), price_events(*inputs, price_book="BOOK", scopes=scopes)
        keys_as_sql, priced_as_sql = (str(ibis.to_sql(step, dialect="duckdb")) for step in steps)
        return keys_as_sql, priced_as_sql

    def priced(rows: Sequence[dict[str, Any]], with_book: PriceBook = book) -> list[dict[str, Any]]:
        keys_as_sql, priced_as_sql = programs(with_book.scopes)
        price_engine.con.register(usage_events.name, events_table(rows))
        keys = with_book.resolve(price_engine.con.execute(keys_as_sql).to_arrow_table())
        for name in (resolutions.name, rate_cards.name, rates.name):
            price_engine.con.register(name, getattr(keys, name))
        answer = price_engine.con.execute(priced_as_sql).to_arrow_table()
        assert answer.num_rows == len(rows)
        return sorted(answer.to_pylist(), key=lambda row: row["source_line"])

    return priced
