"""The gateway's log as files: a .jsonl.gz a day, with everything that goes wrong in real life planted and known.

Planted, counted back from the world's last day: a day of which one application writes one JSON file a request; a day whose late
lines lie in a folder three days on; a day whose file was sent again in part; a copy of a file under another name; broken lines.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from usage_pipeline.demo.files import at, write_bytes, write_lines
from usage_pipeline.demo.gateway import payload
from usage_pipeline.demo.requests import Request
from usage_pipeline.demo.truth import FileTruth

SOURCE = "gateway"
SINGLE_FILES_BACK, COPY_BACK, RESENT_BACK, LATE_BACK = 2, 4, 6, 8
SINGLE_FILES_PROJECT = "internal-chat"
LATE_PROJECT, LATE_DAYS = "voice-of-customer", 3
BROKEN_EVERY = 11
RESENT_FROM_HOUR, RESENT_UNTIL_HOUR = 12, 15


@dataclass(frozen=True, slots=True)
class Written:
    """A log file to write: its path in the world, its lines, and what becomes of them."""

    path: Path
    lines: list[str]
    truth: FileTruth


def write_day(folder: Path, day: date, last_day: date, requests: Sequence[Request]) -> list[FileTruth]:
    """Write one day's log. `requests` are those that went through the gateway, in order of their start."""
    back = (last_day - day).days
    single = [one for one in requests if back == SINGLE_FILES_BACK and one.workload.project == SINGLE_FILES_PROJECT]
    late = [one for one in requests if back == LATE_BACK and one.workload.project == LATE_PROJECT]
    apart = {id(one) for one in (*single, *late)}
    rest = [one for one in requests if id(one) not in apart]
    found = [_single_file(folder, day, one) for one in single]
    if late:
        lines = [_text(one) for one in late]
        arrived = day + timedelta(days=LATE_DAYS)
        found.append(_log(folder, arrived, f"late_{day}.jsonl.gz", lines, len(lines), hours=3))
    if back == RESENT_BACK:
        return found + _resent(folder, day, rest)
    broken = _broken(rest) if day.toordinal() % BROKEN_EVERY == 0 else {}
    lines = [_text(one) for one in rest]
    for place, (_, line) in enumerate(broken.items(), 1):
        lines.insert(place * len(lines) // (len(broken) + 1), line)
    found.append(_log(folder, day, "requests.jsonl.gz", lines, len(rest), tuple(broken)))
    if back == COPY_BACK:
        found.append(_log(folder, day, "requests (copy).jsonl.gz", lines, 0, hours=9, copied=True))
    return found


def _text(request: Request) -> str:
    return json.dumps(payload(request))


def _log(
    folder: Path,
    day: date,
    name: str,
    lines: Sequence[str],
    accepted: int,
    reasons: tuple[str, ...] = (),
    *,
    hours: int = 1,
    copied: bool = False,
) -> FileTruth:
    path = Path(SOURCE) / f"{day}" / name
    write_lines(folder / path, lines, at(day, hours, days_later=1))
    return FileTruth(
        source=SOURCE,
        file=str(path),
        lines=len(lines),
        accepted=accepted,
        duplicates=len(lines) - accepted - len(reasons),
        rejected=len(reasons),
        reasons=reasons,
        is_copy=copied,
    )


def _single_file(folder: Path, day: date, request: Request) -> FileTruth:
    document = payload(request)
    seconds, milliseconds = divmod(request.millisecond, 1000)
    clock = at(day) + timedelta(seconds=seconds)
    path = Path(SOURCE) / f"{day}" / f"time-{clock:%H-%M-%S}-{milliseconds:03d}000_{document['id']}.json"
    write_bytes(folder / path, json.dumps(document).encode(), at(day, 1, days_later=1))
    return FileTruth(source=SOURCE, file=str(path), lines=1, accepted=1, duplicates=0, rejected=0, reasons=(), is_copy=False)


def _resent(folder: Path, day: date, requests: Sequence[Request]) -> list[FileTruth]:
    """The first file ends in the afternoon; the second starts at noon, so the hours between are there twice."""
    first = [_text(one) for one in requests if one.hour < RESENT_UNTIL_HOUR]
    second = [_text(one) for one in requests if one.hour >= RESENT_FROM_HOUR]
    new = sum(one.hour >= RESENT_UNTIL_HOUR for one in requests)
    return [
        _log(folder, day, "requests.jsonl.gz", first, len(first)),
        _log(folder, day, "requests_resent.jsonl.gz", second, new, hours=7),
    ]


def _broken(requests: Sequence[Request]) -> dict[str, str]:
    """Lines that cannot be read, by the reason: made from a real one, with an id of its own, so that they duplicate nothing."""
    if not requests:
        return {}
    model: dict[str, Any] = payload(requests[0]) | {"id": f"broken-{requests[0].id}"}
    return {
        "not_json": json.dumps(model)[:700],
        "negative_quantity": json.dumps(model | {"prompt_tokens": -12}),
        "missing_id": json.dumps(model | {"id": None}),
        "time_out_of_range": json.dumps(model | {"startTime": 12.5, "endTime": 13.5}),
    }
