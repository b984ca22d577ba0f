"""The mapping: one line of our book as one row of FOCUS, every column of both versions that says something. Pure and exact.

Costs are in the reporting currency, which is BillingCurrency; PricingCurrency is the bill's own. A unit price is given where it comes out
even, so that price × quantity is the cost to the last digit; else the charge is priced as one of `Charges`. Credits, taxes and adjustments
have no SKU and no price.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from usage_pipeline import money
from usage_pipeline.periods import Period, start_of
from usage_pipeline.reports.focus_columns import AI, Row, Value
from usage_pipeline.reports.focus_names import (
    BLOCK,
    CHARGES,
    TOKENS,
    TOKENS_PRICED,
    price_details_of,
    publisher_of,
    service_of,
    sku_meter_of,
    unit_of,
)
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import UNMAPPED

STAMP = "%Y-%m-%dT%H:%M:%SZ"
USAGE, PURCHASE, CREDIT, TAX = "Usage", "Purchase", "Credit", "Tax"
GENERATIVE = "Generative AI"
DIRECT, ALLOCATED = "direct", "allocated"
BILLED, ESTIMATED = "billed", "estimated"
PRICE_PLACES = 16
ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An amount of one project. `more` are the columns that only its origin knows. `project` None: nobody's."""

    channel: str
    provider: str | None
    model: str | None
    meter: str
    category: str
    start: datetime
    end: datetime
    project: str | None
    billed: Decimal
    effective: Decimal
    contracted: Decimal
    listed: Decimal
    quantity: Decimal | None
    tier: str | None = None
    sku: str | None = None
    more: Mapping[str, Value]

    @property
    def is_priced(self) -> bool:
        return is_priced(self.category)


def is_priced(category: str) -> bool:
    """Else there is one cost, which is billed."""
    return category in {USAGE, PURCHASE}


def row_of(line: Line, invoiced: Period, currency: str) -> Row:
    """`invoiced` is the billing period."""
    service = service_of(line.channel)
    costs = (line.effective, line.contracted, line.listed) if line.is_priced else (line.billed,) * 3
    named = line.project if line.project != UNATTRIBUTED else None
    row: dict[str, Value] = {
        "BilledCost": line.billed,
        "EffectiveCost": costs[0],
        "ContractedCost": costs[1],
        "ListCost": costs[2],
        "BillingAccountId": line.channel,
        "BillingAccountType": service.account,
        "BillingCurrency": currency,
        "BillingPeriodStart": stamp(start_of(invoiced.start)),
        "BillingPeriodEnd": stamp(start_of(invoiced.end)),
        "ChargeCategory": line.category,
        "ChargeDescription": _description(line),
        "ChargeFrequency": "Usage-Based" if line.category == USAGE else "One-Time",
        "ChargePeriodStart": stamp(line.start),
        "ChargePeriodEnd": stamp(line.end),
        "HostProviderName": service.host,
        "InvoiceIssuerName": service.provider,
        "PricingCurrency": currency,
        "PricingCurrencyEffectiveCost": costs[0],
        "ProviderName": service.provider,
        "PublisherName": publisher_of(line.channel, line.provider),
        "ServiceCategory": AI,
        "ServiceName": service.name,
        "ServiceProviderName": service.provider,
        "ServiceSubcategory": GENERATIVE,
        "Tags": text_of_pairs({"project": named} if named else {}),
        "x_AllocationStatus": DIRECT if named else UNATTRIBUTED,
        "x_Meter": line.meter,
        "x_ProjectId": named,
    }
    if line.model:
        row |= {"ResourceId": line.model, "ResourceName": line.model, "ResourceType": "Model"}
    if line.category == USAGE and line.quantity is not None:
        row |= {"ConsumedQuantity": line.quantity, "ConsumedUnit": unit_of(line.meter)}
    if line.is_priced:
        row |= _pricing(line)
    return {**row, **line.more}


def _description(line: Line) -> str:
    return line.sku or f"{line.model or service_of(line.channel).name}, {sku_meter_of(line.meter)}"


def _pricing(line: Line) -> dict[str, Value]:
    """SKU and prices of usage and purchases."""
    named = line.model or (line.sku if line.meter == UNMAPPED else None)
    sku = "/".join(part for part in (line.channel, named, line.meter) if part)
    price = f"{sku}/{line.tier or 'standard'}"
    found = _even_prices(line)
    if found is None:
        price, found = f"{price}/charge", _whole_prices(line)
    quantity, unit, listed, contracted = found
    return {
        "PricingCategory": "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": unit,
        "ListUnitPrice": listed,
        "ContractedUnitPrice": contracted,
        "PricingCurrencyListUnitPrice": listed,
        "PricingCurrencyContractedUnitPrice": contracted,
        "SkuId": sku,
        "SkuMeter": sku_meter_of(line.meter),
        "SkuPriceDetails": _details(line.provider, line.model, line.meter, line.tier),
        "SkuPriceId": price,
    }


_Prices = tuple[Decimal, str, Decimal, Decimal]


def _even_prices(line: Line) -> _Prices | None:
    """Quantity, unit, list and contracted unit price, where both prices come out even and are not negative."""
    if not line.quantity:
        return None
    unit = unit_of(line.meter)
    quantity = line.quantity.scaleb(-BLOCK) if unit == TOKENS else line.quantity
    listed = money.quotient(line.listed, quantity, PRICE_PLACES)
    contracted = money.quotient(line.contracted, quantity, PRICE_PLACES)
    if listed is None or contracted is None or listed < 0 or contracted < 0:
        return None
    return quantity, TOKENS_PRICED if unit == TOKENS else unit, listed, contracted


def _whole_prices(line: Line) -> _Prices:
    """One charge at its amount; minus one where the provider pays."""
    count = -ONE if line.contracted < 0 or (not line.contracted and line.listed < 0) else ONE
    return count, CHARGES, abs(line.listed), abs(line.contracted)


@lru_cache(maxsize=4096)
def _details(provider: str | None, model: str | None, meter: str, tier: str | None) -> str | None:
    told = price_details_of(provider, model, meter, tier)
    return text_of_pairs(told) if told else None


def text_of_pairs(pairs: Mapping[str, object]) -> str:
    """A JSON object in one line, keys sorted: the same pairs, the same text."""
    return json.dumps(pairs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=4096)
def stamp(moment: datetime) -> str:
    return f"{moment:{STAMP}}"
