"""What the reader says to a zip archive, and how it finds a header below lines of another kind."""

import io
import zipfile
from pathlib import Path

import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.storage.records import read_records
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.source import Format, Source


def source_of(form: Format, *, listed: str | None = None, header: tuple[str, ...] = ()) -> Source:
    fields = {"id": "Id", "currency": "#Currency"}
    return Source("test", "Test", "", form, charges, fields, lambda rows: rows, listed=listed, header=header)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (source_of(Format.CSV), "usage.zip"),
        (source_of(Format.JSON_LINES), "usage.zip"),
        (source_of(Format.BUCKET_PAGES), "usage.json"),
        (source_of(Format.ROWS), "usage.csv"),
        (source_of(Format.ROWS, listed="data"), "usage.zip"),
        (source_of(Format.ROWS), "usage.jsonl"),
    ],
)
def test_a_zip_archive_is_named_as_one(source: Source, name: str, engine: Backend, tmp_path: Path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("amount.csv", "Id\n1\n")
    (tmp_path / name).write_bytes(packed.getvalue())
    records = read_records(engine, [("file", str(tmp_path / name))], source, tmp_path / "stage")
    assert [row["state"] for row in engine.to_pyarrow(records).to_pylist()] == ["zip_archive"]


@pytest.mark.parametrize("header", ["Account,Id", "Id", "Cost,ID , Account"])
def test_the_header_is_the_first_row_with_a_known_name(header: str, engine: Backend, tmp_path: Path):
    values = ",".join("7" if name.strip().casefold() == "id" else "x" for name in header.split(","))
    (tmp_path / "bill.csv").write_text(f"Invoice number,12,\nCurrency,EUR,\n\n{header}\n{values}\n", encoding="utf-8")
    source = source_of(Format.ROWS, header=("Account", "Id"))
    records = read_records(engine, [("file", str(tmp_path / "bill.csv"))], source, tmp_path / "stage")
    found = [(row["source_line"], row["id"], row["currency"]) for row in engine.to_pyarrow(records).to_pylist()]
    assert found == [(1, "7", "EUR")]


def test_no_header_is_no_such_document(engine: Backend, tmp_path: Path):
    (tmp_path / "bill.csv").write_text("Rechnung,12\nWährung,EUR\n", encoding="utf-8")
    records = read_records(engine, [("file", str(tmp_path / "bill.csv"))], source_of(Format.ROWS, header=("Id",)), tmp_path / "stage")
    assert [row["state"] for row in engine.to_pyarrow(records).to_pylist()] == ["unexpected_document"]
