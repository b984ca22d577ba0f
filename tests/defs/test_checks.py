"""Every asset check passes on a good home, and fails on one that was tampered with; a failing blocking check stops what is downstream."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import ibis
import pytest
from sample_world import DAYS, FIRST, RANGE, World, execute, materialized

from usage_pipeline.defs.checks import CHECKS
from usage_pipeline.periods import inclusive
from usage_pipeline.tables.costs import LOG_ESTIMATED, daily_costs, monthly_costs
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.priced_usage import NOT_CHARGED, UNRESOLVED_MODEL, priced_usage
from usage_pipeline.tables.rejected_lines import rejected_lines

NAMES = [spec.name for check in CHECKS for spec in check.check_specs]
CENT = Decimal("0.01")


def evaluate(world: World, *names: str) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks alone, as from a button in the UI, each by its name."""
    chosen = [check for check in CHECKS for spec in check.check_specs if spec.name in names]
    extra = dg.Definitions(jobs=[dg.define_asset_job("checks", selection=dg.AssetSelection.checks(*chosen))])
    result = execute(dg.Definitions.merge(world.definitions, extra), "checks", tags={})
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def failed(world: World, name: str, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR) -> dict[str, Any]:
    """What the check says, which must be that something is wrong."""
    one = evaluate(world, name)[name]
    assert (one.passed, one.severity) == (False, severity)
    return {key: value.value for key, value in one.metadata.items()}


def a_file(world: World, source: str = "openai-bill") -> IngestedFile:
    return world.database.select(ingested_files, where={"source": source})[0]


def test_all_pass_on_a_good_home(october: World) -> None:
    found = evaluate(october, *NAMES)
    assert {name: one.passed for name, one in found.items()} == dict.fromkeys(NAMES, True)
    assert found["every_line_accounted_for"].metadata["lines"].value == 59
    assert found["costs_hold_the_whole_bill"].metadata["billed"].value == "120.0234117"
    assert found["days_foot_to_the_month"].metadata["months"].value == 1
    assert found["files_say_the_same"].metadata["statements"].value == 4
    assert found["little_is_unpriced"].metadata["percent"].value == "0"


def test_a_line_that_nobody_accounts_for(world: World) -> None:
    row = a_file(world)
    world.database.upsert(ingested_files, [replace(row, lines=row.lines + 1)])
    said = failed(world, "every_line_accounted_for")
    assert said["not accounted for"].split("\n")[2:] == [f"| openai-bill | {row.uri} | {row.lines + 1} |"]


def test_rejected_lines_warn_with_their_reasons(world: World) -> None:
    row = a_file(world)
    world.database.upsert(ingested_files, [replace(row, lines=row.lines + 2, rejected=2)])
    lost = {"source": row.source, "source_file": row.fingerprint, "uri": row.uri, "text": None, "arrived_at": row.ingested_at}
    rows = [{**lost, "source_line": 98, "reason": "bad_amount"}, {**lost, "source_line": 99, "reason": "bad_amount"}]
    lake = world.workplace.lake(world.workplace.engine())
    lake.add_part(rejected_lines.name, ibis.memtable(rows, schema=rejected_lines.schema), date(2026, 11, 21), row.part)
    lake.add_part(rejected_lines.name, ibis.memtable(rows, schema=rejected_lines.schema), date(2026, 11, 20), "of-an-ingest-that-died")
    said = failed(world, "nothing_rejected", dg.AssetCheckSeverity.WARN)
    assert said["lines"] == 2
    assert said["reasons"].split("\n")[2:] == ["| openai-bill | bad_amount | 2 | the amount is not a decimal number |"]


@pytest.mark.parametrize(("limit", "severity"), [("0", dg.AssetCheckSeverity.ERROR), ("99.9", dg.AssetCheckSeverity.WARN)])
def test_events_without_a_rate_block_the_close_above_the_limit(world: World, tmp_path: Path, limit: str, severity: Any) -> None:
    text = world.config.read_text("utf-8").replace('path: "', f'path: "{world.config.parent}/')
    config = tmp_path / "limited.yaml"
    config.write_text(f"{text}\nlimits: {{unpriced_percent: {limit}}}\n", "utf-8")
    world = World(world.home, config)
    lake = world.workplace.lake(world.workplace.engine())
    rows = lake.read(priced_usage, DAYS)
    is_charged_log = (rows["view"] == "log") & (rows.price_state != NOT_CHARGED)
    unknown = rows.mutate(price_state=ibis.ifelse(is_charged_log, UNRESOLVED_MODEL, rows.price_state))
    lake.replace(priced_usage, unknown.select(*priced_usage.names), list(DAYS.days()), "started_at")
    said = failed(world, "little_is_unpriced", severity)
    assert said["percent"] == "35.2941"  # 6 of 17: of all 19, two logged ones failed or came from the cache and could never be unpriced
    assert said["limit, percent"] == limit
    assert said["blocks the close"] is (limit == "0")
    assert f"| anthropic | claude-haiku-4-5-20251001 | {UNRESOLVED_MODEL} | 3 |" in said["unpriced"]


