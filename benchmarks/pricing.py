"""`python -m benchmarks.pricing`: events priced per CPU second, Parquet to Parquet, by us, by plain SQL and by genai-prices' own call.

The library is measured twice: its calls alone, the rows at hand and every argument made before; and as the same job, row by row from
Parquet to Parquet.

Each measure is a process of its own that reads one Parquet file of events and writes another, both packed as the engine packs by itself
(snappy). Counted are the CPU seconds of distinct keys, of building the query, of running it and of writing; rate cards (once for all
keys) are told apart; imports are not counted.
Every sampled event that we priced must cost what the library says; the prices for which that is not so to the last digit are listed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.events import MIXES, events_file
from benchmarks.measure import BYTES_PER_MAXRSS
from usage_pipeline.tables.meters import METER_NAMES

NEAR = Decimal("1e-9")
"""Catalog prices with more than 15 decimals are quantized once, at import: so far apart may costs then be, for each dollar."""

DECIMALS = 15
PRICES = ("source_file", "source_line", "rate_card", "price_state", "list_cost", "net_cost")
"""Which event, and what pricing works out for it: the model follows from the card, the book is one for all, credits are another step's."""

COMMON = frozenset({"input", "cache_read", "cache_write", "cache_write_1h", "output"})
IDENTITY = ("source_file", "source_line")
MEMORY_LIMIT = "700MB"
DICTIONARY = 5_000
"""Entries up to which a column is tried as a dictionary: texts have few values, costs have as many as rows."""


def measure(engine_name: str, events: Path, out: Path, columns: str) -> dict[str, float]:
    """Price `events` into `out` in this process: CPU seconds and peak memory. `columns` is 'prices' (PRICES) or 'full' (`priced_usage`)."""
    import ibis  # noqa: PLC0415

    from benchmarks.pricing_sql import SCRIPT  # noqa: PLC0415
    from usage_pipeline.prices.apply import keys_of, price_events  # noqa: PLC0415
    from usage_pipeline.prices.book import build_book  # noqa: PLC0415
    from usage_pipeline.storage.engine import connect  # noqa: PLC0415
    from usage_pipeline.storage.lake import filled_columns  # noqa: PLC0415
    from usage_pipeline.tables.priced_usage import priced_usage  # noqa: PLC0415

    book, engine = build_book([]), connect(out.parent / "scratch", memory_limit=MEMORY_LIMIT)
    engine.to_pyarrow(ibis.memtable({"warm": [1]}))
    started = time.process_time()
    rows = engine.read_parquet(events)
    filled = filled_columns([events])
    keys = engine.to_pyarrow(keys_of(rows, book.scopes, filled))
    names = PRICES if columns == "prices" else priced_usage.names
    asked = time.process_time()
    found = book.resolve(keys)
    tables = {name: getattr(found, name) for name in ("resolutions", "rate_cards", "rates")}
    carded = time.process_time()
    if engine_name == "sql":
        for name, table in tables.items():
            engine.con.register(name, table)
        kept = ", ".join(f'"{name}"' for name in names)
        engine.con.execute(SCRIPT.format(columns=kept, book=book.version, events=events, out=out))
    else:
        given = [ibis.memtable(table) for table in tables.values()]
        priced = price_events(rows, *given, price_book=book.version, scopes=book.scopes, filled=filled, columns=names)
        engine.to_parquet(priced, out, compression="snappy", dictionary_size_limit=DICTIONARY)
    ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_MAXRSS / 1e6
    return {"seconds": (asked - started) + (ended - carded), "cards": carded - asked, "peak_mb": peak}


def library_costs(rows: Sequence[dict[str, Any]]) -> tuple[list[Decimal | None], float]:
    """What the library says of each event (null where it knows no such model), and the CPU seconds of its calls alone."""
    from genai_prices import calc_price  # noqa: PLC0415

    asked = [(row, _usage(row), _context(row)) for row in rows]
    costs: list[Decimal | None] = []
    with localcontext() as context:
        context.prec = 60
        started = time.process_time()
        for row, usage, said in asked:
            at = row["started_at"]
            try:
                answer = calc_price(usage, row["model"], provider_id=row["provider"], genai_request_timestamp=at, price_context=said)
                costs.append(answer.total_price)
            except LookupError:
                costs.append(None)
        return costs, time.process_time() - started


