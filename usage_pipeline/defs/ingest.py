"""Files in, ledger out: every configured source's new file versions are read, once."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import ibis

from usage_pipeline.defs.partitions import DAILY, ONE_RUN
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.ingest import ingest
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.rejected_lines import REASONS, rejected_lines

OWNERS = ["team:platform"]
LANDING = {kind: dg.AssetKey(["landing", kind]) for kind in SOURCES}

landing_specs = [
    dg.AssetSpec(
        key=LANDING[kind],
        group_name="landing",
        description=f"{source.title}. Format: {source.documentation}",
        kinds={"file"},
        owners=OWNERS,
    )
    for kind, source in SOURCES.items()
]

rejected_spec = dg.AssetSpec(
    key=rejected_lines.name,
    group_name="ingest",
    deps=[ingested_files.name],
    description="Lines that could not be read, kept with file, line number and reason. Written while files are read.",
    kinds={"parquet"},
    owners=OWNERS,
    metadata={"dagster/column_schema": schema_of(rejected_lines)},
)


@dg.asset(
    key=ingested_files.name,
    deps=list(LANDING.values()),
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="ingest",
    kinds={"duckdb", "sql"},
    owners=OWNERS,
    code_version="1",
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL),
    metadata={"dagster/column_schema": schema_of(ingested_files)},
)
def ingested_files_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """The ledger of files: each version read once, lines = accepted + duplicates + rejected. New files are read whatever their days."""
    settings, database, engine = workplace.settings(), workplace.database(), workplace.engine()
    lake = workplace.lake(engine)
    files: list[IngestedFile] = []
    for spec in settings.sources:
        with TemporaryDirectory(dir=workplace.home.scratch, prefix="ingest-") as stage:  # it holds raw lines: gone when they are read
            read = ingest(
                spec.name,
                SOURCES[spec.kind],
                spec.path,
                lake=lake,
                database=database,
                engine=engine,
                stage=Path(stage),
                now=workplace.now(),
                currency=settings.organisation.currency,
                progress=lambda done, files, _lines, name=spec.name: tell(f"reading {name}", done, files),  # type: ignore[misc]
            )
        context.log_event(_observed(spec.kind, spec.name, read))
        files += read
    rejects = rejects_of(lake, files)
    context.log_event(_rejected(files, rejects))
    return dg.MaterializeResult(metadata=_summary(files, rejects))


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


def _observed(kind: str, name: str, files: list[IngestedFile]) -> dg.AssetObservation:
    return dg.AssetObservation(
        LANDING[kind], metadata={"source": name, "new files": len(files), "lines": sum(file.lines for file in files)}
    )


def _rejected(files: Sequence[IngestedFile], rejects: Sequence[dict[str, Any]]) -> dg.AssetMaterialization:
    rows = [{"source": file.source, "file": file.uri, "rejected": file.rejected} for file in files if file.rejected]
    return dg.AssetMaterialization(
        rejected_lines.name,
        metadata={
            "dagster/row_count": sum(file.rejected for file in files),
            "by reason": markdown(rejects),
            "files with rejects": markdown(rows),
        },
    )


def _summary(files: Sequence[IngestedFile], rejects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    by_source: dict[str, list[IngestedFile]] = defaultdict(list)
    for file in files:
        by_source[file.source].append(file)
    rows = [
        {
            "source": source,
            "new files": len(group),
            "lines": sum(file.lines for file in group),
            "accepted": sum(file.accepted for file in group),
            "duplicates": sum(file.duplicates for file in group),
            "rejected": sum(file.rejected for file in group),
        }
        for source, group in by_source.items()
    ]
    return {
        "dagster/row_count": len(files),
        "lines": sum(file.lines for file in files),
        "rejected": sum(file.rejected for file in files),
        "by source": markdown(rows),
        "rejected by reason": markdown(rejects),
    }
