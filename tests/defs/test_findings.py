"""Findings: what blocks a close is said, with the money at stake, and makes the exit code 3."""

import json
import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sample_world import World, usage_pipeline

from usage_pipeline.defs.finding import Finding
from usage_pipeline.periods import day_of
from usage_pipeline.prices.catalog import current_catalog
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.ingested_files import ingested_files

CONFIG = """\
organisation: {name: Example Org, currency: USD}
projects: [{id: portal, name: Portal}, {id: chat, name: Chat}]
attribution:
  - {field: provider_project_id, equals: p, project: portal}
  - {field: tag.project, project: "{value}"}
sources:
  - {name: bill, kind: openai_costs, path: "bill/*.json"}
  - {name: log, kind: tracker, path: "log/*.jsonl"}
"""
PAGE = {"start_time": 1790812800, "end_time": 1790899200}
DAY = ("--from", "2026-10-01", "--to", "2026-10-01")


def write_bill(folder: Path, name: str, *amounts: str) -> None:
    results = [
        {"amount": {"value": amount, "currency": "usd"}, "line_item": f"gpt-4o, {meter}", "project_id": "p"}
        for amount, meter in zip(amounts, ("input", "output"), strict=False)
    ]
    (folder / "bill").mkdir(exist_ok=True)
    (folder / "bill" / name).write_text(json.dumps({"data": [{**PAGE, "results": results}]}))


def write_log(folder: Path, project: str, **more: object) -> None:
    line = {"id": "r1", "started_at": "2026-10-01T09:00:00Z", "provider": "openai", "model": "gpt-4o", "tags": {"project": project}}
    (folder / "log").mkdir(exist_ok=True)
    (folder / "log" / "day.jsonl").write_text(json.dumps({**line, "meters": {"input": 1_000_000, "output": 1000}, **more}) + "\n")


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "usage.yaml").write_text(CONFIG)
    return World(Home(tmp_path / "home"), tmp_path / "usage.yaml")


def findings(world: World, exit_code: int) -> dict[str, dict[str, object]]:
    """As the whole job tells them."""
    result = usage_pipeline("run", *DAY, "--json", "--home", str(world.home.root), "--config", str(world.config))
    assert result.exit_code == exit_code, result.stderr
    return {one["code"]: one for one in json.loads(result.stdout)["findings"]}


def found(world: World, *, blocks: bool) -> dict[str, Finding]:
    """The day's findings, without statements and alerts, one of which blocks or none."""
    told = world.findings(day_of(date(2026, 10, 1)))
    assert any(one.blocks for one in told.values()) is blocks, told
    return told


def without_log(config: str = CONFIG) -> str:
    return config.replace('  - {name: log, kind: tracker, path: "log/*.jsonl"}\n', "")


def without_bill(config: str = CONFIG) -> str:
    return config.replace('  - {name: bill, kind: openai_costs, path: "bill/*.json"}\n', "")


def test_nothing_to_say(world: World, tmp_path: Path) -> None:
    world.config.write_text(without_log())
    write_bill(tmp_path, "a.json", "100", "7")
    assert findings(world, 0) == {}


def test_a_log_without_any_file_is_told_and_does_not_block(world: World, tmp_path: Path) -> None:
    write_bill(tmp_path, "a.json", "100", "7")
    told = found(world, blocks=False)["no_data"]
    assert (told.count, told.blocks) == (1, False)
    assert f"log: there is no file at {tmp_path}/log/*.jsonl" in told.words


def test_a_bill_without_any_file_is_told(world: World, tmp_path: Path) -> None:
    world.config.write_text(without_log(CONFIG.replace("bill/*.json", "bil/*.json")))
    write_bill(tmp_path, "a.json", "100", "7")
    told = found(world, blocks=False)["no_data"]
    assert (told.count, told.blocks) == (1, False)
    assert f"bill: there is no file at {tmp_path}/bil/*.json. Mend the path" in told.words


def test_a_bill_whose_lines_were_all_rejected_blocks(world: World, tmp_path: Path) -> None:
    world.config.write_text(without_log())
    write_bill(tmp_path, "a.json", "much")
    assert "bill: its one line was rejected at" in found(world, blocks=True)["no_data"].words
    write_bill(tmp_path, "b.json", "more")
    assert "bill: all 2 lines were rejected at" in found(world, blocks=True)["no_data"].words


def test_a_newer_bill_under_another_name_clears_the_broken_one(world: World, tmp_path: Path) -> None:
    world.config.write_text(without_log())
    write_bill(tmp_path, "a.json", "much", "7")
    assert found(world, blocks=True)["rejected_bill_lines"].count == 1
    write_bill(tmp_path, "b.json", "100", "7")
    later = (tmp_path / "bill" / "a.json").stat().st_mtime + 60
    os.utime(tmp_path / "bill" / "b.json", (later, later))
    assert found(world, blocks=False) == {}


