"""A generated fortnight of known mistakes, mixed over channels, projects and models: nearly all of the money is found under its true cause,
and all of it is accounted for. The whole month, and the table, are `python -m benchmarks.reconcile`.
"""

import sys
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))  # where `benchmarks` is, which is no part of the package

from benchmarks import reconcile_rows as rows
from benchmarks import reconcile_world as made
from benchmarks.reconcile import NOTHING, Confusion, confusion, explained, figures
from usage_pipeline import money
from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.tables.reconciliations import CAUSES

DAYS, EACH = 14, 2
GOAL_PERCENT = 95
Found = tuple[made.World, Reconciled, Confusion]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    world = made.make(31, days=DAYS, size=35, each=EACH)
    explanation = explained(world, tmp_path_factory.mktemp("scratch"), days=DAYS)
    table, _ = confusion(world, explanation)
    return world, explanation, table


def test_every_cause_is_in_the_world(found: Found) -> None:
    told = {true for (true, _), amount in found[2].items() if amount}
    assert told - {NOTHING} == set(CAUSES)


def test_nearly_all_of_the_money_is_under_its_true_cause(found: Found) -> None:
    right, whole = figures(found[2])
    assert whole > 10
    assert 100 * right >= GOAL_PERCENT * whole, f"{right} of {whole}"


def test_all_of_the_money_is_accounted_for(found: Found) -> None:
    world, explanation, _ = found
    difference = money.total([row.difference for row in explanation.cells])
    assert money.total([row.amount for row in explanation.causes]) == difference
    truth = money.total([amount for causes in made.truth_of(world).values() for amount in causes.values()])
    assert truth == difference != 0


def test_the_views_are_those_of_the_world(found: Found) -> None:
    world, explanation, _ = found
    billed = money.total([one.billed_cost for one in rows.charges_of(world)])
    assert money.total([row.billed_cost for row in explanation.cells]) == billed
    units = sum(count for entry in world.views[made.LOG].values() for _, count in entry.meters)
    assert money.total([row.logged_quantity for row in explanation.cells]) == Decimal(units)
