"""Is a FOCUS file right? Our own checks of rows as they were written, for validators pass over most of this. Exact, and pure.

In: a file's header and rows as text ('' is null). Out: each violation, with its rule, row and column; nothing where all is right.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from usage_pipeline import money
from usage_pipeline.reports.focus_columns import COLUMNS, SUBCATEGORIES, columns_of
from usage_pipeline.reports.focus_rows import ALLOCATED, CREDIT, ESTIMATED, PURCHASE, TAX, USAGE
from usage_pipeline.reports.focus_written import Fields, Found, wrongly_written
from usage_pipeline.tables.costs import UNATTRIBUTED

COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
PRICING = ("SkuId", "SkuPriceId", "PricingCategory", "PricingQuantity", "PricingUnit", "ListUnitPrice", "ContractedUnitPrice")
UNIT_OF = {"ConsumedQuantity": "ConsumedUnit", "PricingQuantity": "PricingUnit", "CommitmentDiscountQuantity": "CommitmentDiscountUnit"}
KEY = ("x_SourceSystem", "x_SourceLineId", "x_ProjectId", "SkuPriceId", "ChargePeriodStart")


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken in one place. `row` counts from 1; 0 is the file as a whole."""

    rule: str
    row: int
    column: str
    value: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.rule} ({self.value!r})"


def violations(
    header: Sequence[str], rows: Sequence[Fields], version: str, *, invoices: Mapping[str, Decimal] | None = None
) -> list[Violation]:
    """Every place where the file breaks a rule. `invoices` is what each invoice comes to in these rows' period, where that is known."""
    found = [Violation("columns", 0, name, "") for name in sorted(set(header) ^ set(columns_of(version)))]
    if tuple(header) != columns_of(version) and not found:
        found.append(Violation("order_of_columns", 0, "", ""))
    needed = [one.name for one in COLUMNS if one.level(version) and not one.level(version).endswith("?")]
    for number, row in enumerate(rows, 1):
        told = [("null", name) for name in needed if not row.get(name)] + [*wrongly_written(row)]
        if not told:
            told = [one for rule in RULES for one in rule(row)]
        found += [Violation(rule, number, column, row.get(column, "")) for rule, column in told]
    return [*found, *_twice(rows), *_services(rows), *_invoices(rows, invoices or {})]


def _number(row: Fields, name: str) -> Decimal | None:
    try:
        return Decimal(row[name]) if row.get(name) else None
    except InvalidOperation:
        return None


def _subcategory(row: Fields) -> Found:
    if row["ServiceSubcategory"] not in SUBCATEGORIES.get(row["ServiceCategory"], ()):
        yield "subcategory_of_another_category", "ServiceSubcategory"


def _periods(row: Fields) -> Found:
    for name in ("BillingPeriod", "ChargePeriod"):
        if row[f"{name}Start"] >= row[f"{name}End"]:
            yield "ends_before_it_starts", f"{name}End"
    inside = row["BillingPeriodStart"] <= row["ChargePeriodStart"] and row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]
    if not inside and row.get("ChargeClass") != "Correction":
        yield "charged_outside_of_billing_period", "ChargePeriodStart"


def _products(row: Fields) -> Found:
    """On corrections too, as 1.4 has it."""
    quantity = _number(row, "PricingQuantity")
    for cost, price in (("ListCost", "ListUnitPrice"), ("ContractedCost", "ContractedUnitPrice")):
        unit_price = _number(row, price)
        with money.exactly():
            if quantity is not None and unit_price is not None and unit_price * quantity != Decimal(row[cost]):
                yield "cost_is_not_price_times_quantity", cost


def _equal_costs(row: Fields) -> Found:
    """Of what has no price, a credit or tax above all, every cost is the billed one."""
    if row["ChargeCategory"] in {CREDIT, TAX}:
        for name in COSTS[1:]:
            if Decimal(row[name]) != Decimal(row["BilledCost"]):
                yield "cost_of_a_credit_or_tax_is_not_the_billed_one", name


