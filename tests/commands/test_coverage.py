"""`usage-pipeline coverage`: every key, project and tag with money and owner, to the last digit, and the rules that are missing."""

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sample_world import World, copy_of, usage_pipeline

from usage_pipeline import money
from usage_pipeline.periods import inclusive
from usage_pipeline.storage.home import Home

CONFIG = """\
organisation: {name: Example Org, currency: USD}
projects: [{id: chat, name: Chat}, {id: portal, name: Portal}]
attribution:
  - {field: provider_project_id, equals: p1, project: portal}
  - {field: tag.project, project: "{value}"}
sources:
  - {name: bill, kind: openai_costs, path: "bill/*.json"}
  - {name: app, kind: tracker, path: "log/*.jsonl"}
"""
DAYS = ("--from", "2026-10-01", "--to", "2026-10-02")
OCTOBER_1_AND_2 = inclusive(date(2026, 10, 1), date(2026, 10, 2))
RULE = '- {source: bill, field: provider_project_id, equals: "p2", project: …}'


def result(project: str | None, amount: str) -> dict[str, Any]:
    name = {"project_id": project, "project_name": f"Name of {project}" if project else None}
    return {"object": "organization.costs.result", "amount": {"value": amount, "currency": "usd"}, "line_item": "gpt-4o, input"} | name


def line(number: int, **more: object) -> str:
    known = {"id": f"r{number}", "started_at": "2026-10-02T09:00:00Z", "provider": "openai", "model": "gpt-4o"}
    return json.dumps({**known, "meters": {"input": 1_000_000}, **more}) + "\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The days computed once, for reading: the last tests change a copy of the home."""
    tmp_path = tmp_path_factory.mktemp("coverage")
    (tmp_path / "usage.yaml").write_text(CONFIG)
    for name in ("bill", "log"):
        (tmp_path / name).mkdir()
    bucket = {"start_time": 1790812800, "end_time": 1790899200, "results": [result("p1", "3.1"), result("p2", "4.25"), result(None, "0.5")]}
    (tmp_path / "bill" / "a.json").write_text(json.dumps({"data": [bucket]}))
    lines = [
        line(1, tags={"project": "chat", "ticket": "T-1"}, request_tags=["project:portal", "step:plan"], api_key="k1", api_key_name="main"),
        line(2, tags={"project": "nobody", "ticket": 'T-"2'}, api_key="k1", api_key_name="main"),
        line(3),
    ]
    (tmp_path / "log" / "a.jsonl").write_text("".join(lines))
    world = World(Home(tmp_path / "home"), tmp_path / "usage.yaml")
    assert world.job("daily", OCTOBER_1_AND_2).success
    return world


def asked(world: World, *words: str) -> Any:
    return usage_pipeline(*words, "--home", str(world.home.root), "--config", str(world.config))


def rows(world: World, *words: str) -> dict[tuple[str, str, str | None], dict[str, Any]]:
    found = json.loads(asked(world, "coverage", *DAYS, "--json", *words).stdout)["rows"]
    return {(one["source"], one["field"], one["value"]): one for one in found}


def test_each_value_with_its_money_and_its_owner(world: World) -> None:
    found = rows(world)
    told = {key: (one["projects"], one["owned"], one["lines"], one["estimated_cost"], one["billed_cost"]) for key, one in found.items()}
    assert told == {
        ("bill", "provider_project_id", "p1"): (["portal"], True, 1, None, "3.1"),
        ("bill", "provider_project_id", "p2"): ([], False, 1, None, "4.25"),
        ("bill", "nothing", ""): ([], False, 1, None, "0.5"),
        ("app", "api_key_id", "k1"): (["chat"], False, 2, "5", None),
        ("app", "tag.project", "chat"): (["chat"], True, 1, "2.5", None),
        ("app", "tag.project", "nobody"): ([], False, 1, "2.5", None),
        ("app", "tag.step", "plan"): (["chat"], True, 1, "2.5", None),
        ("app", "tag.ticket", "T-1"): (["chat"], True, 1, "2.5", None),
        ("app", "tag.ticket", 'T-"2'): ([], False, 1, "2.5", None),
        ("app", "nothing", ""): ([], False, 1, "2.5", None),
    }
    assert found["bill", "provider_project_id", "p2"]["name"] == "Name of p2"
    assert found["app", "api_key_id", "k1"]["unowned_estimated_cost"] == "2.5"
    assert next(iter(found)) == ("bill", "provider_project_id", "p2"), "the dearest without an owner first"


