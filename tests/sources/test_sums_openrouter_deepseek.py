"""What must agree within OpenRouter's and DeepSeek's exports, by arithmetic of the tests' own."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import SAMPLES, records_of, rows_of

from usage_pipeline.periods import Period
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def rows(engine: Backend, tmp_path: Path) -> Any:
    def read(kind: str, *files: str) -> list[dict[str, Any]]:
        paths = [SAMPLES / kind / "input" / name for name in files]
        found = rows_of(engine, SOURCES[kind], records_of(engine, SOURCES[kind], tmp_path / "stage", paths))
        return [row for row in found if "reject" not in row]

    return read


def test_activity_is_the_same_bill_as_json_and_csv(rows: Any):
    of_api = rows("openrouter_activity", "activity.json")
    of_console = rows("openrouter_activity", "openrouter_activity_2026-10-01_2026-10-02.csv")
    told = [[(row["period_start"], row["model"], row["billed_cost"]) for row in found] for found in (of_api, of_console)]
    assert told[0] == told[1]
    assert sum(Decimal(row["billed_cost"]) for row in of_api) == Decimal("0.4342")


def test_what_a_provider_charges_on_an_own_key_is_no_charge_of_openrouter(rows: Any):
    own = rows("openrouter_activity", "activity_own_key.json")
    assert sum(Decimal(row["billed_cost"]) for row in own) == Decimal("0.0007501")
    assert ['"byok_usage_inference": "0.0' in row["tags"] for row in own] == [True, False, True]


def test_a_generation_is_the_same_event_as_json_and_csv(rows: Any):
    of_api = rows("openrouter_generations", "generation.json")[0]
    of_console, cancelled = rows("openrouter_generations", "openrouter_generations.csv")
    told = ("event_id", "started_at", "model", "input", "cache_read", "output", "reported_cost", "reported_cost_basis", "channel", "status")
    assert [of_api[name] for name in told] == [of_console[name] for name in told]
    assert (cancelled["status"], cancelled["reported_cost"], '"cancelled": "true"' in cancelled["tags"]) == ("success", "0.02", True)


def test_deepseeks_counts_at_their_prices_are_its_bill(rows: Any):
    bill = rows("deepseek_csv", "cost-2026-10.csv")
    counts = rows("deepseek_usage_csv", "amount-2026-10.csv")
    amounts = {meter: sum(row.get(meter, 0) for row in counts) for meter in ("input", "cache_read", "output", "request_count")}
    assert amounts == {"input": 48000, "cache_read": 40000, "output": 31000, "request_count": 61}
    prices = {"input": "0.00000014", "cache_read": "0.000000028", "output": "0.00000028"}
    assert sum(Decimal(price) * amounts[meter] for meter, price in prices.items()) == Decimal("0.01652")
    assert [row["billed_cost"] for row in bill] == ["0.01652"]
    assert {row["started_at"] for row in counts} == {row["period_start"] for row in bill} == {"2026-09-30T16:00:00+00:00"}


HEADER = "user_id,start_time_iso,end_time_iso,model,wallet_type,cost,currency\n"


def test_a_newer_deepseek_export_replaces_its_local_days_alone(lake: Lake, database: Database, engine: Backend, tmp_path: Path):
    """Whole days first; then the second of them again, hour by hour, with a cost that came late and one in another currency."""
    folder = tmp_path / "landing"
    folder.mkdir()

    def read(name: str, *lines: str) -> list[tuple[str, str]]:
        (folder / name).write_text(HEADER + "".join(f"account,{line}\n" for line in lines), encoding="utf-8")
        files = ingest(
            "bill", SOURCES["deepseek_csv"], str(folder / "*"), lake=lake, database=database, engine=engine, stage=tmp_path / "s", now=NOW
        )
        assert all(file.lines == file.accepted + file.duplicates + file.rejected for file in files)
        days = Period(datetime(2026, 9, 29, tzinfo=UTC).date(), datetime(2026, 10, 9, tzinfo=UTC).date())
        landed = engine.to_pyarrow(landed_rows(charges, days, lake=lake, database=database)).to_pylist()
        return sorted((f"{row['period_start']:%d %H}", f"{row['billed_cost']:.2f}") for row in landed)

    first, second = "2026-10-01T00:00:00+08:00,2026-10-02T00:00:00+08:00", "2026-10-02T00:00:00+08:00,2026-10-03T00:00:00+08:00"
    assert read("cost-1.csv", f"{first},v4,Paid,1.00,USD", f"{second},v4,Paid,2.00,USD") == [("01 16", "2.00"), ("30 16", "1.00")]
    early, late = "2026-10-02T01:00:00+08:00,2026-10-02T02:00:00+08:00", "2026-10-02T20:00:00+08:00,2026-10-02T21:00:00+08:00"
    again = read("cost-2.csv", f"{early},v4,Paid,0.50,USD", f"{late},v4,Paid,1.75,USD", f"{late},v4,Paid,9.00,CNY")
    assert again == [("01 17", "0.50"), ("02 12", "1.75"), ("02 12", "9.00"), ("30 16", "1.00")]
