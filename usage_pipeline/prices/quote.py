"""What would this usage cost: the core of `usage-pipeline price`. Lines become events and go the way that all events go."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.prices.quote_line import Line, read_lines
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.priced_usage import INCONSISTENT_USAGE, UNPRICED_METER, UNPRICED_STATES, priced_usage
from usage_pipeline.tables.rates import REASONING, Scopes, rate_cards, rates, resolutions
from usage_pipeline.tables.usage_events import usage_events

Prices = defaultdict[str | None, dict[str, Decimal]]
"""Net unit price by rate card and meter."""

BOOK = (resolutions, rate_cards, rates)


def quote(lines: Iterable[Mapping[str, Any]], book: PriceBook) -> list[dict[str, Any]]:
    """For each line, in order: {"id", "state", "model_id", "cost", "meters": {meter: {"quantity", "unit_price", "cost"}}}.

    A line is {"id", "provider", "model", "at": ISO 8601, "context": {"processing": "batch", "service_tier", "speed", ...},
    "meters": {meter: quantity}}; `meters` may have 'requests' (default 1) and 'reasoning' (a part of output). Amounts are decimal
    strings after agreements, null where unpriced. Raises UsageConfigError that lists every line that cannot be read.
    """
    return quote_lines(read_lines(enumerate(lines, start=1)), book)


def quote_lines(read: Sequence[Line], book: PriceBook) -> list[dict[str, Any]]:
    """The answers of `quote`, in order."""
    rows: dict[int, dict[str, Any]] = {}
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        for more in sorted({line.more for line in read}):
            events = [line.event for line in read if line.more == more]
            rows |= _quoted(engine, pa.Table.from_pylist(events, schema=usage_events.schema.to_pyarrow()), book, dict(more))
    return [{"id": line.id, **_judged(rows[line.number], line)} for line in read]


@cache
def _programs(scopes: Scopes) -> tuple[str, str, str]:
    """keys_of, price_events and usage_costs as SQL over tables of these names: building them costs more than running them."""
    events, priced, *book = (ibis.table(table.schema, name=table.name) for table in (usage_events, priced_usage, *BOOK))
    steps = (
        keys_of(events, scopes),
        price_events(events, *book, price_book="", scopes=scopes),
        usage_costs(priced, book[-1], ["source_line"]),
    )
    keys, prices, costs = (str(ibis.to_sql(step, dialect="duckdb")) for step in steps)
    return keys, prices, costs


def _quoted(engine: duckdb.DuckDBPyConnection, events: pa.Table, book: PriceBook, more: Mapping[str, str]) -> dict[int, dict[str, Any]]:
    """By source_line: state, model, cost and meters of each event."""
    keys_of_events, price, sum_up = _programs(book.scopes)
    engine.register(usage_events.name, events)
    keys = book.resolve(engine.execute(keys_of_events).to_arrow_table(), more)
    for table in BOOK:
        engine.register(table.name, getattr(keys, table.name))
    priced = engine.execute(price).to_arrow_table()
    engine.register(priced_usage.name, priced)
    costs = engine.execute(sum_up).to_arrow_table().to_pylist()
    prices: Prices = defaultdict(dict)
    for rate in keys.rates.to_pylist():
        prices[rate["rate_card"]][rate["meter"]] = rate["net_unit_price"]
    amounts: dict[int, dict[str, Any]] = defaultdict(dict)
    for row in costs:
        amounts[row["source_line"]][row["meter"]] = (row["quantity"], row["net_cost"])
    return {
        row["source_line"]: {
            "state": row["price_state"],
            "model_id": row["model_id"],
            "cost": _text(row["net_cost"]),
            "meters": _meters(amounts[row["source_line"]], prices[row["rate_card"]], row["reasoning_tokens"] or 0),
        }
        for row in priced.to_pylist()
    }


def _meters(
    amounts: Mapping[str, tuple[Decimal, Decimal | None]], prices: Mapping[str, Decimal], reasoning: int
) -> dict[str, dict[str, str | None]]:
    """Each meter's quantity, unit price and cost; reasoning apart from the rest of the output where it has its own price."""
    lines = {meter: (*amounts[meter], prices.get(meter)) for meter in METER_NAMES if meter in amounts}
    quantity, cost, price = lines.get("output", (Decimal(0), None, None))
    if reasoning and REASONING in prices and cost is not None:
        apart = money.multiply(reasoning, prices[REASONING])
        lines |= {"output": (quantity - reasoning, cost - apart, price), REASONING: (Decimal(reasoning), apart, prices[REASONING])}
    if REQUESTS in prices:
        lines[REQUESTS] = (*amounts[REQUESTS], prices[REQUESTS])
    return {
        meter: {"quantity": money.text(quantity), "unit_price": _text(price), "cost": _text(cost)}
        for meter, (quantity, cost, price) in lines.items()
    }


def _judged(row: dict[str, Any], line: Line) -> dict[str, Any]:
    """A meter that we do not know has no price: neither has the line, nor has one that contradicts itself; a graver reason stays."""
    unknown = line.unknown_meters
    if not unknown and not line.is_contradictory:
        return row
    meters = row["meters"] | {name: {"quantity": quantity, "unit_price": None, "cost": None} for name, quantity in unknown.items()}
    reason = INCONSISTENT_USAGE if line.is_contradictory else UNPRICED_METER
    return {**row, "state": row["state"] if row["state"] in UNPRICED_STATES else reason, "cost": None, "meters": meters}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)
