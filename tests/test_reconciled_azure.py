"""Azure's sample bill, as its own export and as FOCUS, beside an application's log: what ties, what was never logged, what is at another
price; and every total is the bill's to the last digit, before allocation and after. Figures: the samples' own README.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sample_world import DAYS, FIRST, SECOND, World
from tracker_world import request, tracker_world, write

from usage_pipeline import money
from usage_pipeline.defs.reconciliations import reconciled
from usage_pipeline.tables.allocations import WEIGHTED, Allocation, allocations
from usage_pipeline.tables.costs import daily_costs, monthly_costs
from usage_pipeline.tables.reconciliations import PRICE, UNLOGGED, reconciliation_causes, reconciliations

SAMPLES = Path(__file__).parent / "samples_azure"
BILLED = {FIRST: Decimal("8.0606"), SECOND: Decimal("360.55")}
TOTAL = Decimal("368.6106")
CONFIG = """\
organisation: {name: Example Org, finance: [finance@example.org]}
projects:
  - {id: support-portal, owners: [ana@example.org]}
  - {id: search-ranker, owners: [ben@example.org]}
  - {id: internal-chat, owners: [cem@example.org]}
attribution:
  - {field: tag.project, project: "{value}"}
sources:
  - {name: azure-bill, kind: KIND, path: "SAMPLES/KIND/*.csv"}
  - {name: app, kind: tracker, path: "logs/*.jsonl"}
allocation:
  - name: throughput
    lines: {channel: azure.openai, sku: SKU}
    method: weighted
    weights: {support-portal: 1, search-ranker: 1, internal-chat: 5}
"""
LOGGED = (
    ("portal", FIRST, "support-portal", "gpt-4o-mini-2024-07-18", {"input": 18_250_400, "cache_read": 9_011_200, "output": 2_110_750}),
    ("chat", FIRST, "internal-chat", "gpt-5-mini", {"input": 4_025_000, "cache_read": 11_500_000, "output": 1_031_000}),
    ("zone", SECOND, "internal-chat", "gpt-5-mini", {"input": 2_000_000}),
)
"""All that is billed in tokens, but 100,000 of input."""


@pytest.fixture(scope="module", params=["azure_cost", "focus"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    sku = "Provisioned Managed Global Unit"
    made = azure_world(tmp_path_factory.mktemp(request.param), request.param, sku)
    assert made.job("daily", DAYS).success
    assert made.job("monthly", DAYS).success
    return made


def azure_world(folder: Path, kind: str, sku: str) -> World:
    made = tracker_world(folder, CONFIG.replace("SAMPLES", str(SAMPLES)).replace("KIND", kind).replace("SKU", sku))
    lines = [
        request(name, day, project=project, provider="azure", model=model, meters=meters) for name, day, project, model, meters in LOGGED
    ]
    write(made, "october.jsonl", lines)
    return made


def by_day(rows: Iterable[Any], name: str) -> dict[Any, Decimal]:
    found: dict[Any, list[Decimal]] = defaultdict(list)
    for row in rows:
        found[row.day].append(getattr(row, name))
    return {day: money.total(amounts) for day, amounts in found.items()}


def test_the_cells_are_the_bill_to_the_last_digit(world: World) -> None:
    cells = world.database.select(reconciliations)
    assert by_day(cells, "billed_cost") == BILLED
    assert money.total(BILLED.values()) == TOTAL


def test_causes_sum_to_every_difference(world: World) -> None:
    sums: dict[Any, list[Decimal]] = defaultdict(list)
    for one in world.database.select(reconciliation_causes):
        sums[one.day, one.project, one.model, one.meter].append(one.amount)
    for cell in world.database.select(reconciliations):
        assert cell.difference == (cell.billed_cost or 0) - (cell.logged_cost or 0)
        assert money.total(sums.pop((cell.day, cell.project, cell.model, cell.meter), [])) == cell.difference
    assert sums == {}


def test_what_was_never_logged_and_what_is_at_another_price(world: World) -> None:
    told = {
        (one.day, one.project, one.meter, one.cause): (one.amount.normalize(), one.quantity)
        for one in world.database.select(reconciliation_causes)
    }
    assert told == {
        (FIRST, "internal-chat", "input", UNLOGGED): (Decimal("0.025"), 100_000),
        (SECOND, "internal-chat", "input", PRICE): (Decimal("0.05"), 2_000_000),
        (SECOND, "unattributed", "unmapped", UNLOGGED): (Decimal(360), None),
    }


def test_costs_after_allocation_are_the_bill(world: World) -> None:
    costs = world.database.select(daily_costs, where={"day": DAYS})
    assert by_day(costs, "billed_cost") == by_day(costs, "cost") == BILLED
    assert money.total([row.billed_cost for row in world.database.select(monthly_costs)]) == TOTAL


def test_the_provisioned_units_are_dealt_out_and_their_parts_are_the_line(world: World) -> None:
    lake = world.workplace.lake(world.workplace.engine())
    parts = [Allocation(**row) for row in lake.engine.to_pyarrow(lake.read(allocations, DAYS)).to_pylist()]
    assert {(one.day, one.method, one.rule) for one in parts} == {(SECOND, WEIGHTED, "throughput")}
    assert {one.project: (one.share, one.of_shares) for one in parts} == {
        "support-portal": (1, 7),
        "search-ranker": (1, 7),
        "internal-chat": (5, 7),
    }
    assert money.total([one.amount for one in parts]) == 360
    for one in parts:
        assert abs(one.amount - money.in_proportion(Decimal(360), one.share, one.of_shares)) <= money.SMALLEST
    own = {"internal-chat": Decimal("0.55")}
    for one in parts:
        rows = world.database.select(daily_costs, where={"day": SECOND, "project": one.project})
        assert money.total([row.billed_cost for row in rows]) == one.amount + own.get(one.project, Decimal(0))


def test_asked_again_it_is_the_same(world: World) -> None:
    again = reconciled(world.workplace, DAYS)
    assert again.cells == world.database.select(reconciliations)
    assert again.causes == world.database.select(reconciliation_causes)