def library_rows(events: Path, count: int, out: Path) -> float:
    """CPU seconds of the same job row by row: the first events from Parquet, a call of the library for each, its answer to Parquet."""
    import pyarrow as pa  # noqa: PLC0415
    from genai_prices import calc_price  # noqa: PLC0415

    _nesting()
    columns = [*IDENTITY, "provider", "model", "started_at", "service_tier", "reasoning_tokens", *METER_NAMES]
    answers: list[dict[str, Any]] = []
    with localcontext() as context:
        context.prec = 60
        started = time.process_time()
        for row in next(pq.ParquetFile(events).iter_batches(count, columns=columns)).to_pylist():
            answer = {name: row[name] for name in IDENTITY}
            try:
                priced = calc_price(
                    _usage(row),
                    row["model"],
                    provider_id=row["provider"],
                    genai_request_timestamp=row["started_at"],
                    price_context=_context(row),
                )
                answers.append(answer | {"model_id": priced.model.id, "cost": priced.total_price})
            except LookupError:
                answers.append(answer | {"model_id": None, "cost": None})
        pq.write_table(pa.Table.from_pylist(answers), out, compression="snappy")
        return time.process_time() - started


@cache
def _nesting() -> dict[str, list[str]]:
    """The library's usage keys that each of our meters counts towards: a cached token is input, too."""
    from genai_prices.decompose import is_descendant_or_self  # noqa: PLC0415
    from genai_prices.units import _get_registry  # noqa: PLC0415

    from usage_pipeline.tables.meters import METERS  # noqa: PLC0415

    units = {key: unit for key, unit in _get_registry().units.items() if key != "requests"}
    ours = {meter.name: units[meter.library_key] for meter in METERS if meter.library_key is not None}
    return {name: [key for key, unit in units.items() if is_descendant_or_self(unit, part)] for name, part in ours.items()}


def _usage(row: Mapping[str, Any]) -> Any:
    from genai_prices import Usage  # noqa: PLC0415

    used = [meter for meter in _nesting() if row[meter]]
    nested = {} if COMMON.issuperset(used) else {key: 0 for keys in _nesting().values() for key in keys}  # overlaps are told, zeros too
    if row["reasoning_tokens"]:
        nested["output_reasoning_tokens"] = row["reasoning_tokens"]
    for meter in used:
        for key in _nesting()[meter]:
            nested[key] = nested.get(key, 0) + row[meter]
    return Usage(**nested)


def _context(row: Mapping[str, Any]) -> dict[str, str]:
    tier = row["service_tier"]
    if tier in {None, "default"}:
        return {}
    return {"processing": tier} if tier == "batch" else {"service_tier": tier}


def differing(
    found: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]], library: Iterable[Decimal | None]
) -> tuple[int, list[str]]:
    """How many are priced, and provider/model of those not equal to the last digit. Raises SystemExit where one is wrong."""
    from usage_pipeline.tables.priced_usage import UNPRICED_STATES  # noqa: PLC0415

    triples = [one for one in zip(found, events, library, strict=True) if one[0]["price_state"] not in UNPRICED_STATES]
    for ours, event, theirs in triples:
        if theirs is None or abs(ours["list_cost"] - theirs) > NEAR * max(Decimal(1), theirs):
            raise SystemExit(f"{ours} of {event} should cost {theirs}")
    return len(triples), [f"{event['provider']}/{event['model']}" for ours, event, theirs in triples if ours["list_cost"] != theirs]


