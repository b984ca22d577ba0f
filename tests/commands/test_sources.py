"""`usage-pipeline sources`: what every source gave, how new it is, and what needs a look."""

import json
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
    stale = next(one for one in found if one["code"] == "stale_source")
    assert (stale["count"], stale["blocks"]) == (1, False)
    assert "app (newest 2026-10-04, 27 days before)" in stale["words"]
    world.config.write_text(CONFIG + "limits: {stale_days: 40}\n")
    again = json.loads(asked(world, "run", "--from", "2026-10-01", "--to", "2026-10-31", "--json"))["findings"]
    assert "stale_source" not in {one["code"] for one in again}
