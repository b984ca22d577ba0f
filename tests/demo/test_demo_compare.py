"""The comparison says 0 for equal numbers, and why where it cannot."""

from dataclasses import replace
from decimal import Decimal

from demo_world import World

from usage_pipeline.demo.compare import Results, compare, unexplained
from usage_pipeline.demo.truth import Truth


def _right(truth: Truth) -> Results:
    return Results(
        billed=truth.billed(),
        cost_by_project=truth.cost_by_project(),
        cost_by_basis=truth.cost_by_basis(),
        requests=truth.requests,
        failed_requests=truth.failed_requests,
        cache_hits=truth.cache_hits,
        unpriced_events=truth.unpriced_events,
        thresholds_reached=len(truth.reached()),
        lines=truth.lines(),
    )


def test_right_results_differ_by_nothing_unexplained(world: World) -> None:
    rows = compare(world.truth, _right(world.truth))
    assert unexplained(rows) == []
    assert {row.what for row in rows if row.difference} == {"Requests made"}
    assert ("Billed: openai", "0.000000") in {(row.what, row.cells()[3]) for row in rows}


def test_a_wrong_number_stands_out(world: World) -> None:
    right = _right(world.truth)
    wrong = replace(right, billed={**right.billed, "openai": right.billed["openai"] + Decimal("0.0000001")}, unpriced_events=0)
    assert [row.what for row in unexplained(compare(world.truth, wrong))] == ["Billed: openai", "Billed: total", "Unpriced events"]


def test_an_unexpected_channel_stands_out(world: World) -> None:
    right = _right(world.truth)
    wrong = replace(right, billed={**right.billed, "openrouter": Decimal(1)})
    assert [row.difference for row in unexplained(compare(world.truth, wrong))] == [Decimal(1), Decimal(1)]


def test_what_was_not_looked_up_is_not_compared(world: World) -> None:
    assert compare(world.truth, Results()) == []
