"""`usage-pipeline journal`: the accrual as finance takes it to the ledger, posted once, trued up after."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sample_world import World
from tracker_world import CONFIG, request, tracker_world, write

from usage_pipeline.tables.audit_log import audit_log

FIRST = date(2026, 10, 1)
ACCOUNTS = "journal: {expense_account: 6420, accrual_account: 2150}\n"
CENTERS = CONFIG.replace("  - id: portal\n", '  - id: portal\n    cost_center: "0100"\n') + ACCOUNTS


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = tracker_world(tmp_path, CENTERS)
    write(world, "app.jsonl", [request("r1", FIRST, dollars="1.005"), request("r2", FIRST, project="ranker", dollars="2.004")])
    world.run()
    return world


def journal(world: World, *options: str) -> dict[str, Any]:
    result = world.command("journal", "2026-10", "--json", *options)
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def told(document: dict[str, Any]) -> list[tuple[str, str | None, str, str, str]]:
    return [(one["reference"], one["project"], one["debit"], one["credit"], one["status"]) for one in document["lines"]]


def test_a_run_writes_the_journal_and_it_is_the_statements_total(world: World) -> None:
    folder = world.home.reports / "2026-10/organisation"
    rows = list(csv.DictReader(io.StringIO((folder / "journal.csv").read_text("utf-8-sig"), newline="")))
    accrued = [
        (row["account"], row["cost_center"], row["project"], row["debit"], row["credit"]) for row in rows if row["entry"] == "accrual"
    ]
    assert accrued == [("6420", "0100", "portal", "1.01", ""), ("6420", "", "ranker", "2.00", ""), ("2150", "", "", "", "3.01")]
    total = Decimal(json.loads((folder / "statement.json").read_text())["totals"]["cost"])
    assert total == Decimal("3.009")
    assert journal(world)["cost"] == "3.01"


def test_what_is_posted_stands_and_later_usage_is_trued_up(world: World) -> None:
    posted = journal(world, "--post", "Ana Example", "--note", "month end")
    assert (posted["posted"], {one["status"] for one in posted["lines"]}) == ([1], {"posted"})
    [entry] = world.database.select(audit_log, where={"action": "post journal"})
    assert (entry.actor, entry.subject, entry.why) == ("Ana Example", "journal/2026-10", "month end")
    write(world, "late.jsonl", [request("late", FIRST, dollars="0.5")])
    world.run()
    assert told(journal(world))[6:8] == [
        ("AI-2026-10-2", "portal", "0.5", "0", "draft"),
        ("AI-2026-10-2", None, "0", "0.5", "draft"),
    ]
    again = world.command("journal", "2026-09", "--post", "Ana Example")
    assert again.exit_code == 1
    assert "the journal of 2026-09 has nothing that is not posted yet" in again.stderr


def test_accounts_are_asked_for_where_usage_yaml_names_none(world: World) -> None:
    world.config.write_text(CONFIG)
    result = world.command("journal", "2026-10")
    assert result.exit_code == 2
    assert "usage.yaml names no accounts: add `journal: {expense_account: ..., accrual_account: ...}`" in result.stderr


def test_people_see_a_table_and_what_is_not_posted_yet(world: World) -> None:
    result = world.command("journal", "2026-10")
    assert result.exit_code == 0
    assert "AI-2026-10-1R" in result.stdout
    assert "Not posted yet: the accrual" in result.stdout
