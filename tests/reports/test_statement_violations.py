"""Requests over the limit on one request in a statement: how many and the worst few, as printed, for machines, and frozen with a close."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from invented_month import row, snapshot

from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.frozen import _violations
from usage_pipeline.reports.page import page_of
from usage_pipeline.reports.plain import plain
from usage_pipeline.reports.violation_lines import violation_table
from usage_pipeline.tables.request_limits import LimitViolation, Violations, told_of

DAY = date(2026, 10, 7)


def over(number: int, amount: str, limit: str = "8000", **values: Any) -> LimitViolation:
    known: dict[str, Any] = {
        "event_id": f"e{number}", "source": "app", "measure": "max_tokens", "day": DAY, "project": row().project, "user": "u_17",
        "started_at": datetime(2026, 10, 7, 14, 5, number, tzinfo=UTC), "operation": "improvement", "channel": "openai",
        "model": "gpt-5", "amount": Decimal(amount), "limit": Decimal(limit), "source_file": "f" * 64, "source_line": number,
    }  # fmt: skip
    return LimitViolation(**known | values)


FOUND = told_of(
    [over(1, "9000"), over(2, "40000"), over(1, "0.75", "0.50", measure="max_cost"), over(3, "0.0052", "0.005", measure="max_cost")], 10
)


def test_the_worst_come_first_and_requests_are_counted_once() -> None:
    assert (FOUND.count, FOUND.requests) == (4, 3)
    assert [(one.event_id, one.measure) for one in FOUND.worst] == [
        ("e2", "max_tokens"), ("e1", "max_cost"), ("e1", "max_tokens"), ("e3", "max_cost"),
    ]  # fmt: skip
    assert len(told_of([over(number, "9000") for number in range(40)], 10).worst) == 10


def test_as_printed() -> None:
    table = violation_table(snapshot(violations=FOUND))
    assert table is not None
    assert [(one.when, one.used, one.limit, one.times) for one in table.lines] == [
        ("7 Oct, 14:05", "40,000 tokens", "8,000 tokens", "5.00 ×"),
        ("7 Oct, 14:05", "$0.75", "$0.50", "1.50 ×"),
        ("7 Oct, 14:05", "9,000 tokens", "8,000 tokens", "1.12 ×"),
        ("7 Oct, 14:05", "$0.0052", "$0.0050", "1.04 ×"),
    ]
    assert (table.summary, table.left) == ("3 requests used or cost more than request_limits in usage.yaml lets one request", 0)


def test_more_than_fit_are_counted(templates: Path) -> None:
    one = snapshot(violations=told_of([over(number, "9000") for number in range(40)], 10))
    html = html_of(one, templates)
    assert html.count("9,000 tokens") == 5
    assert "35 more: usage-pipeline budgets violations lists all of them." in html


@pytest.mark.parametrize("violations", [None, Violations(count=0, requests=0, worst=())], ids=["no limit", "none over"])
def test_a_page_without_any_says_nothing_of_them(templates: Path, violations: Violations | None) -> None:
    one = snapshot(violations=violations)
    assert page_of(one)["violations"] is None
    assert html_of(one, templates) == html_of(snapshot(), templates)


def test_names_from_outside_stay_text(templates: Path) -> None:
    hostile = over(1, "9000", project="<script>", model="<b>=cmd()" + "x" * 300, operation="\u202eevil")
    html = html_of(snapshot(violations=told_of([hostile], 10)), templates)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html


def test_for_machines() -> None:
    told = json.loads(json_of(snapshot(violations=FOUND)))["limit_violations"]
    assert (told["count"], told["requests"], len(told["worst"])) == (4, 3, 4)
    assert told["worst"][0] == {
        "event_id": "e2", "source": "app", "started_at": "2026-10-07T14:05:02+00:00", "project": row().project, "operation": "improvement",
        "channel": "openai", "model": "gpt-5", "measure": "max_tokens", "amount": "40000", "limit": "8000",
    }  # fmt: skip
    assert json.loads(json_of(snapshot()))["limit_violations"] is None


def test_a_close_keeps_them_to_the_last_digit() -> None:
    assert _violations(json.loads(json.dumps(plain(asdict(FOUND))))) == FOUND
