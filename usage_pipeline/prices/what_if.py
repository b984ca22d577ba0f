"""Priced usage in, the same usage otherwise out, and what it would have cost beside what was booked.

Changed are usage events, never prices: each is priced again as any event is, request by request, so tiers, times of day and fees per
request hold for the changed ones too. What was booked is carried along, not computed again. Nothing is written.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from usage_pipeline import money
from usage_pipeline.money import MONEY
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.resolve import BATCH
from usage_pipeline.prices.tiers import Volumes
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.priced_usage import AGGREGATE_GRAIN, NO_VARIANT
from usage_pipeline.tables.rates import Scopes, rate_cards, rates, resolutions
from usage_pipeline.tables.repriced import Repriced
from usage_pipeline.tables.usage_events import usage_events

Change = Callable[[ir.Table], ir.Table]
"""Usage events to changed usage events, row by row."""

UNCACHED = {
    "input": ("cache_read", "cache_write", "cache_write_1h"),
    "input_audio": ("cache_audio_read",),
    "input_image": ("cache_image_read",),
}
"""What plain input the tokens of each cache meter are."""

BOOKED = "booked"
PREFIX = "what_if_"
EVENTS = PREFIX + usage_events.name
BOOK = (resolutions, rate_cards, rates)
MONIES = ("cost", "would_cost")
COUNTS = ("events", "tokens", "unpriced_events", "standard_events", "base_tier_events")


@dataclass(frozen=True, slots=True)
class StandIn:
    """The model that usage is priced as: `model`, of the provider that the usage names where that is among `sold_by`, else of `home`."""

    model: str
    model_id: str
    home: str
    sold_by: tuple[str, ...] = ()


def as_model(stand_in: StandIn) -> Change:
    """All usage as if that model had done it, with the same tokens."""

    def change(events: ir.Table) -> ir.Table:
        given = events.provider.coalesce(events.channel)
        provider = ibis.ifelse(given.isin(stand_in.sold_by), given, stand_in.home) if stand_in.sold_by else ibis.literal(stand_in.home)
        return events.mutate(provider=provider, model=ibis.literal(stand_in.model))

    return change


def as_batch(events: ir.Table) -> ir.Table:
    """All requests through the batch API: in no other tier and at no other speed."""
    return events.mutate(is_batch=ibis.literal(value=True), service_tier=ibis.null("string"), speed=ibis.null("string"))


def without_cache(events: ir.Table) -> ir.Table:
    """Cache reads and writes as plain input of their kind: as many input tokens as before."""
    plain = {meter: sum_of(events, (meter, *parts)) for meter, parts in UNCACHED.items()}
    return events.mutate(**plain, **{part: ibis.null("int64") for parts in UNCACHED.values() for part in parts})


def events_of(priced: ir.Table) -> ir.Table:
    """`priced_usage` as `usage_events` to be changed: what was booked stands in columns that no price depends on.

    `reported_cost` is the booked net cost, `request_tags` the booked provider, model and model_id.
    """
    names = [priced.provider.coalesce(priced.channel), priced.model_id.fill_null(priced.model), priced.model_id]
    return usage_events.conform(
        priced.mutate(reported_cost=priced.net_cost, reported_cost_basis=ibis.literal(BOOKED), request_tags=ibis.array(names)).select(
            *usage_events.names
        )
    )


def changed(events: ir.Table, changes: Iterable[Change]) -> ir.Table:
    """One change after another."""
    return reduce(lambda rows, change: change(rows), changes, events)


def compare(events: ir.Table, book: PriceBook, engine: Backend, volumes: Volumes | None = None) -> list[Repriced]:
    """Events of `events_of`, changed or not, priced by `book`, beside what was booked: sums by project and model, in their order.

    `volumes` say which tier of an agreement each day is in, as when it was booked.
    """
    return compare_all({BOOKED: events}, book, engine, volumes=volumes)[BOOKED]


def compare_all(
    scenarios: Mapping[str, ir.Table],
    book: PriceBook,
    engine: Backend,
    *,
    only_variants: Collection[str] = (),
    volumes: Volumes | None = None,
) -> dict[str, list[Repriced]]:
    """As `compare`, for events changed in several ways at once: rows by the name of the way.

    Of those in `only_variants`, what has no price for its mode is left out; else it stands at the standard rate. Two passes over the
    events: one for the distinct keys, one that prices and sums; the second answers a few rows.
    """
    named = [events.mutate(reported_cost_basis=ibis.literal(name)).select(*usage_events.names) for name, events in scenarios.items()]
    keys_as_sql, sums_as_sql = _programs(book.scopes)
    engine.create_view(EVENTS, ibis.union(*named) if len(named) > 1 else named[0], overwrite=True)
    try:
        keys = book.resolve(engine.con.execute(keys_as_sql).to_arrow_table(), volumes=volumes)
        for table in BOOK:
            engine.con.register(PREFIX + table.name, getattr(keys, table.name))
        answer = engine.con.execute(sums_as_sql)
        names = [column[0] for column in answer.description]
        rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    finally:
        engine.con.execute(f"DROP VIEW IF EXISTS {EVENTS}")
    return {name: _rows_of(name, rows, only_variants=name in only_variants) for name in scenarios}


def _rows_of(scenario: str, rows: Iterable[Mapping[str, Any]], *, only_variants: bool) -> list[Repriced]:
    of_it = (row for row in rows if row["reported_cost_basis"] == scenario)
    return added_up(_repriced(row) for row in of_it if not (only_variants and row["is_standard"]))


@cache
def _programs(scopes: Scopes) -> tuple[str, str]:
    """Keys and sums as SQL over tables of these names: building them costs more than running them over a small month."""
    events = ibis.table(usage_events.schema, name=EVENTS)
    book = [ibis.table(table.schema, name=PREFIX + table.name) for table in BOOK]
    priced = price_events(events, *book, price_book="", scopes=scopes)
    steps = (keys_of(events, scopes), _sums(priced, book[1]))
    keys, sums = (str(ibis.to_sql(step, dialect="duckdb")) for step in steps)
    return keys, sums


def _sums(priced: ir.Table, cards: ir.Table) -> ir.Table:
    """By way and project, what was booked for what, whether both prices are known, and whether the price is for want of a variant."""
    standard = cards.filter(cards.state == NO_VARIANT)
    told = priced.mutate(
        is_booked=priced.reported_cost.notnull(),
        reason=ibis.ifelse(priced.net_cost.isnull(), priced.price_state, ibis.null("string")),
        is_standard=priced.rate_card.isin(standard.rate_card).fill_null(False),  # noqa: FBT003
    )
    mode = ibis.ifelse(told.is_batch.fill_null(False), BATCH, told.service_tier.coalesce(told.speed))  # noqa: FBT003
    told = told.mutate(standard_mode=ibis.ifelse(told.is_standard, mode, ibis.null("string")))
    ways = ["reported_cost_basis", "project", "request_tags", "is_booked", "reason", "is_standard", "standard_mode"]
    return told.group_by(ways).aggregate(
        is_uncounted=told.request_count.isnull().any(),
        requests=told.request_count.sum(),
        events=told.count(),
        tokens=sum_of(told, TOKEN_METERS).fill_null(0).sum(),
        cost=told.reported_cost.sum().cast(MONEY),
        would_cost=told.net_cost.sum().cast(MONEY),
        base_tier_events=told.price_state.isin([AGGREGATE_GRAIN]).sum(),
    )


def sum_of(rows: ir.Table, meters: Sequence[str]) -> ir.IntegerValue:
    """The meters added, null only where all are."""
    known = ibis.coalesce(*(rows[meter] for meter in meters)).notnull()
    return ibis.ifelse(known, reduce(add, (rows[meter].fill_null(0) for meter in meters)), ibis.null("int64"))


def _repriced(row: Mapping[str, Any]) -> Repriced:
    provider, model, model_id = row["request_tags"]
    cost, would = (None if row[name] is None else money.exact(row[name]) for name in MONIES)
    events = int(row["events"])
    return Repriced(
        project=row["project"] or UNATTRIBUTED,
        provider=provider,
        model=model,
        model_id=model_id,
        requests=None if row["is_uncounted"] else int(row["requests"]),
        events=events,
        tokens=int(row["tokens"]),
        cost=cost,
        would_cost=would,
        **_change(cost, would),
        unpriced_events=events if cost is None or would is None else 0,
        unpriced_reason=row["reason"],
        standard_events=events if row["is_standard"] else 0,
        standard_mode=row["standard_mode"],
        base_tier_events=int(row["base_tier_events"]),
    )


def _change(cost: Decimal | None, would: Decimal | None) -> dict[str, Any]:
    if cost is None or would is None:
        return {"difference": None, "percent": None}
    return {"difference": would - cost, "percent": percent_of(would - cost, cost)}


def percent_of(difference: Decimal, cost: Decimal) -> Decimal | None:
    """None where there is nothing to be in percent of."""
    return money.percent(difference, cost) if cost else None


def added_up(rows: Iterable[Repriced]) -> list[Repriced]:
    """Rows of several parts of a period as those of the whole, in order."""
    groups: dict[tuple[object, ...], list[Repriced]] = defaultdict(list)
    for row in rows:
        groups[row.project, row.provider, row.model, row.model_id, row.cost is None, row.unpriced_reason].append(row)
    return sorted((_added(group) for group in groups.values()), key=_order)


def _added(rows: Sequence[Repriced]) -> Repriced:
    first = rows[0]
    cost, would = (None if getattr(first, name) is None else money.total([getattr(row, name) for row in rows]) for name in MONIES)
    counts = {name: sum(getattr(row, name) for row in rows) for name in COUNTS}
    modes = ", ".join(sorted({mode for row in rows if row.standard_mode for mode in row.standard_mode.split(", ")})) or None
    return replace(first, **counts, standard_mode=modes, requests=counted(rows), cost=cost, would_cost=would, **_change(cost, would))


def counted(rows: Iterable[Repriced]) -> int | None:
    """The requests of all rows; None where a provider does not count them in one of them."""
    known = [row.requests for row in rows]
    return None if None in known else sum(one for one in known if one is not None)


def _order(row: Repriced) -> tuple[object, ...]:
    """By project, the dearest first, what cannot be compared last."""
    return (row.project, row.unpriced_events > 0, -(row.cost or 0), row.provider, row.model or "", row.unpriced_reason or "")
