"""What ingests and replacements that died have left behind: it counts for nothing, and goes when it is a day old."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from usage_pipeline.storage.database import Database
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import SHARDS
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.rejected_lines import rejected_lines
from usage_pipeline.tables.superseded_rows import superseded_rows

KEPT = timedelta(days=1)
"""Longer than any batch takes: what is younger may belong to an ingest that runs."""

PARTED = (*SHARDS.values(), rejected_lines.name, superseded_rows.name)
"""The lake's tables that are made of parts."""

SCRATCH = ("ingest-*", "fetched-*")
STAGING = ".staging-*"


def sweep(lake: Lake, scratch: Path, *, database: Database, now: datetime) -> list[Path]:
    """Remove parts that no row of the ledger names, and folders of raw or staged lines, that nobody touched for a day; their paths."""
    with database.transaction() as transaction:
        named = set(transaction.connection.scalars(sa.select(sql_table(ingested_files).c.part).distinct()))
    parts = [part.path for table in PARTED for part in lake.parts(table) if part.name not in named]
    folders = [folder for root, pattern in _places(lake, scratch) for folder in root.glob(pattern)]
    old = [path for path in (*parts, *folders) if _is_old(path, now)]
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return old


def _places(lake: Lake, scratch: Path) -> Iterator[tuple[Path, str]]:
    yield lake.root, STAGING
    for pattern in SCRATCH:
        yield scratch, pattern


def _is_old(path: Path, now: datetime) -> bool:
    try:
        return now.timestamp() - path.stat().st_mtime > KEPT.total_seconds()
    except FileNotFoundError:
        return False
