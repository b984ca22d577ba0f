"""A close keeps the requests over their limit as they were; months closed before statements told of them still verify."""

import json
from typing import Any

import closing_world
import pytest
from closing_world import APPROVED, AS_OF, LAST_DAY, MONTH, computed
from sample_world import World, copy_of

from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.closed_facts import frozen_facts
from usage_pipeline.reports.frozen import STATEMENT, facts_from, files_of

LIMITS = "request_limits: [{project: portal, max_tokens: 300000}]\n"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = closing_world.made(tmp_path_factory.getbasetemp())
    config = made.config.with_name("violations.yaml")
    config.write_text(made.config.read_text() + LIMITS)
    return World(copy_of(made, tmp_path_factory.mktemp("violations")).home, config)


def told(world: World, scope: str) -> dict[str, Any] | None:
    found = json.loads((world.home.reports / MONTH / scope / "statement.json").read_text())["limit_violations"]
    return found if found is None else dict(found)


def verified(world: World) -> list[str]:
    result = world.command("verify", MONTH, "--json")
    assert result.exit_code == 0, result.stderr
    return [one["state"] for one in json.loads(result.stdout)["answers"]]


def test_a_closed_month_keeps_them_whatever_usage_yaml_says_later(world: World) -> None:
    assert told(world, "organisation") is None, "the month was computed before there were limits"
    computed(world)
    whole, portal, chat = (told(world, scope) for scope in ("organisation", "projects/portal", "projects/chat"))
    assert whole == portal
    assert whole is not None
    assert (whole["count"], whole["requests"], len(whole["worst"])) == (30, 30, 10)
    assert (whole["worst"][0]["amount"], whole["worst"][0]["limit"]) == ("400000", "300000")
    assert chat == {"count": 0, "requests": 0, "worst": []}
    assert world.command("close", MONTH, *APPROVED).exit_code == 0
    assert told(world, "organisation") == whole
    world.config.write_text(world.config.read_text().replace(LIMITS, ""))
    world.run(*LAST_DAY, *AS_OF)
    assert told(world, "organisation") == whole
    assert verified(world) == ["holds"] * 4


def test_what_was_closed_before_has_none(world: World) -> None:
    assert world.command("close", MONTH, *APPROVED).exit_code == 0
    (closed,) = closed_months(world.database).values()
    facts = frozen_facts(world.home, closed)
    files = files_of(facts)
    assert "limit_violations" in json.loads(files[STATEMENT])
    document = json.loads(files[STATEMENT])
    del document["limit_violations"]
    before = facts_from(files | {STATEMENT: json.dumps(document).encode()})
    assert before.violations == {}
    assert "limit_violations" not in json.loads(files_of(before)[STATEMENT]), "what an older close froze is frozen alike again"
