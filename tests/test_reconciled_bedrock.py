"""Bedrock's invocation logs beside the cost and usage report: set B of the samples. Every token and its price tie; credit and tax of the
month lie on all of its days, and sum to their lines.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sample_world import FIRST, World, new_world

from usage_pipeline import money
from usage_pipeline.periods import inclusive
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.reconciliations import CREDIT, TAX, UNLOGGED, reconciliation_causes, reconciliations

MONTH = inclusive(date(2026, 10, 1), date(2026, 10, 31))
SAMPLES = Path(__file__).parent / "samples_bedrock"
CONFIG = f"""\
organisation: {{name: Example Org, finance: [finance@example.org]}}
projects:
  - {{id: support-portal, owners: [ana@example.org]}}
  - {{id: search-ranker, owners: [ben@example.org]}}
attribution:
  - {{field: tag.project, project: "{{value}}"}}
  - {{field: sub_account_id, equals: "310987654321", project: search-ranker}}
sources:
  - {{name: aws-bill, kind: aws_cur, path: "{SAMPLES}/cur/*.parquet"}}
  - {{name: bedrock, kind: bedrock_log, path: "{SAMPLES}/logs/*.json.gz"}}
aliases:
  - name: "arn:aws:bedrock:us-east-1:210987654321:application-inference-profile/p9a8b7c6d5e4"
    model: anthropic.claude-haiku-4-5-20251001-v1:0
"""
TOKENS = {
    ("support-portal", "input"): 4_200,
    ("support-portal", "output"): 1_200,
    ("support-portal", "cache_read"): 6_400,
    ("support-portal", "cache_write"): 6_400,
    ("search-ranker", "input"): 15_000,
    ("search-ranker", "output"): 1_200,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = new_world(tmp_path_factory.mktemp("bedrock"), CONFIG)
    assert made.job("daily", MONTH).success
    return made


def test_the_logs_tokens_are_the_bills(world: World) -> None:
    cells = [one for one in world.database.select(reconciliations, where={"day": FIRST}) if one.meter != "unmapped"]
    assert {(one.project, one.meter): one.billed_quantity for one in cells} == TOKENS
    assert all(one.logged_quantity == one.billed_quantity for one in cells)
    assert all(one.difference == 0 for one in cells)


def test_nothing_but_credit_tax_and_another_account_is_told(world: World) -> None:
    told: dict[tuple[str | None, str], list[Decimal]] = defaultdict(list)
    for one in world.database.select(reconciliation_causes, where={"day": MONTH}):
        told[one.project, one.cause].append(one.amount)
    assert {key: money.total(amounts) for key, amounts in told.items()} == {
        ("search-ranker", CREDIT): Decimal("-0.0003"),
        ("unattributed", TAX): Decimal("0.0017"),
        ("unattributed", UNLOGGED): Decimal("0.5"),
    }
    assert {len(amounts) for amounts in told.values()} == {31, 1}


def test_costs_are_the_bill_to_the_last_digit(world: World) -> None:
    costs = world.database.select(daily_costs, where={"day": MONTH})
    assert money.total([row.billed_cost for row in costs]) == Decimal("0.523312")
