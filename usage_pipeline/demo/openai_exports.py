"""OpenAI's costs and usage pages in the shape of the live API: amounts as text of 34 digits, pages that continue.

https://platform.openai.com/docs/api-reference/usage
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any

from usage_pipeline.demo.buckets import Bucket
from usage_pipeline.demo.files import epoch, months, number, pages
from usage_pipeline.demo.organisation import name_of

ORGANISATION = f"org-{name_of('organisation', 24)}"
BUCKETS_PER_PAGE = 16
DIGITS = 34
ZERO_TEXT = "0E-6176"

LINE_ITEMS = {"input": "input", "cache_read": "cached input", "cache_write": "cache writes", "output": "output"}

Days = Mapping[date, Sequence[Bucket]]


def cost_pages(days: Sequence[date], buckets: Days, name: str) -> list[tuple[Path, dict[str, Any]]]:
    """The bill: one result per line item, project and day. (path, document) per page."""
    return _pages(days, lambda day: _cost_bucket(day, buckets.get(day, ())), name)


def usage_pages(days: Sequence[date], buckets: Days) -> list[tuple[Path, dict[str, Any]]]:
    """The usage endpoints, each with its own pages."""
    written = []
    for endpoint, (results, wanted) in _ENDPOINTS.items():
        for month, month_days in months(days).items():
            make = _usage_bucket_maker(buckets, results, wanted)
            written += _pages(month_days, make, f"usage_{endpoint}_{month}")
    return written


def amount_text(amount: Decimal) -> str:
    """decimal128 as the live API writes it: 34 significant digits, zero as 0E-6176."""
    if amount == 0:
        return ZERO_TEXT
    return f"{amount.quantize(Decimal(1).scaleb(amount.adjusted() - DIGITS + 1), context=Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)):f}"


def _pages(days: Sequence[date], make: Any, name: str) -> list[tuple[Path, dict[str, Any]]]:
    runs = pages(days, BUCKETS_PER_PAGE)
    written = []
    for place, run in enumerate(runs, 1):
        more = place < len(runs)
        page = {
            "object": "page",
            "has_more": more,
            "next_page": f"page_{name_of(f'{name} {place}', 19)}=" if more else None,
            "data": [make(day) for day in run],
        }
        written.append((Path("openai") / f"{name}_page{place}.json", page))
    return written


def _cost_bucket(day: date, buckets: Sequence[Bucket]) -> dict[str, Any]:
    results = [result for bucket in buckets for result in _cost_results(bucket)]
    zone = "" if results else "+00:00"
    following = day + timedelta(days=1)
    return {
        "object": "bucket",
        "start_time": epoch(day),
        "end_time": epoch(following),
        "start_time_iso": f"{day}T00:00:00{zone}",
        "end_time_iso": f"{following}T00:00:00{zone}",
        "results": results,
    }


def _cost_results(bucket: Bucket) -> list[dict[str, Any]]:
    found = []
    for meter, words in LINE_ITEMS.items():
        if meter in bucket.quantities or (meter == "cache_read" and bucket.workload.api_type == "text"):
            item = _model_words(bucket) + words
            found.append(_cost_result(bucket, item, bucket.quantity(meter), "tokens", bucket.amounts.get(meter, Decimal(0))))
    if "web_searches" in bucket.quantities:
        searches = bucket.quantity("web_searches")
        found.append(_cost_result(bucket, "web search tool calls", searches, None, bucket.amounts["web_searches"]))
    return found


def _model_words(bucket: Bucket) -> str:
    if bucket.key.is_batch:
        return f"{bucket.key.model} batch, "
    return f"{bucket.key.model}, " if bucket.key.tier == "default" else f"{bucket.key.tier} | {bucket.key.model}, "


def _cost_result(bucket: Bucket, item: str, quantity: int, unit: str | None, amount: Decimal) -> dict[str, Any]:
    return {
        "object": "organization.costs.result",
        "amount": {"value": amount_text(amount), "currency": "usd"},
        "quantity": number(Decimal(quantity)),
        "quantity_unit": unit,
        "line_item": item,
        "project_id": bucket.account.id,
        "organization_id": ORGANISATION,
        "project_name": bucket.account.name,
        "organization_name": "Example Org",
        "user_id": None,
        "api_key_id": None,
        "user_email": None,
    }


def _usage_bucket_maker(buckets: Days, results: Any, wanted: Any) -> Any:
    def make(day: date) -> dict[str, Any]:
        chosen = [bucket for bucket in buckets.get(day, ()) if wanted(bucket)]
        return {
            "object": "bucket",
            "start_time": epoch(day),
            "end_time": epoch(day + timedelta(days=1)),
            "results": [results(bucket) for bucket in chosen],
        }

    return make


def _dimensions(bucket: Bucket) -> dict[str, Any]:
    account = bucket.account
    return {"project_id": account.id, "user_id": account.user, "api_key_id": account.api_key, "model": bucket.key.model}


def _completions(bucket: Bucket) -> dict[str, Any]:
    uncached, cached, writes = (bucket.quantity(meter) for meter in ("input", "cache_read", "cache_write"))
    output = bucket.quantity("output")
    is_image = bucket.workload.api_type == "image"
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": uncached + cached + writes,
        "input_cached_tokens": cached,
        "input_cache_write_tokens": writes,
        "input_uncached_tokens": uncached,
        "output_tokens": output,
        "input_text_tokens": uncached,
        "output_text_tokens": 0 if is_image else output,
        "input_cached_text_tokens": cached,
        "input_audio_tokens": 0,
        "input_cached_audio_tokens": 0,
        "output_audio_tokens": 0,
        "input_image_tokens": 0,
        "input_cached_image_tokens": 0,
        "output_image_tokens": output if is_image else 0,
        "num_model_requests": bucket.requests,
        **_dimensions(bucket),
        "batch": bucket.key.is_batch,
        "service_tier": bucket.key.tier,
    }


def _embeddings(bucket: Bucket) -> dict[str, Any]:
    return {
        "object": "organization.usage.embeddings.result",
        "input_tokens": bucket.quantity("input"),
        "num_model_requests": bucket.requests,
        **_dimensions(bucket),
    }


def _images(bucket: Bucket) -> dict[str, Any]:
    return {
        "object": "organization.usage.images.result",
        "images": bucket.requests,
        "num_model_requests": bucket.requests,
        "size": "1024x1024",
        "source": "image.generation",
        **_dimensions(bucket),
    }


def _web_searches(bucket: Bucket) -> dict[str, Any]:
    return {
        "object": "organization.usage.web_searches.result",
        "num_model_requests": bucket.searching,
        "num_requests": bucket.quantity("web_searches"),
        "context_level": "medium",
        **_dimensions(bucket),
    }


_ENDPOINTS: dict[str, tuple[Any, Any]] = {
    "completions": (_completions, lambda bucket: bucket.workload.api_type != "embedding"),
    "embeddings": (_embeddings, lambda bucket: bucket.workload.api_type == "embedding"),
    "images": (_images, lambda bucket: bucket.workload.api_type == "image"),
    "web_search_calls": (_web_searches, lambda bucket: "web_searches" in bucket.quantities),
}
