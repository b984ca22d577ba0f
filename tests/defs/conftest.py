"""The sample organisation's home, finished; and a copy of it for tests that change something."""

from pathlib import Path

import pytest
from sample_world import World, copy_of, finished


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "CONFIG", "DATABASE_URL", "SMTP_HOST", "MAIL_FROM", "MEMORY_LIMIT"):
        monkeypatch.delenv(f"USAGE_{name}", raising=False)


@pytest.fixture(scope="session")
def october(tmp_path_factory: pytest.TempPathFactory) -> World:
    return finished(tmp_path_factory.getbasetemp())[0]


@pytest.fixture
def world(october: World, tmp_path: Path) -> World:
    return copy_of(october, tmp_path)
