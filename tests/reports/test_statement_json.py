"""statement.json: the public contract."""

import json
from decimal import Decimal
from typing import Any

import pytest
from invented_month import snapshot

from usage_pipeline import money
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.snapshot import Snapshot

KEYS = [
    "period", "scope", "revision", "finality", "approved", "grade", "grade_reasons", "quality", "currency", "totals", "by_day",
    "by_project", "by_provider", "by_model", "by_operation", "by_type", "by_team", "by_user", "by_meter", "budgets", "unpriced",
    "unattributed", "unattributed_detail", "inputs", "price_book", "agreements", "shared", "exchange", "advice", "limit_violations",
    "changes", "unit_costs", "wallets", "reconciliation",
]  # fmt: skip
ROW = ["key", "requests", "tokens", "estimated_cost", "billed_cost", "cost", "percent", "list_cost", "credits"]
TOTALS = {"requests", "failed_requests", "cache_hits", "tokens", "estimated_cost", "billed_cost", "cost", "unpriced_events", "currency"}


@pytest.fixture(scope="module")
def document(organisation: Snapshot) -> dict[str, Any]:
    return json.loads(json_of(organisation), parse_float=_refuse)


def _refuse(text: str) -> None:
    raise AssertionError(f"a float in the statement: {text}")


def test_keys_are_the_contract(document: dict[str, Any]):
    assert list(document) == KEYS
    assert set(document["totals"]) >= TOTALS
    for name in KEYS:
        if name.startswith("by_"):
            for line in document[name]:
                assert list(line) == (["key", "requests", "tokens", "quantity", *ROW[3:]] if name == "by_meter" else ROW)


def test_values(document: dict[str, Any], organisation: Snapshot):
    assert (document["period"], document["scope"], document["revision"], document["finality"], document["currency"]) == (
        "2026-10", "organisation", 1, "provisional", "USD",
    )  # fmt: skip
    assert Decimal(document["totals"]["cost"]) == organisation.totals.cost
    assert document["totals"]["lines"] == {"read": 184211, "accepted": 181977, "duplicates": 2190, "rejected": 44}
    assert document["unattributed"] == "41.0081937"
    assert len(document["inputs"]) == 93
    assert set(document["inputs"][0]) == {"file", "sha256"}
    assert [line["key"] for line in document["by_day"]] == [f"2026-10-{day:02d}" for day in range(1, 32)]


def test_money_is_plain_text_and_null_where_unknown(document: dict[str, Any]):
    unpriced = next(line for line in document["by_model"] if line["key"] == "gpt-next-preview")
    assert (unpriced["cost"], unpriced["percent"], unpriced["tokens"]) == (None, None, "358610")
    for line in document["by_project"]:
        for name in ("cost", "estimated_cost", "billed_cost"):
            assert line[name] is None or line[name] == money.text(Decimal(line[name]))


def test_what_no_log_explains_has_a_null_key(document: dict[str, Any]):
    for name in ("by_operation", "by_user", "by_team", "by_model", "by_type"):
        assert None in [line["key"] for line in document[name]]


def test_budget_and_unpriced_lines(document: dict[str, Any]):
    assert document["budgets"][0]["scope"] == "organisation"
    assert isinstance(document["budgets"][0]["limit"], str)
    assert document["unpriced"] == [
        {
            "project": "sandbox", "channel": "openai", "provider": "openai", "model": "gpt-next-preview", "reason": "unresolved_model",
            "events": 42, "tokens": "358610", "quantities": {"input": "318400", "output": "40210"}, "day": "2026-10-12",
            "billed": False, "low": None, "high": None, "range_if": None, "hint": None,
        }
    ]  # fmt: skip


def test_an_empty_month_has_every_key():
    document = json.loads(json_of(snapshot(daily=[], statuses=[], inputs=[], previous=None)))
    assert list(document) == KEYS
    assert document["totals"]["cost"] == "0"
    assert document["totals"]["days_missing"][0] == "2026-10-01"
    assert document["by_project"] == []
