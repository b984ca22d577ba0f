"""The first page's figures: only what was counted is divided, and what nobody counted is not said to be nothing."""

from decimal import Decimal
from typing import Any

import pytest
from invented_month import row, snapshot, status

from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.front import kpis_of, lede_of, per_thousand, states_of
from usage_pipeline.reports.page import page_of
from usage_pipeline.reports.unattributed import unattributed_text
from usage_pipeline.tables.costs import DailyCost

NOT_COUNTED = "provider does not count requests"


def requests(count: int, **values: Any) -> DailyCost:
    return row(**{"meter": "requests", "quantity": Decimal(count), "requests": count, "cost": Decimal(0)} | values)


COUNTED = [requests(2000), row(quantity=Decimal(5000), cost=Decimal(4))]


def test_a_thousand_requests_cost_what_they_cost():
    assert per_thousand(snapshot(daily=COUNTED)) == "$2.00 per thousand"


@pytest.mark.parametrize("other", [{"project": "two"}, {"channel": "azure.openai"}, {"model": "gpt-5-mini"}, {"model": None}])
def test_cost_whose_requests_nobody_counted_is_not_divided(other: dict[str, Any]):
    uncounted = row(quantity=Decimal(10**6), cost=Decimal(96), **other)
    assert per_thousand(snapshot(daily=[*COUNTED, uncounted])) == "$2.00 per thousand counted"
    free = row(quantity=Decimal(10**6), cost=Decimal(0), **other)
    assert per_thousand(snapshot(daily=[*COUNTED, free])) == "$2.00 per thousand"


def test_cost_of_all_users_and_meters_of_a_counted_model_is_divided():
    other = row(user="u-1", meter="output", cost=Decimal(2))
    assert per_thousand(snapshot(daily=[*COUNTED, other])) == "$3.00 per thousand"


def test_requests_without_a_known_price_cost_not_nothing():
    unknown = [requests(7, cost=None, basis="unpriced", unpriced_events=7)]
    assert per_thousand(snapshot(daily=unknown)) == "price unknown"


@pytest.mark.parametrize(("tokens", "price"), [(999, "–"), (1000, "$2,000.00"), (0, "–")])
def test_a_blended_price_needs_a_thousand_tokens(tokens: int, price: str):
    (blended,) = (
        value for label, value, _ in kpis_of(snapshot(daily=[row(quantity=Decimal(tokens), cost=Decimal(2))])) if "Blended" in label
    )
    assert blended == price


def test_requests_that_nobody_counted_are_unknown_in_every_tile_and_control_total():
    bill = row(project="one", quantity=Decimal(5000), cost=Decimal(4), billed_cost=Decimal(4), basis="billed")
    one = snapshot("one", daily=[bill], statuses=[])
    unpriced, failed = states_of(one)[2:]
    assert (unpriced["value"], unpriced["note"]) == ("0 tokens", NOT_COUNTED)
    assert (failed["value"], failed["note"]) == ("–", NOT_COUNTED)
    assert [line.requests for line in page_of(one)["closing"].control] == ["–", "–"]
    assert b'"requests": 0' in json_of(one)


def test_unpriced_tokens_are_told_where_requests_are_not_counted():
    unknown = row(project="one", quantity=Decimal(5000), basis="unpriced", unpriced_quantity=Decimal(5000))
    (cell,) = (one for one in states_of(snapshot("one", daily=[unknown])) if one["label"] == "Unpriced")
    assert (cell["value"], cell["note"], cell["kind"]) == ("5.00 k tokens", "price unknown: not in the total", "warn")


def test_one_uncounted_project_leaves_the_others_count_alone():
    page = page_of(snapshot(daily=[*COUNTED, row(project="two", quantity=Decimal(10), cost=Decimal(1))], statuses=[]))
    assert [(line.name, line.requests) for line in page["closing"].control] == [("one", "2,000"), ("two", "–"), ("Total", "2,000")]
    assert page["breakdowns"]["project"].total.requests == "2,000"
    assert page["states"][2]["note"] == "every request has a price"


def test_a_table_of_uncounted_requests_has_no_total_of_them():
    page = page_of(snapshot(daily=[row(model=f"m-{number:02}", cost=Decimal(1)) for number in range(40)], statuses=[]))
    assert page["breakdowns"]["project"].total.requests == "–"
    assert {line.requests for line in page["breakdowns"]["model"].lines} == {"–"}
    assert {line.requests for block in page["ledger"].blocks for line in block.lines} == {"–"}


def test_uncounted_requests_without_a_project_are_not_told_as_none():
    usage = row(project="unattributed", quantity=Decimal(4000), cost=Decimal(2))
    assert unattributed_text(snapshot(daily=[usage])).startswith("$2.00 (4.00 k tokens) is estimated for usage that names no project")


def test_the_dearest_is_a_part_of_the_total():
    rows = [row(project="one", cost=Decimal(83)), row(project="two", cost=Decimal(117))]
    assert lede_of(snapshot(daily=rows), []).startswith("two cost the most, 58.5% of the total.")


def test_one_budget_is_the_budget_several_are_every_budget():
    rows = [row(project=name, cost=Decimal(5)) for name in ("one", "two")]
    kept = [status(name, "60", Decimal(5)) for name in ("one", "two")]
    assert "The budget holds so far." in page_of(snapshot(daily=rows, statuses=kept[:1]))["lede"]
    assert "Every budget holds so far." in page_of(snapshot(daily=rows, statuses=kept))["lede"]
    broken = [status("one", "4", Decimal(5)), status("one", "3", Decimal(5), budget_id="other")]
    assert "1 budget was exceeded." in page_of(snapshot("one", daily=rows, statuses=broken[:1]))["lede"]
    assert "2 budgets were exceeded." in page_of(snapshot("one", daily=rows, statuses=broken))["lede"]
