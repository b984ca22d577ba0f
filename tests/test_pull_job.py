"""The whole job with sources that are pulled: the reports of the same samples read from files, and days that cannot be had are told."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from admin_server import KEY, AdminServer, serving, status
from sample_world import CONFIG, DAYS, RANGE, SAMPLES, World, finished, new_world

from usage_pipeline.periods import inclusive
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.ingested_files import ingested_files

KEYS = {"OPENAI_ADMIN_KEY": KEY, "OUR_ANTHROPIC_KEY": KEY}
PULLED = {"openai-bill", "openai-usage", "claude-bill", "claude-usage"}


@pytest.fixture
def server() -> Iterator[AdminServer]:
    admin = AdminServer(page_buckets=1)
    for name, pattern in {
        "costs": "openai_costs/live_shape_*.json",
        "usage/completions": "openai_usage/completions_*.json",
        "cost_report": "anthropic_admin/cost_report.json",
        "usage_report/messages": "anthropic_admin/usage_report_*.json",
    }.items():
        for file in sorted(SAMPLES.glob(pattern)):
            admin.learn(name, file)
    admin.lists = {"projects": [{"id": "proj_1", "name": "portal", "status": "active"}], "projects/proj_1/api_keys": []}
    admin.lists |= {"workspaces": [], "api_keys": []}
    with serving(admin):
        yield admin


def config_of(server: AdminServer) -> str:
    """The samples' usage.yaml with `api` in the place of the `path` of the four sources that can be pulled."""
    text = CONFIG.read_text()
    for kind, key in (("openai", ""), ("anthropic", ", key: OUR_ANTHROPIC_KEY")):
        text = re.sub(rf'(kind: {kind}_\w+), path: "[^"]*"', rf'\1, api: {{url: "{server.url}", days: 2{key}}}', text)
    assert text.count("api: {url") == 4
    return text.replace('path: "litellm', f'path: "{SAMPLES}/litellm')


@pytest.fixture
def world(server: AdminServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    return new_world(tmp_path, config_of(server))


def findings(document: dict[str, Any]) -> dict[str, Any]:
    return {one["code"]: one for one in document["findings"]}


def csv_files(world: World) -> dict[str, bytes]:
    return {name: content for name, content in world.files().items() if name.endswith(".csv")}


def test_the_same_reports_as_from_files(world: World, server: AdminServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    by_path, expected = finished(tmp_path_factory.getbasetemp())
    result = world.command("run", *RANGE, "--json", environment=KEYS)
    document = json.loads(result.stdout)
    assert "missing_days" not in findings(document)
    assert document["totals"] == expected["totals"]
    assert document["projects"] == expected["projects"]
    assert csv_files(world) == csv_files(by_path)
    files = [one for one in document["files"] if one["source"] in PULLED]
    assert len(files) == (2 + 2) * (1 + 10 + 1 + 1), "each endpoint and day once: those of the run, and the last two"
    assert {(one["state"], one["duplicates"], one["rejected"]) for one in files} == {("read", 0, 0)}
    assert {one.name for one in server.asked if not one.name.startswith(("usage/", "cost"))} == {
        "projects", "projects/proj_1/api_keys", "workspaces", "api_keys", "usage_report/messages",
    }  # fmt: skip
    assert server.names_asked("projects") == ["projects", "projects/proj_1/api_keys"], "two sources of one account, one list"
    assert "pulling openai-usage" in result.stderr

    again = world.run(environment=KEYS)
    assert (again["files"], csv_files(world)) == ([], csv_files(by_path))


def test_a_newer_pull_replaces_the_older_even_by_nothing(world: World, server: AdminServer) -> None:
    """A day is restated; another one's usage turns out to be none."""
    world.findings(DAYS)
    before = {row.day: row for row in world.database.select(daily_costs)}
    assert set(before) == {date(2026, 10, 1), date(2026, 10, 2)}
    for note in (world.home.landing).glob("*/pulls.json"):
        note.unlink()
    for results in server.days["costs"].values():
        for result in results:
            result["amount"]["value"] = "1.5"
    server.days["usage/completions"] = {}
    known = {(one.uri, one.fingerprint) for one in world.database.select(ingested_files)}
    world.findings(DAYS)
    changed = [one for one in world.database.select(ingested_files) if (one.uri, one.fingerprint) not in known]
    assert {one.source for one in changed} == {"openai-bill", "openai-usage"}
    billed = [row for row in world.database.select(daily_costs) if row.channel == "openai" and row.billed_cost]
    assert sum(row.billed_cost or 0 for row in billed) == 22 * 3 // 2
    assert {row.requests for row in billed} == {0}, "no usage any more"


def test_a_day_that_cannot_be_had_is_told_and_the_rest_is_done(world: World, server: AdminServer) -> None:
    missing = date(2026, 10, 2)
    server.always = [("cost_report", lambda question, answer: status(400)(question, answer) if missing in question.days else answer)]
    found = world.findings(DAYS)["missing_days"]
    assert (found.blocks, found.count) == (True, 2)
    assert "claude-bill, cost_report, 2026-10-01 to 2026-10-02: answered 400: no" in found.words
    billed = {row.channel: row for row in world.database.select(daily_costs) if row.billed_cost}
    assert set(billed) == {"openai"}
    server.always = []
    assert "missing_days" not in world.findings(DAYS)
    assert {row.channel for row in world.database.select(daily_costs) if row.billed_cost} == {"openai", "anthropic"}


def test_keys_that_are_missing_or_wrong(world: World, server: AdminServer) -> None:
    """One clear message a source, no key in any file, log or word; what needs no key is done."""
    canary = "sk-ant-canary0123"
    result = world.command("run", *RANGE, "--json", environment={"OUR_ANTHROPIC_KEY": canary, "OPENAI_ADMIN_KEY": None})  # type: ignore[dict-item]
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    words = findings(document)["missing_days"]["words"]
    for source in ("openai-bill, costs", "openai-usage"):
        assert f"{source}, 2026-10-01 to 2026-10-02: the variable OPENAI_ADMIN_KEY is not set; it must hold an admin key" in words
    for source in ("claude-bill, cost_report", "claude-usage, usage_report_messages"):
        assert f"{source}, 2026-10-01 to 2026-10-02: the key is refused (401): OUR_ANTHROPIC_KEY must hold an admin key" in words
    assert len(server.asked) == 2
    assert {one["source"] for one in document["files"]} == {"gateway"}
    assert canary not in result.stdout + result.stderr
    assert [path for path in world.home.root.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()] == []


def test_days_that_cannot_be_read_anew_are_told_and_do_not_block(world: World, server: AdminServer) -> None:
    today = datetime.now(UTC).date()
    days = inclusive(today - timedelta(days=1), today)
    world.findings(days)
    for note in (world.home.landing).glob("*/pulls.json"):
        note.unlink()
    server.always = [("costs", status(418))]
    found = world.findings(days)
    assert found["days_not_read_anew"].blocks is False
    assert f"openai-bill, costs, {today - timedelta(days=1)}: answered 418: no" in found["days_not_read_anew"].words
    assert "missing_days" not in found