def long_prices(names: Iterable[str]) -> dict[str, list[str]]:
    """Of each provider/model, the catalog's prices per unit that do not end within 15 decimals."""
    from genai_prices.data import providers  # noqa: PLC0415
    from genai_prices.types import ModelPrice  # noqa: PLC0415
    from genai_prices.units import _get_registry  # noqa: PLC0415

    wanted, found = set(names), {}
    for provider in providers:
        for model in provider.models:
            if f"{provider.id}/{model.id}" in wanted:
                entries = [*([] if isinstance(model.prices, ModelPrice) else model.prices), *(model.price_variants or ())]
                sets = [*([model.prices] if isinstance(model.prices, ModelPrice) else []), *(one.prices for one in entries)]
                units = list(_get_registry().units.values())
                pairs = [(unit, value) for one in sets for unit in units for value in _values(getattr(one, unit.price_key))]
                long = sorted({f"{unit.price_key} {value}" for unit, value in pairs if _is_long(value, unit.per)})
                found[f"{provider.id}/{model.id}"] = long
    return found


def _values(price: Any) -> list[Decimal]:
    if price is None:
        return []
    return [price] if isinstance(price, Decimal) else [price.base, *(tier.price for tier in price.tiers)]


def _is_long(price: Decimal, per: int) -> bool:
    with localcontext() as context:
        context.prec = 60
        exponent = (price / per).normalize().as_tuple().exponent
        return isinstance(exponent, int) and -exponent > DECIMALS


def _child(*arguments: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "benchmarks.pricing", "--child", *arguments], check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _report(mix: str, events: Path, out: Path, options: argparse.Namespace) -> set[str]:
    sample = next(pq.ParquetFile(events).iter_batches(options.sample)).to_pylist()
    unequal: set[str] = set()
    for columns in ("prices", "full"):
        for _ in range(options.repeat):
            library, seconds = library_costs(sample)
            whole = library_rows(events, options.sample, out)
            ours, plain = (_child(engine, str(events), str(out), columns) for engine in ("ours", "sql"))
            theirs, rate = len(sample) / seconds, options.rows / ours["seconds"]
            print(
                f"| {mix} | {columns} | {ours['seconds']:.2f} | {rate:,.0f} | {theirs:,.0f} | {rate / theirs:,.0f} |"
                f" {len(sample) / whole:,.0f} | {rate * whole / len(sample):,.0f} |"
                f" {options.rows / (ours['seconds'] + ours['cards']) / theirs:,.0f} | {ours['peak_mb']:,.0f} | {plain['seconds']:.2f} |"
                f" {ours['seconds'] / plain['seconds']:.2f} |",
                flush=True,
            )
    for engine in ("sql", "ours"):
        _child(engine, str(events), str(out), "prices")
        lines = pq.read_table(out, filters=[("source_line", "<", len(sample))]).sort_by("source_line").to_pylist()
        known, names = differing(lines, sample, library)
        print(
            f"\n{mix}, {engine}: {known:,} of {len(sample):,} sampled events are priced, {known - len(names):,} of them to the last digit"
        )
        unequal |= set(names)
    return unequal


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pricing", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--sample", type=int, default=10_000, help="events that the library prices, too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--mix", choices=list(MIXES), action="append", help="default: both")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/usage-benchmarks/pricing"))  # noqa: S108
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        engine, events, out, columns = options.child
        print(json.dumps(measure(engine, Path(events), Path(out), columns)))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    print(f"{options.rows:,} events, {options.sample:,} of them by the library; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(
        "| mix | columns | ours, CPU s | rows per CPU s | library, calls alone | ratio | library, Parquet to Parquet | ratio"
        " | to calls, with rate cards | peak MB | plain SQL, CPU s | ours / plain |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for mix in options.mix or MIXES:
        make = f"from benchmarks.events import *; write_events({mix!r}, {options.rows}, {options.seed}, Path({str(options.folder)!r}))"
        subprocess.run([sys.executable, "-c", make], check=True)
        events = events_file(mix, options.rows, options.seed, options.folder)
        for name, prices in sorted(long_prices(_report(mix, events, options.folder / "priced.parquet", options)).items()):
            print(f"- {name}: {', '.join(prices) or 'no price of more than 15 decimals'}")


if __name__ == "__main__":
    main()
