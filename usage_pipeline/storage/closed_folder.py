"""Closed months on disk: `closed/<month>/r<revision>/`, written whole or not at all. In: files by name. Out: a folder that never changes.

A revision is written under a temporary name, made durable, then renamed. It counts once the database names its manifest's hash; what a
kill leaves behind before that counts nowhere: the next close sweeps what is half written, and sets aside what is whole.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from usage_pipeline.errors import UsageError
from usage_pipeline.periods import Period, month_name

MANIFEST = "manifest.json"
LOCK = ".lock"
WRITING = ".writing-"
REVISION = "r"
ASIDE = "set-aside-"

Step = Callable[[str], None]
"""Told what was just done."""


@dataclass(frozen=True, slots=True)
class ClosedFolder:
    """The closed revisions of one month below `root`."""

    root: Path
    month: Period

    @property
    def folder(self) -> Path:
        return self.root / month_name(self.month)

    def of(self, revision: int) -> Path:
        return self.folder / f"{REVISION}{revision}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else closes the month meanwhile. Raises UsageError where somebody does; a kill lets go."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageError(f"{month_name(self.month)} is being closed by another process: wait for it, then try again") from error
            yield

    def sweep(self, counting: Mapping[int, str]) -> list[Path]:
        """Take away what was half written, and set aside whole revisions that the database does not name; where those lie now.

        `counting` are the revisions that it names. A kill may have left such a whole one, or the database is not the one that knew it:
        then it may have been signed, and is not ours to delete.
        """
        for path in sorted(self.folder.glob(f"{WRITING}*")):
            shutil.rmtree(path)
        names = {f"{REVISION}{revision}" for revision in counting}
        unknown = [path for path in sorted(self.folder.glob(f"{REVISION}[0-9]*")) if path.is_dir() and path.name not in names]
        return [path.rename(self.folder / f"{ASIDE}{path.name}-{uuid4().hex[:8]}") for path in unknown]

    def write(self, revision: int, files: Mapping[str, bytes], done: Step) -> Path:
        """All of `files`, durable, under the revision's name. Raises UsageError where a folder of that name is there already."""
        target = self.of(revision)
        writing = self.folder / f"{WRITING}{uuid4().hex}"
        for name, content in files.items():
            path = writing / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            done(f"wrote {name}")
        for folder in sorted({path.parent for path in writing.rglob("*")} | {writing}):
            _sync(folder)
        done("made the folder durable")
        try:
            writing.rename(target)
        except OSError as error:
            shutil.rmtree(writing)
            raise UsageError(f"{target} is there already and counts nowhere: {error.strerror}; close again") from error
        _sync(self.folder)
        done(f"renamed the folder to {target.name}")
        return target


def hash_of(path: Path) -> str | None:
    """SHA-256 of a file's content; None where there is no file."""
    if not path.is_file():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
