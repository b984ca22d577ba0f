"""Tax, credits and fees of AWS Marketplace products that have nothing but the product's code: known by the other lines of their file."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES

CUR = SOURCES["aws_cur"]
SAMPLE = Path(__file__).parent / "samples" / "aws_cur" / "input" / "marketplace-00003.csv"
MODEL_CODE = "4a524th30q694o538qndh9ucht"


def sums(rows: list[dict[str, str]]) -> dict[tuple[str, str], Decimal]:
    """What is billed by reason (or channel, if accepted) and category."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row.get("reject", row["channel"]), row["category"]] += Decimal(row["billed_cost"])
    return dict(found)


def test_what_a_model_costs_has_its_tax_credits_and_fees(engine: Backend, tmp_path: Path) -> None:
    rows = rows_of(engine, CUR, records_of(engine, CUR, tmp_path / "stage", [SAMPLE]))
    assert sums(rows) == {
        ("aws.bedrock", "Usage"): Decimal("2.2"),
        ("aws.bedrock", "Tax"): Decimal("0.22"),
        ("aws.bedrock", "Credit"): Decimal("-0.61"),
        ("aws.bedrock", "Purchase"): Decimal(30),
        ("aws.bedrock", "Adjustment"): Decimal("0.01"),
        ("other_service", "Usage"): Decimal(45),
        ("other_service", "Tax"): Decimal(5),
        ("unknown_product", "Credit"): Decimal(-7),
        ("aws", "Tax"): Decimal("1.9"),
    }
    assert {row["names_project"] for row in rows if row["channel"] == "aws.bedrock"} == {True}


def test_a_file_without_usage_of_the_product_does_not_know_it(engine: Backend, tmp_path: Path) -> None:
    """Whichever files are read beside it: what a file gives does not hang on the batch."""
    lines = SAMPLE.read_text().splitlines()
    apart = tmp_path / "apart-00004.csv"
    apart.write_text("\n".join([lines[0], *(line for line in lines[1:] if MODEL_CODE in line and not line.startswith("Usage"))]) + "\n")
    for files in ([apart], [apart, SAMPLE]):
        rows = rows_of(engine, CUR, records_of(engine, CUR, tmp_path / "stage", files))
        assert {row["reject"] for row in rows if row["source_file"] == apart.name and "reject" in row} == {"unknown_product"}
        assert len([row for row in rows if row["source_file"] == apart.name]) == 5


@pytest.mark.parametrize("code", ["AmazonCloudWatch", "AWSLambda", ""])
def test_a_code_of_aws_itself_is_not_learnt(engine: Backend, tmp_path: Path, code: str) -> None:
    """A log group's line may name a model as its resource: the tax of all log groups is none of the model's."""
    header = "line_item_line_item_type,line_item_usage_start_date,line_item_product_code,line_item_resource_id,line_item_usage_type,"
    header += "line_item_unblended_cost,line_item_currency_code,bill_payer_account_id"
    arn = "arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0"
    path = tmp_path / "report-00001.csv"
    lines = [header, f"Usage,2026-10-02,{code},{arn},Requests,1,USD,1", f"Tax,2026-10-01,{code},,Requests,0.1,USD,1"]
    path.write_text("\n".join(lines) + "\n")
    rows = rows_of(engine, CUR, records_of(engine, CUR, tmp_path / "stage", [path]))
    assert [row.get("reject") for row in rows] == [None, "other_service"]
