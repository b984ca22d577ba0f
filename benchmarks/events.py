"""Usage events made up for pricing: a realistic mix, and the worst that pricing can meet."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from genai_prices.data import providers

from benchmarks.mix import streams
from usage_pipeline.sources.channels import CHANNELS
from usage_pipeline.tables.usage_events import usage_events

REALISTIC_START = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
MONTH_SECONDS = 31 * 86_400
WORST_START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
WORST_SECONDS = 1_040 * 86_400
TIERS = (None, "default", "flex", "priority", "batch")


def realistic(count: int, seed: int) -> pa.Table:
    """The sixty streams of the mix over one month: mostly text, few tiers, one day in four cached."""
    rng = np.random.default_rng(seed)
    every = streams()
    shares = np.array([stream.share for stream in every])
    which = rng.choice(len(every), size=count, p=shares / shares.sum())

    def of_model(name: str) -> Any:
        return np.array([getattr(stream.model, name) for stream in every])[which]

    sizes = rng.lognormal(0.0, 0.7, (2, count))
    prompt, output = (of_model("prompt") * sizes[0]).astype(np.int64) + 1, (of_model("answer") * sizes[1]).astype(np.int64)
    is_cached = rng.random(count) < 0.6  # noqa: PLR2004
    cached, written = (prompt * of_model(name) // 100 * is_cached for name in ("cached_percent", "written_percent"))
    return _table(
        {
            "started_at": (REALISTIC_START + rng.random(count) * MONTH_SECONDS) * 1e6,
            "provider": pa.array([CHANNELS[stream.model.gateway].provider for stream in every]).take(pa.array(which)),
            "model": pa.array([stream.model.name for stream in every]).take(pa.array(which)),
            "service_tier": pa.array([stream.model.tier for stream in every], pa.string()).take(pa.array(which)),
            "input": prompt - cached - written,
            "cache_read": cached,
            "cache_write": written,
            "output": output,
            "reasoning_tokens": output * of_model("reasoning_percent") // 100,
        },
        count,
    )


def worst(count: int, seed: int) -> pa.Table:
    """Every model of the catalog alike, every tier, nearly three years, and audio and images in each request: nothing is skipped."""
    rng = np.random.default_rng(seed)
    names = [(provider.id, model.id) for provider in providers for model in provider.models]
    which = pa.array(rng.integers(len(names), size=count))
    output = rng.integers(1, 20_000, count)
    tokens = {
        meter: rng.integers(0, 60_000, count) for meter in ("cache_read", "cache_write", "cache_write_1h", "input_audio", "input_image")
    }
    return _table(
        {
            "started_at": (WORST_START + rng.random(count) * WORST_SECONDS) * 1e6,
            "provider": pa.array([provider for provider, _ in names]).take(which),
            "model": pa.array([model for _, model in names]).take(which),
            "service_tier": pa.array(TIERS, pa.string()).take(pa.array(rng.integers(len(TIERS), size=count))),
            "input": rng.integers(0, 300_000, count),
            "output": output,
            "output_audio": rng.integers(0, 9_000, count),
            "output_image": rng.integers(0, 9_000, count),
            "reasoning_tokens": output // 2,
            **tokens,
        },
        count,
    )


MIXES: dict[str, Callable[[int, int], pa.Table]] = {"realistic": realistic, "worst": worst}


BATCH = 1_000_000


def events_file(mix: str, count: int, seed: int, folder: Path) -> Path:
    """Where `write_events` leaves them."""
    return folder / f"{mix}-{count}-{seed}.parquet"


def write_events(mix: str, count: int, seed: int, folder: Path) -> Path:
    """The events as one Parquet file, made once: numbered from 0, in row groups as the lake has them."""
    path = events_file(mix, count, seed, folder)
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        with pq.ParquetWriter(unfinished, usage_events.schema.to_pyarrow(), compression="snappy") as writer:
            for start in range(0, count, BATCH):
                rows = MIXES[mix](min(BATCH, count - start), seed + start)
                writer.write_table(_numbered(rows, start), row_group_size=122_880)
        unfinished.replace(path)
    return path


def _numbered(rows: pa.Table, start: int) -> pa.Table:
    numbers = pa.array(np.arange(start, start + rows.num_rows))
    for name, values in {"source_line": numbers, "event_id": numbers.cast(pa.string())}.items():
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(place), values)
    return rows


def _table(columns: dict[str, Any], count: int) -> pa.Table:
    """`usage_events` of these columns; one successful request each."""
    said = {"source": "benchmark", "view": "log", "status": "success", "channel": "gateway", "source_file": "none"}
    given = {name: pa.repeat(text, count) for name, text in said.items()} | columns
    given |= {"event_id": pa.array(np.arange(count)).cast(pa.string()), "source_line": np.arange(count), "request_count": np.ones(count)}
    schema = usage_events.schema.to_pyarrow()
    arrays = [_array(given[field.name], field.type) if field.name in given else pa.nulls(count, field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    whole = pa.array(values.astype(np.int64)) if isinstance(values, np.ndarray) else values
    return whole.cast(kind)