@pytest.mark.parametrize("change", [CENT, -CENT, Decimal("0.000000000000001")])
def test_a_bill_that_is_not_allocated_whole(world: World, change: Decimal) -> None:
    row = next(one for one in world.database.select(daily_costs, where={"day": FIRST}) if one.billed_cost and one.channel == "anthropic")
    assert row.billed_cost is not None
    world.database.upsert(daily_costs, [replace(row, billed_cost=row.billed_cost + change)])
    said = failed(world, "costs_hold_the_whole_bill")
    (line,) = said["days that differ"].split("\n")[2:]
    assert line == f"| 2026-10-01 | 65.8290387 | {Decimal('65.8290387') + change} |"


def test_a_bill_whose_costs_are_gone(world: World) -> None:
    world.database.replace(daily_costs, [], where={"day": FIRST})
    assert failed(world, "costs_hold_the_whole_bill")["days that differ"].split("\n")[2:] == ["| 2026-10-01 | 65.8290387 | 0 |"]


def test_a_dollar_under_two_projects_warns(world: World) -> None:
    row = next(one for one in world.database.select(daily_costs, where={"day": FIRST}) if one.cost and one.model == "gpt-4o-mini")
    twin = replace(row, project="elsewhere", basis=LOG_ESTIMATED, cost=Decimal("0.5"), estimated_cost=Decimal("0.5"), billed_cost=None)
    world.database.insert(daily_costs, [twin])
    said = failed(world, "nothing_counted_twice", dg.AssetCheckSeverity.WARN)
    assert "| 2026-10-01 | openai | gpt-4o-mini | internal-chat" in said["where"]


def test_a_month_that_is_not_its_days(world: World) -> None:
    row = next(one for one in world.database.select(monthly_costs) if one.cost and one.meter == "web_searches")
    assert row.cost is not None
    world.database.upsert(monthly_costs, [replace(row, cost=row.cost + CENT)])
    said = failed(world, "days_foot_to_the_month")
    (line,) = said["differences"].split("\n")[2:]
    assert line.endswith(f"cost is {row.cost.normalize()} in the days and {(row.cost + CENT).normalize()} in the month |")


def test_a_day_that_came_after_the_month_was_summed(world: World) -> None:
    world.database.replace(daily_costs, [], where={"day": FIRST})
    assert "in the month" in failed(world, "days_foot_to_the_month")["differences"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("statement.csv", b"0.12,", b"0.13,"),
        ("statement.json", b'"billed_cost": "120.0234117"', b'"billed_cost": "120.0234118"'),
        ("focus-1.2.csv", b",0.85,", b",0.86,"),
        ("focus-1.4-estimated.csv", b",0.0,openai,", b",0.1,openai,"),
    ],
)
def test_a_report_that_was_edited(world: World, name: str, old: bytes, new: bytes) -> None:
    path = world.home.reports / "2026-10" / "organisation" / name
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    assert "| 2026-10 organisation |" in failed(world, "files_say_the_same")["differences"]


def test_a_report_that_is_gone(world: World) -> None:
    path = world.home.reports / "2026-10" / "projects" / "internal-chat" / "statement.pdf"
    path.unlink()
    said = failed(world, "files_say_the_same")["differences"].split("\n")[2:]
    assert said == [f"| 2026-10 projects/internal-chat | {path} is missing |"]


def test_a_focus_file_that_breaks_a_rule_warns(world: World) -> None:
    path = world.home.reports / "2026-10" / "organisation" / "focus-1.4.csv"
    path.write_bytes(path.read_bytes().replace(b",Usage,", b",Refund,", 1))
    said = failed(world, "focus_files_are_valid", dg.AssetCheckSeverity.WARN)
    assert said["first of them"].split("\n")[2:] == ["| 2026-10 focus-1.4.csv | row 1, ChargeCategory: allowed ('Refund') |"]


def test_a_failing_blocking_check_stops_what_is_downstream(world: World) -> None:
    row = a_file(world)
    world.database.upsert(ingested_files, [replace(row, lines=row.lines + 1)])
    result = world.job("daily", DAYS)
    assert not result.success
    assert materialized(result) == {"ingested_files", "rejected_lines"}
    answer = world.command("run", *RANGE)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "check every_line_accounted_for on ingested_files failed" in answer.stderr


def test_a_warning_stops_nothing(world: World) -> None:
    days = inclusive(FIRST, FIRST)
    row = a_file(world)
    world.database.upsert(ingested_files, [replace(row, lines=row.lines + 1, rejected=1)])
    lost = {"source": row.source, "source_file": row.fingerprint, "source_line": 99, "uri": row.uri, "reason": "bad_amount", "text": None}
    table = ibis.memtable([{**lost, "arrived_at": row.ingested_at}], schema=rejected_lines.schema)
    world.workplace.lake(world.workplace.engine()).add_part(rejected_lines.name, table, date(2026, 11, 21), row.part)
    result = world.job("daily", days)
    assert result.success
    failing = {one.check_name for one in result.get_asset_check_evaluations() if not one.passed}
    assert failing == {"nothing_rejected"}
    assert "daily_costs" in materialized(result)


@pytest.fixture(autouse=True)
def _home_stays_as_it_is(october: World) -> Iterator[None]:
    """The shared home is for reading."""
    before = len(october.database.select(ingested_files))
    yield
    assert len(october.database.select(ingested_files)) == before
