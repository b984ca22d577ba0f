"""New files are read soon after they land, and exactly the days that they speak of are computed anew."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.jobs import daily_job, ingest_job, monthly_job
from usage_pipeline.defs.partitions import FIRST_DAY, daily_tags, monthly_tags
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import StoreError
from usage_pipeline.periods import ONE_DAY, Period, inclusive, month_of, months_in
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.excluded import excludes, to_mark
from usage_pipeline.storage.ingest import look_of, touched_days
from usage_pipeline.storage.kinds import as_read
from usage_pipeline.storage.landing import LandedFile, Landing
from usage_pipeline.tables.computed_days import named_files
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files

UNFINISHED = (
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
BECAUSE = "usage/because"
"""The tag that says which files a run was asked for by."""

LEFT_FOR_DEAD = timedelta(hours=6)
"""A run without a sign of life for so long was killed: its computer went down, say."""


@dg.sensor(
    jobs=[ingest_job, daily_job, monthly_job],
    minimum_interval_seconds=300,
    description="New or changed files: read them, then compute the days they touch and those days' months.",
)
def new_files(context: dg.SensorEvaluationContext, workplace: Workplace) -> dg.SensorResult | dg.SkipReason:
    """Unread files, and files that `exclude:` names now or no longer, ask for an `ingest` run. What was read, left out or let in again
    since the last tick asks for its days, and when those are done for their months.

    The cursor is {"read_through": time of the newest change of the ledger handled, "months": first days of the months still to ask for,
    "because": the files that these months are asked for by}.
    """
    if _busy(context, workplace.now()):
        return dg.SkipReason("a run is under way: what it reads and computes is looked at when it has ended")
    cursor: dict[str, Any] = json.loads(context.cursor) if context.cursor else {"read_through": "", "months": []}
    database, today = workplace.database(), workplace.now().astimezone(UTC).date()
    read = sorted(database.select(ingested_files), key=lambda one: one.changed_at)
    fresh = [one for one in read if one.changed_at.isoformat() > cursor["read_through"]]
    touched = {day for day in touched_days(fresh, database=database) if day <= today}
    shut = closed_months(database)
    for one in [one for start, one in shut.items() if any(month_of(day).start == start for day in touched)]:
        context.log.warning("%s: %s speak of its days, which are left as they are", one.words, named_files(fresh))
    ranges = ranges_of({day for day in touched if month_of(day).start not in shut})
    through = fresh[-1].changed_at.isoformat() if fresh else cursor["read_through"]
    because = named_files(fresh)
    requests = [
        *_months(cursor["months"], cursor["read_through"], cursor.get("because", "")),
        *_ingest(workplace, read),
        *_days(ranges, through, because),
    ]
    months = sorted({month.start.isoformat() for one in ranges for month in months_in(one)})
    left = json.dumps({"read_through": through, "months": months, "because": because if months else ""})
    return dg.SensorResult(run_requests=requests, skip_reason=None if requests else dg.SkipReason("no new files"), cursor=left)


def _busy(context: dg.SensorEvaluationContext, now: datetime) -> bool:
    """Whether any run is queued or going on: its files are half read, its days half computed. One that was left for dead does not count."""
    return context.instance.get_runs_count(dg.RunsFilter(statuses=list(UNFINISHED), updated_after=now - LEFT_FOR_DEAD)) > 0


def _ingest(workplace: Workplace, read: list[IngestedFile]) -> Iterator[dg.RunRequest]:
    """One run if any file was never read as it lies there now, or is to be left out or let in again."""
    landing = workplace.landing()
    unread: list[str] = []
    for spec in workplace.settings().sources:
        is_out = excludes(spec.exclude, landing.hash_key)
        own = [one for one in read if one.source == spec.name]
        known = {look_of(one) for one in as_read(own, spec.kind)}
        landed = {look_of(file) for file in _files(landing, spec.path) if not is_out(file.uri)}
        marks = to_mark(own, is_out, snapshot=SOURCES[spec.kind].snapshot)
        unread += (f"{spec.name} {spec.kind} {' '.join(map(str, look))}" for look in landed - known)
        unread += (f"{one.source} {one.uri} {one.fingerprint} {one.changed_at}" for one in marks)
    unread = sorted(set(unread))
    if unread:
        key = hashlib.sha256("\n".join(unread).encode()).hexdigest()[:16]
        today = workplace.now().astimezone(UTC).date()
        yield dg.RunRequest(run_key=f"ingest {key}", job_name=ingest_job.name, partition_key=today.isoformat())


def _files(landing: Landing, path: str) -> list[LandedFile]:
    """What lies there; nothing where its store does not say, so that the other sources are read: the next tick asks it again."""
    try:
        return landing.list_files(path)
    except StoreError:
        return []


def _days(ranges: list[Period], read_through: str, because: str) -> Iterator[dg.RunRequest]:
    for days in ranges:
        tags = {**daily_tags(days), BECAUSE: because}
        yield dg.RunRequest(run_key=f"days {days.start} {days.last} {read_through}", job_name=daily_job.name, tags=tags)


def _months(months: list[str], read_through: str, because: str) -> Iterator[dg.RunRequest]:
    for month in months:
        day = date.fromisoformat(month)
        tags = {**monthly_tags(inclusive(day, day)), BECAUSE: because}
        yield dg.RunRequest(run_key=f"month {month} {read_through}", job_name=monthly_job.name, tags=tags)


def ranges_of(days: set[date]) -> list[Period]:
    """Days as few ranges as there are runs of neighbours."""
    ranges: list[Period] = []
    for day in sorted(day for day in days if day >= FIRST_DAY):
        if ranges and ranges[-1].end == day:
            ranges[-1] = Period(ranges[-1].start, day + ONE_DAY)
        else:
            ranges.append(inclusive(day, day))
    return ranges


SENSORS = [new_files]
