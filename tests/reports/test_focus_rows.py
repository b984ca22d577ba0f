"""The FOCUS files of a made-up month: every case of a bill as the row that FOCUS has for it, by hand; sums to the last digit."""

import json
from collections import Counter
from decimal import Decimal

import pytest
from focus_month import ALLOCATIONS, CHARGES, DAILY, PROJECTS, book, charge, estimate
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.reports.focus_book import FILES
from usage_pipeline.reports.focus_columns import COLUMNS, OURS, V1_2, V1_4, VERSIONS, columns_of
from usage_pipeline.reports.focus_lines import unpriced_events
from usage_pipeline.reports.formats.focus import rows_from
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.summary import totals

TOTALS = totals(DAILY)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return book().files(None, TOTALS.billed_cost, TOTALS.cost)


@pytest.fixture(scope="module")
def rows(files: dict[str, bytes]) -> dict[str, list[dict[str, str]]]:
    """By the line of the bill."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows_from(files["focus-1.4.csv"]):
        found.setdefault(row["x_SourceLineId"], []).append(row)
    return found


def total(rows: list[dict[str, str]], name: str) -> Decimal:
    return money.total([Decimal(row[name]) for row in rows])


def told(row: dict[str, str], *names: str) -> list[str]:
    return [row[name] for name in names]


def test_the_columns_are_those_of_each_version() -> None:
    assert {version: len(columns_of(version)) - len(OURS) for version in VERSIONS} == {V1_2: 57, V1_4: 65}
    levels = Counter((version, one.level(version)[:1]) for one in COLUMNS for version in VERSIONS if one.level(version))
    assert levels == {
        (V1_2, "M"): 21, (V1_2, "C"): 32, (V1_2, "R"): 4, (V1_4, "M"): 21, (V1_4, "C"): 40, (V1_4, "R"): 4,
    }  # fmt: skip
    assert all(list(columns_of(version)) == sorted(columns_of(version), key=lambda name: (name[0] == "x", name)) for version in VERSIONS)


def test_every_file_is_there_and_the_same_input_gives_the_same_bytes(files: dict[str, bytes]) -> None:
    assert sorted(files) == sorted(FILES) == ["focus-1.2-estimated.csv", "focus-1.2.csv", "focus-1.4-estimated.csv", "focus-1.4.csv"]
    mixed = book(CHARGES[::-1], ALLOCATIONS[::-1], DAILY[::-1])
    assert mixed.files(None, TOTALS.billed_cost, TOTALS.cost) == files
    for version in VERSIONS:
        assert tuple(rows_from(files[f"focus-{version}.csv"])[0]) == columns_of(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_billed_cost_is_the_bill_and_the_rest_of_the_cost_is_estimated(files: dict[str, bytes], version: str) -> None:
    billed, estimated = rows_from(files[f"focus-{version}.csv"]), rows_from(files[f"focus-{version}-estimated.csv"])
    assert total(billed, "BilledCost") == TOTALS.billed_cost == money.total([one.billed_cost for one in CHARGES])
    assert total(estimated, "BilledCost") == 0
    assert total(billed, "BilledCost") + total(estimated, "EffectiveCost") == TOTALS.cost
    amortised = Decimal("1.25")  # what a prepaid line is worth, which the bill tells beside its 0
    assert total(billed, "EffectiveCost") == TOTALS.billed_cost + amortised


@pytest.mark.parametrize("project", [*(one.id for one in PROJECTS), UNATTRIBUTED])
def test_a_projects_files_are_its_rows_of_the_organisations(files: dict[str, bytes], project: str) -> None:
    own = totals([row for row in DAILY if row.project == project])
    its = book().files(project, own.billed_cost, own.cost)
    name = "" if project == UNATTRIBUTED else project
    for file, content in its.items():
        assert rows_from(content) == [row for row in rows_from(files[file]) if row["x_ProjectId"] == name]
    assert total(rows_from(its["focus-1.2.csv"]), "BilledCost") == own.billed_cost


def test_a_file_that_is_not_the_statements_amount_is_not_made() -> None:
    with pytest.raises(AccountingError, match=r"FOCUS files of 2026-10, portal: BilledCost is .* billed cost is 1 and its cost 1"):
        book().files("portal", Decimal(1), Decimal(1))


def test_a_unit_price_is_given_where_it_comes_out_even(rows: dict[str, list[dict[str, str]]]) -> None:
    prices = ("PricingQuantity", "PricingUnit", "ListUnitPrice", "ContractedUnitPrice", "ListCost", "ContractedCost")
    assert told(rows["even"][0], *prices) == ["1.234567", "1000000 Tokens", "1.25", "1.25", "1.54320875", "1.54320875"]
    assert told(rows["listed"][0], *prices) == ["0.6", "1000000 Tokens", "2.0", "1.5", "1.2", "0.9"]
    assert told(rows["odd"][0], *prices) == ["1.0", "Charges", "1.1", "1.1", "1.1", "1.1"]
    assert told(rows["refund"][0], *prices) == ["-0.3", "1000000 Tokens", "2.5", "2.5", "-0.75", "-0.75"]
    assert told(rows["odd"][0], "ConsumedQuantity", "ConsumedUnit") == ["1234567.0", "Tokens"]
    assert told(rows["no-quantity"][0], *prices[:4], "ConsumedQuantity") == ["1.0", "Charges", "10.0", "10.0", ""]
    assert rows["odd"][0]["SkuPriceId"] == "openai/gpt-5.1/input/standard/charge"


def test_what_is_no_usage(rows: dict[str, list[dict[str, str]]]) -> None:
    costs = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
    none = (
        "SkuId",
        "SkuPriceId",
        "SkuPriceDetails",
        "PricingCategory",
        "PricingQuantity",
        "PricingUnit",
        "ListUnitPrice",
        "ConsumedQuantity",
    )
    for name, category, cost in (("credit", "Credit", "-5.0"), ("tax", "Tax", "4.2"), ("rounding", "Adjustment", "-0.001")):
        row = rows[name][0]
        assert told(row, "ChargeCategory", "ChargeFrequency", *costs) == [category, "One-Time", *[cost] * 4]
        assert told(row, *none) == [""] * len(none)
    seat = rows["seat"][0]
    assert told(seat, "ChargeCategory", "ChargeFrequency", "BilledCost", "EffectiveCost") == ["Purchase", "One-Time", "30.0", "30.0"]
    assert told(seat, "PricingQuantity", "PricingUnit", "SkuId", "ConsumedQuantity") == ["1.0", "Units", "openai/Seat/unmapped", ""]
    assert told(rows["prepaid"][0], *costs) == ["0.0", "1.25", "1.25", "1.25"]


def test_shared_lines_are_split_with_method_and_ratio(rows: dict[str, list[dict[str, str]]]) -> None:
    thirds = rows["thirds"]
    assert told(thirds[0], "x_AllocationStatus", "x_AllocationMethod", "AllocatedMethodId") == ["allocated", "usage", "usage"]
    assert {row["AllocatedResourceId"]: row["BilledCost"] for row in thirds} == {
        "portal": "0.333333333333334", "chat": "0.333333333333333", "search": "0.333333333333333",
    }  # fmt: skip
    ratios = [json.loads(row["AllocatedMethodDetails"], parse_float=Decimal)["Elements"][0]["AllocatedRatio"] for row in thirds]
    assert money.total(ratios) == 1
    assert total(thirds, "ConsumedQuantity") == 1_234_567
    assert [json.loads(row["AllocatedTags"]) for row in thirds] == [{"project": row["x_ProjectId"]} for row in thirds]
    assert [row["AllocatedResourceName"] for row in thirds] == ["'=Chat()", "Support portal", "Search"]
    portal, rest = rows["rest"]
    assert told(portal, "BilledCost", "ListCost") == ["0.05", "0.071428571428571"]
    assert told(rest, "BilledCost", "ListCost") == ["0.02", "0.028571428571429"]
    assert total(rows["rest"], "EffectiveCost") == Decimal("0.07")


def test_nobodys_is_a_row_of_its_own_without_a_project(rows: dict[str, list[dict[str, str]]]) -> None:
    rest = rows["rest"][1]
    columns = ("x_AllocationStatus", "x_AllocationMethod", "x_ProjectId", "Tags", "AllocatedMethodId", "AllocatedResourceId")
    assert told(rest, *columns) == ["unattributed", "usage", "", '{"env":"live"}', "", ""]
    assert told(rows["nobody"][0], *columns) == ["unattributed", "", "", "{}", "", ""]


def test_accounts_periods_and_places(rows: dict[str, list[dict[str, str]]]) -> None:
    names = (
        "BillingAccountId",
        "SubAccountId",
        "SubAccountName",
        "SubAccountType",
        "ServiceProviderName",
        "HostProviderName",
        "ServiceName",
    )
    assert told(rows["even"][0], *names) == ["org-1", "proj_1", "Portal", "Project", "OpenAI", "", "OpenAI API"]
    assert told(rows["vertex"][0], *names) == ["org-1", "gcp-1", "gcp-1", "Project", "Google Cloud", "Google Cloud", "Vertex AI"]
    assert told(rows["bedrock"][0], *names[1:]) == ["123456789012", "123456789012", "Account", "AWS", "AWS", "Amazon Bedrock"]
    assert told(rows["vertex"][0], "RegionId", "SkuPriceId") == ["europe-west4", "google.vertex/gemini-2.5-pro/input/batch"]
    for name in ("long", "local"):
        assert told(rows[name][0], "ChargePeriodStart", "ChargePeriodEnd") == ["2026-10-31T07:00:00Z", "2026-11-01T00:00:00Z"]
    assert {row["BillingPeriodEnd"] for group in rows.values() for row in group} == {"2026-11-01T00:00:00Z"}
    assert rows["again"][0]["ChargeClass"] == "Correction"


def test_other_currencies_are_pricing_currencies(rows: dict[str, list[dict[str, str]]]) -> None:
    columns = ("BillingCurrency", "BilledCost", "PricingCurrency", "PricingCurrencyEffectiveCost", "x_ExchangeRate", "x_ExchangeDay")
    assert told(rows["euros"][0], *columns) == ["USD", "3.5175", "EUR", "3.0", "1.1725", "2026-10-05"]
    assert [row["PricingCurrencyEffectiveCost"] for row in rows["euro-storage"]] == ["2.0", "4.0"]
    assert told(rows["even"][0], *columns) == ["USD", "1.54320875", "USD", "1.54320875", "", ""]


def test_text_of_others_is_no_formula(rows: dict[str, list[dict[str, str]]]) -> None:
    row = rows["formula"][0]
    assert told(row, "ChargeDescription", "ResourceId") == ["'=SUM(A1:A9)", "'+1"]
    assert json.loads(row["Tags"]) == {"team": "@all", "project": "their own"}


def test_estimates_are_billed_nothing_and_what_has_no_price_is_left_out_and_counted(files: dict[str, bytes]) -> None:
    rows = rows_from(files["focus-1.2-estimated.csv"])
    found = {(row["x_ProjectId"], row["x_Meter"]): told(row, "EffectiveCost", "ListCost", "ConsumedQuantity") for row in rows}
    assert found == {
        ("chat", "output"): ["0.000000000000001", "0.000000000000001", "600.0"],
        ("portal", "input"): ["0.005", "0.006", "2000.0"],
        ("search", "requests"): ["0.0", "0.0", "1000.0"],
        ("", "input"): ["0.1", "0.1", "1000.0"],
    }
    assert {(row["BilledCost"], row["x_CostBasis"], row["InvoiceId"]) for row in rows} == {("0.0", "estimated", "")}
    assert unpriced_events(DAILY) == book().left_out == 3


@settings(max_examples=60, deadline=None)
@given(
    cost=st.decimals(min_value=-10_000, max_value=10_000, places=15),
    listed=st.none() | st.decimals(min_value=-10_000, max_value=10_000, places=6),
    quantity=st.none() | st.integers(min_value=-(10**9), max_value=10**9),
    category=st.sampled_from(["Usage", "Purchase", "Credit", "Tax", "Adjustment"]),
)
def test_price_times_quantity_is_the_cost_whatever_the_bill_says(
    cost: Decimal, listed: Decimal | None, quantity: int | None, category: str
) -> None:
    line = charge("any", str(cost), list_cost=listed and str(listed), quantity=quantity and str(quantity), category=category)
    daily = [estimate("portal", str(cost), billed_cost=cost, basis="billed")]
    (row,) = rows_from(book([line], [], daily).files(None, cost, cost)["focus-1.4.csv"])
    assert Decimal(row["BilledCost"]) == cost
    with money.exactly():
        for name in ("List", "Contracted"):
            if row[f"{name}UnitPrice"]:
                assert Decimal(row[f"{name}UnitPrice"]) >= 0
                assert Decimal(row[f"{name}UnitPrice"]) * Decimal(row["PricingQuantity"]) == Decimal(row[f"{name}Cost"])
