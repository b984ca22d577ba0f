"""What a close froze, read back: the facts of its statements and its journal. In: a closed month. Out: values, as they were closed."""

from pathlib import Path

from usage_pipeline.defs.closed import Closed, folder_of
from usage_pipeline.errors import UsageError
from usage_pipeline.reports.facts import Facts
from usage_pipeline.reports.frozen import JOURNAL, TABLES, facts_from, rows_of
from usage_pipeline.storage.closed_folder import MANIFEST, hash_of
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.journal import JournalLine, journal


def frozen_folder(home: Home, closed: Closed) -> Path:
    """Where the revision lies. Raises UsageError where its folder is gone or is not what was closed."""
    folder = folder_of(home, closed.month).of(closed.revision.revision)
    if hash_of(folder / MANIFEST) != closed.revision.manifest_hash:
        what = "changed" if (folder / MANIFEST).is_file() else "missing"
        mend = f"restore {folder} from a backup (`usage-pipeline verify {closed.name}` tells what is wrong with it)"
        raise UsageError(f"{closed.words}, but {folder / MANIFEST} is {what}: {mend}")
    return folder


def frozen_facts(home: Home, closed: Closed) -> Facts:
    """What the closed month's statements were made of. Raises UsageError where its folder is gone or is not what was closed."""
    return facts_in(frozen_folder(home, closed))


def facts_in(folder: Path) -> Facts:
    """The facts in a revision's folder."""
    return facts_from({path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted((folder / TABLES).glob("*"))})


def journal_in(folder: Path) -> tuple[JournalLine, ...]:
    """The journal in a revision's folder; nothing where usage.yaml named no accounts when it was closed."""
    path = folder / JOURNAL
    return rows_of(journal, path.read_bytes()) if path.is_file() else ()
