"""Budgets of every scope through the whole house: days, months, check, list, violations, and the feed that gateways read."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sample_world import World, copy_of
from tracker_world import request, tracker_world, write

from usage_pipeline import money
from usage_pipeline.cli import main
from usage_pipeline.periods import inclusive, month_of
from usage_pipeline.tables.audit_log import audit_log
from usage_pipeline.tables.budgets import budget_status

CONFIG = """\
organisation: {name: Example Org, finance: [finance@example.org], budgets: [{period: yearly, limit: 1000}]}
projects:
  - {id: portal, client: Acme, team: support, owners: [ana@example.org], budgets: [{period: monthly, limit: 10}]}
  - {id: ranker, client: Acme, owners: [ben@example.org], budgets: [{period: monthly, limit: 10, rollover: true}]}
budgets:
  - {team: support, period: monthly, limit: 9000000, unit: tokens}
  - {user: u_17, period: daily, limit: 5}
  - {client: Acme, from: 2026-10-01, to: 2026-12-31, limit: 40}
  - {model: gpt-4o-mini, channel: app, period: monthly, limit: 100}
  - {project: portal, period: monthly, limit: 20, unit: requests, raises: [{limit: 30, from: 2026-10-10, to: 2026-10-20, why: launch}]}
request_limits:
  - {max_tokens: 4000000}
  - {project: ranker, max_tokens: 20000000, max_cost: 11.5}
grace: {hours: 24}
attribution:
  - {field: tag.project, project: "{value}"}
sources:
  - {name: app, kind: tracker, path: "logs/*.jsonl"}
prices:
  - {provider: openai, model: gpt-4o-mini, meter: output, unit_price: 0.000001}
