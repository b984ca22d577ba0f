"""Where pulls land: `landing/<source>/<endpoint>/day=YYYY-MM-DD/<pulled at>.json`, and a note of when each day was asked for last.

A file is written whole or not at all; its time is when it was pulled, so that the newest pull of a day counts when files are read.
Lists of names land in `landing/<source>/names/<what>/<day>.json`, which is no file of the source.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from glob import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from usage_pipeline.storage.records_pages import as_json

NAMES = "names"
NOTE = "pulls.json"
KEPT = timedelta(days=800)
"""For how long it is remembered when a day was asked for: longer than anybody restates."""

PULLED_AT = "%Y-%m-%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the last pull of one day of one endpoint ended. `failure` says in words why there is nothing newer than what landed before."""

    endpoint: str
    day: date
    asked_at: datetime
    answered_at: datetime | None
    failure: str | None


def files_of(landing: Path, source: str) -> str:
    """The pattern of all days that landed for a source."""
    return f"{escape(str(landing / source))}/*/day=*/*.json"


class PullLanding:
    """One source's folder below the landing zone."""

    def __init__(self, landing: Path, source: str) -> None:
        self.folder = landing / source

    def has(self, endpoint: str, day: date) -> bool:
        return self._newest(endpoint, day) is not None

    def land(self, endpoint: str, day: date, document: Any, pulled_at: datetime) -> bool:
        """Put the day's document there, unless the newest one says the same; whether it was news."""
        content = as_json(document).encode() + b"\n"
        newest = self._newest(endpoint, day)
        if newest is not None and newest.read_bytes() == content:
            return False
        write_whole(self._day(endpoint, day) / f"{pulled_at.astimezone(UTC).strftime(PULLED_AT)}.json", content, pulled_at)
        return True

    def has_names(self, what: str, day: date) -> bool:
        return self._names(what, day).exists()

    def land_names(self, what: str, day: date, document: Any, pulled_at: datetime) -> None:
        write_whole(self._names(what, day), as_json(document).encode() + b"\n", pulled_at)

    def names(self, what: str, day: date) -> Any:
        """The list that landed on `day`, None where there is none."""
        path = self._names(what, day)
        return json.loads(path.read_bytes()) if path.exists() else None

    def asked(self) -> dict[tuple[str, date], Asked]:
        """What is remembered of earlier pulls; nothing where the note is missing or does not read, which costs a pull more."""
        try:
            rows = json.loads((self.folder / NOTE).read_bytes())
            return {(one.endpoint, one.day): one for one in map(_asked, rows)}
        except (OSError, ValueError, TypeError, KeyError):
            return {}

    def remember(self, news: list[Asked], now: datetime) -> None:
        """Add to the note. An answer of earlier stays known where the newest pull failed."""
        known = self.asked()
        for one in news:
            before = known.get((one.endpoint, one.day))
            answered_at = one.answered_at or (before.answered_at if before else None)
            known[one.endpoint, one.day] = replace(one, answered_at=answered_at)
        rows = [one for _, one in sorted(known.items()) if now - one.asked_at < KEPT]
        lines = ",\n".join(json.dumps({name: _text(value) for name, value in asdict(row).items()}, ensure_ascii=False) for row in rows)
        write_whole(self.folder / NOTE, f"[\n{lines}\n]\n".encode(), now)

    def _day(self, endpoint: str, day: date) -> Path:
        return self.folder / endpoint / f"day={day}"

    def _names(self, what: str, day: date) -> Path:
        return self.folder / NAMES / what / f"{day}.json"

    def _newest(self, endpoint: str, day: date) -> Path | None:
        return max(self._day(endpoint, day).glob("[!.]*.json"), default=None, key=lambda path: path.name)


def write_whole(path: Path, content: bytes, moment: datetime) -> None:
    """The file with this content and time, or no file: written beside, under a hidden name that no pattern matches, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    with beside.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    nanoseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    os.utime(beside, ns=(nanoseconds, nanoseconds))
    beside.replace(path)


def _asked(row: dict[str, Any]) -> Asked:
    return Asked(
        endpoint=row["endpoint"],
        day=date.fromisoformat(row["day"]),
        asked_at=datetime.fromisoformat(row["asked_at"]),
        answered_at=datetime.fromisoformat(row["answered_at"]) if row["answered_at"] else None,
        failure=row["failure"],
    )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    moment: date | datetime = value
    return moment.isoformat()
