"""What a later run changes, and what it leaves alone: a copy, a late file, a newer bill, other attribution rules.

One home over four days in two months; each test looks at what one of the steps did. Statements are made where a test reads them.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sample_world import World
from tracker_world import request, tracker_world, write

from usage_pipeline.periods import inclusive
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost, daily_costs
from usage_pipeline.tables.ingested_files import ingested_files

CONFIG = """\
organisation: {name: Example Org}
projects: [{id: portal}]
attribution:
  - {field: tag.project, project: "{value}"}
sources:
  - {name: app, kind: tracker, path: "logs/*.jsonl"}
  - {name: bill, kind: openai_costs, path: "bills/*.json"}
prices:
  - {provider: openai, model: gpt-4o-mini, meter: output, unit_price: 0.000001}
"""
RULE = "attribution:\n  - {field: user, equals: bot, project: portal}\n"
RANGE = ("--from", "2026-09-29", "--to", "2026-10-02")
SEPTEMBER, FIRST, SECOND = date(2026, 9, 29), date(2026, 10, 1), date(2026, 10, 2)
EARLY, LATER = datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC)


@dataclass(frozen=True)
class State:
    """What was there after a step: the files it read, the reports and the sums."""

    files: list[tuple[str, int, int, int, int, str]]
    reports: dict[str, bytes]
    costs: dict[date, list[DailyCost]]
    document: dict[str, Any]

    @classmethod
    def after(cls, world: World, *, whole: bool) -> "State":
        """`whole`: the whole run; else the days alone."""
        known = world.database.select(ingested_files)
        document = world.run(*RANGE) if whole else {}
        assert whole or world.job("daily", inclusive(SEPTEMBER, SECOND)).success
        rows = world.database.select(daily_costs)
        return cls(
            [
                (Path(one.uri).name, one.lines, one.accepted, one.duplicates, one.rejected, one.state)
                for one in world.database.select(ingested_files)
                if one not in known
            ],
            world.files(),
            {day: [row for row in rows if row.day == day] for day in {row.day for row in rows}},
            document,
        )

    def month(self, name: str) -> dict[str, bytes]:
        return {path: content for path, content in self.reports.items() if path.startswith(name)}

    def statement(self, month: str) -> dict[str, Any]:
        """The totals of the organisation's statement."""
        totals: dict[str, Any] = json.loads(self.reports[f"{month}/organisation/statement.json"])["totals"]
        return totals

    def other_days(self, day: date) -> dict[date, list[DailyCost]]:
        return {one: rows for one, rows in self.costs.items() if one != day}

    def cost(self, day: date, project: str | None = None) -> Decimal:
        return sum((row.cost or 0 for row in self.costs.get(day, []) if project in {None, row.project}), Decimal(0))


def bill(world: World, name: str, value: str, at: datetime) -> None:
    """An export of the costs API: what the second of October cost."""
    start = int(datetime(2026, 10, 2, tzinfo=UTC).timestamp())
    result = {
        "object": "organization.costs.result",
        "amount": {"value": value, "currency": "usd"},
        "line_item": "gpt-4o-mini-2024-07-18, output",
        "project_id": "proj_1",
        "quantity": None,
    }
    bucket = {"object": "bucket", "start_time": start, "end_time": start + 86_400, "results": [result]}
    path = world.config.parent / "bills" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"object": "page", "data": [bucket], "has_more": False, "next_page": None}))
    os.utime(path, (at.timestamp(), at.timestamp()))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return tracker_world(tmp_path_factory.mktemp("again"), CONFIG)


