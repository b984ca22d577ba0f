"""The files have the fields of the samples, no more and no fewer."""

import csv
import gzip
import io
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from demo_world import World

from usage_pipeline.demo.gateway import payload
from usage_pipeline.demo.openai_exports import amount_text
from usage_pipeline.demo.organisation import ANTHROPIC, WORKLOADS
from usage_pipeline.demo.requests import requests_of

SAMPLES = Path(__file__).parent / "samples"
FREE_KEYS = ("labels", "spend_logs_metadata", "requester_metadata")
"""Objects whose keys belong to the application."""


def _paths(value: Any, prefix: str = "") -> set[str]:
    """Every key path of a document; the elements of an array share one path."""
    if isinstance(value, dict):
        return {path for key, one in value.items() for path in ({f"{prefix}{key}"} | _inside(key, one, f"{prefix}{key}."))}
    if isinstance(value, list):
        return {path for one in value for path in _paths(one, prefix)}
    return set()


def _inside(key: str, value: Any, prefix: str) -> set[str]:
    return set() if key in FREE_KEYS and isinstance(value, dict) else _paths(value, prefix)


def _all_paths(documents: Iterable[Any]) -> set[str]:
    return {path for document in documents for path in _paths(document)}


@pytest.mark.parametrize(
    ("sample", "pattern"),
    [
        ("openai_costs.json", "openai/costs_2026-*.json"),
        ("openai_usage_completions.json", "openai/usage_completions_*.json"),
        ("openai_usage_embeddings.json", "openai/usage_embeddings_*.json"),
        ("openai_usage_images.json", "openai/usage_images_*.json"),
        ("openai_usage_web_search_calls.json", "openai/usage_web_search_calls_*.json"),
        ("anthropic_cost.json", "anthropic/cost_*.json"),
        ("anthropic_usage.json", "anthropic/usage_*.json"),
    ],
)
def test_pages_have_the_sample_s_fields(world: World, sample: str, pattern: str) -> None:
    documents = [json.loads(path.read_text()) for path in world.folder.glob(pattern)]
    assert _all_paths(documents) == _all_paths([json.loads((SAMPLES / sample).read_text())])


def test_pages_continue(world: World) -> None:
    pages = [json.loads(path.read_text()) for path in sorted(world.folder.glob("anthropic/cost_*.json"))]
    pages += [json.loads(path.read_text()) for path in sorted(world.folder.glob("openai/usage_completions_*.json"))]
    assert all(page["has_more"] == (page["next_page"] is not None) for page in pages)


def test_google_rows_have_the_sample_s_fields(world: World) -> None:
    lines = [line for path in world.folder.glob("google/*.jsonl") for line in path.read_text().splitlines()]
    sample = [json.loads(line) for line in (SAMPLES / "gcp_billing.jsonl").read_text().splitlines()]
    written = _all_paths(json.loads(line) for line in lines)
    optional = {path for path in _all_paths(sample) if path.startswith(("credits.", "adjustment_info."))}
    assert _all_paths(sample) - optional <= written <= _all_paths(sample)


def test_azure_has_the_sample_s_header_and_mark(world: World) -> None:
    (path,) = world.folder.glob("azure/**/*.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    sample = (SAMPLES / "azure_actual_cost.csv").read_text(encoding="utf-8-sig")
    written = path.read_text(encoding="utf-8-sig")
    assert next(csv.reader(io.StringIO(written))) == next(csv.reader(io.StringIO(sample)))


def _samples_by_status() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in (SAMPLES / "litellm.jsonl").read_text().splitlines():
        record = json.loads(line)
        kind = "failure" if record["status"] == "failure" else f"{record['custom_llm_provider']} {bool(record['cache_hit'])}"
        found.setdefault(kind, set()).update(_paths(record))
    return found


def test_gateway_records_have_the_sample_s_fields(world: World) -> None:
    samples = _samples_by_status()
    seen = set()
    for path in world.folder.glob("gateway/2026-10-31/*.jsonl.gz"):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            record = json.loads(line)
            kind = "failure" if record["status"] == "failure" else f"{record['custom_llm_provider']} {bool(record['cache_hit'])}"
            known = samples.get(kind, samples["openai False"])
            optional = {"completion_tokens_details", "reasoning_tokens", "cache_write_tokens", "image_tokens", "service_tier"}
            different = {one.rsplit(".", 1)[-1] for one in _paths(record) ^ known}
            assert different <= optional, (kind, different)
            seen.add(kind)
    assert {"failure", "openai False", "openai True", "anthropic False"} <= seen


def test_prompt_tokens_hold_the_cache_for_every_provider() -> None:
    (workload,) = [one for one in WORKLOADS if one.name == "clauses"]
    written = [payload(one) for one in requests_of(workload, date(2026, 10, 20), 1) if one.meters.get("cache_write_1h")]
    assert workload.channel == ANTHROPIC
    assert written
    for record in written:
        usage = record["metadata"]["usage_object"]
        details = usage["prompt_tokens_details"]
        assert usage["prompt_tokens"] >= details["cached_tokens"] + details["cache_creation_tokens"]
        assert details["cache_creation_tokens"] == sum(details["cache_creation_token_details"].values())


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1.92", "1.920000000000000000000000000000000"),
        ("10.386", "10.38600000000000000000000000000000"),
        ("0.0000045", "0.000004500000000000000000000000000000000"),
        ("0", "0E-6176"),
    ],
)
def test_openai_amounts_are_text_of_34_digits(amount: str, text: str) -> None:
    assert amount_text(Decimal(amount)) == text
