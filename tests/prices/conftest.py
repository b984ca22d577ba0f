"""The book of the installed catalog, and events priced by the way that all events go."""

from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import pytest
from priced_events import Price, events_table

from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook, build_book


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
    """Events, as dictionaries, to priced rows in the same order."""

    def priced(rows: Sequence[dict[str, Any]], with_book: PriceBook = book) -> list[dict[str, Any]]:
        events = ibis.memtable(events_table(rows))
        keys = with_book.resolve(price_engine.to_pyarrow(keys_of(events)))
        tables = [ibis.memtable(table) for table in (keys.resolutions, keys.rate_cards, keys.rates)]
        answer = price_engine.to_pyarrow(price_events(events, *tables, price_book=with_book.version))
        assert answer.num_rows == len(rows)
        return sorted(answer.to_pylist(), key=lambda row: row["source_line"])

    return priced
