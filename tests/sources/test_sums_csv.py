"""What must agree between the dashboards' exports, the APIs' pages of the same days, and prices, by arithmetic of the tests' own."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.engine import connect
from usage_pipeline.tables.meters import METER_NAMES

PLACE = ("source_file", "source_line")
OPENAI_DAYS = {"2026-10-01": Decimal("26.9190387"), "2026-10-02": Decimal("22.209063")}
ANTHROPIC_DAYS = {"2026-10-01": Decimal("38.91"), "2026-10-02": Decimal("31.98531")}

Rows = list[dict[str, Any]]


@pytest.fixture
def rows(engine: Backend, tmp_path: Path) -> Any:
    def read(kind: str, *files: str) -> Rows:
        found = rows_of(engine, SOURCES[kind], records_of(engine, SOURCES[kind], tmp_path / "stage"))
        return [row for row in found if "reject" not in row and (not files or row["source_file"] in files)]

    return read


def by_day(charges: Rows) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in charges:
        sums[row["period_start"][:10]] += Decimal(row["billed_cost"])
    return dict(sums)


def alike(found: Rows) -> Rows:
    """Without their places in files, in the order of their ids."""
    plain = [{name: value for name, value in row.items() if name not in PLACE} for row in found]
    return sorted(plain, key=lambda row: row.get("charge_id") or row["event_id"])


@pytest.mark.parametrize("file", ["cost_2026-10-01_2026-10-03.csv", "cost_header_2026-08.csv", "cost_ungrouped.csv"])
def test_openai_cost_exports_of_all_headers_sum_to_the_bill(rows: Any, file: str) -> None:
    assert by_day(rows("openai_costs_csv", file)) == OPENAI_DAYS


def test_openai_cost_export_gives_the_charges_of_the_api(rows: Any) -> None:
    pages = rows("openai_costs", "live_shape_page1.json", "live_shape_page2.json")
    assert alike(rows("openai_costs_csv", "cost_2026-10-01_2026-10-03.csv")) == alike(pages)
    assert len(pages) == 22


def test_openai_cost_export_that_is_not_grouped_is_shared_and_unmapped(rows: Any) -> None:
    charges = rows("openai_costs_csv", "cost_ungrouped.csv")
    assert [(row["meter"], row["names_project"], row.get("model"), row.get("sku")) for row in charges] == [
        ("unmapped", False, None, None)
    ] * 2


def test_openai_usage_export_gives_the_events_of_the_api(rows: Any) -> None:
    pages = rows("openai_usage", "completions_page1.json", "completions_page2.json")
    assert alike(rows("openai_usage_csv", "completions_usage_2026-10-01_2026-10-03.csv")) == alike(pages)
    assert len(pages) == 7


OPENAI_PRICES = {
    ("gpt-5.6-terra", "default"): {"input": "2", "cache_read": "0.2", "cache_write": "2.5", "output": "12"},
    ("gpt-5.6-terra", "priority"): {"input": "4", "cache_read": "0.4", "cache_write": "5", "output": "24"},
    ("gpt-4o-mini-2024-07-18", "default"): {"input": "0.15", "cache_read": "0.075", "cache_write": "0", "output": "0.6"},
}
"""USD per million tokens, as the sample's own arithmetic has them."""


def test_openai_usage_export_at_those_prices_is_the_bill(rows: Any) -> None:
    """Without the batch of day two, which the verified bill does not have; its web searches are no tokens."""
    cost: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows("openai_usage_csv", "completions_usage_2026-10-01_2026-10-03.csv"):
        prices = OPENAI_PRICES[row["model"], row["service_tier"]] if not row["is_batch"] else {}
        cost[row["started_at"][:10]] += sum((Decimal(price) * row[meter] for meter, price in prices.items()), Decimal(0)) / 1_000_000
    cost["2026-10-02"] += 12 * Decimal("0.01")
    assert dict(cost) == OPENAI_DAYS


ANTHROPIC_PRICES = {
    "claude-opus-5": {"input": 5, "output": 25, "cache_read": "0.5", "cache_write": "6.25", "cache_write_1h": 10},
    "claude-haiku-4-5-20251001": {"input": 1, "output": 5, "cache_read": "0.1", "cache_write": "1.25", "cache_write_1h": 2},
}
TOKENS = "claude_api_tokens_2026_10_01_to_2026_10_02.csv"
COST = "claude_api_cost_2026_10_01_to_2026_10_02.csv"


