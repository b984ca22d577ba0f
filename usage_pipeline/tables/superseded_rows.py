"""`superseded_rows`: rows of append sources that a more complete record of the same key replaced. In the lake, by the old row's day."""

from dataclasses import dataclass
from datetime import date

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, kw_only=True)
class SupersededRow:
    """One row that is kept and counts no more, and what counts in its place."""

    source: str = column("Name of the source in usage.yaml", key=True)
    record: str = column("The record's key: event_id or charge_id", key=True)
    source_file: str = column("Fingerprint of the file version that the old row is from", key=True)
    source_line: int = column("Its record number there", key=True)
    of_day: date = column("The day that the old row belongs to")
    by_file: str = column("Fingerprint of the file version that the newer row is from")
    by_line: int = column("Its record number there")
    by_day: date = column("The day that the newer row belongs to; it may be another than the old one's")


superseded_rows = Table("superseded_rows", SupersededRow)
