"""`usage-pipeline sources`: what every source gave, how new it is, and what needs a look.

One home, its days computed three times; each test reads what one of the steps left. Findings are those that `run` tells.
"""

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sample_world import World, usage_pipeline

from usage_pipeline.defs.finding import Finding
from usage_pipeline.periods import Period, inclusive
from usage_pipeline.storage.home import Home

CONFIG = """\
organisation: {name: Example Org, currency: USD}
projects: [{id: chat, name: Chat}]
attribution: [{field: tag.project, project: "{value}"}]
sources:
  - {name: app, kind: tracker, path: "log/*.jsonl"}
  - {name: other, kind: tracker, path: "none/*.jsonl"}
  - {name: bill, kind: openai_costs, path: "bill/*.json"}
"""
DAYS = inclusive(date(2026, 10, 1), date(2026, 10, 4))
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))


def line(number: int, day: int, **more: object) -> str:
    known = {"id": f"r{number}", "started_at": f"2026-10-{day:02}T09:00:00Z", "provider": "openai", "model": "gpt-4o"}
    return json.dumps({**known, "meters": {"input": 1000, "output": 10}, "tags": {"project": "chat"}, **more}) + "\n"


def write_bill(folder: Path, number: int, amount: str) -> None:
    """An export of what the first of October cost, each newer than the one before."""
    result = {"object": "organization.costs.result", "amount": {"value": amount, "currency": "usd"}, "line_item": "gpt-4o, input"}
    bucket = {"start_time": 1790812800, "end_time": 1790899200, "results": [result]}
    path = folder / "bill" / f"{number}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"data": [bucket]}))
    os.utime(path, (1790990000 + number, 1790990000 + number))


def asked(world: World, *words: str) -> str:
    result = usage_pipeline(*words, "--home", str(world.home.root), "--config", str(world.config))
    assert result.exit_code == 0, result.stderr
    return result.stdout


@dataclass(frozen=True)
class Told:
    """`first`, `words` and findings after the first computation; `days` and `words_of_a_day` after the third."""

    first: dict[str, Any]
    words: dict[int, str]
    found: dict[str, Finding]
    found_with_patience: dict[str, Finding]
    days: dict[int, dict[str, Any]]
    words_of_a_day: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A first time; then a late log and a newer bill; then another usage.yaml."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "usage.yaml").write_text(CONFIG)
    (folder / "log").mkdir()
    (folder / "log" / "a.jsonl").write_text(line(1, 1) + line(2, 4) + line(2, 4) + line(3, 4, meters={"input": -1}) + "{broken\n")
    write_bill(folder, 0, "3.5")
    world = World(Home(folder / "home"), folder / "usage.yaml")
    assert world.job("daily", DAYS).success
    first = json.loads(asked(world, "sources", "--as-of", "2026-10-09", "--json"))
    words = {day: asked(world, "sources", "--as-of", f"2026-10-0{day}") for day in (6, 8)}
    found = world.found(OCTOBER)
    (folder / "patient.yaml").write_text(CONFIG + "limits: {stale_days: 40}\n")
    patient = World(world.home, folder / "patient.yaml").found(OCTOBER)

    (folder / "log" / "late.jsonl").write_text(line(9, 2) + line(2, 4, reported_cost=1) + line(1, 1))
    write_bill(folder, 1, "4")
    assert world.job("daily", DAYS).success
    world.config.write_text(CONFIG.replace("name: Chat", "name: Chat, team: it"))
    assert world.job("daily", DAYS).success
    days = {day: json.loads(asked(world, "sources", "--day", f"2026-10-0{day}", "--json")) for day in (1, 2, 3)}
    return Told(first, words, found, patient, days, asked(world, "sources", "--day", "2026-10-01"))


def test_every_figure_of_a_source(told: Told) -> None:
    app, other, _ = told.first["sources"]
    numbers = ("files", "unreadable", "lines", "accepted", "duplicates", "rejected", "first_day", "newest_day", "lag_days", "stale")
    assert [app[name] for name in numbers] == [1, 0, 5, 2, 1, 2, "2026-10-01", "2026-10-04", 5, True]
    assert app["missing_days"] == ["2026-10-02", "2026-10-03"]
    assert {(one["reason"], one["lines"]) for one in app["rejects"]} == {("not_json", 1), ("negative_quantity", 1)}
    assert (other["files"], other["newest_day"], other["stale"]) == (0, None, True)


def test_words_for_people(told: Told) -> None:
    assert "no file speaks of 2026-10-02, 2026-10-03" in told.words[6]
    assert "1 rejected, the line is not JSON (not_json)" in told.words[6]
    assert "nothing was read yet; it is looked for at" in told.words[6]
    assert "app: stale" not in told.words[6]
    assert "app: stale, its newest data is more than 3 days old" in told.words[8]


def test_a_stale_source_is_a_finding(told: Told) -> None:
    broken = told.found["rejected_usage_lines"]
    assert (broken.count, broken.blocks) == (2, False)
    assert "app: negative_quantity, app: not_json" in broken.words
    stale = told.found["stale_source"]
    assert (stale.count, stale.blocks) == (2, True), "the month is over: its last days may be missing"
    assert "app (newest 2026-10-04, 27 days before)" in stale.words
    assert "bill (newest 2026-10-01, 30 days before)" in stale.words
    assert "stale_source" not in told.found_with_patience


def test_a_late_file_and_a_changed_configuration_say_why_a_day_was_computed(told: Told) -> None:
    reasons = {day: [one["because"] for one in document["computed"]] for day, document in told.days.items()}
    assert reasons == {
        1: ["first time", "new: bill 1.json", "usage.yaml changed"],
        2: ["first time", "new: app late.jsonl", "usage.yaml changed"],
        3: ["first time", "asked for; nothing that it is made of has changed", "usage.yaml changed"],
    }
    assert len({one["run_id"] for one in told.days[1]["computed"]}) == 3
    assert [(Path(one["file"]).name, one["rows"], one["counts"]) for one in told.days[2]["versions"]] == [("late.jsonl", 1, True)]


def test_a_newer_bill_replaces_the_older_and_both_are_told(told: Told) -> None:
    versions = [one for one in told.days[1]["versions"] if one["source"] == "bill"]
    spoken = [(Path(one["file"]).name, one["counts"], one["superseded_since"] is None) for one in versions]
    assert spoken == [("0.json", False, False), ("1.json", True, True)]
    assert told.days[1]["bills"] == [{"channel": "openai", "finality": "provisional", "lines": 1, "billed_cost": "4"}]
    assert "replaced 20" in told.words_of_a_day
    assert "new: bill 1.json" in told.words_of_a_day
