"""Usage counted towards volume tiers. In: usage events from the start of the periods on. Out: units by agreement and UTC day.

Every unit counts once: by the provider's own view where there is one, else by the logs (`one_view`), and only requests that succeeded.
All usage in the agreement's scope (provider, model, meter, project, account) counts, also where a more specific agreement sets its
price. Models are read as the book reads them, so aliases count.
"""

from datetime import date
from decimal import Decimal
from functools import reduce
from operator import add, and_
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend

from usage_pipeline.money import QUANTITY
from usage_pipeline.prices.apply import ACCOUNT_COLUMNS
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.one_view import one_view
from usage_pipeline.prices.resolve import provider_id_of
from usage_pipeline.prices.tiers import Volumes, days_needed
from usage_pipeline.tables.configuration import Agreement
from usage_pipeline.tables.meters import REQUESTS, TOKEN_METERS
from usage_pipeline.tables.rates import REASONING
from usage_pipeline.tables.schema import TIMESTAMP
from usage_pipeline.tables.usage_events import SUCCESS

__all__ = ["days_needed", "volumes_of"]

DAY = "day"
COUNTED = {REQUESTS: "request_count", REASONING: "reasoning_tokens"}
"""Columns of the meters that have another name among the events."""

NAMES = pa.schema(
    [
        ("words_provider", pa.string()),
        ("words_model", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("provider_id", pa.string()),
        ("model_id", pa.string()),
    ]
)


def volumes_of(events: ir.Table, book: PriceBook, engine: Backend) -> Volumes:
    """What `events` (usage_events, whole days) say of the volume of each of the book's tiered agreements.

    Give the days of `days_needed`, and `PriceBook.resolve` what comes out. Two passes: the distinct models, then the sums by day.
    """
    tiered = [one for one in book.agreements if one.tiers]
    if not tiered:
        return Volumes()
    counted = one_view(_named(events, book, engine))
    used = counted.filter(counted.status == SUCCESS)
    sums = {f"units_{place}": _units(used, one, book).sum().cast(QUANTITY) for place, one in enumerate(tiered)}
    rows = engine.to_pyarrow(used.group_by(used.started_at.date().name(DAY)).aggregate(**sums)).to_pylist()
    return Volumes({one: _by_day(rows, f"units_{place}") for place, one in enumerate(tiered)})


def _by_day(rows: list[dict[str, Any]], name: str) -> dict[date, Decimal]:
    return {row[DAY]: row[name] for row in rows if row[name]}


def _named(events: ir.Table, book: PriceBook, engine: Backend) -> ir.Table:
    """Events with the provider_id and model_id of the book; null where it knows none."""
    words = {"words_provider": events.provider.coalesce(events.channel), "words_model": events.model}
    pairs = engine.to_pyarrow(events.select(**words).distinct()).to_pylist()
    found = [{**pair, **reading} for pair in pairs for reading in _readings(book, **pair)]
    known = ibis.memtable(pa.Table.from_pylist(found, schema=NAMES)).mutate(
        valid_from=ibis._.valid_from.coalesce(ibis.date("0001-01-01")).cast(TIMESTAMP),
        valid_to=ibis._.valid_to.coalesce(ibis.date("9999-12-31")).cast(TIMESTAMP),
    )
    keyed = events.mutate(key_provider=words["words_provider"])
    joined = keyed.left_join(
        known,
        [
            keyed.key_provider.identical_to(known.words_provider),
            keyed.model.identical_to(known.words_model),
            keyed.started_at >= known.valid_from,
            keyed.started_at < known.valid_to,
        ],
    )
    return joined.select(*events.columns, "provider_id", "model_id")


def _readings(book: PriceBook, words_provider: str | None, words_model: str | None) -> list[dict[str, Any]]:
    return [
        {"valid_from": one.valid_from, "valid_to": one.valid_to, "provider_id": one.model.provider.id, "model_id": one.model.info.id}
        for one in book.readings(words_provider, words_model)
        if one.model is not None
    ]


def _units(events: ir.Table, agreement: Agreement, book: PriceBook) -> ir.NumericValue:
    """The units of each event that count for the agreement; null outside its scope. A quantity below 0 is a mistake and counts as 0."""
    meters = TOKEN_METERS if agreement.meter is None else (COUNTED.get(agreement.meter, agreement.meter),)
    units = reduce(add, (ibis.greatest(events[meter], 0).fill_null(0) for meter in meters))
    return ibis.ifelse(reduce(and_, _in_scope(events, agreement, book)), units, ibis.null(units.type()))


def _in_scope(events: ir.Table, agreement: Agreement, book: PriceBook) -> list[ir.BooleanValue]:
    tests = [events.provider_id == provider_id_of(agreement.provider)]
    if agreement.model is not None:
        tests.append((events.model_id == agreement.model) | (events.model == agreement.model))
    if agreement.project is not None:
        tests.append(events.project == agreement.project)
    if agreement.account is not None:
        named = (ibis.ifelse(events[name].isin(book.scopes.accounts), events[name], ibis.null("string")) for name in ACCOUNT_COLUMNS)
        tests.append(ibis.coalesce(*named) == agreement.account)
    return tests
