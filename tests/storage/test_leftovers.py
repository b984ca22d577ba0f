"""What the dead have left goes after a day; what the ledger names, and what is young, stays."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import ibis

from usage_pipeline.storage.database import Database
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.leftovers import sweep
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def aged(path: Path, age: timedelta) -> Path:
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_only_what_is_old_and_counts_for_nothing_goes(lake: Lake, database: Database, tmp_path: Path) -> None:
    rows = ibis.memtable([{"a": 1}], schema=ibis.schema({"a": "int64"}))
    for part in ("logs.named", "logs.young", "logs.old"):
        lake.add_part("usage_shards", rows, date(2026, 10, 1), part)
    ages = {"logs.named": timedelta(days=30), "logs.young": timedelta(hours=23), "logs.old": timedelta(hours=25)}
    paths = {part.name: aged(part.path, ages[part.name]) for part in lake.parts("usage_shards")}
    named = {"source": "logs", "uri": "u", "fingerprint": "f", "kind": "litellm", "size_bytes": 1, "modified_at": NOW, "ingested_at": NOW}
    counts = dict.fromkeys(("lines", "accepted"), 1) | dict.fromkeys(("duplicates", "rejected"), 0)
    database.insert(ingested_files, [IngestedFile(**named, **counts, state="read", part="logs.named")])  # type: ignore[arg-type]
    scratch = tmp_path / "scratch"
    folders = [lake.root / ".staging-x", scratch / "ingest-x", scratch / "ingest-y", scratch / "other"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rows.parquet").write_text("raw lines")
        aged(folder, timedelta(hours=1) if folder.name == "ingest-y" else timedelta(days=2))
    gone = sweep(lake, scratch, database=database, now=NOW)
    assert sorted(gone) == sorted([paths["logs.old"], folders[0], folders[1]])
    assert [path.exists() for path in (*paths.values(), *folders)] == [True, False, True, False, False, True, True]
    assert sweep(lake, scratch, database=database, now=NOW) == []
