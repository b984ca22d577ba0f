"""A folder of broken input through the command line, every kind of source: the run ends, every line is accounted for, each reason is named.

The lines are the samples' own with one thing broken in each; beside them lies one good line of every source, which must count.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sample_world import SAMPLES, World, new_world
from tracker_world import request

from usage_pipeline.defs.ingest import rejects_of
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.rejected_lines import REASONS, rejected_lines

CONFIG = """\
organisation: {name: Example Org, finance: [finance@example.org]}
projects: [{id: portal, owners: [ana@example.org]}]
attribution: [{field: source, project: portal}]
sources:
  - {name: gateway, kind: litellm, path: "gateway/*"}
  - {name: app, kind: tracker, path: "app/*"}
  - {name: openai-bill, kind: openai_costs, path: "openai-bill/*"}
  - {name: openai-usage, kind: openai_usage, path: "openai-usage/*"}
  - {name: claude-bill, kind: anthropic_cost, path: "claude-bill/*"}
  - {name: claude-usage, kind: anthropic_usage, path: "claude-usage/*"}
"""
GATEWAY = SAMPLES / "litellm/s3_logger/litellm/2026-10-02/time-09-01-05-120000_msg_01tUDQ6b9otCXx4NWFaQnYyD.json"
PAGES = {
    "openai-bill": SAMPLES / "openai_costs/live_shape_page1.json",
    "openai-usage": SAMPLES / "openai_usage/completions_page1.json",
    "claude-bill": SAMPLES / "anthropic_admin/cost_report.json",
    "claude-usage": SAMPLES / "anthropic_admin/usage_report_messages_page1.json",
}
HTML = b"<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head>\n<body>Call ana@example.org</body></html>\n"
SECRET = "the quick brown prompt"  # noqa: S105

Record = dict[str, Any]


def log_lines(source: str) -> tuple[Record, dict[str, tuple[Record, str]]]:
    """A good line, and broken ones with the reason of each."""
    if source == "gateway":
        good = json.loads(GATEWAY.read_text()) | {"messages": SECRET}
        return good, {
            "negative": (good | {"id": "a", "prompt_tokens": -5}, "negative_quantity"),
            "no model": (good | {"id": "b", "model": None, "model_id": None}, "missing_model"),
            "1970": (good | {"id": "c", "startTime": 12.5}, "time_out_of_range"),
            "no id": (good | {"id": None}, "missing_id"),
            "no time": (good | {"id": "d", "startTime": "soon"}, "bad_time"),
        }
    good = request("good", datetime(2026, 10, 2, tzinfo=UTC).date()) | {"prompt_text": SECRET}
    return good, {
        "negative": (good | {"id": "a", "meters": {"output": -1}}, "negative_quantity"),
        "no model": ({**good, "id": "b", "model": None}, "missing_model"),
        "1970": (good | {"id": "c", "started_at": "1970-01-01T00:00:12Z"}, "time_out_of_range"),
        "meter": (good | {"id": "d", "meters": {"ouput": 1}}, "unknown_meter"),
        "status": (good | {"id": "e", "status": "maybe"}, "unknown_status"),
        "nothing": (good | {"id": "f", "meters": {}}, "missing_usage"),
        "half": (good | {"id": "g", "meters": {"output": 1.5}}, "bad_number"),
    }


def page(source: str, change: Callable[[Record, Record], None]) -> Record:
    """The first bucket of the sample page with its first result alone, both changed."""
    document: Record = json.loads(PAGES[source].read_text())
    bucket = next(one for one in document["data"] if one["results"])
    bucket["results"] = bucket["results"][:1]
    document |= {"data": [bucket], "has_more": False}
    change(bucket, bucket["results"][0])
    return document


def broken_pages(source: str) -> dict[str, tuple[Record, str]]:
    def start(bucket: Record, _result: Record) -> None:
        bucket.update({"start_time": 12, "end_time": 86412} if source.startswith("openai") else {"starting_at": "1970-01-01T00:00:00Z"})

    found: dict[str, tuple[Record, str]] = {"1970": (page(source, start), "time_out_of_range")}
    if source == "openai-bill":
        found["amount"] = (page(source, lambda _, result: result["amount"].update({"value": "much"})), "bad_amount")
        found["none"] = (page(source, lambda _, result: result.update({"amount": None})), "missing_amount")
    if source == "claude-bill":
        found["amount"] = (page(source, lambda _, result: result.update({"amount": "much"})), "bad_amount")
    if source == "openai-usage":
        found["negative"] = (page(source, lambda _, result: result.update({"input_tokens": -7})), "negative_quantity")
    if source == "claude-usage":
        found["negative"] = (page(source, lambda _, result: result.update({"output_tokens": -7})), "negative_quantity")
    return found


def write_folder(folder: Path) -> dict[tuple[str, str], str]:
    """Everything broken, by source; the reason that each file is there for, '' where it holds nothing at all."""
    wanted: dict[tuple[str, str], str] = {}

    def put(source: str, name: str, content: bytes, reason: str) -> None:
        (folder / source).mkdir(exist_ok=True)
        (folder / source / name).write_bytes(content)
        wanted[source, name] = reason

    for source in ("gateway", "app"):
        good, lines = log_lines(source)
        put(source, "good.json", json.dumps(good).encode(), "")
        for name, (line, reason) in lines.items():
            put(source, f"{name}.json", json.dumps(line).encode(), reason)
        put(source, "latin 1.json", json.dumps(good | {"id": "café"}, ensure_ascii=False).encode("latin-1"), "bad_encoding")
        put(source, "long.json", json.dumps(good | {"id": "long", "messages": "x" * 10_000_000}).encode(), "")
        if source == "gateway":
            put(source, "longer.json", json.dumps(good | {"id": "longer", "messages": "x" * 80_000_000}).encode(), "line_too_long")
        put(source, "torn.jsonl", (json.dumps(good | {"id": "torn"}) + "\n" + json.dumps(good)[:100] + "\n[1, 2]\n").encode(), "not_json")
    for source, sample in PAGES.items():
        put(source, "good.json", sample.read_bytes(), "")
        for name, (document, reason) in broken_pages(source).items():
            put(source, f"{name}.json", json.dumps(document).encode(), reason)
        put(source, "error.json", b'{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}', "unexpected_document")
    for source in ("gateway", "app", *PAGES):
        whole = gzip.compress((folder / source / "good.json").read_bytes() * 40, mtime=0)
        put(source, "empty.json", b"", "")
        put(source, "truncated.json.gz", whole[: len(whole) - 20], "truncated_file")
        put(source, "page.json", HTML, "not_json")
        put(source, "utf 16.json", (folder / source / "good.json").read_bytes().decode().encode("utf-16"), "")
    return wanted


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[tuple[str, str], str], dict[str, Any]]:
    """The home, the reason each file is there for, and the run's document."""
    folder = tmp_path_factory.mktemp("broken")
    world = new_world(folder, CONFIG)
    wanted = write_folder(folder)
    return world, wanted, world.run()


