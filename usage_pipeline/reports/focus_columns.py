"""FOCUS as data: the columns of versions 1.2 and 1.4 in their order, how each is written, whether it must be there, what it may say.

From the specification's release 1.2 and the data model of 1.4 (CC BY 4.0), https://github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec
and https://focus.finops.org/focus-specification/. Our own columns come after FOCUS's and start with `x_`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

V1_2, V1_4 = "1.2", "1.4"
VERSIONS = (V1_2, V1_4)

TEXT, DECIMAL, PRICE, TIME, CURRENCY, UNIT, PAIRS, OBJECT = "text", "decimal", "price", "time", "currency", "unit", "pairs", "object"
"""How a column is written. A price is a decimal of 0 or more; pairs are a JSON object of scalars; an object is {"Elements": [...]}."""

Value: TypeAlias = str | Decimal | None
Row: TypeAlias = Mapping[str, Value]
"""One charge: column → value; columns that are not there are null. Times and JSON are text already."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of FOCUS: in each version M (mandatory), C (conditional) or R (recommended), with '?' where it may be null, or ''."""

    name: str
    written: str
    in_1_2: str
    in_1_4: str

    def level(self, version: str) -> str:
        return self.in_1_2 if version == V1_2 else self.in_1_4


COLUMNS = (
    Column("AllocatedMethodDetails", OBJECT, "", "R?"),
    Column("AllocatedMethodId", TEXT, "", "C?"),
    Column("AllocatedResourceId", TEXT, "", "C?"),
    Column("AllocatedResourceName", TEXT, "", "C?"),
    Column("AllocatedTags", PAIRS, "", "C?"),
    Column("AvailabilityZone", TEXT, "R?", "R?"),
    Column("BilledCost", DECIMAL, "M", "M"),
    Column("BillingAccountId", TEXT, "M", "M"),
    Column("BillingAccountName", TEXT, "M?", "M?"),
    Column("BillingAccountType", TEXT, "C", "C"),
    Column("BillingCurrency", CURRENCY, "M", "M"),
    Column("BillingPeriodEnd", TIME, "M", "M"),
    Column("BillingPeriodStart", TIME, "M", "M"),
    Column("CapacityReservationId", TEXT, "C?", "C?"),
    Column("CapacityReservationStatus", TEXT, "C?", "C?"),
    Column("ChargeCategory", TEXT, "M", "M"),
    Column("ChargeClass", TEXT, "M?", "M?"),
    Column("ChargeDescription", TEXT, "M?", "M?"),
    Column("ChargeFrequency", TEXT, "R", "R"),
    Column("ChargePeriodEnd", TIME, "M", "M"),
    Column("ChargePeriodStart", TIME, "M", "M"),
    Column("CommitmentDiscountCategory", TEXT, "C?", "C?"),
    Column("CommitmentDiscountId", TEXT, "C?", "C?"),
    Column("CommitmentDiscountName", TEXT, "C?", "C?"),
    Column("CommitmentDiscountQuantity", DECIMAL, "C?", "C?"),
    Column("CommitmentDiscountStatus", TEXT, "C?", "C?"),
    Column("CommitmentDiscountType", TEXT, "C?", "C?"),
    Column("CommitmentDiscountUnit", UNIT, "C?", "C?"),
    Column("CommitmentProgramEligibilityDetails", OBJECT, "", "C?"),
    Column("ConsumedQuantity", DECIMAL, "C?", "C?"),
    Column("ConsumedUnit", UNIT, "C?", "C?"),
    Column("ContractApplied", OBJECT, "", "C?"),
    Column("ContractedCost", DECIMAL, "M", "M"),
    Column("ContractedUnitPrice", PRICE, "C?", "C?"),
    Column("EffectiveCost", DECIMAL, "M", "M"),
    Column("HostProviderName", TEXT, "", "M?"),
    Column("InvoiceDetailId", TEXT, "", "C?"),
    Column("InvoiceId", TEXT, "R?", "C?"),
    Column("InvoiceIssuerName", TEXT, "M", "M"),
    Column("ListCost", DECIMAL, "M", "M"),
    Column("ListUnitPrice", PRICE, "C?", "C?"),
    Column("PricingCategory", TEXT, "C?", "C?"),
    Column("PricingCurrency", CURRENCY, "C?", "C"),
    Column("PricingCurrencyContractedUnitPrice", PRICE, "C?", "C?"),
    Column("PricingCurrencyEffectiveCost", DECIMAL, "C?", "C"),
    Column("PricingCurrencyListUnitPrice", PRICE, "C?", "C?"),
    Column("PricingQuantity", DECIMAL, "M?", "M?"),
    Column("PricingUnit", UNIT, "M?", "M?"),
    Column("ProviderName", TEXT, "M", ""),
    Column("PublisherName", TEXT, "M", ""),
    Column("RegionId", TEXT, "C?", "C?"),
    Column("RegionName", TEXT, "C?", "C?"),
    Column("ResourceId", TEXT, "C?", "C?"),
    Column("ResourceName", TEXT, "C?", "C?"),
    Column("ResourceType", TEXT, "C?", "C?"),
    Column("ServiceCategory", TEXT, "M", "M"),
    Column("ServiceName", TEXT, "M", "M"),
    Column("ServiceProviderName", TEXT, "", "M"),
    Column("ServiceSubcategory", TEXT, "R", "R"),
    Column("SkuId", TEXT, "C?", "C?"),
    Column("SkuMeter", TEXT, "C?", "C?"),
    Column("SkuPriceDetails", PAIRS, "C?", "C?"),
    Column("SkuPriceId", TEXT, "C?", "C?"),
    Column("SubAccountId", TEXT, "C?", "C?"),
    Column("SubAccountName", TEXT, "C?", "C?"),
    Column("SubAccountType", TEXT, "C?", "C?"),
    Column("Tags", PAIRS, "C?", "C?"),
)

