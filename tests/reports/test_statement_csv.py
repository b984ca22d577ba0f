"""statement.csv: exact, and never a formula."""

import csv
import io
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from invented_month import row, snapshot

from usage_pipeline import money
from usage_pipeline.reports.formats.csv import COLUMNS, csv_of
from usage_pipeline.reports.formats.guards import DANGER, guarded, unguarded
from usage_pipeline.reports.snapshot import Snapshot


def lines_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_bytes_suit_a_spreadsheet(organisation: Snapshot):
    content = csv_of(organisation)
    assert content.startswith(b"\xef\xbb\xbfperiod,project,")
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == len(organisation.rows) + 1
    assert tuple(lines_of(content)[0]) == COLUMNS


def test_sums_read_back_equal_the_snapshot(organisation: Snapshot):
    lines = lines_of(csv_of(organisation))
    for group in organisation.by_project:
        own = [line for line in lines if line["project"] == group.key]
        assert money.total([Decimal(line["cost"]) for line in own if line["cost"]]) == (group.cost or 0)
        assert sum(int(line["requests"]) for line in own) == group.requests
    assert money.total([Decimal(line["cost"]) for line in lines if line["cost"]]) == organisation.totals.cost


def test_unknown_is_empty_not_zero():
    (line,) = lines_of(csv_of(snapshot(daily=[row(basis="unpriced", unpriced_reason="unresolved_model", quantity=Decimal(5))])))
    assert (line["cost"], line["billed_cost"], line["quantity"], line["unit"], line["user"]) == ("", "", "5", "Tokens", "")


def test_a_credit_stays_a_number():
    (line,) = lines_of(csv_of(snapshot(daily=[row(cost=Decimal("-2.50"), billed_cost=Decimal("-2.50"), basis="billed")])))
    assert line["cost"] == "-2.5"


def test_formulas_from_outside_are_text():
    for name in ('=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", "\tx", " =1", "\u00a0=1", "＝1", "'=1"):
        (line,) = lines_of(csv_of(snapshot(daily=[replace(row(), project=name)])))
        assert line["project"] == "'" + name
        assert unguarded(line["project"]) == name


@given(st.text())
def test_guarding_can_be_undone(value: str):
    assert unguarded(guarded(value)) == value
    assert not guarded(value).lstrip(" \u00a0").startswith(DANGER)