@pytest.fixture(scope="module")
def states(world: World) -> dict[str, State]:
    """The runs one after the other, by what came before each."""
    found: dict[str, State] = {}
    lines = [request("1", SEPTEMBER), request("2", FIRST, dollars="2"), request("3", FIRST, dollars="4", project=None, user="bot")]
    write(world, "a.jsonl", lines, at=EARLY)
    bill(world, "first.json", "8.25", EARLY)
    found["first"] = State.after(world, whole=True)

    write(world, "copy of a.jsonl", lines, at=LATER)
    found["copy"] = State.after(world, whole=True)

    write(world, "late.jsonl", [request("4", SEPTEMBER, dollars="16"), request("1", SEPTEMBER)], at=LATER)
    found["late"] = State.after(world, whole=True)

    bill(world, "newer.json", "7.75", LATER)
    found["newer bill"] = State.after(world, whole=False)

    world.config.write_text(CONFIG.replace("attribution:\n", RULE))
    found["other rules"] = State.after(world, whole=False)
    return found


def without_comparison(state: State) -> list[dict[str, Any]]:
    """October's statements without the cost of the month before."""
    found = [json.loads(content) for name, content in state.month("2026-10").items() if name.endswith(".json")]
    return [one | {"totals": {**one["totals"], "previous_cost": None}} for one in found]


def test_the_first_run_reads_and_sums_everything(states: dict[str, State]) -> None:
    first = states["first"]
    assert first.files == [("a.jsonl", 3, 3, 0, 0, "read"), ("first.json", 1, 1, 0, 0, "read")]
    assert {day: first.cost(day) for day in first.costs} == {SEPTEMBER: 1, FIRST: 6, SECOND: Decimal("8.25")}
    assert (first.statement("2026-09")["cost"], first.statement("2026-10")["cost"]) == ("1", "14.25")
    assert first.cost(FIRST, UNATTRIBUTED) == 4


def test_a_copy_under_another_name_adds_nothing(states: dict[str, State]) -> None:
    first, copy = states["first"], states["copy"]
    assert copy.files == [("copy of a.jsonl", 3, 0, 3, 0, "copy")]
    assert copy.costs == first.costs
    assert copy.reports == first.reports
    assert copy.document["totals"] == first.document["totals"]


def test_a_late_file_changes_exactly_its_day_and_month(states: dict[str, State]) -> None:
    before, late = states["copy"], states["late"]
    assert late.files == [("late.jsonl", 2, 1, 1, 0, "read")], "the request that was known already counts once"
    assert late.cost(SEPTEMBER) == 17
    assert late.other_days(SEPTEMBER) == before.other_days(SEPTEMBER)
    assert late.statement("2026-09")["cost"] == "17"
    changed = {name for name, content in late.reports.items() if name.endswith("statement.csv") and before.reports.get(name) != content}
    assert changed == {"2026-09/organisation/statement.csv", "2026-09/projects/portal/statement.csv"}
    assert without_comparison(late) == without_comparison(before), "October says the same, beside what September cost"


def test_a_newer_version_of_a_bill_replaces_the_older(states: dict[str, State]) -> None:
    before, newer = states["late"], states["newer bill"]
    assert newer.files == [("newer.json", 1, 1, 0, 0, "read")]
    assert (before.cost(SECOND), newer.cost(SECOND)) == (Decimal("8.25"), Decimal("7.75"))
    assert newer.other_days(SECOND) == before.other_days(SECOND)


def test_other_rules_give_lines_to_other_projects_without_reading_a_file(states: dict[str, State]) -> None:
    before, other = states["newer bill"], states["other rules"]
    assert other.files == []
    assert (before.cost(FIRST, "portal"), other.cost(FIRST, "portal")) == (2, 6)
    assert (before.cost(FIRST, UNATTRIBUTED), other.cost(FIRST, UNATTRIBUTED)) == (4, 0)
    assert other.cost(FIRST) == before.cost(FIRST)
    assert other.other_days(FIRST) == before.other_days(FIRST), "no rule speaks of the bill or of September"


def test_the_whole_is_the_sum_of_its_projects_after_each_run(states: dict[str, State]) -> None:
    for name in ("first", "copy", "late"):
        document = states[name].document
        parts = sum(Decimal(one["cost"] or 0) for one in document["projects"])
        assert parts == Decimal(document["totals"]["cost"]), name
