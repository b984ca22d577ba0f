"""Azure's actual cost export of an enterprise agreement: CSV with a byte order mark, one row per meter, subscription and day.

https://learn.microsoft.com/azure/cost-management-billing/automate/understand-usage-details-fields
"""

import csv
import io
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from usage_pipeline import money
from usage_pipeline.demo.buckets import Bucket
from usage_pipeline.demo.organisation import name_of

HEADER = (
    "BillingAccountId,BillingAccountName,BillingPeriodStartDate,BillingPeriodEndDate,BillingProfileId,BillingProfileName,AccountOwnerId,"
    "AccountName,SubscriptionId,SubscriptionName,Date,Product,PartNumber,MeterId,ServiceFamily,MeterCategory,MeterSubCategory,MeterRegion,"
    "MeterName,Quantity,EffectivePrice,Cost,UnitPrice,BillingCurrency,ResourceLocation,AvailabilityZone,ConsumedService,ResourceId,"
    "ResourceName,ServiceInfo1,ServiceInfo2,AdditionalInfo,Tags,InvoiceSectionId,InvoiceSection,CostCenter,UnitOfMeasure,ResourceGroup,"
    "ReservationId,ReservationName,ProductOrderId,ProductOrderName,OfferId,IsAzureCreditEligible,Term,PublisherName,PlanName,ChargeType,"
    "Frequency,PublisherType,PayGPrice,PricingModel,CostAllocationRuleName,benefitId,benefitName"
)

_METERS: dict[str, tuple[str, str, int, dict[str, str]]] = {
    "gpt-4o-mini-2024-07-18": (
        "Azure OpenAI",
        "1K",
        1_000,
        {
            "input": "gpt-4o-mini-0718-Inp-glbl Tokens",
            "cache_read": "gpt 4o mini 0718 cached Inp glbl Tokens",
            "output": "gpt-4o-mini-0718-Outp-glbl Tokens",
        },
    ),
    "gpt-5-mini": (
        "Azure OpenAI GPT5",
        "1M",
        1_000_000,
        {
            "input": "GPT 5 Mini Inpt Glbl 1M Tokens",
            "cache_read": "GPT 5 Mini cchd Inpt Glbl 1M Tokens",
            "output": "GPT 5 Mini outpt Glbl 1M Tokens",
        },
    ),
}


def export_path(month: date) -> Path:
    """Where Azure puts the export of a month that it wrote on the 3rd of the next."""
    last = month.replace(day=monthrange(month.year, month.month)[1])
    written = (last.replace(day=28) + (last - last.replace(day=25))).strftime("%Y%m")
    return Path("azure") / "ea_actual_cost" / f"{month:%Y%m01}-{last:%Y%m%d}" / f"{written}030412" / "part_1_0001.csv"


def export_text(buckets: Sequence[Bucket]) -> str:
    """A month's rows."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, next(csv.reader([HEADER])), restval="", lineterminator="\n")
    writer.writeheader()
    for bucket in buckets:
        writer.writerows(_row(bucket, meter) for meter in ("input", "output", "cache_read") if meter in bucket.quantities)
    return "\ufeff" + text.getvalue()


def lines_of(bucket: Bucket) -> int:
    """How many rows a bucket becomes."""
    return len(bucket.quantities)


def _row(bucket: Bucket, meter: str) -> dict[str, str]:
    day, account = bucket.key.day, bucket.account
    family, unit, block, names = _METERS[bucket.key.model]
    quantity = Decimal(bucket.quantity(meter)) / block
    price = money.text(bucket.amounts[meter] / bucket.quantity(meter) * block)
    resource = f"aoai-{account.name}"
    group = f"rg-{account.name}"
    path = f"/subscriptions/{account.id}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{resource}"
    return {
        **_constants(day),
        "SubscriptionId": account.id or "",
        "SubscriptionName": account.name,
        "Date": f"{day:%m/%d/%Y}",
        "Product": f"{family} - {names[meter]} - US East 2",
        "PartNumber": f"AAX-{name_of(names[meter], 5).upper()}",
        "MeterId": _meter_id(names[meter]),
        "MeterSubCategory": family,
        "MeterName": names[meter],
        "Quantity": money.text(quantity),
        "EffectivePrice": price,
        "Cost": money.text(bucket.amounts[meter]),
        "UnitPrice": price,
        "ResourceId": path,
        "ResourceName": resource,
        "Tags": f'"project": "{account.name}","env": "prod"',
        "UnitOfMeasure": unit,
        "ResourceGroup": group,
        "PayGPrice": price,
    }


def _constants(day: date) -> dict[str, str]:
    last = day.replace(day=monthrange(day.year, day.month)[1])
    return {
        "BillingAccountId": "8611000",
        "BillingAccountName": "Example Org",
        "BillingPeriodStartDate": f"{day.replace(day=1):%m/%d/%Y}",
        "BillingPeriodEndDate": f"{last:%m/%d/%Y}",
        "BillingProfileId": "8611000",
        "BillingProfileName": "Example Org",
        "AccountOwnerId": "azure-owner@example.com",
        "AccountName": "Example Account",
        "ServiceFamily": "AI + Machine Learning",
        "MeterCategory": "Foundry Models",
        "MeterRegion": "US East 2",
        "BillingCurrency": "USD",
        "ResourceLocation": "eastus2",
        "ConsumedService": "Microsoft.CognitiveServices",
        "InvoiceSection": "Example",
        "CostCenter": "cc-42",
        "OfferId": "MS-AZR-0017P",
        "IsAzureCreditEligible": "True",
        "PublisherName": "Microsoft",
        "ChargeType": "Usage",
        "Frequency": "UsageBased",
        "PublisherType": "Azure",
        "PricingModel": "OnDemand",
    }


def _meter_id(name: str) -> str:
    letters = f"{int.from_bytes(name_of(name, 32).encode(), 'big'):064x}"[:32]
    return f"{letters[:8]}-{letters[8:12]}-{letters[12:16]}-{letters[16:20]}-{letters[20:]}"