def _prices(row: Fields) -> Found:
    is_priced = row["ChargeCategory"] in {USAGE, PURCHASE}
    for name in PRICING:
        if is_priced and not row.get(name):
            yield "usage_or_purchase_without_price", name
        if not is_priced and row.get(name) and (row["ChargeCategory"] == TAX or not row.get("SkuPriceId")):
            yield "price_of_what_has_none", name
    if not row.get("SkuPriceId") and row.get("SkuPriceDetails"):
        yield "price_of_what_has_none", "SkuPriceDetails"


def _quantities(row: Fields) -> Found:
    for quantity, unit in UNIT_OF.items():
        if bool(row.get(quantity)) != bool(row.get(unit)):
            yield "quantity_and_unit_are_not_both_there", unit
    if row.get("ConsumedQuantity") and (row["ChargeCategory"] != USAGE or row.get("CommitmentDiscountStatus") == "Unused"):
        yield "consumed_without_usage", "ConsumedQuantity"


def _frequency(row: Fields) -> Found:
    if row["ChargeCategory"] == PURCHASE and row["ChargeFrequency"] == "Usage-Based":
        yield "purchase_by_usage", "ChargeFrequency"


def _estimates(row: Fields) -> Found:
    """Who does not invoice bills nothing."""
    if row.get("x_CostBasis") == ESTIMATED:
        if Decimal(row["BilledCost"]):
            yield "estimate_is_billed", "BilledCost"
        if row.get("InvoiceId"):
            yield "estimate_is_billed", "InvoiceId"


def _attribution(row: Fields) -> Found:
    status = row.get("x_AllocationStatus")
    if (status == UNATTRIBUTED) == bool(row.get("x_ProjectId")):
        yield "status_and_project_disagree", "x_ProjectId"
    if (status == ALLOCATED) and not row.get("x_AllocationMethod"):
        yield "allocated_without_method", "x_AllocationMethod"
    if "AllocatedMethodId" in row and (status == ALLOCATED) != bool(row["AllocatedMethodId"] and row["AllocatedMethodDetails"]):
        yield "allocated_without_method", "AllocatedMethodId"


RULES: tuple[Callable[[Fields], Found], ...] = (
    _subcategory, _periods, _products, _equal_costs, _prices, _quantities, _frequency, _estimates, _attribution,
)  # fmt: skip
"""What must hold of one row whose values are there and well written."""


def _twice(rows: Sequence[Fields]) -> Iterator[Violation]:
    seen: set[tuple[str, ...]] = set()
    for number, row in enumerate(rows, 1):
        key = tuple(row.get(name, "") for name in KEY)
        if key in seen:
            yield Violation("same_row_twice", number, "x_SourceLineId", row.get("x_SourceLineId", ""))
        seen.add(key)


def _services(rows: Sequence[Fields]) -> Iterator[Violation]:
    """A service has one category and one subcategory."""
    known: dict[str, tuple[str, str]] = {}
    for number, row in enumerate(rows, 1):
        kind = (row.get("ServiceCategory", ""), row.get("ServiceSubcategory", ""))
        if known.setdefault(row.get("ServiceName", ""), kind) != kind:
            yield Violation("service_in_two_categories", number, "ServiceName", row["ServiceName"])


def _invoices(rows: Sequence[Fields], invoices: Mapping[str, Decimal]) -> Iterator[Violation]:
    sums: dict[str, list[Decimal | None]] = defaultdict(list)
    for row in rows:
        sums[row.get("InvoiceId", "")].append(_number(row, "BilledCost"))
    for invoice, amount in sorted(invoices.items()):
        billed = money.total(sums.get(invoice, []))
        if billed != amount:
            yield Violation("invoice_is_not_its_rows", 0, "InvoiceId", f"{invoice}: {money.text(billed)} of {money.text(amount)}")
