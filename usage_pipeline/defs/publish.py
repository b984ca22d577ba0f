"""A closed month's statements in `reports/`: the frozen files, copied. It comes last in a close, and whatever runs next repeats it."""

from collections.abc import Callable
from pathlib import Path

from usage_pipeline.defs.closed import Closed, closed_months, folder_of
from usage_pipeline.errors import UsageError
from usage_pipeline.reports.bridge_files import BRIDGE_CSV, BRIDGE_JSON, BRIDGE_PDF, CORRECTIONS
from usage_pipeline.reports.focus_book import FILES as FOCUS_FILES
from usage_pipeline.reports.facts import Facts
from usage_pipeline.reports.frozen import TABLES, facts_from
from usage_pipeline.reports.render import CSV, JSON, PDF, XLSX
from usage_pipeline.storage.closed_folder import MANIFEST, hash_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home

STATEMENTS = "statements"
PUBLISHED = ".published"


def frozen_facts(home: Home, closed: Closed) -> Facts:
    """What the closed month's statements were made of. Raises UsageError where its folder is gone or is not what was closed."""
    folder = folder_of(home, closed.month).of(closed.revision.revision)
    if hash_of(folder / MANIFEST) != closed.revision.manifest_hash:
        what = "changed" if (folder / MANIFEST).is_file() else "missing"
        mend = f"restore {folder} from a backup (`usage-pipeline verify {closed.name}` tells what is wrong with it)"
        raise UsageError(f"{closed.words}, but {folder / MANIFEST} is {what}: {mend}")
    return facts_from({path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted((folder / TABLES).glob("*"))})


def publish(home: Home, closed: Closed, done: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Let `reports/<month>/` be what the newest revision froze; the files that were written or taken away. A draft is left alone."""
    if closed.is_draft:
        return []
    folder = folder_of(home, closed.month)
    frozen = folder.of(closed.revision.revision) / STATEMENTS
    if not frozen.is_dir():
        raise UsageError(f"{closed.words}, but {frozen} is gone: restore it from a backup")
    target = home.reports / closed.name
    wanted = {path.relative_to(frozen): path for path in sorted(frozen.rglob("*")) if path.is_file()}
    written = []
    for name, path in wanted.items():
        if hash_of(target / name) != hash_of(path):
            _replace(target / name, path.read_bytes())
            written.append(target / name)
            done(f"published {name}")
    for kind in (PDF, CSV, JSON, XLSX, BRIDGE_CSV, BRIDGE_JSON, BRIDGE_PDF, CORRECTIONS, *FOCUS_FILES):
        for path in sorted(target.rglob(kind)):
            if path.relative_to(target) not in wanted:
                path.unlink()
                written.append(path)
    _replace(folder.folder / PUBLISHED, _mark(closed))
    done("noted that it is published")
    return written


def publish_all(home: Home, database: Database) -> list[Path]:
    """Finish what a close that died left unpublished."""
    written: list[Path] = []
    for closed in closed_months(database).values():
        mark = folder_of(home, closed.month).folder / PUBLISHED
        if not mark.is_file() or mark.read_bytes() != _mark(closed):
            written += publish(home, closed)
    return written


def _mark(closed: Closed) -> bytes:
    return f"r{closed.revision.revision} {closed.revision.manifest_hash}\n".encode()


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.writing")
    temporary.write_bytes(content)
    temporary.replace(path)
