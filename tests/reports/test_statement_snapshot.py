"""The snapshot: what belongs to a scope, what is unknown, what is missing."""

from datetime import date
from decimal import Decimal

import pytest
from invented_month import OCTOBER, ORGANISATION, SEPTEMBER, daily_rows, monthly_rows, projects, row, snapshot, status

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import month_of
from usage_pipeline.reports.snapshot import Completeness, Snapshot, completeness_of, statement_of
from usage_pipeline.tables.costs import DailyCost

DIMENSIONS = ("day", "project", "provider", "model", "operation", "type", "team", "user", "meter")


def test_every_breakdown_sums_to_the_total(organisation: Snapshot, project: Snapshot):
    for one in (organisation, project):
        for dimension in DIMENSIONS:
            groups = getattr(one, f"by_{dimension}")
            assert money.total([group.cost for group in groups]) == one.totals.cost
            assert sum(group.requests for group in groups) == one.totals.requests
            assert money.total([group.tokens for group in groups]) == one.totals.tokens


def test_projects_sum_to_the_organisation(october: list[DailyCost], organisation: Snapshot):
    parts = [snapshot(str(group.key), daily=october).totals for group in organisation.by_project]
    assert money.total([part.cost for part in parts]) == organisation.totals.cost
    assert sum(part.requests for part in parts) == organisation.totals.requests
    assert sum(part.unpriced_events for part in parts) == organisation.totals.unpriced_events == 42


def test_a_project_has_only_its_own(project: Snapshot):
    assert project.scope == "projects/support-copilot"
    assert [group.key for group in project.by_project] == ["support-copilot"]
    assert {status.project for status in project.budgets} == {"support-copilot"}
    assert project.unpriced == ()


def test_the_scope_may_be_given_as_in_the_folder(october: list[DailyCost], project: Snapshot):
    assert snapshot("projects/support-copilot", daily=october) == project


def test_a_project_known_only_from_a_tag_is_called_by_its_id():
    one = snapshot("from-a-tag", daily=[row(project="from-a-tag", cost=Decimal(1))])
    assert one.project is not None
    assert one.project.name == "from-a-tag"
    assert one.totals.cost == 1


def test_rows_of_another_month_are_refused():
    with pytest.raises(AccountingError, match="2026-09-30"):
        snapshot(daily=[row(day=date(2026, 9, 30))])


def test_unpriced_usage_is_listed_and_in_no_total(organisation: Snapshot):
    (one,) = organisation.unpriced
    assert (one.project, one.model, one.reason, one.events, one.tokens) == (
        "sandbox", "gpt-next-preview", "unresolved_model", 42, Decimal(358_610),
    )  # fmt: skip
    assert one.quantities == (("input", Decimal(318_400)), ("output", Decimal(40_210)))
    model = next(group for group in organisation.by_model if group.key == "gpt-next-preview")
    assert (model.cost, model.percent, model.requests) == (None, None, 42)


def test_unattributed_cost_is_a_project_of_its_own(organisation: Snapshot):
    group = next(group for group in organisation.by_project if group.key == "unattributed")
    assert group.cost == organisation.totals.cost_unattributed == Decimal("41.0081937")


def test_days_without_a_row_are_missing_unless_told_otherwise():
    rows = [row(day=date(2026, 10, day), cost=Decimal(1)) for day in (1, 2, 4)]
    assert snapshot(daily=rows).completeness == completeness_of(OCTOBER, {one.day for one in rows})
    assert snapshot(daily=rows).completeness.missing[:2] == (date(2026, 10, 3), date(2026, 10, 5))
    told = Completeness(expected=4, present=4)
    assert snapshot(daily=rows, completeness=told).completeness == told


def test_a_quiet_project_has_no_missing_days(october: list[DailyCost]):
    quiet = [one for one in october if one.project != "sandbox"] + [row(project="sandbox", day=date(2026, 10, 9), cost=Decimal(1))]
    assert snapshot("sandbox", daily=quiet).completeness.missing == ()


def test_the_month_before(october: list[DailyCost]):
    before = monthly_rows(october)
    whole = snapshot(daily=october, previous=before).previous
    own = snapshot("sandbox", daily=october, previous=before).previous
    assert whole is not None
    assert own is not None
    assert whole.month == SEPTEMBER
    assert dict(whole.by_project)["sandbox"] == own.cost
    assert snapshot(daily=october, previous=None).previous is None
    assert snapshot(daily=october, previous=[]).previous is None
    given = snapshot(daily=october, previous=Decimal("12.5")).previous
    assert given is not None
    assert given.cost == Decimal("12.5")


def test_january_follows_december():
    one = snapshot(daily=[], month=month_of(date(2027, 1, 1)), previous=Decimal(3))
    assert one.previous is not None
    assert one.previous.month == month_of(date(2026, 12, 1))


def test_budgets_of_other_months_and_projects_stay_out():
    september = status("one", "10", Decimal(5), period_start=SEPTEMBER.start, period_end=SEPTEMBER.end)
    week = status("one", "10", Decimal(5), budget_id="week", period="weekly", period_start=date(2026, 9, 28), period_end=date(2026, 10, 5))
    other = status("two", "10", Decimal(5))
    whole = status(None, "10", Decimal(5))
    rows = [row(project="one", cost=Decimal(5))]
    assert snapshot("one", daily=rows, statuses=[september, week, other, whole]).budgets == (week,)
    assert snapshot(daily=rows, statuses=[september, week, other, whole]).budgets == (whole, week, other)


def test_an_empty_month():
    one = statement_of(
        OCTOBER, "organisation", daily=[], previous=None, statuses=[], projects=projects(), organisation=ORGANISATION, inputs=[],
        price_book="none",
    )  # fmt: skip
    assert one.totals.cost == 0
    assert one.data_through is None
    assert (one.completeness.present, one.completeness.expected) == (0, 31)


def test_rows_of_the_month_sum_days_and_keep_null():
    rows = [row(day=date(2026, 10, day), cost=cost, quantity=Decimal(day)) for day, cost in ((1, Decimal("0.1")), (2, Decimal("0.2")))]
    (one,) = snapshot(daily=[*rows]).rows
    assert (one.cost, one.quantity, one.days_count, one.billed_cost) == (Decimal("0.3"), Decimal(3), 2, None)


def test_the_order_of_rows_does_not_matter():
    rows = daily_rows(count=3, models=2)
    assert snapshot(daily=rows[::-1]) == snapshot(daily=rows)
