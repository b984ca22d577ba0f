"""A bill without a project beside logs that name one."""

from datetime import date
from decimal import Decimal

from cost_rows import charge_row, costs_of, usage_row

from usage_pipeline.costs.overlaps import Overlap, overlaps_of

DAY = date(2026, 10, 2)
LOGGED = [usage_row(quantity=60, cost="0.9"), usage_row(project="ranker", quantity=40, cost="0.6")]


def test_an_unattributed_bill_beside_logged_projects_is_told():
    rows = costs_of(DAY, LOGGED, [charge_row("1.4", 100, project=None)])
    assert overlaps_of(rows) == [Overlap(DAY, "openai", "mini", ("unattributed",), Decimal("1.4"), ("chat", "ranker"), Decimal("1.5"))]


def test_a_bill_of_one_project_beside_logs_of_another_is_told():
    rows = costs_of(DAY, LOGGED, [charge_row("1.4", 100)])
    assert overlaps_of(rows) == [Overlap(DAY, "openai", "mini", ("chat",), Decimal("1.4"), ("ranker",), Decimal("0.6"))]


def test_a_bill_of_all_projects_or_of_none_by_name_overlaps_with_nothing():
    each = [charge_row("0.8", 60), charge_row("0.6", 40, project="ranker")]
    assert overlaps_of(costs_of(DAY, LOGGED, each)) == []
    assert overlaps_of(costs_of(DAY, LOGGED, [charge_row("1.4", 100, project=None, names_project=False)])) == []


def test_logs_without_a_project_are_no_overlap():
    assert overlaps_of(costs_of(DAY, [usage_row(project=None, quantity=60, cost="0.9")], [charge_row("1", 60, project=None)])) == []
