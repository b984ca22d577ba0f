"""A close that is killed after any of its steps leaves the month open or closed, never half; what runs next finishes or repeats it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import closing_world
import pytest

SCRIPT = Path(__file__).with_name("killed_close.py")
Told = list[dict[str, object]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    world = closing_world.made(tmp_path_factory.getbasetemp())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("USAGE_")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(world.home.root), str(world.config), str(tmp_path_factory.mktemp("killed"))],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "PYTHONPATH": str(SCRIPT.parents[1])},
    )
    assert done.returncode == 0, done.stderr
    found: Told = json.loads(done.stdout)
    return found


def test_every_step_was_killed_after(told: Told) -> None:
    assert [one["step"] for one in told] == list(range(1, len(told) + 1))
    assert [one["killed"] for one in told] == [True] * (len(told) - 1) + [False]
    assert len(told) > 30


def test_the_month_is_open_or_closed_and_never_half(told: Told) -> None:
    for one in told:
        assert one["whole"] or not one["closed"], one
        assert one["closed"] or not one["published"], one
    states = [one["closed"] for one in told]
    assert states == sorted(states)
    assert {True, False} == set(states)


def test_what_runs_next_repairs_it(told: Told) -> None:
    for one in told:
        assert one["then"] == {"closed": True, "whole": True, "published": True, "leftovers": [".lock", ".published"]}, one
        assert one["again"] == ("run" if one["closed"] else "close")
