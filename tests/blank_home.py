"""A home before its first run, with its database migrated and Dagster's made: once a process, as that takes half a second, then written."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from usage_pipeline.defs.home import prepare
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home


@cache
def blank_database() -> bytes:
    """The file of an empty, migrated SQLite database."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "usage.db"
        opened = Database(f"sqlite:///{path}")
        opened.migrate()
        opened.close()
        return path.read_bytes()


@cache
def _files() -> dict[Path, bytes]:
    with TemporaryDirectory() as folder:
        home = prepare(Home(Path(folder)))
        with dg.DagsterInstance.from_config(str(home.dagster)):
            pass
        made = [path for path in home.root.rglob("*") if path.is_file()]
        return {path.relative_to(home.root): path.read_bytes() for path in made} | {Path("usage.db"): blank_database()}


def blank_home(root: Path) -> Home:
    """Such a home at `root`; files that are there stay."""
    for name, content in _files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(content)
    return prepare(Home(root))