OURS = (
    ("x_AllocationMethod", TEXT), ("x_AllocationRule", TEXT), ("x_AllocationStatus", TEXT), ("x_Cause", TEXT), ("x_CorrectionOf", TEXT),
    ("x_CostBasis", TEXT), ("x_EstimatedCost", DECIMAL), ("x_ExchangeDay", TEXT), ("x_ExchangeRate", DECIMAL), ("x_Finality", TEXT),
    ("x_Meter", TEXT), ("x_ProjectId", TEXT), ("x_SourceLineId", TEXT), ("x_SourceSystem", TEXT),
)  # fmt: skip

AI = "AI and Machine Learning"
ALLOWED: dict[str, frozenset[str]] = {
    "CapacityReservationStatus": frozenset({"Used", "Unused"}),
    "ChargeCategory": frozenset({"Usage", "Purchase", "Tax", "Credit", "Adjustment"}),
    "ChargeClass": frozenset({"Correction"}),
    "ChargeFrequency": frozenset({"One-Time", "Recurring", "Usage-Based"}),
    "CommitmentDiscountCategory": frozenset({"Spend", "Usage"}),
    "CommitmentDiscountStatus": frozenset({"Used", "Unused"}),
    "PricingCategory": frozenset({"Standard", "Dynamic", "Committed", "Other"}),
    "ServiceCategory": frozenset({
        AI, "Analytics", "Business Applications", "Compute", "Databases", "Developer Tools", "Multicloud", "Identity", "Integration",
        "Internet of Things", "Management and Governance", "Media", "Migration", "Mobile", "Networking", "Security", "Storage", "Web",
        "Other",
    }),
    "x_AllocationStatus": frozenset({"direct", "allocated", "unattributed"}),
    "x_CostBasis": frozenset({"billed", "estimated"}),
}  # fmt: skip

SUBCATEGORIES = {
    AI: frozenset({
        "AI Platforms", "Bots", "Generative AI", "Machine Learning", "Natural Language Processing", "Other (AI and Machine Learning)",
    }),
}  # fmt: skip
"""Of the one service category that AI charges are in; a subcategory under another one is wrong here."""

WRITTEN = {one.name: one.written for one in COLUMNS} | dict(OURS)


def columns_of(version: str) -> tuple[str, ...]:
    """The header of a file: FOCUS's columns of the version, then ours."""
    return (*(one.name for one in COLUMNS if one.level(version)), *(name for name, _ in OURS))
