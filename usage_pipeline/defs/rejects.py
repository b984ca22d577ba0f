"""How many lines were rejected, and why."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import of_files
from usage_pipeline.tables.ingested_files import IngestedFile
from usage_pipeline.tables.rejected_lines import REASONS, rejected_lines


def rejecting_files(lake: Lake, files: Sequence[IngestedFile], reasons: Collection[str]) -> dict[tuple[str, str], list[str]]:
    """The uris of these file versions that have lines rejected for such a reason, by source and reason."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    rows = _lines_of(lake, [file for file in files if file.rejected])
    named = rows.filter(rows.reason.isin(sorted(reasons))).select("source", "reason", "uri").distinct()
    for row in lake.engine.to_pyarrow(named.order_by("source", "reason", "uri")).to_pylist():
        found[row["source"], row["reason"]].append(row["uri"])
    return found


def rejects_of(lake: Lake, files: Sequence[IngestedFile]) -> list[dict[str, Any]]:
    """How many lines of these file versions were rejected: source, reason, lines, meaning. Only parts that the ledger names are read."""
    files = [file for file in files if file.rejected]
    if not files:
        return []
    counted = _lines_of(lake, files).group_by("source", "reason").agg(lines=lambda one: one.count())
    found = lake.engine.to_pyarrow(counted.order_by("source", ibis.desc("lines"), "reason")).to_pylist()
    return [{**row, "meaning": REASONS[row["reason"]]} for row in found]


def _lines_of(lake: Lake, files: Sequence[IngestedFile]) -> ir.Table:
    parts = {file.part for file in files}
    named = [part for part in lake.parts(rejected_lines.name) if part.name in parts]
    return of_files(lake.read(rejected_lines, parts=named, with_part=True), files)
