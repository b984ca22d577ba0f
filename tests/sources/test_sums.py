"""What must agree between the sample files, by arithmetic of the tests' own."""

import itertools
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import expected_of, records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.tables.meters import METER_NAMES

INTERNAL_CHAT = "proj_ne8LUqksU6LFBdwDZybN6sGk"
SEARCH_RANKER = "proj_sR9HnADgbyKQYDMsVNWt5nVD"


@pytest.fixture
def rows(engine: Backend, tmp_path: Path) -> Any:
    def read(kind: str, *files: str) -> list[dict[str, Any]]:
        found = rows_of(engine, SOURCES[kind], records_of(engine, SOURCES[kind], tmp_path / "stage"))
        return [row for row in found if "reject" not in row and (not files or row["source_file"] in files)]

    return read


def billed_by_day(charges: list[dict[str, Any]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in charges:
        sums[row["period_start"][:10]] += Decimal(row["billed_cost"])
    return dict(sums)


def test_openai_bill(rows: Any):
    charges = rows("openai_costs", "live_shape_page1.json", "live_shape_page2.json")
    assert billed_by_day(charges) == {"2026-10-01": Decimal("26.9190387"), "2026-10-02": Decimal("22.209063")}
    assert {row["meter"] for row in charges} == {"input", "output", "cache_read", "cache_write", "web_searches"}
    assert all(row["names_project"] for row in charges)


def test_openai_unverified_and_documented_forms(rows: Any):
    unverified = rows("openai_costs", "UNVERIFIED_line_items.json")
    assert billed_by_day(unverified) == {"2026-10-02": Decimal("0.82")}
    assert "unmapped" not in {row["meter"] for row in unverified}
    grouped, whole = rows("openai_costs", "documented_shape.json")
    assert (grouped["meter"], grouped["model"], grouped["billed_cost"]) == ("input", "gpt-5.6-terra", "8.24")
    assert (whole["meter"], whole.get("model"), whole["names_project"], whole["billed_cost"]) == ("unmapped", None, False, "0.06")


def test_openai_bill_and_usage_count_the_same_tokens(rows: Any):
    """Project by project; the batch rows of day two are billed in the unverified file."""
    files = ("live_shape_page1.json", "UNVERIFIED_line_items.json")
    billed: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows("openai_costs", *files):
        if row["meter"] != "web_searches" and row["sku"] != "text-embedding-3-small, input" and Decimal(row["quantity"]):
            billed[row["period_start"][:10], row["provider_project_id"], row["model"], row["meter"]] += Decimal(row["quantity"])
    used: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows("openai_usage", "completions_page1.json", "completions_page2.json"):
        for meter in METER_NAMES:
            if row.get(meter):
                used[row["started_at"][:10], row["provider_project_id"], row["model"], meter] += Decimal(row[meter])
    assert used == billed


def test_anthropic_bill(rows: Any):
    charges = rows("anthropic_cost", "cost_report.json")
    assert billed_by_day(charges) == {"2026-10-01": Decimal("38.91"), "2026-10-02": Decimal("31.98531")}
    assert all(Decimal(row["billed_cost"]) * 100 == Decimal(row["amount_text"]) for row in charges)


def test_anthropic_export_that_is_not_grouped_is_kept_out():
    outcome = expected_of("anthropic_cost")
    mixed = [row for row in outcome["rows"] if row["source_file"] == "cost_report_not_grouped.json"]
    assert [row["reject"] for row in mixed] == ["grouping_mixed", "grouping_mixed"]
    covered = [(row["source_file"], row["day"]) for row in outcome["covered"] if not row["source_file"].startswith("enterprise")]
    assert covered == [("cost_report.json", day) for day in ("2026-10-01", "2026-10-02", "2026-10-03")]


PRICES = {
    "claude-opus-5": {"input": 5, "output": 25, "cache_read": "0.5", "cache_write": "6.25", "cache_write_1h": 10},
    "claude-haiku-4-5-20251001": {"input": 1, "output": 5, "cache_read": "0.1", "cache_write": "1.25", "cache_write_1h": 2},
}
"""USD per million tokens, as the sample's own arithmetic has them."""


def test_anthropic_usage_at_those_prices_is_the_bill(rows: Any):
    cost: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows("anthropic_usage"):
        factor = Decimal("1.1" if row["region"] == "us" else "1") * Decimal("0.5" if row["is_batch"] else "1")
        tokens = sum(Decimal(price) * row[meter] for meter, price in PRICES[row["model"]].items()) / 1_000_000
        cost[row["started_at"][:10]] += tokens * factor + Decimal(row["web_searches"]) / 100
    assert dict(cost) == {"2026-10-01": Decimal("38.91"), "2026-10-02": Decimal("31.98531")}


GATEWAY_METERS = {
    "msg_01tUDQ6b9otCXx4NWFaQnYyD": ("success", 1200, 3000, 2000, 0, 450),
    "msg_0159pGYmAQHfMrSeYPWywYD9": ("success", 300, 5000, 0, 0, 380),
    "msg_013TKKJkot6w7hP96derLAsP": ("success", 410, 5000, 0, 800, 520),
    "chatcmpl-84qLKiYRiNHo5zuKYSMT22xG6X9b6": ("success", 388, 512, 0, 0, 210),
    "resp_0796485ee40cce1a9a0c4e1b025a66fc7c428a7f924585a24f": ("success", 1024, 1024, 0, 0, 350),
    "chatcmpl-RJaJHPq9TU3TDvNNUf74crEhyaYc6": ("success", 2000, 2000, 1000, 0, 900),
    "5d28a90f-4498-a814-61ef-baf6f628a19d": ("failure", 0, 0, 0, 0, 0),
    "chatcmpl-84qLKiYRiNHo5zuKYSMT22xG6X9b6_cache_hit1790946000.0039999": ("cache_hit", 388, 512, 0, 0, 210),
}


def gateway_requests(rows: Any) -> list[dict[str, Any]]:
    return [row for row in rows("litellm") if row["source_file"] != "more_requests.jsonl"]


def test_six_gateway_requests_one_failure_one_cache_hit(rows: Any):
    meters = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
    assert {row["event_id"]: (row["status"], *(row[meter] for meter in meters)) for row in gateway_requests(rows)} == GATEWAY_METERS


def test_gateway_requests_are_the_providers_usage_of_that_project(rows: Any):
    """Six log rows sum to the usage rows of internal-chat on that day, model by model."""
    meters = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
    logged: dict[str, list[int]] = {}
    for model, group in itertools.groupby(sorted(gateway_requests(rows), key=lambda row: row["model"]), key=lambda row: row["model"]):
        charged = [row for row in group if row["status"] == "success"]
        logged[model] = [sum(row[meter] for row in charged) for meter in meters]
    openai = [row for row in rows("openai_usage", "completions_page2.json") if row["provider_project_id"] == INTERNAL_CHAT]
    anthropic = [row for row in rows("anthropic_usage") if row.get("workspace_id") == "wrkspc_01bqzVwQ3pUymAZ4ZG3rUGWE"]
    assert logged == {row["model"]: [row.get(meter, 0) for meter in meters] for row in (*openai, *anthropic)}


def test_gateway_reports_its_own_estimate(rows: Any):
    assert sum(Decimal(row["reported_cost"]) for row in gateway_requests(rows)) == Decimal("0.050123")


def test_a_request_belongs_to_the_day_it_started(rows: Any):
    late = next(row for row in rows("litellm") if row["event_id"] == "msg_013TKKJkot6w7hP96derLAsP")
    assert (late["started_at"], late["ended_at"]) == ("2026-10-02T23:59:58.900000+00:00", "2026-10-03T00:00:01.545000+00:00")


def test_azure_bill(rows: Any):
    charges = rows("azure_cost", "part_1_0001.csv")
    assert sum(Decimal(row["billed_cost"]) for row in charges) == Decimal("368.6106")
    quantities = {row["sku"]: row["quantity"] for row in charges}
    assert quantities["gpt-4o-mini-0718-Inp-glbl Tokens"] == "18250400"
    assert quantities["GPT 5 Mini cchd Inpt Glbl 1M Tokens"] == "11500000"
    assert quantities["Provisioned Managed Global Unit"] == "360"


def test_usage_of_search_ranker_in_batches(rows: Any):
    batch = [row for row in rows("openai_usage") if row.get("is_batch")]
    assert [(row["provider_project_id"], row["api_type"], row["input"], row["request_count"]) for row in batch] == [
        (SEARCH_RANKER, "batch", 8000000, 5000)
    ]


def test_tools_add_no_requests_and_stored_bytes_no_meter(rows: Any):
    tools = [row for row in rows("openai_usage") if row["api_type"] == "tool"]
    assert len(tools) == 4
    assert {row["request_count"] for row in tools} == {0}
    stored = [row for row in tools if "usage_bytes" in row.get("tags", "")]
    assert [set(row) & set(METER_NAMES) for row in stored] == [set()]
