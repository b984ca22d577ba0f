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
