"""A month that can be closed: September 2026, a bill for every day and logs of one project, its days and statements computed once."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sample_world import World, new_world

from usage_pipeline import money
from usage_pipeline.periods import Period, inclusive, month_of
from usage_pipeline.tables.costs import daily_costs

MONTH = "2026-09"
DAYS = list(month_of(datetime(2026, 9, 1, tzinfo=UTC).date()).days())
RANGE = ("--from", "2026-09-01", "--to", "2026-09-30")
LAST_DAY = ("--from", "2026-09-30", "--to", "2026-09-30")
AS_OF = ("--as-of", "2026-10-05")
CONFIG = """\
organisation: {name: Example Org, currency: USD}
projects:
  - {id: portal, name: Portal, owners: [ana@example.org], budgets: [{period: monthly, limit: 50.00, unit: USD}]}
  - {id: chat, name: Chat}
attribution:
  - {field: provider_project_id, equals: p, project: portal}
  - {field: provider_project_id, equals: c, project: chat}
  - {field: tag.project, project: "{value}"}
sources:
  - {name: bill, kind: openai_costs, path: "bill/*.json"}
  - {name: log, kind: tracker, path: "log/*.jsonl"}
"""
APPROVED = ("--approve", "Ana Example", "--note", "bills are in")


def month_days(first: int, last: int) -> Period:
    """Days of the month, by their numbers."""
    return inclusive(DAYS[first - 1], DAYS[last - 1])


def bucket(place: int, amounts: dict[str, str]) -> dict[str, Any]:
    """One day of the bill: an amount a provider's project."""
    start = int(datetime.combine(DAYS[place], datetime.min.time(), UTC).timestamp())
    results = [
        {"amount": {"value": amount, "currency": "usd"}, "line_item": "gpt-4o, input", "project_id": project}
        for project, amount in amounts.items()
    ]
    return {"start_time": start, "end_time": start + 86_400, "results": results}


def write_bill(folder: Path, name: str, places: range, amounts: dict[str, str]) -> Path:
    path = folder / "bill" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"data": [bucket(place, amounts) for place in places]}))
    return path


def write_log(folder: Path, name: str, places: range, **more: Any) -> Path:
    path = folder / "log" / name
    path.parent.mkdir(exist_ok=True)
    lines = [
        {
            "id": f"{name}-{place}", "started_at": f"{DAYS[place]}T09:00:00Z", "provider": "openai", "model": "gpt-4o",
            "tags": {"project": "portal"}, "meters": {"input": 400_000, "output": 0}, **more,
        }
        for place in places
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def computed(world: World) -> None:
    """The days and statements of the month as a run computes them, without its alerts and findings (half the work)."""
    for job in ("daily", "monthly"):
        assert world.job(job, month_days(1, 30)).success


@cache
def made(top: Path) -> World:
    """A home whose September was computed: 30 days at 1.00 and 0.25 USD."""
    folder = top / "september"
    folder.mkdir()
    write_bill(folder, "september.json", range(30), {"p": "1", "c": "0.25"})
    write_log(folder, "september.jsonl", range(30))
    world = new_world(folder, CONFIG)
    computed(world)
    assert money.total([row.cost for row in world.database.select(daily_costs)]) == Decimal("37.5")
    return world
