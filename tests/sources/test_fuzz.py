"""Broken lines, more than 100,000 over all kinds: nothing crashes, every line is accounted for, and what is accepted makes sense."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from broken_lines import broken_files
from ibis.backends.duckdb import Backend
from sample_rows import SAMPLES

from usage_pipeline.periods import inclusive
from usage_pipeline.prices.apply import keys_of
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, landed_rejects, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.ingested_files import ingested_days
from usage_pipeline.tables.meters import METER_NAMES
from usage_pipeline.tables.rates import Scopes
from usage_pipeline.tables.rejected_lines import REASONS
from usage_pipeline.tables.usage_events import usage_events

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
EVER = inclusive(datetime(2015, 1, 1, tzinfo=UTC).date(), NOW.date())
LINES = -(-130_000 // len(SOURCES))


@pytest.mark.parametrize("kind", SOURCES)
def test_no_broken_line_is_lost(kind: str, lake: Lake, database: Database, engine: Backend, tmp_path: Path) -> None:
    source = SOURCES[kind]
    folder = tmp_path / "landing"
    folder.mkdir()
    certain: dict[str, int] = {}
    inputs = sorted((SAMPLES / kind / "input").iterdir())
    for name, content, records in broken_files(source, inputs, LINES, seed=len(kind)):
        (folder / name).write_bytes(content)
        if records is not None:
            certain[str(folder / name)] = records
    read = ingest("fuzzed", source, str(folder / "*"), lake=lake, database=database, engine=engine, stage=tmp_path / "stage", now=NOW)
    counted = {file.uri: file.lines for file in read}
    assert {uri: counted[uri] for uri in certain} == certain
    assert sum(counted.values()) > LINES // 2, "most of them are lines, but for files without a row to break"
    assert all(file.lines == file.accepted + file.duplicates + file.rejected for file in read)
    rejects = Counter(
        row["reason"]
        for row in engine.to_pyarrow(landed_rejects(inclusive(NOW.date(), NOW.date()), lake=lake, database=database)).to_pylist()
    )
    assert sum(rejects.values()) == sum(file.rejected for file in read)
    assert set(rejects) <= set(REASONS)
    assert len(database.select(ingested_days)) < 100 * LINES, "a mistaken date is no span of a thousand years"
    rows = landed_rows(source.table, EVER, lake=lake, database=database)
    if source.table is not usage_events:
        found = engine.to_pyarrow(rows.agg(count=rows.count(), billed=rows.billed_cost.sum())).to_pylist()[0]
        assert (found["count"] > 0) == (found["billed"] is not None)
        return
    low = engine.to_pyarrow(rows.agg(**{meter: rows[meter].min() for meter in METER_NAMES})).to_pylist()[0]
    assert all(least is None or least >= 0 for least in low.values())
    assert engine.to_pyarrow(keys_of(rows, Scopes())).num_rows > 0
