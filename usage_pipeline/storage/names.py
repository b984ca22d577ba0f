"""Lists of projects, workspaces and API keys, as they were pulled or put there by hand: `landing/<source>/names/<what>/<day>.json`.

A list is {"data": [{"id": ..., "name": ...}]}: what `pull_names` writes, and what the providers' admin APIs answer.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.storage.pull_landing import NAMES
from usage_pipeline.tables.names import KnownName, Seen, known_names


def names_of(landing: Path, channels: Mapping[str, str]) -> list[KnownName]:
    """Every name that any list of the sources (name → channel) has, with its days. Raises UsageConfigError for a file that is no list."""
    return known_names(one for source, channel in sorted(channels.items()) for one in _seen(landing / source / NAMES, channel))


def _seen(folder: Path, channel: str) -> Iterator[Seen]:
    for path in sorted(folder.glob("*/*.json")):
        day = _day_of(path)
        for entry in _entries(path):
            if isinstance(entry.get("id"), str) and isinstance(entry.get("name"), str) and entry["name"]:
                yield Seen(channel, path.parent.name, entry["id"], day, entry["name"])


def _day_of(path: Path) -> date:
    try:
        return date.fromisoformat(path.stem[:10])
    except ValueError:
        raise UsageConfigError(f"{path}: the name of a list of names is its day, such as 2026-10-01.json") from None


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageConfigError(f"{path}: a list of names is JSON ({error}); take the file away or pull it again") from error
    listed = document.get("data") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise UsageConfigError(f'{path}: a list of names is {{"data": [{{"id": …, "name": …}}]}}; take the file away or pull it again')
    return [entry for entry in listed if isinstance(entry, dict)]
