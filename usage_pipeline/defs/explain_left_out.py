"""What the sources behind a number say of its days and is not in it: older versions, replaced records, duplicates, rejects, excluded.

In: days and sources. Out: each with why.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from usage_pipeline.defs.rejects import rejects_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.versions import SupersededRecord, Version, superseded_records, versions
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files

COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Each kind with why; `rejected` as defs/rejects.py counts them, of files that speak of the days."""

    versions: Sequence[Version]
    records: Sequence[SupersededRecord]
    duplicates: Sequence[IngestedFile]
    rejected: Sequence[Mapping[str, Any]]


def left_out(workplace: Workplace, days: Period, sources: Collection[str]) -> LeftOut:
    """Of `sources`, on `days`."""
    database = workplace.database()
    lake = workplace.lake(workplace.engine())
    snapshots = {spec.name for spec in workplace.settings().sources if SOURCES[spec.kind].snapshot}
    spoken = [one for name in sorted(sources) for one in versions(days, snapshots, database=database, source=name)]
    records = [one for name in sorted(sources) for one in superseded_records(days, lake=lake, database=database, source=name)]
    contents = {(one.source, one.fingerprint) for one in spoken}
    files = [one for one in database.select(ingested_files, where={"source": sorted(sources)}) if (one.source, one.fingerprint) in contents]
    return LeftOut(
        versions=[one for one in spoken if not one.counts],
        records=records,
        duplicates=[one for one in files if one.duplicates or one.state == COPY],
        rejected=rejects_of(lake, files),
    )


def files_of(workplace: Workplace, contents: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Where the file of each (source, fingerprint) lies: of copies the one that counts and was read first."""
    ledger = workplace.database().select(ingested_files, where={"fingerprint": sorted({one for _, one in contents})})
    rows = sorted(ledger, key=lambda row: (row.excluded_at is not None, row.state == COPY, row.ingested_at), reverse=True)
    return {(row.source, row.fingerprint): row.uri for row in rows if (row.source, row.fingerprint) in contents}
