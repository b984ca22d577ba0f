"""The sensor of new files, tick by tick over a real home: read, then the days, then their months, then nothing."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from sample_world import World, new_world
from tracker_world import request, tracker_world, write

from usage_pipeline.defs.partitions import RANGE_END, RANGE_START
from usage_pipeline.defs.sensors import BECAUSE, new_files, ranges_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import inclusive

SEPTEMBER, FIRST, THIRD = date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 3)


class Ticks:
    """The sensor's ticks, each going on where the last one ended."""

    def __init__(self, world: World, instance: dg.DagsterInstance) -> None:
        self.world, self.instance, self.cursor = world, instance, None
        self.asked: list[dg.RunRequest] = []
        self.words: str | None = None

    def tick(self) -> list[tuple[str, str, str]]:
        """What this tick asks for: job and range; `words` say why if it is nothing."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor, resources={"workplace": self.world.workplace})
        answer: Any = new_files(context)
        if isinstance(answer, dg.SkipReason):
            self.asked, self.words = [], answer.skip_message
            return []
        self.cursor, self.asked = answer.cursor, list(answer.run_requests)
        self.words = answer.skip_reason.skip_message if answer.skip_reason else None
        return [(str(one.job_name), one.tags.get(RANGE_START, one.partition_key or ""), one.tags.get(RANGE_END, "")) for one in self.asked]

    def keys(self) -> list[str]:
        return [str(one.run_key) for one in self.asked]

    def run(self) -> None:
        """Carry out the runs that the last tick asked for."""
        for one in self.asked:
            tags = {**one.tags, **({"dagster/partition": one.partition_key} if one.partition_key else {})}
            job = self.world.definitions.resolve_job_def(str(one.job_name))
            assert job.execute_in_process(instance=self.instance, tags=tags).success


@pytest.fixture
def ticks(tmp_path: Path) -> Any:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Ticks(tracker_world(tmp_path), instance)


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def test_files_then_days_then_months_then_nothing(ticks: Ticks) -> None:
    assert (ticks.tick(), ticks.words) == ([], "no new files")

    write(ticks.world, "a.jsonl", [request("1", SEPTEMBER), request("2", FIRST), request("3", THIRD)])
    assert ticks.tick() == [("ingest", today(), "")]
    first_keys = ticks.keys()
    assert ticks.tick() == [("ingest", today(), "")]
    assert ticks.keys() == first_keys, "the same files ask with the same key, which Dagster runs once"
    ticks.run()

    assert ticks.tick() == [("daily", "2026-09-30", "2026-10-01"), ("daily", "2026-10-03", "2026-10-03")]
    assert {one.tags[BECAUSE].rsplit(" ", 1)[-1] for one in ticks.asked} == {"a.jsonl"}
    assert ticks.tick() == [("monthly", "2026-09-01", "2026-09-01"), ("monthly", "2026-10-01", "2026-10-01")]
    assert {one.tags[BECAUSE].rsplit(" ", 1)[-1] for one in ticks.asked} == {"a.jsonl"}
    assert len({*ticks.keys(), *first_keys}) == 3
    assert (ticks.tick(), ticks.words) == ([], "no new files")
    assert json.loads(ticks.cursor or "")["months"] == []


def test_a_changed_file_and_its_days(ticks: Ticks) -> None:
    lines = [request("1", FIRST)]
    long_ago = datetime(2026, 10, 4, tzinfo=UTC)
    write(ticks.world, "a.jsonl", lines, at=long_ago)
    ticks.tick()
    ticks.run()
    for _ in range(3):
        ticks.tick()
    assert ticks.words == "no new files"
    write(ticks.world, "a.jsonl", [*lines, request("2", THIRD)], at=long_ago + timedelta(hours=1))
    assert ticks.tick() == [("ingest", today(), "")]
    ticks.run()
    assert ticks.tick() == [("daily", "2026-10-03", "2026-10-03")], "the day of the line that is new, no other"
    assert ticks.tick() == [("monthly", "2026-10-01", "2026-10-01")]


def test_a_file_of_rejects_is_read_once_and_touches_no_day(ticks: Ticks) -> None:
    write(ticks.world, "a.jsonl", ["<html>", json.dumps({"id": "1"})])
    ticks.tick()
    ticks.run()
    before = ticks.cursor
    assert (ticks.tick(), ticks.words) == ([], "no new files")
    assert ticks.cursor != before, "what was read is behind us"


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_while_a_run_is_under_way_nothing_is_asked(ticks: Ticks, status: dg.DagsterRunStatus) -> None:
    """Its files are half read, its days half computed: months asked for now would be sums of yesterday's days."""
    write(ticks.world, "a.jsonl", [request("1", FIRST)])
    run = create_run_for_test(ticks.instance, job_name="daily", status=status)
    assert ticks.tick() == []
    assert ticks.words is not None
    assert ticks.words.startswith("a run is under way")
    assert ticks.cursor is None
    ticks.instance.delete_run(run.run_id)
    assert ticks.tick() == [("ingest", today(), "")]


class Tomorrow(Workplace):
    """The same place a day later."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=1)


def test_a_run_left_for_dead_stops_nothing(ticks: Ticks) -> None:
    write(ticks.world, "a.jsonl", [request("1", FIRST)])
    create_run_for_test(ticks.instance, job_name="daily", status=dg.DagsterRunStatus.STARTED)
    assert ticks.tick() == []
    tomorrow = Tomorrow(home_folder=str(ticks.world.home.root), config_file=str(ticks.world.config))
    answer: Any = new_files(dg.build_sensor_context(instance=ticks.instance, resources={"workplace": tomorrow}))
    assert [one.job_name for one in answer.run_requests] == ["ingest"]


def test_no_configuration_is_said_with_its_mend(tmp_path: Path) -> None:
    world = new_world(tmp_path, tmp_path / "nowhere.yaml")
    with (
        dg.DagsterInstance.ephemeral() as instance,
        pytest.raises(UsageConfigError, match=r"nowhere\.yaml: \(file\): there is no such file"),
    ):
        Ticks(world, instance).tick()


def test_a_wrong_configuration_is_named_by_file_line_and_field(tmp_path: Path) -> None:
    world = tracker_world(tmp_path, "organisation: {name: A}\nprojects: []\nsources:\n  - {name: a, kind: trackr, path: b}\n")
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(UsageConfigError) as raised:
        Ticks(world, instance).tick()
    expected = f"{world.config}:4: sources[0].kind: 'trackr' is no kind of source; did you mean 'tracker'?"
    assert str(raised.value) == expected


def test_ranges_are_as_few_as_there_are_neighbours() -> None:
    days = {FIRST, date(2026, 10, 2), THIRD, SEPTEMBER, date(2026, 10, 9), date(2027, 1, 1), date(2026, 12, 31)}
    assert ranges_of(days) == [
        inclusive(SEPTEMBER, THIRD),
        inclusive(date(2026, 10, 9), date(2026, 10, 9)),
        inclusive(date(2026, 12, 31), date(2027, 1, 1)),
    ]


def test_days_before_the_first_partition_are_left_out() -> None:
    assert ranges_of({date(2023, 12, 31), date(2024, 1, 1)}) == [inclusive(date(2024, 1, 1), date(2024, 1, 1))]
