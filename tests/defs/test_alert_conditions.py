"""What tables and findings say that is worth telling: each rule where it holds, each once, none where it does not or is off."""

from datetime import date
from pathlib import Path

import pytest
from sample_world import World
from tracker_world import CONFIG, request, tracker_world, write

from usage_pipeline.defs.alert_conditions import conditions_of
from usage_pipeline.defs.alerts import deliver, judge
from usage_pipeline.periods import inclusive
from usage_pipeline.tables.alerts import alerts, deliveries
from usage_pipeline.tables.costs import daily_costs

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 20)
ALL = CONFIG + "request_limits: [{project: ranker, max_cost: 0.5}]\nalerts: {rules: all}\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Portal spends a little every day and far more on the 20th, and calls a model that nobody knows; one request of ranker is dear."""
    world = tracker_world(tmp_path_factory.mktemp("odd"), ALL)
    days = inclusive(date(2026, 9, 1), LAST)
    lines = [request(f"p{day}", day, dollars="0.05") for day in days.days()]
    lines += [
        request("odd", LAST, dollars="40"),
        request("dear", LAST, project="ranker", dollars="0.75"),
        request("unheard", LAST, model="gpt-99-unheard"),
    ]
    write(world, "a.jsonl", lines)
    assert world.job("daily", days).success
    return world


def found(world: World, as_of: date) -> dict[str, list[str]]:
    costs = world.database.select(daily_costs)
    told: dict[str, list[str]] = {}
    for one in conditions_of(world.workplace, as_of, costs):
        told.setdefault(one.rule, []).append(one.scope)
    return told


def test_what_holds_on_the_day(world: World) -> None:
    assert found(world, LAST) == {
        "anomaly": ["projects/portal"],
        "unpriced": ["models/openai gpt-99-unheard"],
        "request_limit": ["projects/ranker"],
    }


def test_days_gone_by_are_silent_and_a_source_becomes_stale(world: World) -> None:
    assert found(world, date(2026, 10, 24)) == {"unpriced": ["models/openai gpt-99-unheard"], "stale_source": ["sources/app"]}
    assert found(world, date(2026, 11, 20)) == {"stale_source": ["sources/app"]}


def test_words_say_what_it_is_and_what_to_do(world: World) -> None:
    words = {one.rule: one.words or "" for one in conditions_of(world.workplace, LAST, world.database.select(daily_costs))}
    assert words["request_limit"].startswith(
        "On Tue 20 Oct 1 request went over the limit on one request. The worst took $0.75 where $0.50 is the limit (chat, gpt-4o-mini)."
    )
    assert "its cost is unknown, not 0" in words["unpriced"]
    assert "40" in words["anomaly"]


def test_told_once_in_mails_to_those_whom_it_concerns(world: World) -> None:
    deliver(world.workplace, judge(world.workplace, LAST))
    sent = {one.recipients: one.subject for one in world.database.select(deliveries)}
    assert set(sent) == {"ana@example.org", "ben@example.org", "finance@example.org"}
    assert {one.rule for one in world.database.select(alerts)} >= {"anomaly", "unpriced", "request_limit", "budget_threshold"}
    again = judge(world.workplace, LAST)
    assert (again.alerts, again.messages) == ((), ())


def test_without_the_section_only_thresholds_tell(world: World, tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(CONFIG)
    assert found(World(world.home, file), LAST) == {}
