"""What a month is made of: versions that count or decide what counts, and where their content lies now."""

import hashlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from closing_world import CONFIG
from sample_world import World, new_world

from usage_pipeline.defs.inputs import inputs_of, locate
from usage_pipeline.periods import month_of
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_days, ingested_files
from usage_pipeline.tables.inputs import NAMES, Input, input_from

MONTH = month_of(date(2026, 9, 1))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path, CONFIG)


def read(world: World, name: str, text: str, *days: date, at: int, source: str = "log", out: bool = False) -> str:
    """Enter a version of a file in the ledger as read on the `at`th of October, and leave it on disk; its fingerprint."""
    path = world.config.parent / source / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    moment = datetime(2026, 10, at, tzinfo=UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    row = IngestedFile(
        source=source, uri=str(path), fingerprint=fingerprint, kind="tracker" if source == "log" else "openai_costs", size_bytes=len(text),
        modified_at=moment, lines=1, accepted=1, duplicates=0, rejected=0, state="read", ingested_at=moment, part=f"{source}.{name}.{at}",
        excluded_at=moment if out else None,
    )  # fmt: skip
    scope = "" if source == "log" else "costs"
    words = [
        IngestedDay(
            source=source, fingerprint=fingerprint, day=day, snapshot_scope=scope, rows=1, modified_at=moment, last_day=day,
            ingested_at=moment,
        )
        for day in days
    ]  # fmt: skip
    world.database.insert(ingested_files, [row])
    world.database.insert(ingested_days, words)
    return fingerprint


def inputs(world: World) -> dict[str, Input]:
    return {one.sha256: one for one in inputs_of(world.workplace, world.workplace.settings(), MONTH)}


def test_of_snapshots_only_what_counts_is_an_input(world: World) -> None:
    older = read(world, "bill.json", "first", date(2026, 9, 1), at=1, source="bill")
    newer = read(world, "other.json", "second", date(2026, 9, 1), at=2, source="bill")
    assert older not in inputs(world)
    assert inputs(world)[newer].speaks_of_month


def test_a_log_that_grew_needs_its_newest_version_alone(world: World) -> None:
    first = read(world, "app.jsonl", "a\n", date(2026, 9, 1), at=1)
    second = read(world, "app.jsonl", "a\nb\n", date(2026, 9, 2), at=2)
    third = read(world, "app.jsonl", "a\nb\nc\n", date(2026, 10, 9), at=9)
    found = inputs(world)
    assert {sha: one.is_replaced for sha, one in found.items()} == {first: True, second: True, third: False}
    places, gone = locate(world.workplace, found.values(), world.home.scratch)
    assert (set(places), gone) == ({("log", third)}, [])


def test_a_day_on_both_sides_decides_what_counts_and_no_more(world: World) -> None:
    before = read(world, "aug.jsonl", "a", date(2026, 8, 31), at=1)
    long_before = read(world, "older.jsonl", "b", date(2026, 8, 30), at=1)
    assert not inputs(world)[before].speaks_of_month
    assert long_before not in inputs(world)


def test_what_is_left_out_is_none(world: World) -> None:
    assert read(world, "x.jsonl", "a", date(2026, 9, 1), at=1, out=True) not in inputs(world)


def test_lists_of_names_are_inputs(world: World) -> None:
    folder = world.home.landing / "bill" / "names" / "projects"
    folder.mkdir(parents=True)
    (folder / "2026-09-30.json").write_text('{"data": []}')
    (found,) = inputs(world).values()
    assert (found.kind, found.source) == (NAMES, "bill")
    (folder / "2026-09-30.json").unlink()
    (gone,) = locate(world.workplace, [found], world.home.scratch)[1]
    assert "2026-09-30.json (bill) is missing" in gone.words


def test_a_moved_file_is_found_by_its_content_and_a_changed_one_is_told(world: World) -> None:
    kept = read(world, "a.jsonl", "one", date(2026, 9, 1), at=1)
    other = read(world, "b.jsonl", "two", date(2026, 9, 2), at=1)
    folder = world.config.parent / "log"
    (folder / "a.jsonl").rename(folder / "moved.jsonl")
    (folder / "b.jsonl").write_text("TWO")
    places, gone = locate(world.workplace, inputs(world).values(), world.home.scratch)
    assert places == {("log", kept): folder / "moved.jsonl"}
    assert [(one.input.sha256, one.is_changed) for one in gone] == [(other, True)]


def test_an_input_comes_back_from_the_manifest_as_it_went_in(world: World) -> None:
    read(world, "a.jsonl", "one", date(2026, 9, 1), at=1)
    (one,) = inputs(world).values()
    assert input_from(one.document()) == one
