"""A statement's grade: the worst of its measures, each told in money; frozen with a close."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from invented_month import row, snapshot

from usage_pipeline.reports.formats.csv import csv_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.frozen import _grade, _unclaimed, asdict
from usage_pipeline.reports.grading import Making, grade_of
from usage_pipeline.reports.page import page_of
from usage_pipeline.reports.plain import plain
from usage_pipeline.tables.claimants import DAY, KEY, Claimant, Unclaimed
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.grades import STEPS, Grade, letter_of
from usage_pipeline.tables.unpriced import Unpriced

CLEAN = Making(
    unpriced=(), unexplained=Decimal(0), twice=Decimal(0), missing=0, days=31, rejected=0, lines=10, stale=0, sources=2
)  # fmt: skip
RULE = '- {source: bill, field: api_key_id, equals: "k1", project: chat}'


def billed(cost: str, project: str = "one") -> DailyCost:
    return row(project=project, cost=Decimal(cost), billed_cost=Decimal(cost), basis="billed")


def grade(*rows: DailyCost, **more: Any) -> Grade:
    found = grade_of(rows, replace(CLEAN, **more), "USD")
    assert found is not None
    return found


def unknown(**values: Any) -> Unpriced:
    blank: dict[str, Any] = {
        "project": "one", "channel": "openai", "provider": "openai", "model": "new", "reason": "unresolved_model", "events": 3,
        "tokens": Decimal(700), "quantities": (), "day": row().day, "billed": False,
        "low": None, "high": None, "range_if": None, "hint": None,
    }  # fmt: skip
    return Unpriced(**blank | values)


def test_what_is_billed_and_complete_is_an_a() -> None:
    found = grade(billed("100"))
    assert (found.letter, found.reasons) == ("A", ())
    assert [one.percent for one in found.measures] == [0] * len(STEPS)
    assert grade_of([], CLEAN, "USD") is None


@pytest.mark.parametrize(
    ("more", "letter", "words"),
    [
        ({"unexplained": Decimal("2.5")}, "B", "2.5% of the cost, 2.50 USD, differs between bill, the provider’s count and logs"),
        ({"missing": 3}, "C", "3 of 31 days of the month are missing, about 10.71 USD by the other days (C: up to 15%)"),
        ({"rejected": 1}, "D", "1 of 10 lines could not be read, in money not known (D: above 5%)"),
        ({"stale": 1}, "C", "1 of 2 sources has no data of late, in money not known (C: up to 50%)"),
        ({"twice": Decimal(6)}, "D", "6.0% of the cost, 6.00 USD, may be counted twice (D: above 5%)"),
        ({"unpriced": (unknown(),)}, "D", "what usage without a price costs is not known (3 requests, 700 tokens); it is in no total"),
        ({"unpriced": (unknown(low=Decimal(0), high=Decimal("1.01")),)}, "B", "1.0% of the cost, 1.01 USD, is the most that usage without"),
        ({"unpriced": (unknown(billed=True),)}, "A", ""),
    ],
)  # fmt: skip
def test_each_measure_in_money(more: dict[str, Any], letter: str, words: str) -> None:
    found = grade(billed("100"), **more)
    assert found.letter == letter
    assert (found.reasons[0] if found.reasons else "").startswith(words)


def test_shares_of_the_cost() -> None:
    found = grade(billed("50"), billed("10", "unattributed"), row(cost=Decimal(40)))
    told = {one.name: (one.percent, one.amount, one.letter) for one in found.measures}
    assert told["unattributed"] == (Decimal(10), Decimal(10), "C")
    assert told["estimated"] == (Decimal(40), Decimal(40), "C")
    assert found.letter == "C"


def test_limits_of_usage_yaml_count() -> None:
    generous = dict(STEPS) | {"estimated": (Decimal(100), Decimal(100), Decimal(100))}
    found = grade_of([row(cost=Decimal(40))], CLEAN, "USD", generous)
    assert found is not None
    assert found.letter == "A"
    assert letter_of(Decimal("2.0001"), STEPS["unattributed"]) == "B"
    assert letter_of(None, STEPS["unattributed"]) == "D"


def test_it_stands_on_the_first_page_in_the_annex_and_in_the_files() -> None:
    one = replace(snapshot(daily=[billed("1")]), grade=grade(billed("98"), billed("3", "unattributed")))
    page = page_of(one)
    assert page["grade"] == "B"
    assert page["closing"].grade == "B: good for the books, with small gaps that are named."
    assert page["closing"].measures[0] == ("B", "3.0% of the cost, 3.00 USD, belongs to no project (B: up to 5%)")
    document = json.loads(json_of(one))
    assert (document["grade"], document["grade_reasons"]) == ("B", ["3.0% of the cost, 3.00 USD, belongs to no project (B: up to 5%)"])
    assert {each["name"] for each in document["quality"]} == set(STEPS)
    assert csv_of(one).decode().splitlines()[1].endswith(",1,provisional,B")


def test_grade_and_claimants_come_back_from_what_a_close_froze() -> None:
    found = grade(billed("98"), billed("3", "unattributed"), unpriced=(unknown(),))
    assert _grade(json.loads(json.dumps(plain(asdict(found))))) == found
    claims = claimed()
    assert _unclaimed(json.loads(json.dumps(plain(asdict(claims))))) == claims
    assert _unclaimed(None) is None


def claimed() -> Unclaimed:
    one = Claimant(project="chat", level=KEY, amount=Decimal("2.5"), own_cost=Decimal(5), all_cost=Decimal(6), rule=RULE)
    two = Claimant(project="portal", level=DAY, amount=Decimal(1), own_cost=Decimal(1), all_cost=Decimal(1), rule=None)
    return Unclaimed(amount=Decimal(4), nobody=Decimal("0.5"), claimants=(one, two), owners=("ana@example.org",))


def test_claimants_are_told_with_owner_and_trend_and_never_assigned() -> None:
    one = replace(snapshot(daily=[billed("3", "unattributed"), row(project="unattributed", cost=Decimal(1))]), unclaimed=claimed())
    closing = page_of(one)["closing"]
    assert "belongs to no project: $3.00 was charged on lines that name no project of ours" in closing.unattributed
    assert "$1.00 is estimated for usage that names no project" in closing.unattributed
    assert closing.trend.startswith("Looked after by ana@example.org. ")
    assert [(line.project, line.amount, line.percent, line.rule) for line in closing.claims] == [
        ("chat", "$2.50", "62.5%", RULE), ("portal", "$1.00", "25.0%", ""), ("Nobody", "$0.50", "12.5%", ""),
    ]  # fmt: skip
    assert closing.claims[0].evidence == "used the same key: 83.3% of what projects logged there"
    detail = json.loads(json_of(one))["unattributed_detail"]
    assert (detail["owners"], detail["without_claimant"]) == (["ana@example.org"], "0.5")
    assert detail["claimants"][0]["rule"] == RULE
