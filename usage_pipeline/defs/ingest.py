"""Files in, ledger out: every configured source's new file versions are read, once."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg

from usage_pipeline.defs.partitions import DAILY, ONE_RUN, days_of
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.pulls import pull_sources
from usage_pipeline.defs.rejects import rejects_of
from usage_pipeline.defs.source_status import source_statuses
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import StoreError
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.failed_sources import note_failures
from usage_pipeline.storage.ingest import ingest
from usage_pipeline.storage.leftovers import sweep
from usage_pipeline.storage.pull import Pulled
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.rejected_lines import rejected_lines
from usage_pipeline.tables.source_status import SourceStatus

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
    description="Lines that could not be read, kept with file, record number and reason. Written while files are read.",
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
    """The ledger of files: each version read once, lines = accepted + duplicates + rejected. New files are read whatever their days.

    Before that, what sources with an API have of the run's days lands as files. A source whose store gives nothing is told, and the
    others are read.
    """
    engine = workplace.reading_engine()  # first: a home that began with another key is told before anything is asked for
    pulled = pull_sources(workplace, days_of(context))
    for source, done in pulled.items():
        for words in sorted(set(done.failures.values())):
            context.log.warning("%s: %s", source, words)
    settings, database = workplace.settings(), workplace.database()
    lake, landing = workplace.lake(engine), workplace.landing()
    sweep(lake, workplace.home.scratch, database=database, now=workplace.now())
    files: list[IngestedFile] = []
    failures: dict[str, str] = {}
    for spec in settings.sources:
        with TemporaryDirectory(dir=workplace.home.scratch, prefix="ingest-") as stage:  # it holds raw lines: gone when they are read
            try:
                read = ingest(
                    spec.name,
                    SOURCES[spec.kind],
                    spec.path,
                    lake=lake,
                    database=database,
                    engine=engine,
                    stage=Path(stage),
                    now=workplace.now(),
                    tags=spec.tags,
                    landing=landing,
                    exclude=spec.exclude,
                    progress=lambda done, files, _lines, name=spec.name: tell(f"reading {name}", done, files),  # type: ignore[misc]
                )
            except StoreError as error:
                failures[spec.name] = str(error)
                context.log.warning("%s: %s", spec.name, error)
                continue
        context.log_event(_observed(spec.kind, spec.name, read))
        files += read
    note_failures(workplace.home.failed_sources, failures)
    rejects = rejects_of(lake, files)
    context.log_event(_rejected(files, rejects))
    statuses = source_statuses(workplace, workplace.now().date())
    told = {"sources": markdown([_standing(one) for one in statuses]), "pulls": markdown([_pull(*one) for one in pulled.items()])}
    told |= {"sources not read": markdown([{"source": name, "why": words} for name, words in failures.items()])} if failures else {}
    return dg.MaterializeResult(metadata=_summary(files, rejects) | told)


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


def _pull(source: str, done: Pulled) -> dict[str, Any]:
    return {
        "source": source,
        "days asked for": done.asked,
        "new or changed": done.landed,
        "failed": len(done.failures),
        "why": "; ".join(sorted(set(done.failures.values()))),
    }


def _standing(status: SourceStatus) -> dict[str, Any]:
    """A source's row: all that was ever read of it."""
    return {
        "source": status.source,
        "newest day": status.newest_day,
        "lag, days": status.lag_days,
        "stale": status.is_stale,
        "files": status.files,
        "lines": status.lines,
        "rejected": ", ".join(f"{reason}: {lines:,}" for reason, lines in status.rejects),
        "missing days": len(status.missing_days),
    }


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
