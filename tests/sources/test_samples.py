"""One test for every source, present and future: its sample files give exactly the rows that stand beside them."""

import itertools
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pytest
from ibis.backends.duckdb import Backend
from sample_rows import SAMPLES, expected_of, outcome_of, records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.tables.rejected_lines import REASONS
from usage_pipeline.tables.source import Source

HASHED = {("claude_code", "actor.email_address")}
"""Addresses that are read, to become keyed hashes: nothing else tells the persons apart."""

EACH = pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.kind)


@EACH
def test_sample_becomes_expected_rows(source: Source, engine: Backend, tmp_path: Path):
    records = records_of(engine, source, tmp_path / "stage")
    assert outcome_of(engine, source, records) == expected_of(source.kind)
    _check_types(source, records)
    _check_lines(source, records)


def test_every_source_has_a_sample():
    assert set(SOURCES) == {path.name for path in SAMPLES.iterdir()}
    assert all(source.kind == kind for kind, source in SOURCES.items())


def _check_types(source: Source, records: ir.Table) -> None:
    """Rows have the types of their table, or such as can be cast to them."""
    rows = source.to_rows(records)
    declared = {column.name: column.type.copy(nullable=True) for column in source.table.columns}
    given = {name: kind.copy(nullable=True) for name, kind in rows.schema().items() if name != "reject"}
    castable = {name: kind for name, kind in given.items() if declared[name] != kind and kind.is_decimal() != declared[name].is_decimal()}
    assert castable == {}
    assert {"source_file", "source_line", "reject"} <= set(rows.columns)


def _check_lines(source: Source, records: ir.Table) -> None:
    """Several rows of one record are all accepted and told apart by their key; every record has a row, every reason its words."""
    rows = expected_of(source.kind)["rows"]
    lines = {(one["source_file"], one["source_line"]) for one in records.filter(records.state.isnull()).to_pyarrow().to_pylist()}
    by_line = {key: list(group) for key, group in itertools.groupby(rows, key=_line)}
    assert set(by_line) == lines
    assert all(len(group) == 1 or not any("reject" in row for row in group) for group in by_line.values())
    assert {row["reject"] for row in rows if "reject" in row} <= set(REASONS)
    name = source.table.names[0]
    per_file = [(row["source_file"], row[name]) for row in rows if "reject" not in row]
    assert len(per_file) == len(set(per_file))


@EACH
def test_a_copy_of_a_file_gives_the_same_keys(source: Source, engine: Backend, tmp_path: Path):
    name = source.table.names[0]
    paths = sorted((SAMPLES / source.kind / "input").iterdir())
    copies = {path: tmp_path / f"copy-of-{path.name}" for path in paths}
    for path, copy in copies.items():
        copy.write_bytes(path.read_bytes())
    rows = rows_of(engine, source, records_of(engine, source, tmp_path / "stage", [*paths, *copies.values()]))
    keys = {file: [row.get(name) for row in rows if row["source_file"] == file] for file in {row["source_file"] for row in rows}}
    assert all(keys.get(path.name) == keys.get(copy.name) for path, copy in copies.items())


@EACH
def test_only_snapshot_sources_have_scopes_and_cover_what_they_name(source: Source, engine: Backend, tmp_path: Path):
    outcome = expected_of(source.kind)
    accepted = [row for row in outcome["rows"] if "reject" not in row]
    start = "period_start" if source.table.name == "charges" else "started_at"
    if source.snapshot:
        covered = {(row["source_file"], row["day"], row["snapshot_scope"]) for row in outcome["covered"]}
        assert {(row["source_file"], row[start][:10], row["snapshot_scope"]) for row in accepted} <= covered
    else:
        assert source.covered is None
        assert all("snapshot_scope" not in row for row in accepted)


@EACH
def test_no_prompt_answer_or_address_is_ever_read(source: Source):
    forbidden = {"prompt_text", "input_body", "output_body", "error_str", "error_information", "email"}
    for path in source.fields.values():
        keys = path.split(".") if isinstance(path, str) else path
        assert not forbidden & set(keys), path
        assert keys[-1] not in {"response", "body"}, path
        assert not any("email" in key or "ip_address" in key for key in keys) or (source.kind, path) in HASHED, path
        assert path != "messages"


@EACH
def test_no_address_comes_out(source: Source):
    accepted = [row for row in expected_of(source.kind)["rows"] if "reject" not in row]
    assert accepted
    assert not [row for row in accepted if "@" in repr(row)]


def _line(row: dict[str, Any]) -> tuple[str, int]:
    return row["source_file"], row["source_line"]
