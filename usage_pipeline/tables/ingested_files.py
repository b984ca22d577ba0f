"""`ingested_files` and `ingested_days`: the ledger of what was read. In the database, append-only."""

from dataclasses import dataclass
from datetime import date, datetime

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, kw_only=True)
class IngestedFile:
    """One version of one file: what was read from it. lines = accepted + duplicates + rejected, always."""

    source: str = column("Name of the source in usage.yaml", key=True)
    uri: str = column("Where it lies: a path or s3:// URI", key=True)
    fingerprint: str = column("SHA-256 of the content", key=True)
    kind: str = column("Source kind")
    size_bytes: int = column("Size as stored")
    modified_at: datetime = column("Modification time as the store says (UTC): with size and uri the cheap test for 'unchanged'")
    lines: int = column("Records read")
    accepted: int = column("Records that became rows")
    duplicates: int = column("Records already known, from this file or another")
    rejected: int = column("Records in rejected_lines")
    state: str = column("'read', 'copy' (same content as another file of the source), 'empty' or 'unreadable'")
    ingested_at: datetime = column("When it was read (UTC)")
    part: str = column("Name of the lake's parts that hold its rows: they count because this row names them", default="")
    etag: str = column("What an S3 store says of the content's version: part of the cheap test; '' for local files", default="")
    excluded_at: datetime | None = column(
        "Since when `exclude:` of its source leaves it out of the count (UTC); null while it counts", default=None
    )
    readmitted_at: datetime | None = column("When a pattern that left it out was taken away last (UTC)", default=None)

    @property
    def changed_at(self) -> datetime:
        """When what it adds to the count changed last: when it was read, left out or let in again."""
        return max(one for one in (self.ingested_at, self.excluded_at, self.readmitted_at) if one is not None)


@dataclass(frozen=True, kw_only=True)
class IngestedDay:
    """A day that a file version speaks of; for snapshot sources also the days it says are empty."""

    source: str = column("Name of the source in usage.yaml", key=True)
    fingerprint: str = column("The file version", key=True)
    day: date = column("UTC day", key=True)
    snapshot_scope: str = column("The part of the day a newer file replaces; '' for append sources", key=True)
    rows: int = column("Rows accepted for that day and scope; 0 for a day said to be empty")
    modified_at: datetime = column(
        "When the file came to say so: the newest wins in snapshot sources; a mere touch of the file is no new word"
    )
    last_day: date | None = column(
        "Last UTC day that its rows are for: later than `day` where a bill line spans days. Null: read before that was noted", default=None
    )
    ingested_at: datetime | None = column(
        "When it was read: the later wins among files of one time. Null: read before that was noted", default=None
    )


ingested_files = Table("ingested_files", IngestedFile)
ingested_days = Table("ingested_days", IngestedDay)
