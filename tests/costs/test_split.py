"""How far lower rows explain higher ones, in numbers."""

from decimal import Decimal

import pytest

from usage_pipeline.costs.split import ONE, cover, covered_amount, dealt, step_of

D = Decimal


@pytest.mark.parametrize(
    ("wholes", "parts", "covered", "taken", "given"),
    [
        ([90], [60, 30], 90, [90], [60, 30]),
        ([180], [60, 30], 90, [90], [60, 30]),
        ([45], [60, 30], 45, [45], [30, 15]),
        ([10, 20], [15], 15, [5, 10], [15]),
        ([20], [10, 10, 10], 20, [20], [7, 7, 6]),
        ([D("0.5")], [D("0.25"), D("0.75")], D("0.5"), [D("0.5")], [D("0.125"), D("0.375")]),
    ],
    ids=["tie", "remainder", "too much", "several wholes", "whole numbers stay whole", "fractions"],
)
def test_cover(wholes, parts, covered, taken, given):
    match = cover([D(whole) for whole in wholes], [D(part) for part in parts])
    assert (match.covered, list(match.taken), list(match.given)) == (covered, taken, given)


def test_the_covered_share_of_an_amount():
    match = cover([D(3)], [D(1)])
    assert covered_amount(D(1), match) == D("0.333333333333333")
    assert covered_amount(D(-1), match) == D("-0.333333333333333")
    assert covered_amount(D(2), match, step=ONE) == 1
    assert covered_amount(D("0.7"), cover([D(3)], [D(4)])) == D("0.7")


def test_amounts_follow_known_weights_else_quantities():
    given = [D(1), D(3)]
    assert dealt(D(8), [D(3), D(1)], given) == [6, 2]
    assert dealt(D(8), [D(3), None], given) == [2, 6]
    assert dealt(D(8), [D(0), D(0)], given) == [2, 6]
    assert dealt(D(4), [D(3), D(1)], given) == [3, 1]
    assert dealt(D(0), [D(3), D(1)], given) == [0, 0]


def test_who_is_given_nothing_gets_no_amount():
    assert dealt(D(8), [D(3), D(1)], [D(0), D(3)]) == [0, 8]


def test_steps_are_whole_where_all_quantities_are():
    assert (step_of([D(1), D("2.000000")]), step_of([D(1), D("0.5")])) == (1, D("0.000001"))
