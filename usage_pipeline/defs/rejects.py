"""How many lines were rejected, and why."""

from collections.abc import Sequence
from typing import Any

import ibis

from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.ingested_files import IngestedFile
from usage_pipeline.tables.rejected_lines import REASONS, rejected_lines


def rejects_of(lake: Lake, files: Sequence[IngestedFile]) -> list[dict[str, Any]]:
    """How many lines of these file versions were rejected: source, reason, lines, meaning. Only parts that the ledger names are read."""
    files = [file for file in files if file.rejected]
    if not files:
        return []
    parts = {file.part for file in files}
    rows = lake.read(rejected_lines, parts=[part for part in lake.parts(rejected_lines.name) if part.name in parts])
    places = [(file.source, file.fingerprint) for file in files]
    versions = ibis.memtable(places, schema=ibis.schema({"source": "string", "source_file": "string"}))
    counted = rows.semi_join(versions, ["source", "source_file"]).group_by("source", "reason").agg(lines=lambda one: one.count())
    found = lake.engine.to_pyarrow(counted.order_by("source", ibis.desc("lines"), "reason")).to_pylist()
    return [{**row, "meaning": REASONS[row["reason"]]} for row in found]
