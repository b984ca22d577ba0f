"""Our own checks of FOCUS files: clean on what we write in both versions, and each rule catches the mistake that it is for."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from focus_data_toolkit.model.validator import COND_MULTIPLE_PRICING_CATEGORIES, COND_UNIT_PRICING, lint_focus_1_4_structure
from focus_month import CHARGES, DAILY, book

from usage_pipeline import money
from usage_pipeline.reports.focus_checks import violations
from usage_pipeline.reports.focus_columns import V1_4, VERSIONS, columns_of
from usage_pipeline.reports.formats.focus import rows_from
from usage_pipeline.tables.summary import totals

TOTALS = totals(DAILY)
FILES = book().files(None, TOTALS.billed_cost, TOTALS.cost)
HEADER = columns_of(V1_4)
INVOICES = {
    invoice: money.total([one.billed_cost for one in CHARGES if one.invoice == invoice])
    for invoice in {str(one.invoice) for one in CHARGES}
}
Rows = list[dict[str, str]]


def rows() -> Rows:
    return rows_from(FILES["focus-1.4.csv"])


def of(found: Rows, name: str) -> dict[str, str]:
    """The row of a line of the bill."""
    return next(row for row in found if row["x_SourceLineId"] == name)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["", "-estimated"])
def test_what_we_write_breaks_no_rule(version: str, kind: str) -> None:
    found = rows_from(FILES[f"focus-{version}{kind}.csv"])
    assert len(found) > 3
    assert violations(tuple(found[0]), found, version, invoices={} if kind else INVOICES) == []


@pytest.mark.parametrize("kind", ["", "-estimated"])
def test_the_linter_for_1_4_finds_nothing(kind: str) -> None:
    """With the conditions that we claim: unit prices, more than one pricing category."""
    report = lint_focus_1_4_structure(
        "Cost and Usage",
        rows_from(FILES[f"focus-1.4{kind}.csv"]),
        supported_conditions=[COND_UNIT_PRICING, COND_MULTIPLE_PRICING_CATEGORIES],
    )
    assert report.messages() == []


def test_the_linter_does_find_what_is_wrong() -> None:
    found = rows()
    of(found, "even")["ListUnitPrice"] = "1.26"
    assert [one.rule for one in lint_focus_1_4_structure("Cost and Usage", found).violations] == ["cost_not_unit_price_times_quantity"]


def put(line: str, **values: str) -> Callable[[Rows], None]:
    """The row of one line with other values."""
    return lambda found: of(found, line).update(values)


def again(found: Rows) -> None:
    found.append(dict(of(found, "thirds")))


def lost(found: Rows) -> None:
    found.remove(of(found, "seat"))


MUTATIONS = [
    ("null", "BilledCost", put("even", BilledCost="")),
    ("null", "BillingAccountType", put("even", BillingAccountType="")),
    ("written", "BilledCost", put("even", BilledCost="$1.54")),
    ("written", "ContractedCost", put("even", ContractedCost="1,5")),
    ("written", "ListUnitPrice", put("refund", ListUnitPrice="-2.5")),
    ("written", "ChargePeriodStart", put("even", ChargePeriodStart="2026-10-05 00:00:00")),
    ("written", "ChargePeriodStart", put("even", ChargePeriodStart="2026-10-5T00:00:00Z")),
    ("written", "BillingCurrency", put("even", BillingCurrency="Credits")),
    ("written", "PricingUnit", put("even", PricingUnit="1M tokens")),
    ("written", "Tags", put("even", Tags='{"team":["a","b"]}')),
    ("written", "Tags", put("even", Tags="NULL")),
    ("written", "AllocatedMethodDetails", put("thirds", AllocatedMethodDetails='{"AllocatedRatio":1}')),
    ("allowed", "ChargeCategory", put("even", ChargeCategory="Refund")),
    ("allowed", "ChargeClass", put("again", ChargeClass="correction")),
    ("allowed", "ServiceCategory", put("even", ServiceCategory="AI")),
    ("subcategory_of_another_category", "ServiceSubcategory", put("even", ServiceCategory="Compute")),
    ("subcategory_of_another_category", "ServiceSubcategory", put("even", ServiceSubcategory="Virtual Machines")),
    ("ends_before_it_starts", "ChargePeriodEnd", put("even", ChargePeriodEnd="2026-10-05T00:00:00Z")),
    ("ends_before_it_starts", "BillingPeriodEnd", put("again", BillingPeriodEnd="2026-09-01T00:00:00Z")),
    ("charged_outside_of_billing_period", "ChargePeriodStart", put("even", ChargePeriodStart="2026-09-30T00:00:00Z")),
    ("charged_outside_of_billing_period", "ChargePeriodStart", put("even", ChargePeriodEnd="2026-11-02T00:00:00Z")),
    ("cost_is_not_price_times_quantity", "ListCost", put("even", ListCost="1.543208750000001")),
    ("cost_is_not_price_times_quantity", "ContractedCost", put("even", ContractedUnitPrice="1.25000001")),
    ("cost_is_not_price_times_quantity", "ContractedCost", put("again", ContractedCost="1.0")),
    ("cost_of_a_credit_or_tax_is_not_the_billed_one", "EffectiveCost", put("credit", EffectiveCost="0.0")),
    ("cost_of_a_credit_or_tax_is_not_the_billed_one", "ListCost", put("tax", ListCost="4.0")),
    ("usage_or_purchase_without_price", "SkuId", put("even", SkuId="")),
    ("usage_or_purchase_without_price", "ListUnitPrice", put("seat", ListUnitPrice="")),
    ("price_of_what_has_none", "SkuId", put("tax", SkuId="openai/vat")),
    ("price_of_what_has_none", "PricingCategory", put("credit", PricingCategory="Standard")),
    ("price_of_what_has_none", "SkuPriceDetails", put("credit", SkuPriceDetails='{"x_ModelId":"gpt-5.1"}')),
    ("quantity_and_unit_are_not_both_there", "ConsumedUnit", put("even", ConsumedUnit="")),
    ("quantity_and_unit_are_not_both_there", "PricingUnit", put("even", PricingUnit="", PricingQuantity="1.234567")),
    ("consumed_without_usage", "ConsumedQuantity", put("seat", ConsumedQuantity="1.0", ConsumedUnit="Seats")),
    ("consumed_without_usage", "ConsumedQuantity", put("even", CommitmentDiscountStatus="Unused")),
    ("purchase_by_usage", "ChargeFrequency", put("seat", ChargeFrequency="Usage-Based")),
    ("estimate_is_billed", "BilledCost", put("odd", x_CostBasis="estimated", InvoiceId="")),
    ("estimate_is_billed", "InvoiceId", put("prepaid", x_CostBasis="estimated")),
    ("status_and_project_disagree", "x_ProjectId", put("nobody", x_ProjectId="portal")),
    ("status_and_project_disagree", "x_ProjectId", put("even", x_ProjectId="")),
    ("allocated_without_method", "x_AllocationMethod", put("thirds", x_AllocationMethod="")),
    ("allocated_without_method", "AllocatedMethodId", put("thirds", AllocatedMethodDetails="")),
    ("same_row_twice", "x_SourceLineId", again),
    ("service_in_two_categories", "ServiceName", put("tax", ServiceSubcategory="AI Platforms")),
    ("invoice_is_not_its_rows", "InvoiceId", lost),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "column", "mutate"), MUTATIONS, ids=[f"{number}-{rule}-{column}" for number, (rule, column, _) in enumerate(MUTATIONS)]
)
def test_each_rule_catches_its_mistake(rule: str, column: str, mutate: Callable[[Rows], None]) -> None:
    found = rows()
    mutate(found)
    assert (rule, column) in {(one.rule, one.column) for one in violations(HEADER, found, V1_4, invoices=INVOICES)}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_header_of_other_columns_is_told(version: str) -> None:
    header = columns_of(version)
    assert [(one.rule, one.column) for one in violations(header[1:], [], version)] == [("columns", header[0])]
    assert [(one.rule, one.column) for one in violations((*header, "Id"), [], version)] == [("columns", "Id")]
    assert [one.rule for one in violations((*header[1:], header[0]), [], version)] == ["order_of_columns"]


def test_a_violation_says_where_and_what() -> None:
    found = rows()
    found[2]["BillingCurrency"] = "usd"
    assert [str(one) for one in violations(HEADER, found, V1_4)] == ["row 3, BillingCurrency: written ('usd')"]
    short = violations(HEADER, rows(), V1_4, invoices={"INV-1": Decimal(1)})
    assert [one.value.endswith(" of 1") for one in short] == [True]