def test_a_line_of_a_bill_that_cannot_be_read_blocks(world: World, tmp_path: Path) -> None:
    write_bill(tmp_path, "a.json", "1e999999", "7")
    found = findings(world, 3)
    assert found["rejected_bill_lines"]["count"] == 1
    assert "bill: bad_amount" in str(found["rejected_bill_lines"]["words"])
    statement = json.loads((world.home.reports / "2026-10" / "organisation" / "statement.json").read_text())
    assert statement["finality"] == "open"
    assert statement["totals"]["billed_cost"] == "7"


def test_a_bill_that_is_exported_again_blocks_no_more(world: World, tmp_path: Path) -> None:
    world.config.write_text(without_log())
    write_bill(tmp_path, "a.json", "much", "7")
    assert found(world, blocks=True)["rejected_bill_lines"].count == 1
    write_bill(tmp_path, "a.json", "100.00", "7")
    assert found(world, blocks=False) == {}


def test_a_bill_that_cannot_be_looked_at_blocks_until_it_can(world: World, tmp_path: Path) -> None:
    world.config.write_text(without_log())
    write_bill(tmp_path, "a.json", "100", "7")
    link = tmp_path / "bill" / "loop.json"
    link.symlink_to(link.name)
    assert "bill: unreadable_file" in found(world, blocks=True)["rejected_bill_lines"].words
    assert "bill: unreadable_file" in found(world, blocks=True)["rejected_bill_lines"].words
    link.unlink()
    write_bill(tmp_path, "loop.json", "1", "2")
    assert found(world, blocks=False) == {}


def test_a_bill_and_logs_under_two_projects_may_count_twice(world: World, tmp_path: Path) -> None:
    write_bill(tmp_path, "a.json", "100", "7")
    write_log(tmp_path, "chat")
    told = found(world, blocks=True)["counted_twice"]
    assert told.amount == Decimal("2.51")
    assert "portal" in told.words
    assert "chat" in told.words


def test_a_tier_without_a_rate_is_told_and_does_not_block(world: World, tmp_path: Path) -> None:
    world.config.write_text(without_bill())
    write_log(tmp_path, "chat", service_tier="no-such-tier")
    told = found(world, blocks=False)["no_variant"]
    assert (told.count, told.amount) == (1, Decimal("2.51"))


def test_an_unknown_model_blocks(world: World, tmp_path: Path) -> None:
    write_log(tmp_path, "chat", model="no-such-model")
    assert found(world, blocks=True)["unpriced"].count == 1


def test_contradicting_agreements_are_told_before_anything_is_read(world: World, tmp_path: Path) -> None:
    agreement = "  - {provider: openai, discount_percent: %d, valid_from: 2026-01-01}\n"
    world.config.write_text(CONFIG + "prices:\n" + agreement % 8 + agreement % 9)
    result = usage_pipeline("run", *DAY, "--home", str(world.home.root), "--config", str(world.config))
    assert result.exit_code == 2
    assert "usage.yaml:11: prices:" in result.stderr
    assert "line 10" in result.stderr
    assert not world.home.lake.exists()


def test_a_file_name_that_is_no_text_stops_nothing(world: World, tmp_path: Path) -> None:
    world.config.write_text(without_log())
    write_bill(tmp_path, "a.json", "100", "7")
    (tmp_path / "bill" / "a.json").rename(str(tmp_path / "bill" / "b\udcff.json"))
    assert found(world, blocks=False) == {}
    assert [one.uri.rsplit("/", 1)[1] for one in world.database.select(ingested_files)] == ["b\\xff.json"]


def test_usage_that_does_not_tell_cached_tokens_is_an_upper_bound(world: World, tmp_path: Path) -> None:
    (tmp_path / "usage.yaml").write_text(without_bill(CONFIG.replace("kind: tracker", "kind: portkey")))
    units = {"req_units": 1_000_000, "res_units": 1000, "total_units": 1_001_000, "response_status_code": 200, "is_success": True}
    line = {"id": "r1", "created_at": "2026-10-01T09:00:00Z", "ai_org": "openai", "ai_model": "gpt-4o", "metadata": {"project": "chat"}}
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "day.jsonl").write_text(json.dumps({**line, **units}) + "\n")
    told = found(world, blocks=False)["upper_bound"]
    assert (told.count, told.amount) == (1, Decimal("2.51"))
    assert "at most 2.51" in told.words


def test_an_installed_catalog_that_is_not_the_adopted_one_is_told(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.config.write_text(without_log())
    write_bill(tmp_path, "a.json", "100", "7")
    assert found(world, blocks=False) == {}
    newer = replace(current_catalog(), version="99.0.0", stored_hash="f" * 64)
    monkeypatch.setattr("usage_pipeline.defs.findings.current_catalog", lambda: newer)
    told = world.found(day_of(date(2026, 10, 1)))["newer_catalog"]
    assert not told.blocks
    assert "genai-prices 99.0.0" in told.words
    assert "prices adopt --dry-run" in told.words
