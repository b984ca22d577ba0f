"""Google Cloud's billing export (BigQuery table as JSON lines): hourly rows, cost before credits, labels, late corrections.

https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from usage_pipeline.demo.buckets import Bucket
from usage_pipeline.demo.files import at, number
from usage_pipeline.demo.organisation import VERTEX, name_of

BILLING_ACCOUNT = "01A2B3-C4D5E6-F7A8B9"
FILE_NAME = "gcp_billing_export_v1_01A2B3_C4D5E6_F7A8B9"
CREDIT_PERCENT = 10
CREDIT_MONTH = 9
CORRECTION_DAY = 10
CORRECTION_PERCENT = 1

_VERTEX_WORDS = {
    "input": "Gemini 2.5 Flash GA Text Input - Predictions",
    "cache_read": "Gemini 2.5 Flash GA Input Text Caching",
    "output": "Gemini 2.5 Flash GA Text Output - Predictions",
    "thinking": "Gemini 2.5 Flash GA Thinking Text Output - Predictions",
}
_GEMINI_WORDS = {
    "input": "Generate content input token count gemini 2.5 flash short input text",
    "cache_read": "Generate content cached input token count gemini 2.5 flash short input text",
    "output": "Generate content output token count gemini 2.5 flash short input text",
}


@dataclass(frozen=True, slots=True)
class GoogleRow:
    """One line of the export and what it charges, credits taken off."""

    day: date
    net: Decimal
    line: str


def rows_of(buckets: Sequence[Bucket]) -> list[GoogleRow]:
    """The export's lines for one day of one channel, its correction included."""
    rows = [row for bucket in buckets for row in _bucket_rows(bucket)]
    first = buckets[0] if buckets else None
    if first is not None and first.workload.channel == VERTEX and first.key.day.day == CORRECTION_DAY:
        rows.append(_correction(first))
    return rows


def _bucket_rows(bucket: Bucket) -> list[GoogleRow]:
    meters: list[str] = [meter for meter in ("input", "cache_read") if meter in bucket.quantities]
    parts = [(meter, bucket.quantity(meter), bucket.amounts[meter]) for meter in meters]
    if bucket.workload.channel == VERTEX:
        price = bucket.amounts["output"] / bucket.quantity("output")
        thinking = bucket.reasoning
        parts += [("thinking", thinking, thinking * price)] if thinking else []
        parts.append(("output", bucket.quantity("output") - thinking, bucket.amounts["output"] - thinking * price))
    else:
        parts.append(("output", bucket.quantity("output"), bucket.amounts["output"]))
    return [_usage_row(bucket, meter, quantity, amount) for meter, quantity, amount in parts]


def _usage_row(bucket: Bucket, meter: str, quantity: int, amount: Decimal) -> GoogleRow:
    credit = _credit(bucket, meter, amount)
    credits_ = [] if credit == 0 else [_credit_entry(credit)]
    starts = at(bucket.key.day, bucket.key.hour)
    line = _line(bucket, meter, quantity, amount, credits_, starts + timedelta(hours=5, minutes=27), None)
    return GoogleRow(bucket.key.day, amount + credit, line)


def _credit(bucket: Bucket, meter: str, amount: Decimal) -> Decimal:
    is_promoted = bucket.workload.channel == VERTEX and meter == "input" and bucket.key.day.month == CREDIT_MONTH
    return -amount * CREDIT_PERCENT / 100 if is_promoted else Decimal(0)


def _credit_entry(credit: Decimal) -> dict[str, Any]:
    return {
        "name": "Committed use discount - example",
        "amount": number(credit),
        "full_name": "Example promotional credit",
        "id": "example-promo",
        "type": "PROMOTION",
    }


def _correction(bucket: Bucket) -> GoogleRow:
    """Google takes some tokens back, days later, with a row of its own."""
    quantity = -(bucket.quantity("input") * CORRECTION_PERCENT // 100)
    amount = bucket.amounts["input"] / bucket.quantity("input") * quantity
    exported = at(bucket.key.day, 9, 2, days_later=4)
    info = {"id": f"adj-{bucket.key.day:%Y%m}", "description": "Usage correction", "mode": "PARTIAL_CORRECTION", "type": "USAGE_CORRECTION"}
    return GoogleRow(bucket.key.day, amount, _line(bucket, "input", quantity, amount, [], exported, info))


def _line(
    bucket: Bucket,
    meter: str,
    quantity: int,
    amount: Decimal,
    credits_: list[dict[str, Any]],
    exported: datetime,
    adjustment: dict[str, str] | None,
) -> str:
    is_vertex = bucket.workload.channel == VERTEX
    words = (_VERTEX_WORDS if is_vertex else _GEMINI_WORDS)[meter]
    starts = at(bucket.key.day, bucket.key.hour)
    count = number(Decimal(quantity))
    row = {
        "billing_account_id": BILLING_ACCOUNT,
        "service": {"id": "C7E2-9256-1C43", "description": "Vertex AI"}
        if is_vertex
        else {"id": "AEFD-7695-64FA", "description": "Gemini API"},
        "sku": {"id": _sku(words), "description": words},
        "usage_start_time": _time(starts),
        "usage_end_time": _time(starts + timedelta(hours=1)),
        "project": _project(bucket),
        "labels": [{"key": "project_tag", "value": bucket.account.name}, {"key": "team", "value": "operations"}] if is_vertex else [],
        "system_labels": [],
        "tags": [],
        "location": {"location": "global", "country": None, "region": None, "zone": None},
        "transaction_type": "GOOGLE",
        "seller_name": "Google",
        "export_time": _time(exported),
        "cost": number(amount),
        "currency": "USD",
        "currency_conversion_rate": 1.0,
        "usage": {"amount": count, "unit": "count", "amount_in_pricing_units": count, "pricing_unit": "count"},
        "credits": credits_,
        "invoice": {"month": f"{bucket.key.day:%Y%m}", "publisher_type": "GOOGLE"},
        "cost_type": "regular",
        "adjustment_info": adjustment,
        "cost_at_list": number(amount),
        "consumption_model": {"id": "7754-699E-0EBF", "description": "Default"},
        "subscription": None,
    }
    return json.dumps(row, separators=(",", ":"))


def _project(bucket: Bucket) -> dict[str, Any]:
    return {
        "id": bucket.account.id,
        "number": str(sum(ord(letter) * 7919**place for place, letter in enumerate(bucket.account.name[:3]))),
        "name": bucket.account.name,
        "labels": [{"key": "env", "value": "prod"}],
        "ancestry_numbers": "/1234567890/",
        "ancestors": [{"resource_name": "organizations/1234567890", "display_name": "example.org"}],
    }


def _sku(words: str) -> str:
    letters = name_of(words, 12).upper()
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
