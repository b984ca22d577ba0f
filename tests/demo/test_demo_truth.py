"""The truth is the sum of what the files say: read back here with the standard library alone."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo_world import World

from usage_pipeline.demo.organisation import ANTHROPIC, AZURE, GEMINI, MISTRAL, OPENAI, VERTEX
from usage_pipeline.demo.truth import Truth


def _documents(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob(pattern)):
        yield json.loads(path.read_text(), parse_float=Decimal)


def _results(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for page in _documents(folder, pattern):
        for bucket in page["data"]:
            yield from bucket["results"]


def test_openai_bill_sums_to_the_truth(world: World) -> None:
    pages = [path for path in world.folder.glob("openai/costs_2026-*.json") if "(1)" not in path.name]
    amounts = [
        Decimal(result["amount"]["value"])
        for path in pages
        for bucket in json.loads(path.read_text())["data"]
        for result in bucket["results"]
    ]
    assert sum(amounts) == world.truth.billed()[OPENAI]


def test_openai_early_pull_is_lower_than_the_final_bill(world: World) -> None:
    early = sum(Decimal(result["amount"]["value"]) for result in _results(world.folder, "openai/costs_early_*.json"))
    days = {"2026-10-20", "2026-10-21", "2026-10-22"}
    final = sum(row.amount for row in world.truth.costs if row.channel == OPENAI and f"{row.day}" in days)
    assert early == final * 60 / 100


def test_anthropic_bill_sums_to_the_truth(world: World) -> None:
    cents = sum(Decimal(result["amount"]) for result in _results(world.folder, "anthropic/cost_*.json"))
    assert cents / 100 == world.truth.billed()[ANTHROPIC]


def test_google_bill_net_of_credits_sums_to_the_truth(world: World) -> None:
    sums = {"Vertex AI": Decimal(0), "Gemini API": Decimal(0)}
    for path in world.folder.glob("google/*.jsonl"):
        for line in path.read_text().splitlines():
            row = json.loads(line, parse_float=Decimal)
            sums[row["service"]["description"]] += row["cost"] + sum(credit["amount"] for credit in row["credits"])
    billed = world.truth.billed()
    assert sums == {"Vertex AI": billed[VERTEX], "Gemini API": billed[GEMINI]}


def test_azure_bill_sums_to_the_truth_and_its_rows_multiply(world: World) -> None:
    rows: list[dict[str, str]] = []
    for path in world.folder.glob("azure/**/*.csv"):
        rows += csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    assert all(Decimal(row["Quantity"]) * Decimal(row["EffectivePrice"]) == Decimal(row["Cost"]) for row in rows)
    assert sum(Decimal(row["Cost"]) for row in rows) == world.truth.billed()[AZURE]


def _log_lines(folder: Path) -> Iterator[tuple[str, str]]:
    """(file, line) of the gateway's log, oldest file first, as a reader goes."""
    files = [path for path in folder.glob("gateway/**/*") if path.is_file()]
    for path in sorted(files, key=lambda path: (path.stat().st_mtime_ns, str(path))):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in content.decode().splitlines():
            yield str(path.relative_to(folder)), line


def _is_broken(line: str) -> bool:
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return True
    return record["id"] is None or record["prompt_tokens"] < 0 or record["startTime"] < 1_000_000


def _accounting(folder: Path) -> dict[str, list[int]]:
    """Lines, accepted, duplicates, rejected by file: a second writing of the rules."""
    seen: set[str] = set()
    counts: dict[str, list[int]] = {}
    for file, line in _log_lines(folder):
        row = counts.setdefault(file, [0, 0, 0, 0])
        broken = _is_broken(line)
        known = not broken and json.loads(line)["id"] in seen
        row[0] += 1
        row[3 if broken else 2 if known else 1] += 1
        if not broken:
            seen.add(json.loads(line)["id"])
    return counts


def test_every_line_of_the_gateway_is_accounted_for(world: World) -> None:
    expected = {
        file.file: [file.lines, file.accepted, file.duplicates, file.rejected]
        for file in world.truth.files
        if file.source == "gateway" and not file.is_copy
    }
    found = _accounting(world.folder)
    copies = {file.file: found.pop(file.file) for file in world.truth.files if file.is_copy and file.source == "gateway"}
    assert found == expected
    assert all(accepted == 0 for _, accepted, _, _ in copies.values())


