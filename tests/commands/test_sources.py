"""`usage-pipeline sources`: what every source gave, how new it is, and what needs a look."""

import json
import os
from pathlib import Path

import pytest
from sample_world import World, usage_pipeline

from usage_pipeline.storage.home import Home

CONFIG = """\
organisation: {name: Example Org, currency: USD}
projects: [{id: chat, name: Chat}]
attribution: [{field: tag.project, project: "{value}"}]
sources:
  - {name: app, kind: tracker, path: "log/*.jsonl"}
  - {name: other, kind: tracker, path: "none/*.jsonl"}
"""


def line(number: int, day: int, **more: object) -> str:
    known = {"id": f"r{number}", "started_at": f"2026-10-{day:02}T09:00:00Z", "provider": "openai", "model": "gpt-4o"}
    return json.dumps({**known, "meters": {"input": 1000, "output": 10}, "tags": {"project": "chat"}, **more}) + "\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "usage.yaml").write_text(CONFIG)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "a.jsonl").write_text(line(1, 1) + line(2, 4) + line(2, 4) + line(3, 4, meters={"input": -1}) + "{broken\n")
    return World(Home(tmp_path / "home"), tmp_path / "usage.yaml")


def asked(world: World, *words: str) -> str:
    result = usage_pipeline(*words, "--home", str(world.home.root), "--config", str(world.config))
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_every_figure_of_a_source(world: World) -> None:
    asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-04")
    told = json.loads(asked(world, "sources", "--as-of", "2026-10-09", "--json"))
    app, other = told["sources"]
    numbers = ("files", "unreadable", "lines", "accepted", "duplicates", "rejected", "first_day", "newest_day", "lag_days", "stale")
    assert [app[name] for name in numbers] == [1, 0, 5, 2, 1, 2, "2026-10-01", "2026-10-04", 5, True]
    assert app["missing_days"] == ["2026-10-02", "2026-10-03"]
    assert {(one["reason"], one["lines"]) for one in app["rejects"]} == {("not_json", 1), ("negative_quantity", 1)}
    assert (other["files"], other["newest_day"], other["stale"]) == (0, None, True)


def test_words_for_people(world: World) -> None:
    asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-04")
    told = asked(world, "sources", "--as-of", "2026-10-06")
    assert "no file speaks of 2026-10-02, 2026-10-03" in told
    assert "1 rejected, the line is not JSON (not_json)" in told
    assert "nothing was read yet; it is looked for at" in told
    assert "app: stale" not in told
    assert "app: stale, its newest data is more than 3 days old" in asked(world, "sources", "--as-of", "2026-10-08")


def test_a_stale_source_is_a_finding(world: World) -> None:
    found = json.loads(asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-31", "--json"))["findings"]
    broken = next(one for one in found if one["code"] == "rejected_usage_lines")
    assert (broken["count"], broken["blocks"]) == (2, False)
    assert "app: negative_quantity, app: not_json" in broken["words"]
    stale = next(one for one in found if one["code"] == "stale_source")
    assert (stale["count"], stale["blocks"]) == (1, False)
    assert "app (newest 2026-10-04, 27 days before)" in stale["words"]
    world.config.write_text(CONFIG + "limits: {stale_days: 40}\n")
    again = json.loads(asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-31", "--json"))["findings"]
    assert "stale_source" not in {one["code"] for one in again}


def test_a_late_file_and_a_changed_configuration_say_why_a_day_was_computed(world: World) -> None:
    asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-04")
    (world.config.parent / "log" / "late.jsonl").write_text(line(9, 2) + line(2, 4, reported_cost=1) + line(1, 1))
    asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-04")
    world.config.write_text(CONFIG.replace("name: Chat", "name: Chats"))
    asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-04")
    told = {day: json.loads(asked(world, "sources", "--day", f"2026-10-0{day}", "--json")) for day in (1, 2, 3)}
    reasons = {day: [one["because"] for one in document["computed"]] for day, document in told.items()}
    asked_for = "asked for; nothing that it is made of has changed"
    assert reasons == {
        1: ["first time", asked_for, "usage.yaml changed"],
        2: ["first time", "new: app late.jsonl", "usage.yaml changed"],
        3: ["first time", asked_for, "usage.yaml changed"],
    }
    assert len({one["run_id"] for one in told[1]["computed"]}) == 3
    assert [(Path(one["file"]).name, one["rows"], one["counts"]) for one in told[2]["versions"]] == [("late.jsonl", 1, True)]


def test_a_newer_bill_replaces_the_older_and_both_are_told(world: World, tmp_path: Path) -> None:
    (tmp_path / "bill").mkdir()
    world.config.write_text(CONFIG + '  - {name: bill, kind: openai_costs, path: "bill/*.json"}\n')
    for number, amount in enumerate(("3.5", "4")):
        result = {"object": "organization.costs.result", "amount": {"value": amount, "currency": "usd"}, "line_item": "gpt-4o, input"}
        bucket = {"start_time": 1790812800, "end_time": 1790899200, "results": [result]}
        path = tmp_path / "bill" / f"{number}.json"
        path.write_text(json.dumps({"data": [bucket]}))
        os.utime(path, (1790990000 + number, 1790990000 + number))
        asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-01")
    told = json.loads(asked(world, "sources", "--day", "2026-10-01", "--json"))
    spoken = [
        (Path(one["file"]).name, one["counts"], one["superseded_since"] is None) for one in told["versions"] if one["source"] == "bill"
    ]
    assert spoken == [("0.json", False, False), ("1.json", True, True)]
    assert told["bills"] == [{"channel": "openai", "finality": "provisional", "lines": 1, "billed_cost": "4"}]
    assert told["computed"][-1]["because"] == "new: bill 1.json"
    words = asked(world, "sources", "--day", "2026-10-01")
    assert "replaced 20" in words
    assert "new: bill 1.json" in words
