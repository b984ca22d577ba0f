"""Months that are delivered anew, in parts: what counts after each delivery, through the real ingest."""

import csv
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.periods import inclusive
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import landed_rows
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import ingested_days

NOW = datetime(2026, 11, 4, tzinfo=UTC)
OCTOBER = inclusive(date(2026, 10, 1), date(2026, 10, 31))
CUR = {
    "line_item_line_item_type": "Usage",
    "line_item_product_code": "AmazonBedrock",
    "line_item_usage_type": "USE1-NovaLite-input-tokens",
    "line_item_currency_code": "USD",
    "bill_payer_account_id": "1",
    "bill_billing_period_start_date": "2026-10-01",
    "bill_billing_period_end_date": "2026-11-01",
}
AZURE = {
    "BillingAccountId": "1",
    "BillingPeriodStartDate": "10/01/2026",
    "BillingPeriodEndDate": "10/31/2026",
    "MeterCategory": "Foundry Models",
    "ChargeType": "Usage",
    "BillingCurrency": "USD",
}
FOCUS = {
    "ChargeCategory": "Usage",
    "BillingCurrency": "USD",
    "BillingAccountId": "1",
    "ProviderName": "OpenAI",
    "BillingPeriodStart": "2026-10-01",
    "BillingPeriodEnd": "2026-11-01",
}
SHAPES = {"aws_cur": (CUR, "line_item_usage_start_date", "line_item_unblended_cost"), "azure_cost": (AZURE, "Date", "Cost")}
SHAPES["focus"] = (FOCUS, "ChargePeriodStart", "BilledCost")

Deliver = Callable[[str, str, int, dict[str, str]], None]
"""Kind, path, hour of the delivery, and the cost of each day in the file ('EC2' before a day for another service)."""


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    def write(kind: str, name: str, hour: int, days: dict[str, str]) -> None:
        same, start, cost = SHAPES[kind]
        path = tmp_path / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            rows = csv.DictWriter(file, [*same, start, cost])
            rows.writeheader()
            for day, amount in days.items():
                other = {"line_item_product_code": "AmazonEC2"} if day.startswith("EC2") else {}
                rows.writerow({**same, **other, start: day.removeprefix("EC2 "), cost: amount})
        moment = datetime(2026, 11, 3, hour, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))

    return write


@pytest.fixture
def counted(tmp_path: Path, lake: Lake, database: Database, engine: Backend) -> Callable[[str], Decimal]:
    def read(kind: str) -> Decimal:
        pattern = str(tmp_path / kind / "**" / "*")
        ingest("bill", SOURCES[kind], pattern, lake=lake, database=database, engine=engine, stage=tmp_path / "stage", now=NOW)
        rows = landed_rows(charges, OCTOBER, lake=lake, database=database)
        total = engine.to_pyarrow(rows.agg(total=rows.billed_cost.sum()))["total"][0].as_py()
        return Decimal(total or 0).normalize()

    return read


def test_parts_of_one_delivery_stand_side_by_side_and_are_replaced_together(deliver: Deliver, counted: Callable[[str], Decimal]):
    """In place: the second delivery has its days in other parts than the first."""
    folder = "bedrock/data/BILLING_PERIOD=2026-10"
    deliver("aws_cur", f"{folder}/bedrock-00001.csv", 1, {"2026-10-01": "1", "2026-10-02": "2"})
    deliver("aws_cur", f"{folder}/bedrock-00002.csv", 1, {"2026-10-03": "4"})
    assert counted("aws_cur") == 7
    deliver("aws_cur", f"{folder}/bedrock-00001.csv", 9, {"2026-10-01": "10", "EC2 2026-10-02": "999"})
    deliver("aws_cur", f"{folder}/bedrock-00002.csv", 9, {"2026-10-02": "20"})
    deliver("aws_cur", f"{folder}/bedrock-00003.csv", 9, {"2026-10-03": "40"})
    assert counted("aws_cur") == 70


