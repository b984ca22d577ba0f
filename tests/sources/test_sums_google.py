"""What must agree between Google's bills in all their shapes, by arithmetic of the tests' own."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import SAMPLES, records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES

BILLING = (
    "standard__gcp_billing_export_v1_01A2B3_C4D5E6_F7A8B9.jsonl",
    "detailed__gcp_billing_export_resource_v1_01A2B3_C4D5E6_F7A8B9.jsonl",
    "detailed.parquet",
)


@pytest.fixture
def rows(engine: Backend, tmp_path: Path) -> Any:
    def read(kind: str, *files: str) -> list[dict[str, Any]]:
        paths = [SAMPLES / kind / "input" / name for name in files]
        return rows_of(engine, SOURCES[kind], records_of(engine, SOURCES[kind], tmp_path / "stage", paths))

    return read


def sums(charges: list[dict[str, Any]], name: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in charges:
        if "reject" not in row:
            found[row[name]] += Decimal(row["billed_cost"])
    return dict(found)


@pytest.mark.parametrize("file", BILLING)
def test_credits_corrections_and_tax_are_rows_of_their_own(rows: Any, file: str):
    charges = rows("gcp_billing", file)
    assert sums(charges, "category") == {"Usage": Decimal("8.4444"), "Credit": Decimal("-0.5"), "Tax": Decimal("0.61")}
    assert [row["billed_cost"] for row in charges if row.get("charge_class") == "Correction"] == ["-0.03"]


def test_a_row_is_the_same_charge_from_json_and_parquet(rows: Any):
    """Only where it was read differs, and how the file writes numbers."""
    standard, detailed, parquet = (
        [{name: value for name, value in row.items() if name != "source_file"} for row in rows("gcp_billing", file)] for file in BILLING
    )
    assert standard == detailed == parquet
    assert len(standard) == 9


def test_what_comes_late_adds_and_equal_rows_are_numbered(rows: Any):
    late = rows("gcp_billing", BILLING[0], "late_and_odd.jsonl")
    before = sums(rows("gcp_billing", BILLING[0]), "channel")
    after = sums(late, "channel")
    assert {channel: after[channel] - before[channel] for channel in after} == {
        "google.gemini": Decimal("2.0387"),  # an image, and a text of no family
        "google.vertex": Decimal("0.3") * 2 + Decimal("0.000015") + 1 - Decimal("2.73") + Decimal("0.5"),
        "google": Decimal("-0.0034") + Decimal("0.1"),
    }
    keys = [row["charge_id"] for row in late if row["source_file"] == "late_and_odd.jsonl"]
    assert keys[1] == f"{keys[0]}-2"
    assert [row["sku"] for row in late if row.get("reject")] == ["N1 Core"]


REPORT, COST_TABLE = "Example Billing_Reports, 2026-10-01 — 2026-10-02.csv", "cost_table_2026-10.csv"


def test_the_invoice_is_its_total_and_the_report_but_for_the_rounding(rows: Any):
    table, report = rows("gcp_cost_table_csv", COST_TABLE), rows("gcp_cost_table_csv", REPORT)
    assert sums(table, "invoice") == {"1234567890": Decimal("7.970959")}
    assert sums(table, "category") == {"Usage": Decimal("8.4744"), "Credit": Decimal("-0.5"), "Adjustment": Decimal("-0.003441")}
    assert sum(sums(report, "category").values()) == Decimal("7.9744")
    assert [(row["reject"], row["billed_cost"]) for row in (*table, *report) if "reject" in row] == [("total_row", "7.970959")]


def test_the_console_and_the_export_bill_the_same_usage(rows: Any):
    """SKU by SKU, gross; the export also has a correction and a tax that came after the console's files."""
    exported = [row for row in rows("gcp_billing", BILLING[0]) if row["category"] == "Usage" and "charge_class" not in row]
    table = [row for row in rows("gcp_cost_table_csv", COST_TABLE) if row["category"] == "Usage"]
    assert sums(exported, "sku") == sums(table, "sku")
    assert {row["sku"]: (row["quantity"], row["meter"], row["model"]) for row in exported} == {
        row["sku"]: (row["quantity"], row["meter"], row["model"]) for row in table
    }


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, ["total_row"]),
        ({"1.1532,1.15": "1.1542,1.15"}, ["total_mismatch"]),
        ({"-0.003441": "-0.003441001"}, ["total_row"]),  # within the rounding of six decimals
        ({"7.970959": "7.970969"}, ["total_mismatch"]),
        ({"7.970959": "n/a"}, ["total_mismatch"]),
        ({"0.5412": "n/a"}, ["bad_amount", "total_mismatch"]),
        ({"Invoice number,1234567890,": ""}, ["missing_invoice"] * 8 + ["total_row"]),
    ],
)
def test_a_total_is_checked_against_the_lines(change: dict[str, str], reasons: list[str], engine: Backend, tmp_path: Path):
    text = (SAMPLES / "gcp_cost_table_csv" / "input" / COST_TABLE).read_text(encoding="utf-8")
    for old, new in change.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    changed = tmp_path / "cost_table.csv"
    changed.write_text(text, encoding="utf-8")
    source = SOURCES["gcp_cost_table_csv"]
    found = rows_of(engine, source, records_of(engine, source, tmp_path / "stage", [changed]))
    assert [row["reject"] for row in found if "reject" in row] == reasons


def test_every_line_of_the_invoice_counts_for_its_total(rows: Any):
    """In Australian dollars: with another service's line, which is set aside, and a tax."""
    table = rows("gcp_cost_table_csv", "cost_table_aud_selected_columns.csv")
    assert {row["currency"] for row in table} == {"AUD"}
    assert [row["reject"] for row in table if "reject" in row] == ["other_service", "total_row"]
    assert sum(Decimal(row["billed_cost"]) for row in table if row.get("reject") != "total_row") == Decimal("1351.66")
