"""A field with the path '#file' is where the record's file lies, however the file is read."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.records import read_records
from usage_pipeline.tables.source import FILE, Format

SOURCE = replace(SOURCES["focus"], format=Format.ROWS, fields={"where": FILE, "value": "value"})


def test_the_uri_of_csv_json_and_parquet(engine: Backend, tmp_path: Path):
    (tmp_path / "a.csv").write_text("value\n1\n2\n")
    (tmp_path / "b.jsonl").write_text('{"value": 3}\nnot json\n')
    pq.write_table(pa.table({"value": ["4"]}), tmp_path / "c.parquet")
    files = [(name, str(tmp_path / name)) for name in ("a.csv", "b.jsonl", "c.parquet")]
    rows = engine.to_pyarrow(read_records(engine, files, SOURCE, tmp_path / "stage")).to_pylist()
    assert sorted((row["where"], row["value"] or "", row["state"] or "") for row in rows) == [
        (files[0][1], "1", ""),
        (files[0][1], "2", ""),
        (files[1][1], "", "not_json"),
        (files[1][1], "3", ""),
        (files[2][1], "4", ""),
    ]


def test_a_copy_has_the_uri_of_what_it_is_a_copy_of(engine: Backend, tmp_path: Path):
    (tmp_path / "copy.csv").write_text("value\n1\n")
    uris = {"print": "s3://bucket/export/part.csv"}
    rows = read_records(engine, [("print", str(tmp_path / "copy.csv"))], SOURCE, tmp_path / "stage", uris)
    assert [row["where"] for row in engine.to_pyarrow(rows).to_pylist()] == ["s3://bucket/export/part.csv"]
