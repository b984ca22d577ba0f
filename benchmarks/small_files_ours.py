"""What small_files measures of ours, in a process of its own; and the files, with the SQL that reads of them what ours needs."""

import argparse
import gzip
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.lines import prepare
from benchmarks.reading import json_sql
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.ingest import ingest
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.landing import Landing, LocalStore
from usage_pipeline.storage.landing_s3 import S3Store

SIZE_BYTES = 2048
FILES_PER_FOLDER = 1000
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def write_files(options: argparse.Namespace, landed: Path) -> None:
    """The files, unless they are there already, and their SQL beside them."""
    options.folder.mkdir(parents=True, exist_ok=True)
    landed.with_suffix(".sql").write_text(json_sql("litellm", f"{landed}/**/*.json"))
    if landed.exists():
        return
    unfinished = landed.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    given = prepare(options.folder, lines=options.files, days=31, seed=1)
    with gzip.open(given.path, "rb") as lines:
        for number, line in enumerate(lines):
            folder = unfinished / f"{number // FILES_PER_FOLDER:04}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number:07}.json").write_bytes(line.rstrip(b"\n").ljust(SIZE_BYTES))
    unfinished.rename(landed)


def run(options: argparse.Namespace, landed: Path) -> None:
    """One ingest into the home of the place: the first reads all, a second one nothing."""
    os.environ.update(AWS_ACCESS_KEY_ID="reader", AWS_SECRET_ACCESS_KEY="not-a-secret")  # noqa: S106
    home = Home(options.folder / f"small-home-{options.child}")
    engine = connect(home.scratch, memory_limit=options.memory_limit)
    database = Database(home.database_url)
    database.migrate()
    pattern = f"{landed}/**/*.json" if options.child == "local" else "s3://bench/**/*.json"
    read = ingest(
        "gateway",
        SOURCES["litellm"],
        pattern,
        lake=Lake(home.lake, engine),
        database=database,
        engine=engine,
        stage=home.scratch / "stage",
        now=NOW,
        landing=Landing((LocalStore(), S3Store(options.endpoint))),
    )
    wrong = [one.uri for one in read if one.lines != one.accepted + one.duplicates + one.rejected or one.state == "unreadable"]
    if wrong or len(read) not in {0, options.files}:
        raise SystemExit(f"{len(read)} files read of {options.files}, wrong: {wrong[:3]}")
