"""Every sample file through the ingest itself: lines = accepted + duplicates + rejected, as many of each as the expected rows say."""

import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import SAMPLES, expected_of

from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.ingested_files import IngestedFile

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def read(kind: str, folder: Path, lake: Lake, database: Database, engine: Backend) -> list[IngestedFile]:
    stage = folder.parent / "stage"
    return ingest(kind, SOURCES[kind], str(folder / "*"), lake=lake, database=database, engine=engine, stage=stage, now=NOW)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_line_of_every_sample(kind: str, lake: Lake, database: Database, engine: Backend, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / kind / "input", tmp_path / "landing")
    files = {Path(file.uri).name: file for file in read(kind, tmp_path / "landing", lake, database, engine)}
    assert set(files) == {path.name for path in (SAMPLES / kind / "input").iterdir()}
    assert all(file.lines == file.accepted + file.duplicates + file.rejected for file in files.values())
    rows = expected_of(kind)["rows"]
    refused = Counter(row["source_file"] for row in rows if "reject" in row)
    told = Counter(file for file, _ in {(row["source_file"], row["source_line"]) for row in rows if "reject" not in row})
    for name, file in files.items():
        assert file.rejected >= refused[name], name
        assert file.accepted + file.duplicates <= told[name], name
        assert file.lines >= refused[name] + told[name], name


def test_an_error_page_in_place_of_a_bill(lake: Lake, database: Database, engine: Backend, tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    error = {"error": {"message": "You have insufficient permissions for this operation.", "type": "invalid_request_error"}}
    (tmp_path / "landing" / "error_401.json").write_text(json.dumps(error))
    [file] = read("openai_costs", tmp_path / "landing", lake, database, engine)
    assert (file.lines, file.accepted, file.rejected) == (1, 0, 1)


def test_reading_them_again_reads_nothing(lake: Lake, database: Database, engine: Backend, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "litellm" / "input", tmp_path / "landing")
    assert read("litellm", tmp_path / "landing", lake, database, engine)
    assert read("litellm", tmp_path / "landing", lake, database, engine) == []
