"""`usage-pipeline alerts`: the ledger shown, acknowledged, snoozed, sent and replayed, and the keys of usage.yaml that it goes by."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sample_world import World, copy_of
from tracker_world import CONFIG, request, tracker_world, write

from usage_pipeline.periods import inclusive
from usage_pipeline.tables.alerts import alerts, deliveries

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 20)
RANGE = ("--from", "2026-10-01", "--to", "2026-10-20")
AWAY = {"USAGE_SMTP_HOST": "localhost", "USAGE_SMTP_PORT": "1"}


@pytest.fixture(scope="module")
def spent_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Portal spends 70 cents a day of its 10 dollars a month and reaches them on the 15th; ranker 30 cents, and stays inside."""
    world = tracker_world(tmp_path_factory.mktemp("alerts"), CONFIG)
    days = inclusive(FIRST, LAST)
    lines = [request(f"p{day}", day, dollars="0.7") for day in days.days()]
    lines += [request(f"r{day}", day, project="ranker", dollars="0.3") for day in days.days()]
    write(world, "a.jsonl", lines)
    assert world.job("daily", days).success
    return world


@pytest.fixture
def world(spent_world: World, tmp_path: Path) -> World:
    return copy_of(spent_world, tmp_path)


def document(world: World, *arguments: str, code: int = 0) -> dict[str, Any]:
    result = world.command("alerts", *arguments, "--json")
    assert result.exit_code == code, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def check(world: World, as_of: str = "2026-10-14", environment: dict[str, str] | None = None) -> int:
    return world.command("budgets", "check", "--as-of", as_of, environment=environment).exit_code


def test_listed_acknowledged_and_snoozed(world: World) -> None:
    assert document(world, "list") == {"alerts": [], "waiting": [], "dead": []}
    assert check(world) == 0
    (one,) = document(world, "list")["alerts"]
    assert (one["rule"], one["state"], one["level"], one["scope"], one["threshold"], one["told"]) == (
        "budget_threshold", "sent", "warning", "projects/portal", "90", 1,
    )  # fmt: skip
    assert [entry["state"] for entry in document(world, "list", "--state", "covered")["alerts"]] == ["covered"]
    changed = document(world, "snooze", one["id"][:8], "--until", "2099-01-01", "--by", "Ana")["changed"]
    assert [(entry["state"], entry["snoozed_until"], entry["changed_by"]) for entry in changed] == [("snoozed", "2099-01-01", "Ana")]
    acknowledged = document(world, "ack", "--project", "portal", "--by", "Ben")
    assert {(entry["state"], entry["changed_by"]) for entry in acknowledged["changed"]} == {("acknowledged", "Ben")}
    again = document(world, "ack", one["id"])
    assert (again["changed"], again["unchanged"]) == ([], [one["id"]])
    assert {entry.state for entry in world.database.select(alerts)} == {"acknowledged"}


def test_in_words(world: World) -> None:
    assert "no alerts" in world.command("alerts", "list").stdout
    check(world)
    shown = " ".join(world.command("alerts", "list").stdout.split())
    assert "projects/portal 2026-10-01 90 %: 9.8 of 10 USD when found" in shown
    assert "no dead letters" in world.command("alerts", "list", "--dead").stdout
    assert "nothing is due" in world.command("alerts", "send").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ack"], "name the alerts by ID, or a project with --project"),
        (["ack", "zzzzzzzz"], "no alert's id begins with it"),
        (["ack", "abc"], "give at least 6 characters"),
        (["snooze", "abcdefgh", "--until", "2020-01-01"], "is not after today"),
        (["replay", *RANGE, "--rule", "forcast"], "'forcast' is none of the rules budget_threshold, forecast,"),
    ],
)
def test_what_cannot_be_is_said(world: World, arguments: list[str], words: str) -> None:
    result = world.command("alerts", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_what_waits_is_shown_and_sent(world: World) -> None:
    assert check(world, environment=AWAY) == 1
    listed = document(world, "list")
    assert [(one["state"], one["to"], one["attempts"]) for one in listed["waiting"]] == [("retrying", ["ana@example.org"], 1)]
    assert "cannot be reached" in listed["waiting"][0]["why"]
    assert document(world, "send")["sent"] == [], "not due yet"
    (row,) = world.database.select(deliveries)
    world.database.upsert(deliveries, [type(row)(**{**vars(row), "next_attempt_at": None})])
    assert [one["to"] for one in document(world, "send")["sent"]] == [["ana@example.org"]]
    assert document(world, "list")["waiting"] == []


def test_replay_says_what_would_have_been_told_and_changes_nothing(world: World) -> None:
    told = document(world, "replay", *RANGE)
    assert [(one["day"], [alert["threshold"] for alert in one["alerts"]], one["mails"]) for one in told["days"]] == [
        ("2026-10-11", ["75"], 1),
        ("2026-10-13", ["90"], 1),
        ("2026-10-15", ["100"], 1),
    ]
    assert told["summary"] == {
        "alerts": 3,
        "mails": 3,
        "breaches": 1,
        "breaches_after_day_3": 1,
        "warned_3_days_ahead": 1,
        "told_on_the_day_or_never": 0,
        "forecasts_told": 0,
        "needless": 0,
    }
    (course,) = told["budgets"]
    assert (course["first_told"], course["breached"], course["days_ahead"]) == ("2026-10-11", "2026-10-15", 4)
    assert (world.database.select(alerts), world.database.select(deliveries)) == ([], [])


def test_replay_with_forecasts_warns_earlier(world: World) -> None:
    told = document(world, "replay", *RANGE, "--rule", "budget_threshold", "--rule", "forecast", "--rule", "stale_source")
    assert (told["rules"], told["not_replayed"]) == (["budget_threshold", "forecast"], ["stale_source"])
    (course,) = told["budgets"]
    assert (course["told_by"], course["first_told"], course["days_ahead"], course["needless"]) == ("forecast", "2026-10-07", 8, False)
    assert "1 limits reached, 1 of them told of 3 days ahead or more" in world.command("alerts", "replay", *RANGE).stdout


RULES = """\
alerts:
  rules: all
  quiet_hours: "20:00-07:00"
  time_zone: Europe/Berlin
  escalate_after_hours: 48
  digest_over: 5
  teams: {support: [team@example.org]}
"""


def test_the_section_of_usage_yaml(world: World, tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(CONFIG + RULES)
    policy = World(world.home, file).workplace.settings().alerts
    assert (len(policy.rules), policy.escalate_after_hours, policy.digest_over) == (8, 48, 5)
    assert policy.addresses_of("support") == ("team@example.org",)
    assert world.workplace.settings().alerts.rules == ("budget_threshold",)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("rules: [forcast]", "alerts.rules: 'forcast' is none of the rules budget_threshold, forecast"),
        ("rules: []", "alerts.rules: name the rules that tell people, or all"),
        ("quiet_hours: 20-7", "alerts.quiet_hours: '20-7' are no hours, such as '20:00-07:00'"),
        ('quiet_hours: "07:00-07:00"', "begin when they end"),
        ("time_zone: Mars/Phobos", "alerts.time_zone: 'Mars/Phobos' is no time zone"),
        ("escalate_after_hours: 0", "alerts.escalate_after_hours: '0' is no whole number from 1 to 9999"),
        ("teams: {support: [nobody]}", "alerts.teams"),
    ],
)
def test_a_wrong_section_names_line_and_key(world: World, tmp_path: Path, wrong: str, words: str) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(CONFIG + f"alerts:\n  {wrong}\n")
    result = World(world.home, file).command("budgets", "check")
    assert result.exit_code == 2
    assert words in result.stderr