def list_cost(row: dict[str, Any]) -> Decimal:
    prices = ANTHROPIC_PRICES[row["model"]]
    return sum((Decimal(price) * row.get(meter, 0) for meter, price in prices.items()), Decimal(0)) / 1_000_000


def test_anthropic_token_export_at_list_prices_is_the_cost_report(rows: Any) -> None:
    cost: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows("anthropic_tokens_csv", TOKENS):
        factor = Decimal("1.1" if row["region"] == "us" else "1") * Decimal("0.5" if row["is_batch"] else "1")
        cost[row["started_at"][:10]] += list_cost(row) * factor + Decimal(row["web_searches"]) / 100
    assert dict(cost) == ANTHROPIC_DAYS


def test_anthropic_token_export_counts_what_the_usage_report_counts(rows: Any) -> None:
    def counted(found: Rows) -> list[tuple[Any, ...]]:
        names = ("started_at", "ended_at", "model", "region", "service_tier", "is_batch", "api_type", "tags", *METER_NAMES)
        return sorted((tuple(row.get(name) for name in names) for row in found), key=repr)

    assert counted(rows("anthropic_tokens_csv", TOKENS)) == counted(rows("anthropic_usage"))


@pytest.mark.parametrize("file", [COST, "cost_header_2026-03.csv"])
def test_anthropic_cost_export_is_the_cost_report_to_half_a_cent_a_line(rows: Any, file: str) -> None:
    """Line by line; web searches are in no export that was seen. The sums are off by what was rounded."""
    report = {
        (row["period_start"], row["region"], row["meter"]): Decimal(row["billed_cost"])
        for row in rows("anthropic_cost", "cost_report.json")
        if row["meter"] != "web_searches"
    }
    charges = rows("anthropic_cost_csv", file)
    export = {(row["period_start"], row["region"], row["meter"]): Decimal(row["billed_cost"]) for row in charges}
    assert export.keys() == report.keys()
    assert all(abs(export[line] - report[line]) <= Decimal("0.005") for line in report)
    assert by_day(charges) == {"2026-10-01": Decimal("38.07"), "2026-10-02": Decimal("31.08")}
    assert {row["tags"] for row in charges} == {'{"context_window": "0-200k", "rounded_to": "0.01"}'}


def test_enterprise_report_is_in_cents_of_six_decimals_and_knows_the_list_price(rows: Any) -> None:
    [one] = rows("anthropic_cost", "enterprise_cost_report.json")
    assert (one["billed_cost"], one["list_cost"], one["amount_text"]) == ("10.25", "11.25", "1025.000000")
    by_product = rows("anthropic_cost", "enterprise_by_product.json")
    assert [row["billed_cost"] for row in by_product] == ["412.8", "0.12500001"]
    assert not any(row["names_project"] for row in (one, *by_product))


def test_claude_codes_estimate_is_its_tokens_at_list_prices(rows: Any) -> None:
    estimated = [row for row in rows("claude_code") if "reported_cost" in row]
    assert [Decimal(row["reported_cost"]) for row in estimated] == [list_cost(row) for row in estimated] == [
        Decimal("2.1875"), Decimal("0.105"), Decimal("0.001275")
    ]  # fmt: skip
    assert {row["reported_cost_basis"] for row in estimated} == {"provider_estimated"}


def test_claude_codes_persons_are_hashes_and_each_is_replaced_alone(tmp_path: Path) -> None:
    engine = connect(tmp_path / "scratch", hash_key="test-key")
    records = records_of(engine, SOURCES["claude_code"], tmp_path / "stage")
    accepted = [row for row in rows_of(engine, SOURCES["claude_code"], records) if "reject" not in row]
    persons = [row["user"] for row in accepted if "user" in row]
    assert len(persons) == 4
    assert len(set(persons)) == 2
    assert all(person.startswith("person-") for person in persons)
    assert [row["snapshot_scope"] for row in accepted] == [*persons, "internal-chat-ci"]
    assert "@" not in repr(accepted)
