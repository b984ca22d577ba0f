"""What would this usage cost: the core of `usage-pipeline price`. Lines become events and go the way that all events go."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.prices.resolve import BATCH, PROCESSING
from usage_pipeline.prices.wide import FRACTIONAL
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.priced_usage import UNPRICED_METER, UNPRICED_STATES, priced_usage
from usage_pipeline.tables.rates import REASONING, Scopes, rate_cards, rates, resolutions
from usage_pipeline.tables.usage_events import LOG_VIEW, SUCCESS, usage_events

Prices = defaultdict[str | None, dict[str, Decimal]]
"""Net unit price by rate card and meter."""

BOOK = (resolutions, rate_cards, rates)
COLUMN_CONTEXT = ("service_tier", "speed")
FIELDS = frozenset({"id", "provider", "model", "at", "context", "meters"})
COLUMN_OF_METER = {name: name for name in METER_NAMES} | {
    REASONING: "reasoning_tokens",
    "reasoning_tokens": "reasoning_tokens",
    REQUESTS: "request_count",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input, read and checked; `more` is context and `unknown_meters` quantities that events have no column for."""

    id: Any
    event: dict[str, Any]
    more: tuple[tuple[str, str], ...]
    unknown_meters: dict[str, str]


def quote(lines: Iterable[Mapping[str, Any]], book: PriceBook) -> list[dict[str, Any]]:
    """For each line, in order: {"id", "state", "model_id", "cost", "meters": {meter: {"quantity", "unit_price", "cost"}}}.

    A line is {"id", "provider", "model", "at": ISO 8601, "context": {"processing": "batch", "service_tier", "speed", ...},
    "meters": {meter: quantity}}; `meters` may have 'requests' (default 1) and 'reasoning' (a part of output). Amounts are decimal
    strings after agreements, null where unpriced. Raises UsageConfigError that lists every line that cannot be read.
    """
    read = _read(lines)
    rows: dict[int, dict[str, Any]] = {}
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        for more in sorted({line.more for line in read}):
            events = [line.event for line in read if line.more == more]
            rows |= _quoted(engine, pa.Table.from_pylist(events, schema=usage_events.schema.to_pyarrow()), book, dict(more))
    return [{"id": line.id, **_with_unknown(rows[place], line.unknown_meters)} for place, line in enumerate(read, start=1)]


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


def _with_unknown(row: dict[str, Any], unknown: Mapping[str, str]) -> dict[str, Any]:
    """A meter that we do not know has no price: neither has the line, unless it has none for a graver reason."""
    if not unknown:
        return row
    meters = row["meters"] | {name: {"quantity": quantity, "unit_price": None, "cost": None} for name, quantity in unknown.items()}
    state = row["state"] if row["state"] in UNPRICED_STATES else UNPRICED_METER
    return {**row, "state": state, "cost": None, "meters": meters}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)


def _read(lines: Iterable[Mapping[str, Any]]) -> list[Line]:
    read: list[Line] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            read.append(_line(line, number))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        raise UsageConfigError("\n".join(problems))
    return read


def _line(line: Mapping[str, Any], number: int) -> Line:
    """Raises ValueError that says what is wrong with the line."""
    unknown = sorted(set(line) - FIELDS)
    if unknown:
        raise ValueError(f"unknown field {', '.join(unknown)}; a line has {', '.join(sorted(FIELDS))}")
    context = {str(name): str(value) for name, value in _mapping(line, "context").items()}
    quantities = {str(meter): _quantity(meter, value) for meter, value in _mapping(line, "meters").items()}
    event = {
        "event_id": str(line.get("id", number)),
        "source": "quote",
        "view": LOG_VIEW,
        "started_at": _moment(line.get("at")),
        "status": SUCCESS,
        "channel": str(line.get("provider") or ""),
        "provider": line.get("provider"),
        "model": line.get("model"),
        "is_batch": context.get(PROCESSING) == BATCH or None,
        **{name: context.get(name) for name in COLUMN_CONTEXT},
        "request_count": 1,
        **{COLUMN_OF_METER[meter]: quantity for meter, quantity in quantities.items() if meter in COLUMN_OF_METER},
        "source_file": "",
        "source_line": number,
    }
    own = {*COLUMN_CONTEXT} | ({PROCESSING} if context.get(PROCESSING) == BATCH else set())
    more = tuple(sorted((name, value) for name, value in context.items() if name not in own))
    strange = {meter: money.text(Decimal(quantity)) for meter, quantity in quantities.items() if meter not in COLUMN_OF_METER and quantity}
    return Line(line.get("id"), event, more, strange)


def _mapping(line: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = line.get(field) or {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{field} is an object, not {value!r}")  # noqa: TRY004
    return value


def _quantity(meter: str, value: Any) -> int | Decimal | None:
    """Whole, save seconds of audio and of meters that we do not know, which have at most 6 decimals."""
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"meter {meter}: {value!r} is not a number") from None
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= 10**12:
        raise ValueError(f"meter {meter}: {value!r} is not a quantity")
    is_whole = meter in COLUMN_OF_METER and meter != FRACTIONAL
    decimals = -int(number.normalize().as_tuple().exponent)
    if decimals > (0 if is_whole else 6):
        raise ValueError(f"meter {meter}: {value!r} has too many decimals")
    return int(number) if is_whole else number


def _moment(at: Any) -> datetime:
    if not isinstance(at, str):
        raise ValueError("at is missing: when the request was made, such as '2026-10-02T11:20:00Z'")  # noqa: TRY004
    moment = datetime.fromisoformat(at)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
