"""What every room's tests share: an engine, a lake, a database."""

from pathlib import Path

import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.lake import Lake


@pytest.fixture
def engine(tmp_path: Path) -> Backend:
    """A fresh in-memory engine with the settings of a step."""
    return connect(tmp_path / "scratch")


@pytest.fixture
def lake(tmp_path: Path, engine: Backend) -> Lake:
    return Lake(tmp_path / "lake", engine)
