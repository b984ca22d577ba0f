"""A fictional organisation's inputs, written into a folder in the real shapes, with the truth about them.

Seeded: the same arguments give the same bytes. 92 days are about 49,000 log lines.
"""

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from usage_pipeline.demo import exports, gateway_files, tracker_files
from usage_pipeline.demo.breaches import breaches
from usage_pipeline.demo.buckets import Bucket, buckets_of
from usage_pipeline.demo.configuration import configuration_text
from usage_pipeline.demo.files import at, write_bytes
from usage_pipeline.demo.google_exports import GoogleRow, rows_of
from usage_pipeline.demo.organisation import ANTHROPIC, AZURE, GATEWAY, GEMINI, OPENAI, TRACKER, VERTEX, WORKLOADS
from usage_pipeline.demo.requests import Request, requests_of
from usage_pipeline.demo.tally import Tally
from usage_pipeline.demo.truth import FileTruth, Truth

Progress = Callable[[int, int], None]
"""Called after each day: days written, days in all."""


def _silent(_done: int, _total: int) -> None:
    """No progress."""


def write_world(
    folder: Path,
    *,
    config: Path | None = None,
    days: int = 92,
    last_day: date = date(2026, 10, 31),
    seed: int = 2026,
    progress: Progress = _silent,
) -> Truth:
    """Write the exports, the logs, `truth.json` and `usage.yaml` for the `days` up to `last_day`. Files of the same name are replaced.

    `config` is the path of usage.yaml, by default in `folder`.

    Raises ValueError for fewer than one day.
    """
    if days < 1:
        raise ValueError(f"a world needs at least one day, got {days}")
    calendar = [last_day - timedelta(days=back) for back in range(days - 1, -1, -1)]
    tally = Tally(last_day)
    files: list[FileTruth] = []
    buckets: dict[str, dict[date, list[Bucket]]] = {channel: {} for channel in (OPENAI, ANTHROPIC, AZURE)}
    google: list[GoogleRow] = []
    tracked: list[Request] = []
    for done, day in enumerate(calendar, 1):
        requests = _requests(day, seed)
        tally.add(requests)
        for channel, by_day in buckets.items():
            by_day[day] = buckets_of(requests, channel)
        google += _google_rows(requests, day, tally)
        files += gateway_files.write_day(folder, day, last_day, [one for one in requests if one.workload.route == GATEWAY])
        tracked += [one for one in requests if one.workload.route == TRACKER]
        progress(done, days)
    files += tracker_files.write_months(folder, tracked)
    files += exports.write_openai(folder, calendar, buckets[OPENAI])
    files += exports.write_anthropic(folder, calendar, buckets[ANTHROPIC])
    files += exports.write_google(folder, calendar, google)
    files += exports.write_azure(folder, calendar, buckets[AZURE])
    truth = _truth(calendar, seed, tally, files)
    written = at(last_day, 6, days_later=2)
    place = config or folder / "usage.yaml"
    write_bytes(place, configuration_text(_prefix(place.parent, folder)).encode(), written)
    write_bytes(folder / "truth.json", (json.dumps(truth.document(), indent=1) + "\n").encode(), written)
    return truth


def _prefix(place: Path, folder: Path) -> str:
    """What leads from `place` to `folder`: nothing where they are one, relative where it lies inside, else absolute."""
    place, folder = place.resolve(), folder.resolve()
    if folder == place:
        return ""
    return f"{(folder.relative_to(place) if folder.is_relative_to(place) else folder).as_posix()}/"


def _requests(day: date, seed: int) -> list[Request]:
    """A day's requests in order of their start."""
    found = [request for workload in WORKLOADS for request in requests_of(workload, day, seed)]
    return sorted(found, key=lambda request: (request.millisecond, request.id, request.status))


def _google_rows(requests: list[Request], day: date, tally: Tally) -> list[GoogleRow]:
    found = []
    for channel in (VERTEX, GEMINI):
        buckets = buckets_of(requests, channel)
        rows = rows_of(buckets)
        if buckets:
            listed = sum((amount for bucket in buckets for amount in bucket.amounts.values()), Decimal(0))
            tally.add_google(rows, listed, buckets[0].workload, day)
        found += rows
    return found


def _truth(calendar: list[date], seed: int, tally: Tally, files: list[FileTruth]) -> Truth:
    costs = tally.costs()
    return Truth(
        first_day=calendar[0],
        last_day=calendar[-1],
        seed=seed,
        costs=costs,
        requests_made=tally.requests_made,
        requests=tally.requests,
        failed_requests=tally.failed_requests,
        cache_hits=tally.cache_hits,
        unpriced_events=tally.unpriced_events,
        unpriced_tokens=tally.unpriced_tokens,
        files=tuple(sorted(files, key=lambda file: (file.source, file.file))),
        breaches=breaches(calendar, costs, tally.tokens),
    )
