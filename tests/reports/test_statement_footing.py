"""The files of one statement say the same, and the check sees it when they do not."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_month import OCTOBER, row, snapshot

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
