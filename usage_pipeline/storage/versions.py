"""Who spoke of a day, who counts, and what replaced what: the ledger's answer to 'why this number, and not the one of last week?'

Nothing is ever taken away: a file version that is out of the count stays in the lake and in the ledger, and here is why.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import without_excluded
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import counting_parts, delivery_of, newest_words, newness
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_days, ingested_files
from usage_pipeline.tables.superseded_rows import superseded_rows


@dataclass(frozen=True, slots=True)
class Version:
    """One file version that speaks of a day and scope."""

    source: str
    day: date
    snapshot_scope: str
    uri: str
    fingerprint: str
    rows: int
    """Rows it gave that day and scope; 0 where it says that there are none."""

    counts: bool
    """Whether its word counts. In append sources every file's does, but for rows that a more complete record replaced.
    One that `exclude:` names does not."""

    modified_at: datetime
    ingested_at: datetime
    superseded_since: datetime | None
    """When the version that took its place was read; null while it counts."""

    excluded_at: datetime | None = None
    """Since when `exclude:` leaves it out; null while it does not."""


@dataclass(frozen=True, slots=True)
class SupersededRecord:
    """One record that counts no more: where it stands, and what counts in its place."""

    source: str
    record: str
    day: date
    uri: str
    source_file: str
    source_line: int
    by_day: date
    by_uri: str
    by_file: str
    by_line: int
    since: datetime
    """When the newer record was read."""

    @property
    def ends(self) -> tuple[tuple[str, str, int], tuple[str, str, int]]:
        """Source, file and record number of the one that counts no more, and of the one that does."""
        return (self.source, self.source_file, self.source_line), (self.source, self.by_file, self.by_line)


def versions(days: Period, snapshots: Collection[str], *, database: Database, source: str | None = None) -> list[Version]:
    """Every file version that speaks of `days`, by source, day and scope, oldest first; only those of `source` if given.

    `snapshots`: the sources whose newer file replaces an older one's days.
    """
    where: dict[str, Any] = {"day": days} if source is None else {"day": days, "source": source}
    spoken = database.select(ingested_days, where=where)
    ledger = database.select(ingested_files, where={"source": sorted({one.source for one in spoken})})
    files, still = _first_read(ledger), without_excluded(spoken, ledger)
    out = {_content(one) for one in spoken} - {_content(one) for one in still}
    replacing = [one for one in still if one.source in snapshots]
    counting = set(newest_words(replacing))
    groups: dict[tuple[Any, ...], list[IngestedDay]] = {}
    for one in replacing:
        groups.setdefault(delivery_of(one)[0], []).append(one)
    told = [_version(one, files, since=_replaced_at(one, counting, groups, files)) for one in still]
    told += [_version(one, files, excluded_at=files[_content(one)].excluded_at) for one in spoken if _content(one) in out]
    return sorted(told, key=lambda one: (one.source, one.day, one.snapshot_scope, one.modified_at, one.ingested_at, one.fingerprint))


def superseded_records(days: Period, *, lake: Lake, database: Database, source: str | None = None) -> list[SupersededRecord]:
    """The records of append sources of `days` that a more complete one replaced, by source, day, record and time."""
    parts = counting_parts(superseded_rows.name, days, lake=lake, database=database, source=source)
    if not parts:
        return []
    rows = lake.engine.to_pyarrow(lake.read(superseded_rows, days, parts=parts)).to_pylist()
    files = _first_read(database.select(ingested_files, where={"source": sorted({row["source"] for row in rows})}))
    told = [_superseded(row, files) for row in rows]
    return sorted(told, key=lambda one: (one.source, one.day, one.record, one.since, one.source_file, one.source_line))


def _first_read(ledger: Sequence[IngestedFile]) -> dict[tuple[str, str], IngestedFile]:
    """The row under which each file version was first read; where that file is left out, the copy of it that counts."""
    rows = sorted(ledger, key=lambda row: (row.excluded_at is not None, row.state == "copy", row.ingested_at), reverse=True)
    return {_content(row): row for row in rows}


def _content(one: IngestedDay | IngestedFile) -> tuple[str, str]:
    return one.source, one.fingerprint


def _replaced_at(
    one: IngestedDay,
    counting: set[IngestedDay],
    groups: dict[tuple[Any, ...], list[IngestedDay]],
    files: dict[tuple[str, str], IngestedFile],
) -> datetime | None:
    """When a version that counts no more was overruled: as soon as it and a newer one had been read."""
    what, delivery = delivery_of(one)
    if what not in groups or one in counting:
        return None
    told = {other: other.ingested_at or files[other.source, other.fingerprint].ingested_at for other in (one, *groups[what])}
    return max(told[one], min(told[other] for other in groups[what] if _overrules(other, one, delivery)))


def _overrules(other: IngestedDay, one: IngestedDay, delivery: str) -> bool:
    if other.snapshot_scope == one.snapshot_scope:
        return newness(other, other.fingerprint) > newness(one, one.fingerprint)
    theirs = delivery_of(other)[1]
    return theirs != delivery and newness(other, theirs) > newness(one, delivery)


def _version(
    one: IngestedDay,
    files: dict[tuple[str, str], IngestedFile],
    since: datetime | None = None,
    excluded_at: datetime | None = None,
) -> Version:
    file = files[one.source, one.fingerprint]
    return Version(
        source=one.source,
        day=one.day,
        snapshot_scope=one.snapshot_scope,
        uri=file.uri,
        fingerprint=one.fingerprint,
        rows=one.rows,
        counts=since is None and excluded_at is None,
        modified_at=one.modified_at,
        ingested_at=file.ingested_at,
        superseded_since=since,
        excluded_at=excluded_at,
    )


def _superseded(row: dict[str, Any], files: dict[tuple[str, str], IngestedFile]) -> SupersededRecord:
    newer = files[row["source"], row["by_file"]]
    return SupersededRecord(
        source=row["source"],
        record=row["record"],
        day=row["of_day"],
        uri=files[row["source"], row["source_file"]].uri,
        source_file=row["source_file"],
        source_line=row["source_line"],
        by_day=row["by_day"],
        by_uri=newer.uri,
        by_file=row["by_file"],
        by_line=row["by_line"],
        since=newer.ingested_at,
    )
