"""The whole job over the sample files, through the command line: its numbers to the last digit, and a second run changes nothing.

Bills, usage and gateway logs of two days; what they add up to is said in the samples' own README.
"""

import csv
import io
import json
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sample_world import DAYS, FIRST, RANGE, SECOND, World, copy_of, finished

from usage_pipeline import money
from usage_pipeline.defs.workplace import open_database
from usage_pipeline.periods import Period
from usage_pipeline.tables.alerts import alerts, deliveries
from usage_pipeline.tables.costs import DailyCost, daily_costs, monthly_costs
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.statements import statements
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, SUCCESS

BILLED = {
    ("openai", FIRST): Decimal("26.9190387"),
    ("openai", SECOND): Decimal("22.209063"),
    ("anthropic", FIRST): Decimal("38.91"),
    ("anthropic", SECOND): Decimal("31.98531"),
}
FILES = {
    "openai_costs/live_shape_page1.json": 22,
    "openai_costs/live_shape_page2.json": 0,
    "openai_usage/completions_page1.json": 3,
    "openai_usage/completions_page2.json": 4,
    "anthropic_admin/cost_report.json": 18,
    "anthropic_admin/usage_report_messages_page1.json": 2,
    "anthropic_admin/usage_report_messages_page2.json": 2,
}
STATEMENT_KEYS = [
    "period", "scope", "revision", "finality", "approved", "grade", "grade_reasons", "quality", "currency", "totals", "by_day",
    "by_project", "by_provider", "by_model", "by_operation", "by_type", "by_team", "by_user", "by_meter", "budgets", "unpriced",
    "unattributed", "unattributed_detail", "inputs", "price_book", "agreements", "shared", "exchange", "advice", "limit_violations",
    "changes", "unit_costs", "wallets", "reconciliation",
]  # fmt: skip
GROUP_KEYS = ["key", "requests", "tokens", "estimated_cost", "billed_cost", "cost", "percent", "list_cost", "credits"]
SCOPES = ["organisation", "projects/internal-chat", "projects/search-ranker", "projects/support-portal"]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, Any]]:
    return finished(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def world(first_run: tuple[World, dict[str, Any]]) -> World:
    return first_run[0]


@pytest.fixture(scope="module")
def document(first_run: tuple[World, dict[str, Any]]) -> dict[str, Any]:
    return first_run[1]


@pytest.fixture(scope="module")
def costs(world: World) -> list[DailyCost]:
    return world.database.select(daily_costs)


def statement(world: World, scope: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((world.home.reports / "2026-10" / scope / "statement.json").read_bytes())
    return found


def lines(world: World, scope: str) -> list[dict[str, str]]:
    text = (world.home.reports / "2026-10" / scope / "statement.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def summed(rows: list[dict[str, Any]], name: str) -> Decimal:
    return money.total([Decimal(row[name]) for row in rows if row[name]])


def test_billed_by_day_and_channel(costs: list[DailyCost], document: dict[str, Any]) -> None:
    found: dict[tuple[str, Any], list[Decimal | None]] = defaultdict(list)
    for row in costs:
        found[row.channel, row.day].append(row.billed_cost)
    assert {key: money.total(amounts) for key, amounts in found.items()} == BILLED
    assert document["totals"]["billed_cost"] == "120.0234117"
    assert Decimal(document["totals"]["billed_cost"]) == sum(BILLED.values())


def test_every_file_is_accounted_for(document: dict[str, Any]) -> None:
    found = {one["file"]: one for one in document["files"]}
    gateway = {name for name in found if name.startswith("litellm/")}
    assert len(gateway) == 8
    assert {name: one["lines"] for name, one in found.items()} == FILES | dict.fromkeys(gateway, 1)
    for one in found.values():
        assert one["lines"] == one["accepted"] + one["duplicates"] + one["rejected"]
        assert (one["duplicates"], one["rejected"], one["state"]) == (0, 0, "read")
    assert document["files_unchanged"] == 0


def test_the_gateway_saw_six_requests_a_failure_and_a_cache_hit(costs: list[DailyCost], document: dict[str, Any]) -> None:
    logged: dict[str, int] = defaultdict(int)
    free: dict[str, list[Decimal | None]] = defaultdict(list)
    for row in costs:
        if row.operation == "chat":  # what only the gateway's log tells
            logged[row.status] += row.requests
            free[row.status].append(row.cost)
    assert logged == {SUCCESS: 6, FAILURE: 1, CACHE_HIT: 1}
    assert (money.total(free[FAILURE]), money.total(free[CACHE_HIT])) == (0, 0)
    assert money.total(free[SUCCESS]) == Decimal("0.050123")
    assert (document["totals"]["failed_requests"], document["totals"]["cache_hits"]) == (1, 1)


def test_web_searches_that_no_log_has_stay_with_their_project(costs: list[DailyCost]) -> None:
    (row,) = [row for row in costs if row.meter == "web_searches" and row.project == "internal-chat"]
    assert (row.quantity, row.cost, row.basis, row.user, row.operation) == (12, Decimal("0.12"), "billed", None, None)


def test_document_of_the_run(document: dict[str, Any]) -> None:
    assert (document["from"], document["to"]) == ("2026-10-01", "2026-10-02")
    assert document["totals"] == {
        "requests": 30825,
        "failed_requests": 1,
        "cache_hits": 1,
        "tokens": 112265055,
        "list_cost": "120.6234117",
        "estimated_cost": "110.322663564",
        "billed_cost": "120.0234117",
        "cost": "120.6858117",
        "unattributed_cost": "0",
        "unpriced_events": 0,
        "unpriced_tokens": "0",
        "unpriced_low": None,
        "unpriced_high": None,
        "credits": None,
        "currency": "USD",
    }
    assert document["unpriced"] == []
    assert document["reports"] == [
        f"reports/2026-10/{scope}/statement.{kind}" for scope in SCOPES for kind in ("csv", "json", "pdf", "xlsx")
    ]


@pytest.mark.parametrize("amount", ["cost", "billed_cost", "estimated_cost"])
def test_projects_sum_to_the_organisation_everywhere(world: World, document: dict[str, Any], costs: list[DailyCost], amount: str) -> None:
    whole = Decimal(document["totals"][amount])
    months = world.database.select(monthly_costs)
    organisation = statement(world, "organisation")
    parts = [statement(world, scope) for scope in SCOPES[1:]]
    found = {
        "run": summed(document["projects"], amount),
        "days": money.total([getattr(row, amount) for row in costs]),
        "months": money.total([getattr(row, amount) for row in months]),
        "statement": Decimal(organisation["totals"][amount]),
        "by project": summed(organisation["by_project"], amount),
        "projects' statements": money.total([Decimal(one["totals"][amount]) for one in parts]),
        "csv": summed(lines(world, "organisation"), amount),
        "projects' csv": money.total([summed(lines(world, scope), amount) for scope in SCOPES[1:]]),
    }
    assert found == dict.fromkeys(found, whole)


@pytest.mark.parametrize("scope", SCOPES)
def test_every_breakdown_sums_to_its_statement(world: World, scope: str) -> None:
    found = statement(world, scope)
    for name in (key for key in STATEMENT_KEYS if key.startswith("by_")):
        assert summed(found[name], "cost") == Decimal(found["totals"]["cost"]), name
        assert sum(row["requests"] for row in found[name]) == found["totals"]["requests"], name


@pytest.mark.parametrize("scope", SCOPES)
def test_statement_has_exactly_the_keys_that_are_promised(world: World, scope: str) -> None:
    found = statement(world, scope)
    assert list(found) == STATEMENT_KEYS
    assert (found["period"], found["scope"], found["currency"]) == ("2026-10", scope, "USD")
    for name in (key for key in STATEMENT_KEYS if key.startswith("by_")):
        want = [*GROUP_KEYS[:3], "quantity", *GROUP_KEYS[3:]] if name == "by_meter" else GROUP_KEYS
        assert [list(row) for row in found[name]] == [want] * len(found[name])
    assert {tuple(one) for one in found["inputs"]} == {("file", "sha256")}
    assert {one["file"] for one in found["inputs"]} >= FILES.keys() - {"openai_costs/live_shape_page2.json"}


def test_list_and_contracted_cost_stand_side_by_side(world: World) -> None:
    """Eight percent agreed with openai and a unit price of one model's output with anthropic: together all that agreements save."""
    found = statement(world, "organisation")
    totals = found["totals"]
    assert {one["provider"] for one in found["agreements"]} == {"openai", "anthropic"}
    assert summed(found["agreements"], "saving") == Decimal(totals["list_cost"]) - Decimal(totals["estimated_cost"]) > 0


def test_money_in_documents_is_text(document: dict[str, Any], world: World) -> None:
    def numbers(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [one for part in value.values() for one in numbers(part)]
        if isinstance(value, list):
            return [one for part in value for one in numbers(part)]
        return [value] if isinstance(value, float) else []

    assert numbers(document) == []
    assert numbers(statement(world, "organisation")) == []


def test_pdf_says_what_the_statement_says(world: World) -> None:
    for scope in SCOPES:
        content = (world.home.reports / "2026-10" / scope / "statement.pdf").read_bytes()
        assert content.startswith(b"%PDF-"), scope


def test_nothing_is_told_of_a_month_that_is_over(document: dict[str, Any], world: World) -> None:
    """Run without --as-of, which is today: October's budgets stay silent, though one was broken."""
    assert (document["alerts"], document["mails"]) == (0, [])
    assert world.database.select(alerts) == []
    assert list(world.home.outbox.iterdir()) == []


def test_second_run_reads_nothing_changes_nothing_tells_nobody(world: World, document: dict[str, Any], tmp_path: Path) -> None:
    again = copy_of(world, tmp_path)
    told = again.run(*RANGE, "--as-of", "2026-10-02")
    assert told["files"] == []
    assert told["files_unchanged"] == len(document["files"])
    assert len(told["mails"]) == 1
    assert again.files() == world.files()
    assert told["totals"] == document["totals"]
    mails, database = again.files(again.home.outbox), again.database
    rows = [database.select(table) for table in (daily_costs, monthly_costs, ingested_files, statements, alerts, deliveries)]
    third = again.run(*RANGE, "--as-of", "2026-10-02")
    assert (third["files"], third["alerts"], third["mails"]) == ([], 0, [])
    assert again.files() == world.files()
    assert again.files(again.home.outbox) == mails
    assert [database.select(table) for table in (daily_costs, monthly_costs, ingested_files, statements, alerts, deliveries)] == rows
    assert third | {"alerts": 0, "mails": []} == told | {"alerts": 0, "mails": []}


def test_the_ui_shows_what_the_command_line_ran(world: World) -> None:
    """The runs, the days and months they made, and numbers on each asset, from the home's own instance."""
    with dg.DagsterInstance.from_config(str(world.home.dagster)) as instance:
        runs = {one.job_name: (one.status, one.tags.get("launched_by")) for one in instance.get_runs()}
        assert runs == dict.fromkeys(("daily", "monthly", "alerting"), (dg.DagsterRunStatus.SUCCESS, "usage-pipeline run"))
        days = {
            key: instance.get_materialized_partitions(dg.AssetKey(key))
            for key in ("usage_events", "charges", "priced_usage", "daily_costs")
        }
        assert days == {key: {"2026-10-01", "2026-10-02"} for key in days}
        months = {key: instance.get_materialized_partitions(dg.AssetKey(key)) for key in ("monthly_costs", "budget_status", "statement")}
        assert months == {key: {"2026-10-01"} for key in months}
        event = instance.get_latest_materialization_event(dg.AssetKey("daily_costs"))
        assert event is not None
        assert event.asset_materialization is not None
        said = {name: one.value for name, one in event.asset_materialization.metadata.items()}
    assert (said["cost"], said["billed"], said["unattributed"], said["requests"]) == ("120.6858117", "120.0234117", "0", 30825)
    assert "| support-portal | 3,815 | 105.36325 | 95.62219 | 105.36325 |" in said["by project"]


def test_no_raw_line_is_left_in_scratch(world: World) -> None:
    assert list(world.home.scratch.rglob("*")) == []


def test_postgresql_gives_the_same(world: World, document: dict[str, Any], postgres_url: str, tmp_path: Path) -> None:
    """Another database, the same numbers; the statements that are there already say the same, so none is laid out again."""
    elsewhere = World(copy_of(world, tmp_path).home, world.config)
    elsewhere.home.database.unlink()
    shutil.rmtree(elsewhere.home.lake)
    variables = {"USAGE_DATABASE_URL": postgres_url}
    told = elsewhere.run(*RANGE, "--as-of", "2026-10-02", environment=variables)
    assert {**told, "alerts": 0, "mails": []} == document
    assert (told["alerts"], len(told["mails"])) == (2, 1)
    data = {name: content for name, content in world.files().items() if not name.endswith(".pdf")}
    assert {name: content for name, content in elsewhere.files().items() if not name.endswith(".pdf")} == data
    assert not elsewhere.home.database.exists()
    theirs, ours = open_database(postgres_url), world.database
    found = [(theirs.select(table), ours.select(table)) for table in (daily_costs, monthly_costs)]
    theirs.close()
    for there, here in found:
        assert there == here


def test_only_the_days_asked_for_have_costs(costs: list[DailyCost]) -> None:
    assert {row.day for row in costs} == set(DAYS.days()) == set(Period(FIRST, DAYS.end).days())
