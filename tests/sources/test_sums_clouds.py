"""What must agree between the clouds' sample files: bills of one month in several shapes, and bills and logs of one hour.

samples/focus/input/focus_1_0_real_rows.csv and focus_spec_*.csv are of the FinOps Foundation (FOCUS_Sample_Data, FOCUS_Spec; CC BY 4.0).
"""

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES

Rows = list[dict[str, Any]]
Read = Callable[..., Rows]
METERS = ("input", "cache_read", "cache_write", "output")


@pytest.fixture
def accepted(engine: Backend, tmp_path: Path) -> Read:
    def read(kind: str, *files: str) -> Rows:
        found = rows_of(engine, SOURCES[kind], records_of(engine, SOURCES[kind], tmp_path / "stage"))
        return [row for row in found if "reject" not in row and row["source_file"] in files]

    return read


def billed(rows: Rows) -> Decimal:
    return sum((Decimal(row["billed_cost"]) for row in rows), Decimal(0))


def told(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in rows]


ESSENCE = ("channel", "sub_account_id", "resource_id", "category", "period_start", "meter", "model", "quantity", "billed_cost")


def test_a_month_is_the_same_in_parquet_and_csv(accepted: Read):
    parquet, csv = accepted("aws_cur", "cur2-genai-00001.snappy.parquet"), accepted("aws_cur", "cur2-genai-csv-00001.csv.gz")
    own = {"source_file", "snapshot_scope"}
    assert [{name: row[name] for name in row.keys() - own} for row in parquet] == [
        {name: row[name] for name in row.keys() - own} for row in csv
    ]
    assert billed(parquet) == Decimal("0.523312")
    assert {row["finality"] for row in parquet} == {"provisional"}


def test_the_cost_report_and_both_focus_exports_of_aws_say_the_same(accepted: Read):
    report = accepted("aws_cur", "cur2-genai-00001.snappy.parquet")
    older, newer = accepted("focus", "aws_focus10.csv"), accepted("focus", "focus12-genai-00001.csv.gz")
    assert told(report, *ESSENCE) == told(older, *ESSENCE) == told(newer, *ESSENCE)
    assert len(report) == 9


def test_the_cost_report_counts_the_tokens_of_the_invocation_logs(accepted: Read):
    """2026-10-01, 14:00 to 15:00 UTC, per account: a Unit of the marketplace is a million tokens, Nova counts in thousands."""
    logs = accepted("bedrock_log", "20261001T140311411Z_0c048e5dce8eeeda.json.gz", "20261001T145959001Z_913808cd79448674.json.gz")
    used: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for event in logs:
        assert event["started_at"].startswith("2026-10-01T14:")
        for meter in METERS:
            if event.get(meter):
                used[event["sub_account_id"], meter] += event[meter]
    hour = [row for row in accepted("aws_cur", "cur2-genai-00001.snappy.parquet") if row["period_start"].startswith("2026-10-01T14:")]
    assert {(row["sub_account_id"], row["meter"]): Decimal(row["quantity"]) for row in hour} == used
    assert used["210987654321", "input"] == Decimal(4200)
    assert len(used) == 6


def test_bill_and_log_name_one_caller_alike(accepted: Read):
    logs = accepted("bedrock_log", "20261001T140311411Z_0c048e5dce8eeeda.json.gz")
    bill = accepted("aws_cur", "cur2-genai-00001.snappy.parquet")
    assert (
        {row["principal"] for row in logs}
        == {"arn:aws:iam::210987654321:role/support-portal-prod"}
        <= {row.get("principal") for row in bill}
    )


def test_azures_cost_export_and_focus_export_agree(accepted: Read):
    actual, focus = accepted("azure_cost", "part_1_0001.csv"), accepted("focus", "part_1_0001.csv")
    assert billed(actual) == billed(focus) == Decimal("368.6106")
    names = ("channel", "provider", "sub_account_id", "category", "period_start", "sku", "meter", "model", "quantity", "billed_cost")
    assert told(actual, *names) == told(focus, *names)


def test_lines_of_aws_of_every_type_sum_to_what_is_paid(accepted: Read):
    rows = accepted("aws_cur", "line-types-00002.csv")
    by_category: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        by_category[row["category"]] += Decimal(row["billed_cost"])
    assert by_category == {
        "Tax": Decimal("1.9"),
        "Credit": Decimal("-0.062"),
        "Purchase": Decimal(1500),
        "Usage": Decimal("6.8703875"),
        "Adjustment": Decimal("0.01"),
    }
    assert {row["channel"] for row in rows if row["category"] == "Tax"} == {"aws"}
    assert {row["finality"] for row in rows} == {"final"}


def test_an_amortized_export_is_refused_whole(engine: Backend, tmp_path: Path):
    """By its lines, or by where it lies; the same lines in an actual export count."""
    sample = Path(__file__).parent / "samples" / "azure_cost" / "input" / "part_1_0001.csv"
    reasons = {}
    for export in ("actual_cost", "amortized_cost"):
        path = tmp_path / export / "20261001-20261031" / "202611030412" / "part_1_0001.csv"
        path.parent.mkdir(parents=True)
        path.write_bytes(sample.read_bytes())
        rows = rows_of(engine, SOURCES["azure_cost"], records_of(engine, SOURCES["azure_cost"], tmp_path / "stage", [path]))
        reasons[export] = {row.get("reject") for row in rows}
    assert reasons == {"actual_cost": {None}, "amortized_cost": {"amortized_cost"}}


def test_an_estimate_in_the_shape_of_a_bill_is_no_bill(engine: Backend, tmp_path: Path):
    rows = rows_of(engine, SOURCES["focus"], records_of(engine, SOURCES["focus"], tmp_path / "stage"))
    gateway = [row for row in rows if row["source_file"].startswith("litellm")]
    assert {row["reject"] for row in gateway} == {"estimated_cost"}
    assert len(gateway) == 5


def test_prepaid_usage_is_billed_with_its_purchase(accepted: Read):
    rows = accepted("focus", "focus_spec_draft_drawdown_via_prepayment.csv")
    assert told(rows, "category", "billed_cost", "effective_cost") == [
        ("Purchase", "500000", "0"),
        ("Usage", "0", "20"),
        ("Usage", "0", "30"),
    ]
    assert told(rows, "meter", "quantity")[1:] == [("input", "5000000"), ("output", "1500000")]