def test_rules_for_what_has_no_owner(world: World) -> None:
    missing = rows(world, "--unowned")
    assert ("bill", "provider_project_id", "p1") not in missing
    assert missing["bill", "provider_project_id", "p2"]["rule"] == RULE
    assert missing["bill", "nothing", ""]["rule"] is None


def test_the_csv_sums_to_the_bill_within_a_field(world: World) -> None:
    asked(world, "coverage", *DAYS)
    path = world.home.reports / "2026-10-01_2026-10-02" / "organisation" / "coverage.csv"
    found = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    billed = [Decimal(one["billed_cost"]) for one in found if one["source"] == "bill"]
    assert sum(billed) == Decimal("7.85")
    assert {one["owner"] for one in found if one["value"] == "p2"} == {"no owner yet"}


def test_words_for_people(world: World) -> None:
    told = asked(world, "coverage", *DAYS).stdout
    assert "Rules that are missing" in told
    assert "nothing that tells" in told
    assert "chat, no owner yet" in told


@pytest.fixture(scope="module")
def mended(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Another home with the rules that were missing, and a tag of another value on each of 300 more lines."""
    missing = rows(world, "--unowned")
    rules = [missing[key]["rule"].replace("…", "chat") for key in (("bill", "provider_project_id", "p2"), ("app", "tag.ticket", 'T-"2'))]
    folder = world.config.parent
    config = CONFIG.replace("attribution:\n", "".join(["attribution:\n", *(f"  {rule}\n" for rule in rules)]))
    (folder / "mended.yaml").write_text(config.replace("log/*", "log*/*"))
    (folder / "log2").mkdir()
    lines = (line(100 + number, tags={"request": f"x{number}", "project": "chat"}) for number in range(300))
    (folder / "log2" / "b.jsonl").write_text("".join(lines))
    changed = World(copy_of(world, tmp_path_factory.mktemp("mended")).home, folder / "mended.yaml")
    assert changed.job("daily", OCTOBER_1_AND_2).success
    return changed


def test_the_rule_that_is_missing_makes_it_owned(mended: World) -> None:
    assert sorted(rows(mended, "--unowned")) == [("app", "nothing", ""), ("bill", "nothing", "")]


def test_a_tag_with_very_many_values_is_one_row(mended: World) -> None:
    many = rows(mended)["app", "tag.request", None]
    assert (many["values"], many["lines"], many["estimated_cost"], many["rule"]) == (300, 300, "750", None)


def test_what_an_untagged_request_drew_of_the_bill_is_offered_to_the_owner_of_its_key(tmp_path: Path) -> None:
    """On the last day c's request has no tag: what it drew of both lines is offered to c, also where that day alone is asked."""
    config = CONFIG.replace("[{id: chat, name: Chat}, {id: portal, name: Portal}]", "[{id: a}, {id: b}, {id: c}]").replace("portal}", "a}")
    for name in ("bill", "log"):
        (tmp_path / name).mkdir()
    (tmp_path / "usage.yaml").write_text(config)
    file_search = result(None, "0.77") | {"line_item": "assistants api | file search | extra"}
    bucket = {"start_time": 1790899200, "end_time": 1790985600, "results": [result("p1", "0.15"), result(None, "0.10"), file_search]}
    (tmp_path / "bill" / "a.json").write_text(json.dumps({"data": [bucket]}))
    lines = [
        line(
            day * 10 + place,
            started_at=f"2026-10-0{day}T0{place}:00:00Z",
            api_key=f"key-{project}",
            meters={"input": 1000 * weight},
            **({} if (day, project) == (2, "c") else {"tags": {"project": project}}),
        )
        for day in (1, 2)
        for place, (project, weight) in enumerate((("a", 1), ("b", 2), ("c", 4)))
    ]
    (tmp_path / "log" / "a.jsonl").write_text("".join(lines))
    world = World(Home(tmp_path / "home"), tmp_path / "usage.yaml")
    assert world.job("daily", OCTOBER_1_AND_2).success
    drawn = money.allocate(Decimal("0.10"), [1, 2, 4])[2] + money.allocate(Decimal("0.77"), [1, 2, 4])[2]
    for first in ("2026-10-01", "2026-10-02"):
        found = json.loads(world.command("coverage", "--from", first, "--to", "2026-10-02", "--json").stdout)["unattributed"]
        (claim,) = found["claimants"]
        assert (claim["project"], claim["level"], Decimal(claim["amount"])) == ("c", "key", drawn)
        assert claim["rule"] == '- {source: app, field: api_key_id, equals: "key-c", project: c}'
        assert (Decimal(found["amount"]), found["without_claimant"]) == (drawn, "0")
