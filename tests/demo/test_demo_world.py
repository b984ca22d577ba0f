"""A world is the same bytes for the same arguments, and holds what was planted."""

import hashlib
import time
from datetime import date
from pathlib import Path

import pytest
from demo_world import World

from usage_pipeline.demo.world import write_world


def _bytes_and_times(folder: Path) -> dict[str, tuple[str, int]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files}


def test_the_same_seed_gives_the_same_bytes_and_times(tmp_path: Path) -> None:
    first = write_world(tmp_path / "first", days=5)
    second = write_world(tmp_path / "second", days=5)
    assert first == second
    assert _bytes_and_times(tmp_path / "first") == _bytes_and_times(tmp_path / "second")


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    assert write_world(tmp_path / "first", days=1).cost != write_world(tmp_path / "second", days=1, seed=7).cost


def test_a_day_is_the_same_in_a_short_and_in_a_long_world(tmp_path: Path, world: World) -> None:
    short = write_world(tmp_path, days=1)
    day = short.last_day
    assert short.costs == tuple(row for row in world.truth.costs if row.day == day)


def test_three_days_are_quick(tmp_path: Path) -> None:
    started = time.process_time()
    write_world(tmp_path, days=3)
    assert time.process_time() - started < 3


def test_progress_counts_the_days(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_world(tmp_path, days=2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_a_world_needs_a_day(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one day, got 0"):
        write_world(tmp_path, days=0)


def test_every_written_file_is_in_the_truth(world: World) -> None:
    written = {str(path.relative_to(world.folder)) for path in world.folder.rglob("*") if path.is_file()}
    assert written == {file.file for file in world.truth.files} | {"usage.yaml", "truth.json"}


def test_everything_planted_is_there(world: World) -> None:
    files = world.truth.files
    reasons = {reason for file in files for reason in file.reasons}
    assert reasons == {"not_json", "negative_quantity", "missing_id", "time_out_of_range"}
    assert [file.file for file in files if file.is_copy] == [
        "gateway/2026-10-27/requests (copy).jsonl.gz",
        "openai/costs_2026-10_page1 (1).json",
    ]
    assert any(file.duplicates and file.accepted for file in files if file.file == "gateway/2026-10-25/requests_resent.jsonl.gz")
    assert any(file.file == "gateway/2026-10-26/late_2026-10-23.jsonl.gz" for file in files)
    assert any(file.file.startswith("gateway/2026-10-29/time-") for file in files)
    assert any(file.file.startswith("openai/costs_early_2026-10-22") for file in files)
    assert world.truth.failed_requests > 0
    assert world.truth.cache_hits > 0
    assert world.truth.unpriced_events > 0


def test_a_year_without_priority_or_batch_has_none(tmp_path: Path) -> None:
    write_world(tmp_path, days=1, last_day=date(2026, 9, 1))
    text = "".join(path.read_text() for path in tmp_path.rglob("openai/*.json"))
    assert "priority" not in text
    assert '"batch": true' not in text
