"""Real processes, real SIGKILL: whenever an ingest dies, and however many run at once, what counts in the end is the same."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from blank_home import blank_database
from crash_world import FILES_IN_A_BATCH, outcome, read_all, write_input

from usage_pipeline.storage import ingest as ingest_module
from usage_pipeline.storage.database import Database

KILLS = 10
PATIENCE_SECONDS = 300

Start = Callable[[Path, str], tuple[BaseProcess, Any]]
Again = Callable[[Path, str], None]


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that have their modules already, so that a test does not wait for imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crash_world"])
    return context


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    write_input(folder)
    return folder


@pytest.fixture
def start(processes: ForkServerContext, landing: Path) -> Iterator[Start]:
    started: list[BaseProcess] = []

    def begin(home: Path, url: str) -> tuple[BaseProcess, Any]:
        ours, theirs = processes.Pipe(duplex=False)
        process = processes.Process(target=read_all, args=(str(landing), str(home), url, theirs))
        process.start()
        started.append(process)
        theirs.close()
        assert ours.poll(PATIENCE_SECONDS)
        assert ours.recv() == "begun"
        return process, ours

    yield begin
    for process in started:
        process.join(PATIENCE_SECONDS)
        assert process.exitcode is not None


def migrated(url: str) -> str:
    database = Database(url)
    database.migrate()
    database.close()
    return url


def home_in(folder: Path, name: str) -> tuple[Path, str]:
    home = folder / name
    home.mkdir()
    (home / "usage.db").write_bytes(blank_database())
    return home, f"sqlite:///{home / 'usage.db'}"


def whole(start: Start, home: Path, url: str) -> float:
    """An ingest to its end; how many seconds it took."""
    process, told = start(home, url)
    begun = time.monotonic()
    assert told.poll(PATIENCE_SECONDS)
    assert told.recv() == "done"
    took = time.monotonic() - begun
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == 0
    return took


@pytest.fixture
def again(landing: Path, monkeypatch: pytest.MonkeyPatch) -> Again:
    """An ingest to its end in this process, which has its queries put together already."""
    monkeypatch.setattr(ingest_module, "BATCH_FILES", FILES_IN_A_BATCH)

    def read(home: Path, url: str) -> None:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        with ours, theirs:
            read_all(str(landing), str(home), url, theirs)
            assert [ours.recv(), ours.recv()] == ["begun", "done"]

    return read


def killed(start: Start, home: Path, url: str, after: float) -> bool:
    """An ingest that is killed after so many seconds; whether it was before its end."""
    process, told = start(home, url)
    if told.poll(after):
        process.join(PATIENCE_SECONDS)
        return False
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(PATIENCE_SECONDS)
    return process.exitcode == -signal.SIGKILL


def parts(home: Path) -> int:
    return len(list((home / "lake").rglob("*.parquet")))


def test_killed_at_ten_moments_and_run_again_it_is_as_if_nothing_had_happened(start: Start, again: Again, tmp_path: Path) -> None:
    undisturbed, url = home_in(tmp_path, "undisturbed")
    took = whole(start, undisturbed, url)
    expected = outcome(undisturbed, url)
    assert sum(file[4] for file in expected["files"]) > len(expected["usage_events"]) > 0  # some records were replaced
    chance = random.Random(20261121)  # noqa: S311 - moments, no secrets
    kills = left = 0
    while kills < KILLS:
        home, url = home_in(tmp_path, f"home-{kills}-{chance.random()}")
        moment = chance.uniform(0, took)
        if not killed(start, home, url, moment):
            took = moment  # it was slower when it was timed
            continue
        kills += 1
        again(home, url)
        assert outcome(home, url) == expected, f"kill {kills}"
        left += parts(home) - parts(undisturbed)
    assert left > 0  # what the dead left behind is there, and counts for nothing


def test_killed_again_and_again_it_still_comes_to_the_same_end(start: Start, tmp_path: Path) -> None:
    undisturbed, url = home_in(tmp_path, "undisturbed")
    took = whole(start, undisturbed, url)
    home, other = home_in(tmp_path, "home")
    chance = random.Random(4)  # noqa: S311
    for _ in range(3):
        killed(start, home, other, chance.uniform(0, took))
    whole(start, home, other)
    assert outcome(home, other) == outcome(undisturbed, url)


def side_by_side(start: Start, home: Path, url: str) -> None:
    for process, told in [start(home, url) for _ in range(2)]:
        assert told.poll(PATIENCE_SECONDS)
        assert told.recv() == "done"
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0


def test_two_at_once_give_what_one_gives(start: Start, tmp_path: Path) -> None:
    undisturbed, url = home_in(tmp_path, "undisturbed")
    whole(start, undisturbed, url)
    home, other = home_in(tmp_path, "home")
    side_by_side(start, home, other)
    assert outcome(home, other) == outcome(undisturbed, url)


def test_two_at_once_and_a_kill_on_postgresql(start: Start, tmp_path: Path, postgres_url: str) -> None:
    undisturbed, url = home_in(tmp_path, "undisturbed")
    took = whole(start, undisturbed, url)
    home = tmp_path / "home"
    home.mkdir()
    migrated(postgres_url)
    killed(start, home, postgres_url, took / 3)
    side_by_side(start, home, postgres_url)
    assert outcome(home, postgres_url) == outcome(undisturbed, url)
