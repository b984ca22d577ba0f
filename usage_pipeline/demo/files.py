"""Writing the demo's files so that the same world is the same bytes: fixed modification times, gzip without a clock."""

import gzip
import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from usage_pipeline import money

GZIP_LEVEL = 1


def write_bytes(path: Path, content: bytes, modified: datetime) -> None:
    """A file with its modification time; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    seconds = modified.timestamp()
    os.utime(path, (seconds, seconds))


def write_json(path: Path, document: Any, modified: datetime) -> None:
    write_bytes(path, (json.dumps(document, indent=2) + "\n").encode(), modified)


def write_lines(path: Path, lines: Iterable[str], modified: datetime) -> None:
    """One line each; gzip where the name ends in .gz."""
    content = "".join(f"{line}\n" for line in lines).encode()
    if path.suffix == ".gz":
        content = gzip.compress(content, compresslevel=GZIP_LEVEL, mtime=0)
    write_bytes(path, content, modified)


def number(amount: Decimal) -> Any:
    """`amount` as the JSON number that exports carry; a whole number is written without a point."""
    return json.loads(money.text(amount))


def at(day: date, hours: int = 0, minutes: int = 0, *, days_later: int = 0) -> datetime:
    """A time on `day`, or some days later (UTC)."""
    return datetime.combine(day, time(hours, minutes), tzinfo=UTC) + timedelta(days=days_later)


def epoch(day: date) -> int:
    return int(at(day).timestamp())


def pages(days: Sequence[date], size: int) -> list[Sequence[date]]:
    """Days in runs of `size`, one run a page of an API."""
    return [days[first : first + size] for first in range(0, len(days), size)]


def months(days: Sequence[date]) -> dict[str, list[date]]:
    """Days by month, '2026-10' → its days, in order."""
    found: dict[str, list[date]] = {}
    for day in days:
        found.setdefault(f"{day:%Y-%m}", []).append(day)
    return found