def test_lines_add_up_in_every_file(world: World) -> None:
    for file in world.truth.files:
        assert file.lines == file.accepted + file.duplicates + file.rejected
        assert file.rejected == len(file.reasons)


def _logged(world: World) -> list[dict[str, Any]]:
    unique = {}
    for _, line in _log_lines(world.folder):
        if not _is_broken(line):
            record = json.loads(line, parse_float=Decimal)
            unique[record["id"]] = record
    return list(unique.values())


def test_log_only_costs_sum_to_the_truth(world: World) -> None:
    logged = [record for record in _logged(world) if record["custom_llm_provider"] == "mistral"]
    assert sum(record["response_cost"] for record in logged) == sum(row.amount for row in world.truth.costs if row.channel == MISTRAL)
    assert sum(record["model"] == "orbit-large-preview" for record in logged) == world.truth.unpriced_events


def test_failures_and_cache_hits_cost_nothing(world: World) -> None:
    logged = _logged(world)
    hits = [record for record in logged if record["cache_hit"]]
    failures = [record for record in logged if record["status"] == "failure"]
    assert len(hits) == world.truth.cache_hits
    assert all(record["response_cost"] == 0 for record in (*hits, *failures))
    assert all(record["prompt_tokens"] == 0 for record in failures)


def test_last_day_of_openai_is_estimated_and_the_rest_is_billed(world: World) -> None:
    bases = {(row.channel, row.basis) for row in world.truth.costs if row.day < world.truth.last_day}
    last = {(row.channel, row.basis) for row in world.truth.costs if row.day == world.truth.last_day}
    channels = (OPENAI, ANTHROPIC, VERTEX, GEMINI, AZURE)
    assert bases == {(channel, "billed") for channel in channels} | {(MISTRAL, "log_estimated")}
    assert last == (bases - {(OPENAI, "billed")}) | {(OPENAI, "provider_estimated")}


def test_provider_requests_match_the_truth(world: World) -> None:
    counted = sum(
        result["num_model_requests"]
        for kind in ("completions", "embeddings")
        for result in _results(world.folder, f"openai/usage_{kind}_*.json")
    )
    logged = _logged(world)
    tracked = _tracked(world.folder)
    elsewhere = sum(
        record["custom_llm_provider"] != "openai" and record["status"] == "success" and not record["cache_hit"] for record in logged
    )
    elsewhere += sum(record["provider"] != "openai" and record["status"] == "success" for record in tracked)
    truth = world.truth
    assert counted + elsewhere + truth.failed_requests + truth.cache_hits == truth.requests
    assert truth.requests < truth.requests_made


def _tracked(folder: Path) -> list[dict[str, Any]]:
    unique: dict[str, dict[str, Any]] = {}
    for path in folder.glob("tracker/*.jsonl"):
        for line in path.read_text().splitlines()[:-1]:
            record = json.loads(line)
            unique[record["id"]] = record
    return list(unique.values())


def test_tracker_lines_are_accounted_for(world: World) -> None:
    (file,) = [file for file in world.truth.files if file.source == "prompt-lab-log"]
    lines = (world.folder / file.file).read_text().splitlines()
    assert (file.lines, file.accepted, file.rejected) == (len(lines), len(_tracked(world.folder)), 1)
    assert file.duplicates > 0


def test_parts_sum_to_the_whole(world: World) -> None:
    truth: Truth = world.truth
    assert sum(truth.cost_by_project().values()) == truth.cost
    assert sum(truth.cost_by_basis().values()) == truth.cost
    assert sum(truth.cost_by_day().values()) == truth.cost
    assert sum(sum(truth.cost_by_project(month).values()) for month in truth.months()) == truth.cost
    assert "unattributed" in truth.cost_by_project()


def test_truth_file_holds_the_same(world: World) -> None:
    document = json.loads((world.folder / "truth.json").read_text())
    assert Decimal(document["sums"]["cost"]) == world.truth.cost
    assert document["sums"]["lines_by_source"] == world.truth.lines()
    assert document["requests"] == world.truth.requests
    assert len(document["files"]) == len(world.truth.files)
