"""What must agree between the sample files of logs, by arithmetic of the tests' own: set A of the samples, and its extra rows."""

import itertools
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import SAMPLES, records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES

METERS = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
LOGS = (
    ("litellm", "time-*.json"),
    ("litellm_spend_logs", "LiteLLM_SpendLogs.csv"),
    ("litellm_spend_logs", "LiteLLM_SpendLogs.jsonl"),
    ("langfuse", "2026-10-03T00-00-00-000Z.csv"),
    ("langfuse", "2026-10-03T00-00-00-000Z.jsonl"),
    ("langfuse", "2026-10-03T00-00-00-000Z.parquet"),
    ("helicone", "requests.jsonl"),
    ("portkey", "logs_export.jsonl"),
)
"""Who tells of set A with costs of their own."""

EACH = pytest.mark.parametrize(("kind", "files"), LOGS)
BY_MODEL = {
    "claude-haiku-4-5-20251001": Decimal("0.01406"),
    "gpt-4o-mini-2024-07-18": Decimal("0.000663"),
    "gpt-5.6-terra": Decimal("0.0354"),
}
LATE = "2026-10-02T23:59:58.900000+00:00"
INTERNAL_CHAT = "proj_ne8LUqksU6LFBdwDZybN6sGk"

Rows = Callable[[str, str], list[dict[str, Any]]]


@pytest.fixture
def rows(engine: Backend, tmp_path: Path) -> Rows:
    """All rows of a kind's files, the rejected among them."""

    def read(kind: str, files: str) -> list[dict[str, Any]]:
        found = sorted((SAMPLES / kind / "input").glob(files))
        return rows_of(engine, SOURCES[kind], records_of(engine, SOURCES[kind], tmp_path / "stage", found))

    return read


@EACH
def test_set_a_costs_what_the_logs_say(rows: Rows, kind: str, files: str):
    """Six requests, 0.050123; Portkey says it in cents. One failed request and one cache hit of the gateway add nothing."""
    found = rows(kind, files)
    assert not [row for row in found if "reject" in row]
    by_model = {
        model: sum(Decimal(row["reported_cost"]) for row in group)
        for model, group in itertools.groupby(sorted(found, key=lambda row: row["model"]), key=lambda row: row["model"])
    }
    assert by_model == BY_MODEL
    assert sum(by_model.values()) == Decimal("0.050123")
    basis = "app_estimated" if kind == "langfuse" else "gateway_estimated"
    assert {row["reported_cost_basis"] for row in found} == {basis}


@EACH
def test_the_extra_rows_are_no_success_and_cost_nothing(rows: Rows, kind: str, files: str):
    extra = [(row["status"], row["reported_cost"]) for row in rows(kind, files) if row["status"] != "success"]
    assert sorted(extra) == ([("cache_hit", "0"), ("failure", "0")] if kind.startswith("litellm") else [])


@EACH
def test_the_request_over_midnight_belongs_to_its_start(rows: Rows, kind: str, files: str):
    (late,) = [row for row in rows(kind, files) if row["started_at"] == LATE]
    assert late["ended_at"] == "2026-10-03T00:00:01.545000+00:00"


@EACH
def test_the_six_requests_are_the_providers_usage_of_that_project(rows: Rows, kind: str, files: str):
    """Model by model: all input and all output tokens, whatever the log can tell apart."""
    logged: dict[str, list[int]] = {}
    for row in rows(kind, files):
        if row["status"] == "success":
            before = logged.get(row["model"], [0, 0])
            logged[row["model"]] = [before[0] + sum(row.get(meter) or 0 for meter in METERS[:-1]), before[1] + row["output"]]
    openai = [row for row in rows("openai_usage", "completions_page2.json") if row.get("provider_project_id") == INTERNAL_CHAT]
    anthropic = [row for row in rows("anthropic_usage", "*.json") if row.get("workspace_id") == "wrkspc_01bqzVwQ3pUymAZ4ZG3rUGWE"]
    used = {row["model"]: [sum(row.get(meter) or 0 for meter in METERS[:-1]), row["output"]] for row in (*openai, *anthropic)}
    assert logged == used


def test_spans_of_set_a(rows: Rows):
    """Three tell all, one has old names, two break the rule that input holds the cache, under a scope that nobody knows: they are told."""
    found = rows("otel_genai", "traces.jsonl")
    states = [(row["model"], row.get("reject"), row.get("is_unsplit")) for row in found]
    assert states == [
        ("gpt-5.6-terra", None, None),
        ("gpt-4o-mini-2024-07-18", None, None),
        ("gpt-4o-mini-2024-07-18", None, True),
        ("claude-haiku-4-5-20251001", None, None),
        ("claude-haiku-4-5-20251001", "inconsistent_usage", None),
        ("claude-haiku-4-5-20251001", "inconsistent_usage", None),
    ]
    assert not [row for row in found if "reported_cost" in row]


def test_agents_and_tools_are_set_aside_and_never_doubled(rows: Rows):
    found = rows("otel_genai", "more_spans.jsonl")
    rejected = [row["reject"] for row in found if "reject" in row]
    assert [rejected.count(reason) for reason in ("not_usage", "unknown_operation", "missing_usage", "inconsistent_usage")] == [3, 2, 1, 2]
    assert len(found) == 20


def test_a_later_version_of_an_observation_says_when_it_changed(rows: Rows):
    (first,) = [row for row in rows("langfuse", "more_observations.jsonl") if row["event_id"] == "zero-1"]
    (second,) = rows("langfuse", "later_export.jsonl")
    assert first["event_id"] == second["event_id"]
    assert (first["updated_at"], first["input"], first["output"]) == ("2026-10-02T15:00:02+00:00", 100, 20)
    assert (second["updated_at"], second["input"], second["output"]) == ("2026-10-02T18:00:00+00:00", 110, 25)
