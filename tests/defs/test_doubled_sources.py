"""The same bill and usage configured as API pages and as exports, and Claude Code's estimate beside both: the days computed once each."""

import json
import shutil
from decimal import Decimal
from pathlib import Path

from sample_world import DAYS, World

from usage_pipeline.defs.finding import Finding
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.summary import Totals, totals

SAMPLES = Path(__file__).parents[1] / "sources" / "samples"
HEAD = """\
organisation: {name: Example Org, currency: USD}
projects: [{id: portal, name: Portal}, {id: ranker, name: Ranker}, {id: chat, name: Chat}]
attribution:
  - {field: provider_project_name, equals: support-portal, project: portal}
  - {field: provider_project_id, equals: proj_Wh5PkMzSt8ApCEqTeDV7CEZr, project: portal}
  - {field: workspace_id, equals: wrkspc_01HxnfaDcMVVWwbQtUpfCtxd, project: portal}
sources:
"""
OPENAI_BILL = ("openai_costs", "live_shape_page1.json"), ("openai_costs", "live_shape_page2.json")
OPENAI_USAGE = ("openai_usage", "completions_page1.json"), ("openai_usage", "completions_page2.json")
ANTHROPIC_BILL = ("anthropic_cost", "cost_report.json")
ANTHROPIC_USAGE = tuple(("anthropic_usage", f"usage_report_messages_page{page}.json") for page in (1, 2))
CLAUDE_CODE = tuple(("claude_code", f"claude_code_2026-10-0{day}.json") for day in (1, 2))


def computed(folder: Path, *files: tuple[str, str]) -> tuple[dict[str, Finding], Totals, World]:
    """The findings and totals of the days out of these sample files, each kind a source of its name."""
    kinds = sorted({kind for kind, _ in files})
    for kind, name in files:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / kind / "input" / name, folder / kind)
    config = folder / "usage.yaml"
    config.write_text(HEAD + "".join(f'  - {{name: {kind}, kind: {kind}, path: "{kind}/*"}}\n' for kind in kinds))
    world = World(Home(folder / "home"), config)
    found = world.findings(DAYS)
    assert all(one.lines == one.accepted + one.duplicates + one.rejected for one in world.database.select(ingested_files))
    return found, totals(world.database.select(daily_costs)), world


def test_pages_and_exports_of_the_same_days_are_told_to_count_twice(tmp_path: Path) -> None:
    exports = (
        ("openai_costs_csv", "cost_2026-10-01_2026-10-03.csv"),
        ("openai_usage_csv", "completions_usage_2026-10-01_2026-10-03.csv"),
        ("anthropic_cost_csv", "claude_api_cost_2026_10_01_to_2026_10_02.csv"),
        ("anthropic_tokens_csv", "claude_api_tokens_2026_10_01_to_2026_10_02.csv"),
    )
    found, sums, _ = computed(tmp_path, *OPENAI_BILL, *OPENAI_USAGE, ANTHROPIC_BILL, *ANTHROPIC_USAGE, *exports)
    told = found["read_twice"]
    assert (told.blocks, told.count) == (True, 4)
    assert "anthropic's bill is read from anthropic_cost and anthropic_cost_csv" in told.words
    assert "69.15 billed twice; openai's bill is read from openai_costs and openai_costs_csv" in told.words
    assert "(2 days from 2026-10-01): 49.1281017 billed twice" in told.words
    assert "anthropic's own count of usage is read from anthropic_tokens_csv and anthropic_usage" in told.words
    assert "openai's own count of usage is read from openai_usage and openai_usage_csv" in told.words
    assert sums.billed_cost == 2 * Decimal("49.1281017") + Decimal("38.91") + Decimal("31.98531") + Decimal("69.15")


def test_claude_code_is_never_added_to_the_usage_and_the_bill_of_the_same_tokens(tmp_path: Path) -> None:
    found, sums, world = computed(tmp_path / "beside", ANTHROPIC_BILL, *ANTHROPIC_USAGE, *CLAUDE_CODE)
    assert sums.cost == sums.billed_cost == sums.estimated_cost == Decimal("70.89531")
    assert "counted_twice" not in found
    assert world.job("monthly", DAYS).success
    statement = json.loads((world.home.reports / "2026-10" / "organisation" / "statement.json").read_text())
    assert statement["totals"]["cost"] == "70.89531"


def test_claude_code_alone_costs_what_the_api_would_and_subscriptions_nothing(tmp_path: Path) -> None:
    _, sums, world = computed(tmp_path / "alone", *CLAUDE_CODE)
    haiku = Decimal(1910 * 1 + 1350 * 5) / 1_000_000 + Decimal("0.1") * 13000 / 1_000_000 + Decimal("1.25") * 2800 / 1_000_000
    assert sums.cost == Decimal("2.1875") + haiku
    assert sums.unpriced_events == 0
    assert {one.uri.rsplit("/", 1)[-1]: one.rejected for one in world.database.select(ingested_files)} == {
        "claude_code_2026-10-01.json": 1,
        "claude_code_2026-10-02.json": 0,
    }