"""
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)


@pytest.fixture(scope="module")
def spent_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = tracker_world(tmp_path_factory.mktemp("budgets"), CONFIG)
    lines = [
        request("1", FIRST, dollars="9.5", user="u_17"),
        request("2", FIRST, project="ranker", dollars="12"),
        request("3", SECOND, dollars="1", user="u_17"),
    ]
    write(world, "a.jsonl", lines)
    assert world.job("daily", inclusive(FIRST, SECOND)).success
    assert world.job("monthly", month_of(FIRST)).success
    return world


@pytest.fixture
def spent(spent_world: World, tmp_path: Path) -> World:
    return copy_of(spent_world, tmp_path)


def run(world: World, *words: str) -> dict[str, Any]:
    place = ("--home", str(world.home.root), "--config", str(world.config), "--json")
    result = CliRunner().invoke(main, [*words, *place], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


def test_every_scope_stands_in_the_month(spent: World) -> None:
    found = {one.budget_id: one for one in spent.database.select(budget_status)}
    stood = {name: (money.text(one.spent), one.period_start, one.as_of) for name, one in found.items() if one.scope != "user"}
    assert stood == {
        "organisation:yearly:USD": ("22.5", date(2026, 1, 1), SECOND),
        "projects/portal:monthly:USD": ("10.5", FIRST, SECOND),
        "projects/ranker:monthly:USD": ("12", FIRST, SECOND),
        "teams/support:monthly:tokens": ("10500000", FIRST, SECOND),
        "clients/Acme:2026-10-01..2026-12-31:USD": ("22.5", FIRST, SECOND),
        "organisation:monthly:USD:model=gpt-4o-mini:channel=app": ("0", FIRST, SECOND),
        "projects/portal:monthly:requests": ("2", FIRST, SECOND),
    }  # fmt: skip


def test_a_check_tells_all_of_it_and_changes_nothing_when_dry(spent: World) -> None:
    told = run(spent, "budgets", "check", "--as-of", "2026-10-12", "--dry-run")
    raised = next(one for one in told["budgets"] if one["budget_id"] == "projects/portal:monthly:requests")
    assert {name: raised[name] for name in ("limit", "declared_limit", "raised_by", "raise_ends", "raise_why")} == {
        "limit": "30", "declared_limit": "20", "raised_by": "10", "raise_ends": "2026-10-20", "raise_why": "launch",
    }  # fmt: skip
    assert (raised["days_with_data"], raised["days_so_far"], raised["forecast_low"], raised["forecast_method"]) == (
        2,
        12,
        None,
        "straight_line",
    )
    subjects = [mail["subject"] for mail in told["mails"]]
    assert any("Team support at 117 % of 9,000,000 tokens for October" in subject for subject in subjects), subjects
    assert not (spent.home.reports / "current").exists()


def test_changes_are_told_with_who_when_why_before_and_after(spent: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(spent, "budgets", "list", "--history")
    assert len(before["budgets"]) == 8
    assert {one["action"] for one in before["history"]} == {"add budget"}
    text = spent.config.read_text().replace("{period: monthly, limit: 10}]}", "{period: monthly, limit: 12, why: new term}]}")
    spent.config.write_text(text.replace("  - {user: u_17, period: daily, limit: 5}\n", ""))
    monkeypatch.setenv("USAGE_ACTOR", "finance-bot@example.org")
    run(spent, "budgets", "check", "--as-of", "2026-10-02")
    run(spent, "budgets", "check", "--as-of", "2026-10-02")
    changed, removed = run(spent, "budgets", "list", "--history")["history"][-2:]
    assert (changed["by"], changed["action"], changed["budget"], changed["why"]) == (
        "finance-bot", "change budget", "projects/portal:monthly:USD", "new term",
    )  # fmt: skip
    assert (changed["before"]["limit"], changed["after"]["limit"]) == ("10", "12")
    assert (removed["action"], removed["budget"], removed["after"]) == ("remove budget", "users/u_17:daily:USD", None)
    assert len(spent.database.select(audit_log)) == len(before["history"]) + 2


def test_requests_over_their_limit_are_listed_with_their_lines(spent: World) -> None:
    told = run(spent, "budgets", "violations", "--from", "2026-10-01", "--to", "2026-10-31")["violations"]
    assert [(one["project"], one["measure"], one["amount"], one["limit"]) for one in told] == [
        ("portal", "max_tokens", "9500000", "4000000"),
        ("ranker", "max_cost", "12", "11.5"),
    ]
    assert [one["where"].rsplit("/", 1)[-1] for one in told] == ["a.jsonl:1", "a.jsonl:2"]
    spent.config.write_text(spent.config.read_text().replace("max_tokens: 4000000", "max_tokens: 10000000"))
    assert spent.job("daily", inclusive(FIRST, SECOND)).success
    assert len(run(spent, "budgets", "violations", "--from", "2026-10-01", "--to", "2026-10-31")["violations"]) == 1


def test_the_feed_is_of_today_alone(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    world = tracker_world(tmp_path, CONFIG.replace("limit: 40", "limit: 4000"))
    write(world, "a.jsonl", [request("1", today, dollars="9.5", api_key="key_1"), request("2", today, project="ranker", dollars="12")])
    assert world.job("daily", inclusive(today, today)).success
    feed = world.home.reports / "current" / "budget_state.json"
    run(world, "budgets", "check", "--as-of", "2026-10-02")
    assert not feed.exists()
    run(world, "budgets", "check")
    told = json.loads(feed.read_text())
    portal, ranker = told["projects"]
    assert (portal["project"], portal["state"], portal["budget_id"]) == ("portal", "grace", "teams/support:monthly:tokens")
    assert (ranker["state"], ranker["budget_id"], ranker["remaining"]) == ("grace", "projects/ranker:monthly:USD", "-2")
    assert (told["version"], told["data_through"], told["data_lag_days"]) == (1, today.isoformat(), 0)
    assert ranker["resets_at"] == f"{month_of(today).end}T00:00:00Z"
    assert [path.name for path in feed.parent.iterdir()] == ["budget_state.json"]
