"""The files of one statement say the same, and the check sees it when they do not."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_month import OCTOBER, agreed, credited, row, snapshot

from usage_pipeline import money
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.formats.csv import csv_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, UNPRICED, DailyCost

AMOUNTS = st.decimals(min_value=Decimal(-(10**6)), max_value=Decimal(10**9), places=15, allow_nan=False, allow_infinity=False)
NAMES = st.one_of(
    st.sampled_from(["one", "two", "unattributed", "=1+1", 'a,b"c\r\nd', "'=x"]), st.text(st.characters(codec="utf-8"), max_size=8)
)
MAYBE = st.none() | NAMES


@st.composite
def cost_rows(draw: st.DrawFn) -> DailyCost:
    basis = draw(st.sampled_from([BILLED, LOG_ESTIMATED, UNPRICED]))
    amount = draw(AMOUNTS)
    meter = draw(st.sampled_from(["input", "output", "requests", "unmapped", "images"]))
    requests = draw(st.integers(0, 10**6)) if meter == "requests" else 0
    return row(
        day=OCTOBER.start + timedelta(days=draw(st.integers(0, 30))),
        project=draw(NAMES), team=draw(MAYBE), user=draw(MAYBE), provider=draw(MAYBE), model=draw(MAYBE), operation=draw(MAYBE),
        api_type=draw(MAYBE), status=draw(st.sampled_from(["success", "failure", "cache_hit"])), meter=meter, requests=requests,
        quantity=Decimal(draw(st.integers(0, 10**12))), basis=basis,
        cost=None if basis == UNPRICED else amount, billed_cost=amount if basis == BILLED else None,
        list_cost=draw(st.none() | AMOUNTS), credits=draw(st.none() | AMOUNTS),
        unpriced_events=draw(st.integers(0, 9)) if meter == "requests" else 0,
        unpriced_quantity=Decimal(draw(st.integers(0, 10**9))), unpriced_reason=draw(st.sampled_from([None, "unresolved_model"])),
        estimated_cost=draw(st.none() | AMOUNTS) if basis == BILLED else None if basis == UNPRICED else amount,
    )  # fmt: skip


@given(st.lists(cost_rows(), max_size=25))
@settings(max_examples=60, deadline=None)
def test_any_rows_foot(rows: list[DailyCost]):
    one = snapshot(daily=rows, statuses=[], previous=None)
    assert differences(json_of(one), csv_of(one), one) == []


def test_the_invented_month_foots(organisation: Snapshot, project: Snapshot):
    for one in (organisation, project):
        assert differences(json_of(one), csv_of(one), one) == []


def changed(one: Snapshot, change: Any) -> bytes:
    document = json.loads(json_of(one))
    change(document)
    return json.dumps(document).encode()


def test_a_wrong_total_is_found(project: Snapshot):
    wrong = changed(project, lambda document: document["totals"].update(cost="185.775476"))
    found = differences(wrong, csv_of(project), project)
    assert "total cost: snapshot 185.775475, json 185.775476, csv 185.775475" in found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: document["totals"].update(list_cost="1"), "total list_cost"),
        (lambda document: document["totals"].update(credits="1"), "credits: snapshot "),
        (lambda document: document["by_team"][0].update(credits="1"), "credits by team"),
        (lambda document: document["by_project"][0].update(credits=None), "credits of project"),
        (lambda document: document["by_model"][0].update(list_cost=None), "list_cost by model"),
        (lambda document: document["unpriced"].clear(), "unpriced events: snapshot 42, json 42, listed 0, csv 42"),
        (lambda document: document["unpriced"][0].update(tokens="0"), "unpriced tokens: snapshot 358610, json 358610, listed 0"),
    ],
    ids=["list", "credits", "credits of a team", "credits of a project", "list of a model", "unpriced", "unpriced tokens"],
)
def test_what_prices_add_foots_too(october: list[DailyCost], change: Any, said: str):
    one = snapshot(daily=credited(agreed(october)))
    assert differences(json_of(one), csv_of(one), one) == []
    assert any(text.startswith(said) for text in differences(changed(one, change), csv_of(one), one))


def test_the_pdf_must_print_what_prices_add(october: list[DailyCost]):
    one = snapshot("sandbox", daily=credited(agreed(october)))
    exact = [one.totals.cost, one.totals.credits or Decimal(0), one.totals.list_cost, one.totals.estimated_cost]
    text = " ".join(["42", *map(money.text, exact)])
    assert differences(json_of(one), csv_of(one), one, text) == []
    found = differences(json_of(one), csv_of(one), one, money.text(one.totals.cost))
    assert [words.partition(":")[0] for words in found] == ["credits", "list cost", "contracted cost", "unpriced requests"]


def test_a_wrong_digit_of_one_project_is_found(organisation: Snapshot):
    def change(document: dict[str, Any]) -> None:
        line = document["by_project"][0]
        line["cost"] = str(Decimal(line["cost"]) + Decimal("0.000000000000001"))

    found = differences(changed(organisation, change), csv_of(organisation), organisation)
    assert any(text.startswith("cost of project 'code-review-bot'") for text in found)
    assert any(text.startswith("cost by project") for text in found)


@pytest.mark.parametrize("dimension", ["by_day", "by_user", "by_meter"])
def test_a_lost_line_of_a_breakdown_is_found(organisation: Snapshot, dimension: str):
    found = differences(changed(organisation, lambda document: document[dimension].pop(0)), csv_of(organisation), organisation)
    assert [text for text in found if text.startswith("cost by " + dimension.removeprefix("by_"))]


def test_a_lost_line_of_the_csv_is_found(organisation: Snapshot):
    content = csv_of(organisation)
    lines = content.split(b"\r\n")
    kept = next(place for place, line in enumerate(lines) if b",output," in line)
    found = differences(json_of(organisation), b"\r\n".join(lines[:kept] + lines[kept + 1 :]), organisation)
    assert any(text.startswith("total cost") for text in found)


def test_the_pdf_must_print_the_exact_digits(project: Snapshot):
    assert differences(json_of(project), csv_of(project), project, "support-copilot 185.775475 Total 185.775475") == []
    found = differences(json_of(project), csv_of(project), project, "support-copilot 185.78")
    assert len(found) == 2
