"""Cases of library_cases.py priced by the way that all events go: keys, resolve, price_events, and their costs by meter."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import ibis
from library_cases import Case
from priced_events import event, events_table

from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import Scopes, rate_cards, rates, resolutions
from usage_pipeline.tables.usage_events import usage_events

BOOK = (resolutions, rate_cards, rates)
COLUMNS = ("service_tier", "speed")
"""Context that events have a column for, beside is_batch."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What our way says of a case: the priced row's words, and the cost of each meter that has one."""

    state: str
    model_id: str | None
    cost: Decimal | None
    meters: Mapping[str, Decimal | None]


def event_of(case: Case) -> dict[str, Any]:
    words = {name: case.context.get(name) for name in COLUMNS}
    is_batch = True if case.context.get("processing") == "batch" else None
    return {**event(case.provider, case.model, is_batch=is_batch, **words, **case.meters), "started_at": case.at}


def line_of(case: Case, number: int = 0) -> dict[str, Any]:
    """The case as `usage-pipeline price` reads it."""
    meters = {"reasoning" if name == "reasoning_tokens" else name: str(quantity) for name, quantity in case.meters.items()}
    words = {"provider": case.provider, "model": case.model, "at": case.at.isoformat(), "context": dict(case.context)}
    return {"id": number, **words, "meters": meters}


def more_of(case: Case) -> tuple[tuple[str, str], ...]:
    """Context that no column of an event has: `PriceBook.resolve` is told apart from the events."""
    own = {*COLUMNS} | ({"processing"} if case.context.get("processing") == "batch" else set())
    return tuple(sorted((name, value) for name, value in case.context.items() if name not in own))


def priced_cases(cases: Sequence[Case], book: PriceBook, engine: Any) -> list[Outcome]:
    """All of them in one pricing for each kind of further context, in the order of `cases`. `engine` is DuckDB at UTC."""
    found: dict[int, Outcome] = {}
    groups: dict[tuple[tuple[str, str], ...], list[int]] = defaultdict(list)
    for place, case in enumerate(cases):
        groups[more_of(case)].append(place)
    for more, places in sorted(groups.items()):
        outcomes = _priced([event_of(cases[place]) for place in places], book, dict(more), engine)
        found |= dict(zip(places, outcomes, strict=True))
    return [found[place] for place in range(len(cases))]


def _priced(rows: Sequence[dict[str, Any]], book: PriceBook, more: Mapping[str, str], engine: Any) -> list[Outcome]:
    keys_as_sql, price_as_sql, costs_as_sql = _programs()
    engine.con.register(usage_events.name, events_table(rows))
    keys = book.resolve(engine.con.execute(keys_as_sql).to_arrow_table(), more)
    for table in BOOK:
        engine.con.register(table.name, getattr(keys, table.name))
    priced = engine.con.execute(price_as_sql).to_arrow_table()
    engine.con.register(priced_usage.name, priced)
    meters: dict[int, dict[str, Decimal | None]] = defaultdict(dict)
    for cost in engine.con.execute(costs_as_sql).to_arrow_table().to_pylist():
        meters[cost["source_line"]][cost["meter"]] = cost["list_cost"]
    assert priced.num_rows == len(rows)
    assert priced["list_cost"].equals(priced["net_cost"]), "without agreements"
    shown = priced.select(["source_line", "price_state", "model_id", "list_cost"]).sort_by("source_line").to_pylist()
    return [Outcome(row["price_state"], row["model_id"], row["list_cost"], meters[row["source_line"]]) for row in shown]


@cache
def _programs() -> tuple[str, str, str]:
    """As SQL, once: building the expressions costs more than running them. The bare book has no scopes."""
    events, priced, *book = (ibis.table(table.schema, name=table.name) for table in (usage_events, priced_usage, *BOOK))
    no_scopes = Scopes()
    steps = (
        keys_of(events, no_scopes),
        price_events(events, *book, price_book="BOOK", scopes=no_scopes),
        usage_costs(priced, book[-1], ["source_line"]),
    )
    keys, prices, costs = (str(ibis.to_sql(step, dialect="duckdb")) for step in steps)
    return keys, prices, costs