@pytest.fixture(scope="module")
def world(broken: tuple[World, Any, Any]) -> World:
    return broken[0]


def reasons(world: World) -> dict[tuple[str, str], list[str]]:
    lake = world.workplace.lake(world.workplace.engine())
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in lake.read(rejected_lines).to_pyarrow().to_pylist():
        found[row["source"], Path(row["uri"]).name].append(row["reason"])
    return found


def test_every_line_of_every_file_is_accounted_for(broken: tuple[World, dict[tuple[str, str], str], dict[str, Any]]) -> None:
    _, wanted, document = broken
    found = {(one["source"], Path(one["file"]).name): one for one in document["files"]}
    assert found.keys() == wanted.keys()
    for one in found.values():
        assert one["lines"] == one["accepted"] + one["duplicates"] + one["rejected"], one
    assert {key for key, one in found.items() if one["state"] == "empty"} == {key for key in wanted if key[1] == "empty.json"}


def test_every_reason_is_named_for_the_file_it_is_there_for(world: World, broken: tuple[World, dict[tuple[str, str], str], Any]) -> None:
    found = reasons(world)
    missing = {key: (reason, found.get(key)) for key, reason in broken[1].items() if reason and reason not in found.get(key, [])}
    assert missing == {}
    assert {reason for group in found.values() for reason in group} <= set(REASONS)
    spoiled = {key: found[key] for key, reason in broken[1].items() if not reason and key in found}
    assert spoiled == {}, "what is not broken is not rejected"


def test_rejected_lines_and_ledger_agree(world: World) -> None:
    found = reasons(world)
    ledger = {(one.source, Path(one.uri).name): one.rejected for one in world.database.select(ingested_files) if one.rejected}
    assert {key: len(group) for key, group in found.items()} == ledger


def test_the_run_names_rejects_by_reason_in_its_document(world: World, broken: tuple[Any, Any, dict[str, Any]]) -> None:
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for (source, _), group in reasons(world).items():
        for reason in group:
            counted[source, reason] += 1
    assert {(one["source"], one["reason"]): one["lines"] for one in broken[2]["rejects"]} == counted


def test_reasons_are_explained_where_people_look(world: World) -> None:
    """The asset's own numbers, which the UI and the run's words are made of."""
    rows = rejects_of(world.workplace.lake(world.workplace.engine()), world.database.select(ingested_files))
    assert {(one["reason"], one["meaning"]) for one in rows} <= set(REASONS.items())
    assert {one["source"] for one in rows} == {"gateway", "app", *PAGES}


def test_good_lines_count_beside_broken_ones(world: World, broken: tuple[Any, Any, dict[str, Any]]) -> None:
    rows = world.database.select(daily_costs)
    billed = {
        channel: sum((row.billed_cost or 0 for row in rows if row.channel == channel), Decimal(0)) for channel in ("openai", "anthropic")
    }
    assert billed == {"openai": Decimal("26.9190387") + Decimal("22.209063"), "anthropic": Decimal("38.91") + Decimal("31.98531")}
    assert {row.day.isoformat() for row in rows} == {"2026-10-01", "2026-10-02"}


def test_no_prompt_and_no_address_is_kept(world: World) -> None:
    lake = world.workplace.lake(world.workplace.engine())
    texts = " ".join(row["text"] or "" for row in lake.read(rejected_lines).to_pyarrow().to_pylist())
    assert SECRET not in texts
    assert "ana@example.org" not in texts
    left = [path for path in world.home.root.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert left == [], "nor anywhere else in the home"