def test_a_part_that_holds_other_services_alone_replaces_what_it_held(deliver: Deliver, counted: Callable[[str], Decimal]):
    folder = "bedrock/data/BILLING_PERIOD=2026-10"
    deliver("aws_cur", f"{folder}/bedrock-00001.csv", 1, {"2026-10-01": "1"})
    deliver("aws_cur", f"{folder}/bedrock-00002.csv", 1, {"2026-10-02": "2"})
    assert counted("aws_cur") == 3
    deliver("aws_cur", f"{folder}/bedrock-00001.csv", 9, {"2026-10-01": "1", "2026-10-02": "2"})
    deliver("aws_cur", f"{folder}/bedrock-00002.csv", 9, {"EC2 2026-10-02": "999"})
    assert counted("aws_cur") == 3


def test_a_newer_delivery_in_its_own_folder_replaces_more_parts_than_it_has(deliver: Deliver, counted: Callable[[str], Decimal]):
    folder = "bedrock/data/BILLING_PERIOD=2026-10"
    for part in ("00001", "00002", "00003"):
        deliver("aws_cur", f"{folder}/2026-10-30T01:00:00Z-a/bedrock-{part}.csv", 1, {"2026-10-01": "1", "2026-10-30": "1"})
    deliver("aws_cur", f"{folder}/2026-10-31T01:00:00Z-b/bedrock-00001.csv", 9, {"2026-10-01": "5"})
    assert counted("aws_cur") == 5


def test_two_exports_of_aws_add_up(deliver: Deliver, counted: Callable[[str], Decimal]):
    deliver("aws_cur", "one/data/BILLING_PERIOD=2026-10/one-00001.csv", 1, {"2026-10-01": "1"})
    deliver("aws_cur", "two/data/BILLING_PERIOD=2026-10/two-00001.csv", 9, {"2026-10-01": "2"})
    assert counted("aws_cur") == 3


def test_azures_parts_and_runs(deliver: Deliver, counted: Callable[[str], Decimal]):
    month = "20261001-20261031"
    deliver("azure_cost", f"shop/{month}/run-1/part_0_0001.csv", 1, {"10/01/2026": "1", "10/02/2026": "2"})
    deliver("azure_cost", f"shop/{month}/run-1/part_1_0001.csv", 1, {"10/02/2026": "4"})
    deliver("azure_cost", f"lab/{month}/run-7/part_0_0001.csv", 2, {"10/01/2026": "100"})
    assert counted("azure_cost") == 107
    deliver("azure_cost", f"shop/{month}/run-2/part_0_0001.csv", 9, {"10/01/2026": "8"})
    assert counted("azure_cost") == 108


def test_azures_export_of_a_week_replaces_its_days_alone(deliver: Deliver, counted: Callable[[str], Decimal]):
    deliver("azure_cost", "shop/20261001-20261031/run-1/part_0_0001.csv", 1, {"10/01/2026": "1", "10/05/2026": "2", "10/06/2026": "4"})
    deliver("azure_cost", "shop/20261005-20261011/run-2/part_0_0001.csv", 9, {"10/05/2026": "16"})
    assert counted("azure_cost") == 17


def test_older_names_of_azure_are_deliveries_of_one_export(deliver: Deliver, counted: Callable[[str], Decimal]):
    guids = ("1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d")
    for hour, guid in enumerate(guids, 1):
        deliver("azure_cost", f"shop/20261001-20261031/shop_{guid}.csv", hour, {"10/01/2026": str(hour)})
    assert counted("azure_cost") == 2


def test_focus_replaces_the_billing_period_and_a_file_named_by_its_day_only_that(deliver: Deliver, counted: Callable[[str], Decimal]):
    deliver("focus", "focus-2026-10-30.csv", 1, {"2026-10-03": "1", "2026-10-04": "2"})
    deliver("focus", "focus-2026-10-31.csv", 2, {"2026-10-04": "4", "2026-10-05": "8"})
    assert counted("focus") == 12
    deliver("focus", "focus-2026-10-05.csv", 3, {"2026-10-05": "16"})
    assert counted("focus") == 20


def test_a_day_to_come_is_not_said_to_be_empty(deliver: Deliver, counted: Callable[[str], Decimal], database: Database):

    deliver("focus", "focus.csv", 1, {"2026-11-01": "1"})
    counted("focus")
    assert max(row.day for row in database.select(ingested_days)) <= NOW.date()
