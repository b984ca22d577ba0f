"""One small world for all tests of the demo: two weeks, so that everything planted is in it."""

from datetime import date

import pytest
from demo_world import World

from usage_pipeline.demo.world import write_world

WORLD_DAYS = 14
LAST_DAY = date(2026, 10, 31)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    return World(folder, write_world(folder, days=WORLD_DAYS, last_day=LAST_DAY))
