"""How a source stands: what was read of it, and how new it is. Worked out of the ledger whenever it is asked for; not stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from usage_pipeline.tables.configuration import SourceSpec
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile

UNREADABLE = "unreadable"
LONGEST_MONTH_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source. `newest_day` is the last day with a row of it; `lag_days` how long before the day asked for that was.

    `excluded`: files that `exclude:` leaves out; no other number tells of them. `missing_days`: days between the first and the last of it
    of which no file says anything, not even that they are empty. `is_configured`: usage.yaml names it; what was read of one that it does
    not name any more counts on.
    """

    source: str
    kind: str
    path: str
    files: int
    excluded: int
    unreadable: int
    lines: int
    accepted: int
    duplicates: int
    rejected: int
    rejects: tuple[tuple[str, int], ...]
    first_day: date | None
    newest_day: date | None
    lag_days: int | None
    missing_days: tuple[date, ...]
    newest_file: datetime | None
    last_read: datetime | None
    is_stale: bool
    is_configured: bool = True


def source_status(
    spec: SourceSpec,
    files: Sequence[IngestedFile],
    days: Iterable[IngestedDay],
    rejects: Mapping[str, int],
    as_of: date,
    stale_days: int,
) -> SourceStatus:
    """The status of `spec` on `as_of`, out of its rows of the ledger; stale with no day at all, or more than `stale_days` behind."""
    spoken = list(days)
    excluded = sum(one.excluded_at is not None for one in files)
    files = [one for one in files if one.excluded_at is None]
    filled = sorted({day for one in spoken if one.rows for day in _days_told(one) if day == one.day or day <= as_of})
    known = {one.day for one in spoken}.union(filled)
    first, newest = (filled[0], filled[-1]) if filled else (None, None)
    between = range((newest - first).days) if first and newest else ()
    lag = (as_of - newest).days if newest else None
    return SourceStatus(
        source=spec.name,
        kind=spec.kind,
        path=spec.path,
        files=len(files),
        excluded=excluded,
        unreadable=sum(one.state == UNREADABLE for one in files),
        lines=sum(one.lines for one in files),
        accepted=sum(one.accepted for one in files),
        duplicates=sum(one.duplicates for one in files),
        rejected=sum(one.rejected for one in files),
        rejects=tuple(sorted(rejects.items(), key=lambda one: (-one[1], one[0]))),
        first_day=first,
        newest_day=newest,
        lag_days=lag,
        missing_days=tuple(day for day in (first + timedelta(days=step) for step in between if first) if day not in known),
        newest_file=max((one.modified_at for one in files), default=None),
        last_read=max((one.ingested_at for one in files), default=None),
        is_stale=lag is None or lag > stale_days,
    )


def _days_told(one: IngestedDay) -> Iterator[date]:
    """The days that its rows tell of: those of bill lines for up to a month; a longer one, such as a fee for a year, tells of its first."""
    length = ((one.last_day or one.day) - one.day).days + 1
    return (one.day + timedelta(days=step) for step in range(length if length <= LONGEST_MONTH_DAYS else 1))
