"""`computed_days`: why a day's costs were worked out, each time. In the database, append-only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

from usage_pipeline.tables.ingested_files import IngestedFile
from usage_pipeline.tables.schema import Table, column

NAMED_FILES = 3
FIRST = "first time"
ASKED = "asked for; nothing that it is made of has changed"


@dataclass(frozen=True, kw_only=True)
class ComputedDay:
    """One working out of one day."""

    day: date = column("UTC day", key=True)
    run_id: str = column("Dagster run", key=True)
    computed_at: datetime = column("When (UTC)")
    because: str = column("What changed since the time before: files, configuration, price book, exchange rates; in words")
    settings: str = column("Fingerprint of usage.yaml")
    price_book: str = column("Version of the price book that the day's usage is priced by")
    rates: str | None = column("Exchange rates that the day's bills were converted by; null where none were", default=None)


computed_days = Table("computed_days", ComputedDay)


def reason_of(before: ComputedDay | None, files: Sequence[IngestedFile], settings: str, price_book: str, rates: str | None = None) -> str:
    """Why a day is worked out again: `before` is the last time, `files` are those that speak of the day."""
    if before is None:
        return FIRST
    out = [file for file in files if file.excluded_at and file.excluded_at > before.computed_at]
    again = [file for file in files if not file.excluded_at and file.readmitted_at and file.readmitted_at > before.computed_at]
    new = [file for file in files if file.ingested_at > before.computed_at and file not in out]
    changes = [
        *([f"new: {named_files(new)}"] if new else []),
        *([f"excluded: {named_files(out)}"] if out else []),
        *([f"no longer excluded: {named_files(again)}"] if again else []),
        *(["usage.yaml changed"] if settings != before.settings else []),
        *([f"price book {price_book} instead of {before.price_book}"] if price_book != before.price_book else []),
        *([f"exchange rates {rates or 'none'} instead of {before.rates or 'none'}"] if rates != before.rates else []),
    ]
    return "; ".join(changes) or ASKED


def named_files(files: Iterable[IngestedFile]) -> str:
    """'app late.jsonl, bill october.json and 3 more'."""
    told = [f"{file.source} {PurePath(file.uri).name}" for file in sorted(files, key=lambda file: (file.source, file.uri))]
    more = f" and {len(told) - NAMED_FILES} more" if len(told) > NAMED_FILES else ""
    return ", ".join(told[:NAMED_FILES]) + more
