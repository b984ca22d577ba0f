"""Anthropic's cost report (amounts as text in cents) and usage report, in pages.

https://docs.claude.com/en/api/admin-api/usage-cost/get-cost-report
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from usage_pipeline import money
from usage_pipeline.demo.buckets import Bucket
from usage_pipeline.demo.files import months, pages

BUCKETS_PER_PAGE = 16
CENTS = 100
GEOGRAPHY = "global"
CONTEXT_WINDOW = "0-200k"

_TITLES = {
    "claude-opus-5": "Claude Opus 5",
    "claude-sonnet-5": "Claude Sonnet 5",
    "claude-haiku-4-5-20251001": "Claude Haiku 4.5",
}
_TOKEN_TYPES = {
    "input": ("uncached_input_tokens", "Input Tokens"),
    "output": ("output_tokens", "Output Tokens"),
    "cache_read": ("cache_read_input_tokens", "Input Tokens, Cache Hit"),
    "cache_write": ("cache_creation.ephemeral_5m_input_tokens", "Input Tokens, Cache Write"),
    "cache_write_1h": ("cache_creation.ephemeral_1h_input_tokens", "Input Tokens, Cache Write 1h"),
}

Days = Mapping[date, Sequence[Bucket]]


def cost_pages(days: Sequence[date], buckets: Days) -> list[tuple[Path, dict[str, Any]]]:
    """The bill, grouped by workspace and description."""
    return _pages(days, buckets, "cost", _cost_results)


def usage_pages(days: Sequence[date], buckets: Days) -> list[tuple[Path, dict[str, Any]]]:
    """The messages usage report, grouped by everything."""
    return _pages(days, buckets, "usage", lambda bucket: [_usage_result(bucket)])


def _pages(
    days: Sequence[date], buckets: Days, name: str, results: Callable[[Bucket], list[dict[str, Any]]]
) -> list[tuple[Path, dict[str, Any]]]:
    written = []
    for month, month_days in months(days).items():
        runs = pages(month_days, BUCKETS_PER_PAGE)
        for place, run in enumerate(runs, 1):
            data = [_bucket(day, [result for bucket in buckets.get(day, ()) for result in results(bucket)]) for day in run]
            more = place < len(runs)
            following = f"{run[-1] + timedelta(days=1)}T00:00:00Z"
            token = f"page_{base64.b64encode(following.encode()).decode()}" if more else None
            page = {"data": data, "has_more": more, "next_page": token}
            written.append((Path("anthropic") / f"{name}_{month}_page{place}.json", page))
    return written


def _bucket(day: date, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{day + timedelta(days=1)}T00:00:00Z", "results": results}


def _cost_results(bucket: Bucket) -> list[dict[str, Any]]:
    found = [_token_cost(bucket, meter) for meter in _TOKEN_TYPES if meter in bucket.quantities]
    if "web_searches" in bucket.quantities:
        found.append(_search_cost(bucket))
    return found


def _token_cost(bucket: Bucket, meter: str) -> dict[str, Any]:
    token_type, words = _TOKEN_TYPES[meter]
    return {
        "amount": _cents(bucket.amounts[meter]),
        "context_window": CONTEXT_WINDOW,
        "cost_type": "tokens",
        "currency": "USD",
        "description": f"{_TITLES[bucket.key.model]} Usage - {words}",
        "inference_geo": GEOGRAPHY,
        "model": bucket.key.model,
        "service_tier": _tier(bucket),
        "token_type": token_type,
        "workspace_id": bucket.account.id,
    }


def _search_cost(bucket: Bucket) -> dict[str, Any]:
    return {
        "amount": _cents(bucket.amounts["web_searches"]),
        "context_window": None,
        "cost_type": "web_search",
        "currency": "USD",
        "description": "Web Search Usage",
        "inference_geo": None,
        "model": None,
        "service_tier": None,
        "token_type": None,
        "workspace_id": bucket.account.id,
    }


def _usage_result(bucket: Bucket) -> dict[str, Any]:
    return {
        "account_id": None,
        "api_key_id": bucket.account.api_key,
        "cache_creation": {
            "ephemeral_1h_input_tokens": bucket.quantity("cache_write_1h"),
            "ephemeral_5m_input_tokens": bucket.quantity("cache_write"),
        },
        "cache_read_input_tokens": bucket.quantity("cache_read"),
        "context_window": CONTEXT_WINDOW,
        "inference_geo": GEOGRAPHY,
        "model": bucket.key.model,
        "output_tokens": bucket.quantity("output"),
        "server_tool_use": {"web_search_requests": bucket.quantity("web_searches")},
        "service_account_id": None,
        "service_tier": _tier(bucket),
        "uncached_input_tokens": bucket.quantity("input"),
        "workspace_id": bucket.account.id,
    }


def _tier(bucket: Bucket) -> str:
    return "batch" if bucket.key.is_batch else "standard"


def _cents(amount: Decimal) -> str:
    return money.text(amount * CENTS)
