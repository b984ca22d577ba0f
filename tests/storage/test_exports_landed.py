"""Dashboards' exports as files that come one after the other: what a newer one replaces, and what it must not touch."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.periods import inclusive
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedFile
from usage_pipeline.tables.usage_events import usage_events

SAMPLES = Path(__file__).parents[1] / "sources" / "samples"
NOW = datetime(2026, 11, 5, tzinfo=UTC)
DAYS = inclusive(NOW.date().replace(month=10, day=1), NOW.date().replace(month=10, day=3))

Land = Callable[..., IngestedFile]


@pytest.fixture
def land(lake: Lake, database: Database, tmp_path: Path) -> Land:
    (tmp_path / "landing").mkdir()

    def one_more(kind: str, name: str, *, minute: int, text: str | None = None) -> IngestedFile:
        target = tmp_path / "landing" / f"{minute}-{name}"
        if text is None:
            shutil.copy(SAMPLES / kind / "input" / name, target)
        else:
            target.write_text(text, "utf-8")
        time = (NOW + timedelta(minutes=minute)).timestamp()
        os.utime(target, (time, time))
        stage = tmp_path / "stage"
        read = ingest("own", SOURCES[kind], f"{tmp_path}/landing/*", lake=lake, database=database, engine=lake.engine, stage=stage, now=NOW)
        return next(one for one in read if one.uri.endswith(target.name))

    return one_more


def billed(lake: Lake, database: Database) -> dict[str, Decimal]:
    rows = lake.engine.to_pyarrow(landed_rows(charges, DAYS, lake=lake, database=database)).to_pylist()
    days = sorted({str(row["period_start"].date()) for row in rows})
    return {day: sum((row["billed_cost"] for row in rows if str(row["period_start"].date()) == day), Decimal(0)) for day in days}


BOTH = {"2026-10-01": Decimal("26.9190387"), "2026-10-02": Decimal("22.209063")}


def test_exports_of_the_same_days_replace_each_other_and_other_files_touch_nothing(land: Land, lake: Lake, database: Database) -> None:
    kind = "openai_costs_csv"
    read = land(kind, "cost_header_2026-08.csv", minute=1)
    assert (read.lines, read.accepted, read.duplicates, read.rejected) == (22, 22, 0, 0)
    assert billed(lake, database) == BOTH
    read = land(kind, "cost_nothing_used.csv", minute=2)
    assert (read.lines, read.accepted, read.rejected) == (0, 0, 0)
    read = land(kind, "not_a_bill.csv", minute=3)
    assert (read.lines, read.accepted, read.rejected) == (1, 0, 1)
    assert billed(lake, database) == BOTH
    land(kind, "cost_2026-10-01_2026-10-03.csv", minute=4)
    assert billed(lake, database) == BOTH


def test_an_empty_bucket_empties_its_day(land: Land, lake: Lake, database: Database) -> None:
    land("openai_costs_csv", "cost_2026-10-01_2026-10-03.csv", minute=1)
    land("openai_costs_csv", "cost_header_2025-10.csv", minute=2)
    assert billed(lake, database) == {"2026-10-01": Decimal("8.3")}


def test_claude_codes_newer_day_replaces_the_older(land: Land, lake: Lake, database: Database) -> None:
    name = "claude_code_2026-10-01.json"
    read = land("claude_code", name, minute=1)
    assert (read.lines, read.accepted, read.rejected) == (2, 1, 1)
    text = (SAMPLES / "claude_code" / "input" / name).read_text("utf-8")
    land("claude_code", name, minute=2, text=text.replace('"output": 35000', '"output": 36000'))
    rows = lake.engine.to_pyarrow(landed_rows(usage_events, DAYS, lake=lake, database=database)).to_pylist()
    assert [row["output"] for row in rows] == [36000]
