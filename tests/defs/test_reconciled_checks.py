"""Reconciliation's checks and its finding: they pass on a good home, and say what is wrong with one that was tampered with."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sample_world import DAYS, SECOND, World, copy_of, execute, finished

from usage_pipeline.defs.checks_reconciled import RECONCILED_CHECKS
from usage_pipeline.defs.finding_unreconciled import unexplained, unreconciled
from usage_pipeline.defs.partitions import daily_tags
from usage_pipeline.periods import day_of
from usage_pipeline.tables.configuration import Limits
from usage_pipeline.tables.reconciliations import UNEXPLAINED, UNLOGGED, reconciliation_causes, reconciliations

SUMS, LITTLE = "causes_sum_to_the_difference", "little_is_unexplained"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> World:
    return finished(tmp_path_factory.getbasetemp())[0]


@pytest.fixture
def world(good: World, tmp_path: Path) -> World:
    return copy_of(good, tmp_path)


def evaluated(world: World) -> dict[str, dg.AssetCheckEvaluation]:
    extra = dg.Definitions(jobs=[dg.define_asset_job("checks", selection=dg.AssetSelection.checks(*RECONCILED_CHECKS))])
    result = execute(dg.Definitions.merge(world.definitions, extra), "checks", tags={})
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def rename(world: World, share: str) -> None:
    """So much of the money that is unlogged becomes unexplained."""
    row = max(world.database.select(reconciliation_causes, where={"cause": UNLOGGED}), key=lambda one: one.amount)
    part = replace(row, amount=row.amount * Decimal(share), cause=UNEXPLAINED, evidence="nothing")
    world.database.upsert(reconciliation_causes, [replace(row, amount=row.amount - part.amount), part])


def test_both_pass_on_a_good_home(good: World) -> None:
    found = evaluated(good)
    assert {name: one.passed for name, one in found.items()} == {SUMS: True, LITTLE: True}
    assert found[SUMS].metadata["cells"].value == 42
    assert unreconciled(good.database, DAYS, Limits()) is None


@pytest.mark.parametrize("change", ["0.01", "-0.000000000000001"])
def test_causes_that_are_not_the_difference(world: World, change: str) -> None:
    row = world.database.select(reconciliation_causes)[0]
    world.database.upsert(reconciliation_causes, [replace(row, amount=row.amount + Decimal(change))])
    found = evaluated(world)[SUMS]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert f"{row.day} {row.channel} {row.project} {row.model}".replace("-", "-") in str(found.metadata["wrong"].value).replace("\\", "")


def test_a_bill_that_is_not_the_bill(world: World) -> None:
    row = next(one for one in world.database.select(reconciliations) if one.billed_cost and not one.difference)
    world.database.upsert(reconciliations, [replace(row, billed_cost=row.billed_cost + 1)])  # type: ignore[operator]
    found = evaluated(world)[SUMS]
    assert not found.passed
    assert f"the bill of {row.day}" in str(found.metadata["wrong"].value)


@pytest.mark.parametrize(("share", "severity", "blocks"), [("0.01", "WARN", False), ("0.9", "ERROR", True)])
def test_what_nothing_explains_blocks_the_close_above_the_limit(world: World, share: str, severity: Any, blocks: Any) -> None:
    rename(world, share)
    found = evaluated(world)[LITTLE]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity[severity])
    assert found.metadata["blocks the close"].value is blocks
    finding = unreconciled(world.database, DAYS, Limits())
    assert finding is not None
    assert (finding.code, finding.blocks, finding.count) == ("unreconciled", blocks, 1)
    assert finding.amount == unexplained(world.database, {"day": DAYS}).amount
    assert "1 % may stand when the period closes (limits.unexplained_percent in usage.yaml)" in finding.words
    strict = unreconciled(world.database, DAYS, Limits(unexplained_percent=Decimal(0)))
    assert strict is not None
    assert strict.blocks


def test_the_days_around_are_reconciled_again(world: World, good: World) -> None:
    """What crossed the midnight of a day is known only with the next one, and stays known when either is computed again."""
    for one in world.database.select(reconciliations):
        world.database.upsert(reconciliations, [replace(one, account="stale")])
    job = dg.Definitions(jobs=[dg.define_asset_job("again", selection=[reconciliations.name])])
    result = execute(dg.Definitions.merge(world.definitions, job), "again", tags=daily_tags(day_of(SECOND)))
    assert result.success
    assert world.database.select(reconciliations) == good.database.select(reconciliations)
    assert world.database.select(reconciliation_causes) == good.database.select(reconciliation_causes)
