"""The rows that a source's sample files give, as plain JSON values: what `expected.json` beside them holds.

For a new source: put its files into samples/<kind>/input, run `python tests/sources/sample_rows.py <kind>`, and check every value by hand.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from usage_pipeline.money import text
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage import compiled
from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.records import read_records
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.source import Source

SAMPLES = Path(__file__).parent / "samples"


def records_of(engine: Backend, source: Source, stage: Path, files: list[Path] | None = None) -> ir.Table:
    """The sample's records; a file's name stands for its fingerprint."""
    paths = files or sorted((SAMPLES / source.kind / "input").iterdir())
    return read_records(engine, [(path.name, str(path)) for path in paths], source, stage)


def rows_of(engine: Backend, source: Source, records: ir.Table) -> list[dict[str, Any]]:
    """`to_rows` of the records with the table's own types, in the order of files and lines."""
    return _plain_rows(compiled.rows_of(engine, _conformed, records, facts=(source.to_rows, source.table)))


def _conformed(records: ir.Table, to_rows: Callable[[ir.Table], ir.Table], table: Table[Any]) -> ir.Table:
    given = to_rows(records).rename(source="reject")
    return table.conform(given).rename(reject="source").order_by("source_file", "source_line", table.names[0])


def plain(engine: Backend, rows: ir.Table) -> list[dict[str, Any]]:
    """Rows as JSON values without their nulls: money and quantities as text, times in ISO 8601."""
    return _plain_rows(engine.to_pyarrow(rows).to_pylist())


def _plain_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items() if value is not None} for row in rows]


def expected_of(kind: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLES / kind / "expected.json").read_text(encoding="utf-8"))
    return document


def outcome_of(engine: Backend, source: Source, records: ir.Table) -> dict[str, Any]:
    """All that the sample's records give: their rows, and for a snapshot source the days that its files cover."""
    outcome: dict[str, Any] = {"rows": rows_of(engine, source, records)}
    if source.covered is not None:
        outcome["covered"] = _plain_rows(compiled.rows_of(engine, _covered, records, facts=(source.covered,)))
    return outcome


def _covered(records: ir.Table, covered: Callable[[ir.Table], ir.Table]) -> ir.Table:
    return covered(records).order_by("source_file", "day", "snapshot_scope")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return text(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


if __name__ == "__main__":
    for kind in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            engine = connect(Path(folder) / "scratch")
            outcome = outcome_of(engine, SOURCES[kind], records_of(engine, SOURCES[kind], Path(folder) / "stage"))
        document = json.dumps(outcome, indent=1, ensure_ascii=False) + "\n"
        (SAMPLES / kind / "expected.json").write_text(document, encoding="utf-8")
