"""The log that one project writes itself: a .jsonl a month in the tracker's format (usage_pipeline/sources/logs/tracker.py).

Planted: lines written twice (a retry of the writer) and, at the end of each file, a line that a crash cut off.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from usage_pipeline import money
from usage_pipeline.demo.files import at, write_lines
from usage_pipeline.demo.requests import SUCCESS, Request
from usage_pipeline.demo.truth import FileTruth

SOURCE = "prompt-lab-log"
TWICE_EVERY = 50
CUT_AT = 90


def write_months(folder: Path, requests: Sequence[Request]) -> list[FileTruth]:
    """Write the log of `requests` (those that the tracker saw, in order), by month."""
    by_month: dict[str, list[Request]] = {}
    for request in requests:
        by_month.setdefault(f"{request.day:%Y-%m}", []).append(request)
    return [_write(folder, month, chosen) for month, chosen in by_month.items()]


def _write(folder: Path, month: str, requests: Sequence[Request]) -> FileTruth:
    lines: list[str] = []
    for place, request in enumerate(requests, 1):
        text = json.dumps(record(request))
        lines += [text, text] if place % TWICE_EVERY == 0 else [text]
    duplicates = len(lines) - len(requests)
    lines.append(lines[-1][:CUT_AT])
    path = Path("tracker") / f"prompt-lab-{month}.jsonl"
    write_lines(folder / path, lines, at(requests[-1].day, 1, days_later=1))
    return FileTruth(
        source=SOURCE,
        file=str(path),
        lines=len(lines),
        accepted=len(requests),
        duplicates=duplicates,
        rejected=1,
        reasons=("not_json",),
        is_copy=False,
    )


def record(request: Request) -> dict[str, Any]:
    """One request as the tracker logs it. The meters are disjoint, as in our own tables."""
    workload = request.workload
    started = at(request.day) + timedelta(milliseconds=request.millisecond)
    found: dict[str, Any] = {
        "id": f"{workload.name}-{request.id}",
        "started_at": _time(started.isoformat(timespec="milliseconds")),
        "ended_at": _time((started + timedelta(milliseconds=request.duration)).isoformat(timespec="milliseconds")),
        "status": request.status,
        "provider": workload.provider,
        "model": workload.model,
        "api_type": workload.api_type,
        "operation": workload.operation,
        "project": workload.project,
        "feature": workload.feature,
        "user": request.user,
        "conversation": request.trace,
        "prompt": f"{workload.feature}-v{1 + request.millisecond % 4}",
        "tags": {"environment": "production"},
    }
    if request.status == SUCCESS:
        found |= {"meters": request.meters, "reasoning_tokens": request.reasoning}
        if request.cost is not None:
            found["reported_cost"] = money.text(request.cost)
    return found


def _time(text: str) -> str:
    return text.replace("+00:00", "Z")
