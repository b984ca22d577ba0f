"""A closed month's statements in `reports/`: the frozen files, copied. It comes last in a close, and whatever runs next repeats it."""

from collections.abc import Callable
from pathlib import Path

from usage_pipeline.defs.closed import Closed, closed_months, folder_of
from usage_pipeline.defs.closed_facts import journal_in
from usage_pipeline.defs.journal_month import FILE, journal_for
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageError
from usage_pipeline.reports.bridge_files import BRIDGE_CSV, BRIDGE_JSON, BRIDGE_PDF, CORRECTIONS
from usage_pipeline.reports.focus_book import FILES as FOCUS_FILES
from usage_pipeline.reports.formats.csv_more import MORE_CSV
from usage_pipeline.reports.journal import journal_csv
from usage_pipeline.reports.render import CSV, JSON, PDF, XLSX
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.storage.closed_folder import hash_of

STATEMENTS = "statements"
PUBLISHED = ".published"


def publish(workplace: Workplace, closed: Closed, done: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Let `reports/<month>/` be what the newest revision froze; the files that were written or taken away. A draft is left alone."""
    if closed.is_draft:
        return []
    home = workplace.home
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
    for kind in (PDF, CSV, JSON, XLSX, BRIDGE_CSV, BRIDGE_JSON, BRIDGE_PDF, CORRECTIONS, *MORE_CSV, *FOCUS_FILES):
        for path in sorted(target.rglob(kind)):
            if path.relative_to(target) not in wanted:
                path.unlink()
                written.append(path)
    for journal, content in journal_now(workplace, closed).items():
        if not (target / journal).is_file() or (target / journal).read_bytes() != content:
            _replace(target / journal, content)
            written.append(target / journal)
            done(f"published {journal}")
    _replace(folder.folder / PUBLISHED, _mark(closed))
    done("noted that it is published")
    return written


def journal_now(workplace: Workplace, closed: Closed) -> dict[str, bytes]:
    """The closed month's journal file, by its name in `reports/<month>/`: the frozen lines, and which of them were posted since."""
    if not journal_in(folder_of(workplace.home, closed.month).of(closed.revision.revision)):
        return {}
    return {f"{ORGANISATION}/{FILE}": journal_csv(journal_for(workplace, closed.month).lines)}


def publish_all(workplace: Workplace) -> list[Path]:
    """Finish what a close that died left unpublished."""
    written: list[Path] = []
    for closed in closed_months(workplace.database()).values():
        mark = folder_of(workplace.home, closed.month).folder / PUBLISHED
        if not mark.is_file() or mark.read_bytes() != _mark(closed):
            written += publish(workplace, closed)
    return written


def _mark(closed: Closed) -> bytes:
    return f"r{closed.revision.revision} {closed.revision.manifest_hash}\n".encode()


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.writing")
    temporary.write_bytes(content)
    temporary.replace(path)
