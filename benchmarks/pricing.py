"""`python -m benchmarks.pricing`: events priced per CPU second, by us and by genai-prices' own call, row by row.

Ours is the whole way of the asset without its files: distinct keys, rate cards from the library, one query, all price columns.
Every sampled event that we priced must cost what the library says.
"""

import argparse
import os
import time
from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any

import ibis
import pyarrow as pa
from genai_prices import Usage, calc_price
from genai_prices.decompose import is_descendant_or_self
from genai_prices.units import _get_registry
from ibis.backends.duckdb import Backend

from benchmarks.events import MIXES
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.tables.meters import METERS
from usage_pipeline.tables.priced_usage import PRICE_COLUMNS, UNPRICED_STATES

NEAR = Decimal("1e-9")
"""Catalog prices with more than 15 decimals are quantized once, at import: so far apart may costs then be, for each dollar."""

UNITS = _get_registry().units
OURS = {meter.name: UNITS[meter.library_key] for meter in METERS if meter.library_key is not None}
INSIDE = {
    key: [name for name, part in OURS.items() if is_descendant_or_self(unit, part)] for key, unit in UNITS.items() if key != "requests"
}
"""Which of our disjoint meters each unit of the library contains."""


def priced(engine: Backend, book: PriceBook, count: int) -> tuple[pa.Table, float, float]:
    """The price columns of the first events, and the CPU seconds: of making the rate cards, of pricing the table `events`."""
    started = time.process_time()
    events = engine.table("events")
    keys = book.resolve(engine.to_pyarrow(keys_of(events, book.scopes)))
    carded = time.process_time()
    book_tables = (ibis.memtable(rows) for rows in (keys.resolutions, keys.rate_cards, keys.rates))
    rows = price_events(events, *book_tables, price_book=book.version, scopes=book.scopes).select("source_line", *PRICE_COLUMNS)
    engine.create_table("priced", rows)
    ended = time.process_time()
    sample = engine.table("priced").filter(ibis._.source_line < count).order_by("source_line")
    return engine.to_pyarrow(sample), carded - started, ended - carded


def library_costs(rows: Sequence[dict[str, Any]]) -> tuple[list[Decimal | None], float]:
    """What the library says of each event (null where it knows no such model), and the CPU seconds of its calls alone."""
    asked = [(row, Usage(**_nested(row)), _context(row)) for row in rows]
    costs: list[Decimal | None] = []
    with localcontext() as context:
        context.prec = 60
        started = time.process_time()
        for row, usage, price_context in asked:
            try:
                answer = calc_price(
                    usage,
                    row["model"],
                    provider_id=row["provider"],
                    genai_request_timestamp=row["started_at"],
                    price_context=price_context,
                )
                costs.append(answer.total_price)
            except LookupError:
                costs.append(None)
        return costs, time.process_time() - started


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    return {key: sum(row[name] or 0 for name in names) for key, names in INSIDE.items()} | {
        "output_reasoning_tokens": row["reasoning_tokens"] or 0
    }


def _context(row: dict[str, Any]) -> dict[str, str]:
    tier = row["service_tier"]
    if tier in {None, "default"}:
        return {}
    return {"processing": tier} if tier == "batch" else {"service_tier": tier}


def check(found: Sequence[dict[str, Any]], library: Sequence[Decimal | None]) -> tuple[int, int]:
    """How many events are priced, and how many of them to the library's last digit. Raises SystemExit where one is wrong."""
    known = [(ours, theirs) for ours, theirs in zip(found, library, strict=True) if ours["price_state"] not in UNPRICED_STATES]
    for ours, theirs in known:
        if theirs is None or abs(ours["list_cost"] - theirs) > NEAR * max(Decimal(1), theirs):
            raise SystemExit(f"{ours} should cost {theirs}")
    return len(known), sum(ours["list_cost"] == theirs for ours, theirs in known)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pricing", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=10_000, help="events that the library prices, too")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    book = build_book([])
    print(f"{options.rows:,} events, {options.sample:,} of them by the library; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    names = ("mix", "rate cards, CPU s", "pricing, rows per CPU s", "library, rows per CPU s", "ratio", "with rate cards", "sample priced")
    print("| " + " | ".join((*names, "to the last digit")) + " |")
    print("|---|---|---|---|---|---|---|---|")
    for name, mix in MIXES.items():
        engine = ibis.duckdb.connect()
        engine.raw_sql("SET TimeZone = 'UTC'")
        rows = mix(options.rows, options.seed)
        engine.con.register("made", rows)
        engine.raw_sql("CREATE TABLE events AS FROM made")
        sample, cards, seconds = priced(engine, book, options.sample)
        library, library_seconds = library_costs(rows.slice(0, options.sample).to_pylist())
        known, equal = check(sample.to_pylist(), library)
        ours, whole, theirs = options.rows / seconds, options.rows / (cards + seconds), options.sample / library_seconds
        print(
            f"| {name} | {cards:.1f} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:,.0f} | {whole / theirs:,.0f} |"
            f" {known:,} | {equal:,} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
