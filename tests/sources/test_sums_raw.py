"""Raw bodies: what each provider's own total rule says of the meters, by arithmetic of the tests' own on the sample files."""

import json
from pathlib import Path
from typing import Any

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import SAMPLES, expected_of, records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.tables.meters import TOKEN_METERS

KIND = "raw_usage"
INPUT = SAMPLES / KIND / "input"
CANARY = "CANARY-7f3a"
CACHE = ("cache_read", "cache_write", "cache_write_1h")


def lines_in(file: str) -> list[dict[str, Any]]:
    text = (INPUT / file).read_text(encoding="utf-8")
    found = [json.loads(text)] if file.endswith(".json") else [json.loads(line) for line in text.splitlines()]
    return [line.get("body", line) for line in found]


def rows_in(file: str) -> list[dict[str, Any]]:
    return [row for row in expected_of(KIND)["rows"] if row["source_file"] == file]


def tokens(row: dict[str, Any]) -> int:
    return sum(row.get(meter, 0) for meter in TOKEN_METERS)


def both(file: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each body of the file that was accepted, with its row."""
    lines = lines_in(file)
    return [(lines[row["source_line"] - 1], row) for row in rows_in(file) if "reject" not in row]


def test_openai_chat_counts_prompt_and_completion():
    pairs = [
        pair
        for file in ("openai_chat_r4.json", "openai_chat_r6.json", "mistral_usage.jsonl", "openrouter_usage.jsonl")
        for pair in both(file)
    ]
    assert len(pairs) == 4
    assert [tokens(row) for _, row in pairs] == [body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"] for body, _ in pairs]
    assert [tokens(row) for _, row in pairs] == [body["usage"]["total_tokens"] for body, _ in pairs]


def test_openai_responses_images_audio_and_realtime_count_their_total():
    bodies = [pair for pair in both("timed_openai_other.jsonl") if "seconds" not in pair[0].get("usage", {})]
    bodies += both("openai_responses_r5.json")
    totals = [(body.get("response") or body)["usage"]["total_tokens"] for body, _ in bodies]
    assert [tokens(row) for _, row in bodies] == totals
    assert totals == [512, 4222, 185, 1480, 1480, 4432, 1000, 2398]


def test_realtime_audio_is_split_by_the_cached_details():
    row = next(row for row in rows_in("timed_openai_other.jsonl") if row["event_id"] == "resp_rt1")
    split = ("input", "cache_read", "input_audio", "cache_audio_read", "output", "output_audio")
    assert [row[name] for name in split] == [400 - 320, 320, 800 - 320, 320, 60, 220]


def test_gemini_total_is_prompt_candidates_thoughts_and_tool_use():
    keys = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")
    pairs = both("gemini_usage_metadata.jsonl")
    usages = [body["usageMetadata"] for body, _ in pairs]
    assert [sum(usage.get(key, 0) for key in keys) for usage in usages] == [usage["totalTokenCount"] for usage in usages]
    assert [tokens(row) for _, row in pairs] == [1677, 2629, 550, 812]
    assert [row["output"] for _, row in pairs] == [310 + 167, 89 + 167, 201 + 213, 0]
    assert pairs[2][1]["input"] == 17 + 119


def test_bedrock_total_is_input_output_and_cache():
    pairs = [pair for pair in both("timed_bedrock.jsonl") if "inputTokens" in pair[0]["usage"]]
    assert [tokens(row) for _, row in pairs] == [body["usage"]["totalTokens"] for body, _ in pairs] == [9210, 8990, 16200, 2365, 3100]
    assert sum(row["input"] for _, row in pairs if row["model"].endswith("p9a8b7c6d5e4")) == 4200


def test_anthropic_cache_creation_is_five_minutes_and_an_hour():
    pairs = [pair for pair in both("wrapped_messages.jsonl") if "iterations" not in pair[0]["usage"]]
    assert [row["cache_write"] + row["cache_write_1h"] for _, row in pairs] == [
        body["usage"]["cache_creation_input_tokens"] for body, _ in pairs
    ]
    assert [row["input"] for _, row in pairs] == [body["usage"]["input_tokens"] for body, _ in pairs]


@pytest.mark.parametrize(
    ("message", "top_level", "billed"),
    [("msg_01akw7uZ4HTLbgbgGHCV6WAk", 222, 54800 + 390 + 210 + 12), ("msg_01ojCDLQVcNFzzBuUeNmfNoy", 2431, 1220 + 2505 + 1211)],
    ids=["compaction", "advisor"],
)
def test_anthropic_iterations_are_billed_that_the_top_level_leaves_out(message: str, top_level: int, billed: int):
    rows = [row for row in rows_in("wrapped_messages.jsonl") if row["event_id"].split("#")[0] == message]
    usage = next(body for body in lines_in("wrapped_messages.jsonl") if body["id"] == message)["usage"]
    assert usage["input_tokens"] + usage["output_tokens"] == top_level
    assert sum(tokens(row) for row in rows) == billed
    assert [row["request_count"] for row in rows] == [1, *(0 for _ in rows[1:])]
    models = [one.get("model", rows[0]["model"]) for one in usage["iterations"]]
    assert [row["model"] for row in rows] == models


def test_cohere_is_priced_by_billed_units():
    chat, rerank, embedding, images = rows_in("timed_cohere.jsonl")
    assert (tokens(chat), tokens(embedding), tokens(images)) == (25 + 9, 512, 1024)
    assert (rerank["file_searches"], tokens(rerank), images["input_image"]) == (1, 0, 1024)


def test_deepseek_prompt_is_hit_and_miss():
    ((body, row),) = both("deepseek_usage.jsonl")
    assert (row["cache_read"], row["input"]) == (body["usage"]["prompt_cache_hit_tokens"], body["usage"]["prompt_cache_miss_tokens"])
    assert tokens(row) == body["usage"]["total_tokens"]


def test_openrouter_reports_what_it_billed():
    ((body, row),) = both("openrouter_usage.jsonl")
    assert row["reported_cost"] == str(body["usage"]["cost"]) == "0.0034375"
    assert (row["channel"], row["reported_cost_basis"]) == ("openrouter", "provider_billed")


def test_real_usage_objects_sum_as_they_say():
    assert [tokens(row) for row in rows_in("genai_prices_excerpt.jsonl")] == [8984 + 520, 79, 2640, 11549, 820, 1498]


def test_bodies_without_a_time_are_refused_and_failures_that_cost_nothing_set_aside():
    shared = [row for row in expected_of(KIND)["rows"] if not row["source_file"].startswith(("timed", "wrapped", "more", "odd", "genai"))]
    reasons = [row.get("reject", "") for row in shared]
    assert {reason: reasons.count(reason) for reason in sorted(set(reasons))} == {
        "": 11,
        "missing_id": 1,
        "missing_time": 17,
        "no_charge": 3,
    }


def test_no_text_of_prompts_answers_or_errors_is_read(engine: Backend, tmp_path: Path):
    """A canary stands in every choice, content, candidate, output, transcript and error message of the samples."""
    planted = sum(path.read_text(encoding="utf-8").count(CANARY) for path in INPUT.iterdir())
    assert planted > 60
    records = records_of(engine, SOURCES[KIND], tmp_path / "stage")
    assert CANARY not in json.dumps(engine.to_pyarrow(records).to_pylist())
    assert CANARY not in json.dumps(rows_of(engine, SOURCES[KIND], records))
    assert CANARY not in (SAMPLES / KIND / "expected.json").read_text(encoding="utf-8")


def test_source_fields_name_no_text():
    told = {"choices", "content", "candidates", "output", "message", "messages", "text", "data", "prompt", "transcript", "instructions"}
    last = [path[-1] for path in SOURCES[KIND].fields.values()]
    assert not told & set(last)
