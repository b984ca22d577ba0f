"""What stays of a line whose labels and names hold sentences: its numbers, and that something was left out."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ibis.backends.duckdb import Backend
from planting import LINES, LONG, LONG_KEY, MARK, PROMPT

from usage_pipeline.periods import Period
from usage_pipeline.sources.attribution import attribute
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.ingest import ingest, landed_rejects, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.configuration import AttributionRule, Project
from usage_pipeline.tables.labels import LEFT_OUT
from usage_pipeline.tables.usage_events import usage_events

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAYS = Period(date(2026, 10, 1), date(2026, 10, 4))
LINE = {"started_at": "2026-10-02T09:01:05Z", "provider": "openai", "model": "gpt-5", "meters": {"input": 7, "output": 5}}
TALKING: list[dict[str, Any]] = [
    LINE | {"id": "plain", "project": "p", "feature": "ask-hr", "tags": {"team": "a"}, "request_tags": ["release:12"]},
    LINE
    | {"id": "labels", "project": "p", "tags": {"note": LONG, "prompt": PROMPT, "user_prompt": PROMPT, "prompt_id": "v3", "two": LINES}},
    LINE | {"id": "names", "feature": LONG, "conversation": LINES, "operation": LINES, "prompt": PROMPT, "run": [PROMPT]},
    LINE | {"id": "model", "model": PROMPT, "tags": {LONG_KEY: "x", "team": "b"}, "request_tags": [f"prompt:{PROMPT}", LONG, "team:b"]},
    LINE | {"id": LONG},
    LINE | {"id": LONG + "2"},
]
MISPLACED: list[dict[str, Any]] = [
    LINE | {"id": "r1", "started_at": PROMPT, "status": LINES, "feature": "ask-hr v2"},
    LINE
    | {"id": "r2", "started_at": "2026-10-02 09:01 h", "meters": {"input": PROMPT, "output": 3}, "tags": {"q": PROMPT, "question": "why"}},
]


def read(folder: Path, lines: list[dict[str, Any]], tags: tuple[str, ...] | None) -> tuple[dict[str, Any], list[Any], Backend, Any]:
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    engine = connect(folder / "scratch", hash_key="a key of more than sixteen characters")
    lake, database = Lake(folder / "lake", engine), Database(f"sqlite:///{folder / 'usage.db'}")
    database.migrate()
    place: dict[str, Any] = {"lake": lake, "database": database, "engine": engine, "stage": folder / "scratch" / "s"}
    ingest("log", SOURCES["tracker"], f"{folder}/logs/*", now=NOW, tags=tags, **place)
    events = landed_rows(usage_events, DAYS, lake=lake, database=database)
    rows = {row["event_id"]: row for row in engine.to_pyarrow(events).to_pylist()}
    rejected = landed_rejects(Period(date(2026, 11, 21), date(2026, 11, 22)), lake=lake, database=database)
    texts = [json.loads(row["text"]) for row in sorted(engine.to_pyarrow(rejected).to_pylist(), key=lambda row: row["source_line"])]
    database.close()
    return rows, texts, engine, events


def test_a_line_that_talks_keeps_its_numbers_and_says_what_was_left_out(tmp_path: Path) -> None:
    rows, rejected, _, _ = read(tmp_path, [*TALKING, *MISPLACED], None)
    assert MARK not in repr(rows).casefold() + repr(rejected).casefold()
    assert len(rows) == len(TALKING)
    assert {(row["input"], row["output"]) for row in rows.values()} == {(7, 5)}
    assert sum(key.startswith("id-") for key in rows) == 2
    tags = {key: json.loads(row["tags"] or "{}") for key, row in rows.items()}
    assert tags["plain"] == {"project": "p", "team": "a"}
    assert rows["plain"]["request_tags"] == ["release:12"]
    assert tags["labels"] == {
        "project": "p",
        "note": LEFT_OUT,
        "prompt": LEFT_OUT,
        "user_prompt": LEFT_OUT,
        "prompt_id": "v3",
        "two": LEFT_OUT,
    }
    names = rows["names"]
    assert {names[one] for one in ("feature", "conversation", "operation", "prompt", "run")} == {LEFT_OUT}
    assert (rows["model"]["model"], rows["model"]["provider"]) == (LEFT_OUT, "openai")
    assert tags["model"] == {"team": "b", LEFT_OUT: LEFT_OUT}
    assert rows["model"]["request_tags"] == [f"prompt:{LEFT_OUT}", LEFT_OUT, "team:b"]
    first, second = rejected
    assert (first["id"], first["model"], first["feature"], first["input"]) == ("r1", "gpt-5", "ask-hr v2", "7")
    assert first["started"] == "xxxxxxxxxx0 xxxxx xxxx xxxxxx, xxx xx xx xxxxxx'x xxxxxxxx"
    assert first["status"] == "xxxxxxxxxx xx xxx xxxxx"
    assert second["started"] == "2026-10-02 09:01 h"
    assert second["meters"].startswith("{input: xxxxxxxxxx0 xxxxx") and second["meters"].endswith(", output: 3}")  # noqa: PT018
    assert second["tags"].endswith(", question: xxx}")


def test_a_source_keeps_the_labels_that_it_lists_and_rules_go_by_them(tmp_path: Path) -> None:
    rows, _, engine, events = read(tmp_path, TALKING, ("project", "team", "prompt_id"))
    tags = {key: json.loads(row["tags"]) for key, row in rows.items() if row["tags"]}
    assert tags == {"plain": {"project": "p", "team": "a"}, "labels": {"project": "p", "prompt_id": "v3"}, "model": {"team": "b"}}
    assert rows["plain"]["request_tags"] == []
    assert rows["model"]["request_tags"] == ["team:b"]
    rules = [
        AttributionRule(field="tag.project", project="{value}", any_value=True),
        AttributionRule(field="tag.team", project="q", equals="b"),
    ]
    owned = engine.to_pyarrow(attribute(events, rules, [Project(id="p", name="p"), Project(id="q", name="q")])).to_pylist()
    assert {row["event_id"]: row["project"] for row in owned if row["project"]} == {"plain": "p", "labels": "p", "model": "q"}
