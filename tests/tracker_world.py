"""A small world of our own request log: two projects, prices of one dollar a million tokens, so that every sum is plain to see."""

import json
import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from sample_world import World, new_world

CONFIG = """\
organisation: {name: Example Org, finance: [finance@example.org]}
projects:
  - id: portal
    owners: [ana@example.org]
    budgets: [{period: monthly, limit: 10}]
  - id: ranker
    owners: [ben@example.org]
    budgets: [{period: monthly, limit: 10}]
attribution:
  - {field: tag.project, project: "{value}"}
sources:
  - {name: app, kind: tracker, path: "logs/*.jsonl"}
prices:
  - {provider: openai, model: gpt-4o-mini, meter: output, unit_price: 0.000001}
"""


def request(name: str, day: date, *, project: str = "portal", dollars: str = "1", **fields: Any) -> dict[str, Any]:
    """One line: a request that cost so many dollars."""
    return {
        "id": name,
        "started_at": datetime.combine(day, time(12), UTC).isoformat(),
        "provider": "openai",
        "model": "gpt-4o-mini",
        "meters": {"output": int(Decimal(dollars) * 1_000_000)},
        "project": project,
        **fields,
    }


def write(world: World, name: str, lines: Iterable[dict[str, Any] | str], *, at: datetime | None = None) -> Path:
    """A log file of the world, written at `at`; a line given as text is written as it is."""
    path = world.config.parent / "logs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines), "utf-8")
    if at is not None:
        os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def tracker_world(folder: Path, config: str = CONFIG) -> World:
    return new_world(folder, config)
