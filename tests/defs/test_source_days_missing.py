"""A month whose bill leaves out days is not taken for whole, whatever else speaks of these days: told with its worth, and not closed."""

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sample_world import World

from usage_pipeline.costs.finality import MonthFinality
from usage_pipeline.defs.day_gaps import day_gaps, source_days_missing
from usage_pipeline.defs.finality import finality_of
from usage_pipeline.defs.reports import facts_of
from usage_pipeline.periods import Period, month_of
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.grades import MISSING_DAYS

START = datetime(2026, 10, 1, tzinfo=UTC)
OCTOBER = month_of(START.date())
GAP = range(9, 15)
CONFIG = """\
organisation: {name: Example Org, currency: USD}
projects: [{id: portal, name: Portal}]
attribution:
  - {field: provider_project_id, equals: p, project: portal}
  - {field: tag.project, project: "{value}"}
sources:
  - {name: bill, kind: openai_costs, path: "bill/*.json"}
  - {name: log, kind: tracker, path: "log/*.jsonl"}
"""


def write(folder: Path, billed: Collection[int], logged: Collection[int]) -> World:
    """A bill of 2.50 a day for the million tokens that the log has of it."""
    for name in ("bill", "log"):
        (folder / name).mkdir(exist_ok=True)
    for day in billed:
        start = int((START + timedelta(days=day)).timestamp())
        line = {"amount": {"value": "2.5", "currency": "usd"}, "line_item": "gpt-4o, input", "quantity": 1_000_000, "project_id": "p"}
        page = {"data": [{"start_time": start, "end_time": start + 86400, "results": [line]}]}
        (folder / "bill" / f"{day}.json").write_text(json.dumps(page))
    lines = [
        {
            "id": f"r{day}",
            "started_at": (START + timedelta(days=day, hours=9)).isoformat(),
            "provider": "openai",
            "model": "gpt-4o",
            "tags": {"project": "portal"},
            "meters": {"input": 1_000_000},
        }
        for day in logged
    ]
    (folder / "log" / "october.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "usage.yaml").write_text(CONFIG)
    return World(Home(folder / "home"), folder / "usage.yaml")


def finality(world: World, month: Period = OCTOBER) -> MonthFinality:
    return finality_of(world.workplace, month)


@pytest.fixture(scope="module")
def gapped(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("gapped")
    world = write(folder, [day for day in range(31) if day not in GAP], range(31))
    assert world.job("daily", OCTOBER).success
    return world


def test_days_that_a_bill_left_out_block_with_their_worth_although_the_log_speaks_of_them(gapped: World) -> None:
    told = gapped.found(OCTOBER)["source_days_missing"]
    assert (told.blocks, told.count, told.amount) == (True, 6, Decimal("15.00"))
    assert "bill says nothing of 6 days (2026-10-10, 2026-10-11, 2026-10-12 and 3 more), about 15 USD" in told.words
    assert told.words in finality(gapped).reasons
    assert finality(gapped).finality == "provisional"


def test_the_grade_counts_them(gapped: World) -> None:
    grade = facts_of(gapped.workplace, gapped.database, OCTOBER, revision=1, with_advice=False).grades[ORGANISATION]
    (missing,) = [one for one in grade.measures if one.name == MISSING_DAYS]
    assert (missing.letter, missing.amount) == ("D", Decimal("15.00"))
    assert missing.words.startswith("6 of 31 days of the month are missing, in whole or of a source that speaks of every day, about 15 USD")


def test_the_limit_says_how_many_may_stand_and_a_running_month_is_only_told(gapped: World) -> None:
    found = day_gaps(gapped.workplace, OCTOBER, gapped.database.select(daily_costs, where={"day": OCTOBER}))
    blocks = [
        told.blocks
        for limit, today in ((5, OCTOBER.end), (6, OCTOBER.end), (0, OCTOBER.last))
        if (told := source_days_missing(found, limit, today, "USD"))
    ]
    assert blocks == [True, False, False]


def test_days_that_a_log_left_out_lack_nothing_where_they_are_billed(tmp_path: Path) -> None:
    world = write(tmp_path, range(31), [day for day in range(31) if day not in GAP])
    assert world.job("daily", OCTOBER).success
    found = world.found(OCTOBER)
    assert "source_days_missing" not in found
    assert (found["source_days_billed"].blocks, found["source_days_billed"].count) == (False, 6)


def test_a_source_that_ended_before_the_month_did_blocks_its_verdict_as_it_blocks_its_close(tmp_path: Path) -> None:
    world = write(tmp_path, range(20), range(20))
    assert world.job("daily", OCTOBER).success
    found = world.found(OCTOBER)
    assert "source_days_missing" not in found
    assert found["stale_source"].blocks
    assert found["stale_source"].words in finality(world).reasons or finality(world).finality == "open"
