"""The landing zone: which files lie there, and their bytes. In: a path pattern. Out: files with size and time, a fingerprint, a stream.

A lister per kind of store: local folders here; another store (S3) is one more `Store` in `_STORES`.
"""

import glob
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Protocol

from usage_pipeline.errors import UsageConfigError

BLOCK_BYTES = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file as its store describes it. Nothing of it was opened yet."""

    uri: str
    size_bytes: int
    modified_at: datetime


class Store(Protocol):
    """A place where files land."""

    def holds(self, uri: str) -> bool: ...

    def files(self, pattern: str) -> Iterator[LandedFile]: ...

    def open_bytes(self, uri: str) -> BinaryIO: ...


class LocalStore:
    """Local folders. Patterns: `*`, `?`, `[…]` in a name and `**` over folders; hidden files are matched only by a leading dot."""

    def holds(self, uri: str) -> bool:
        return "://" not in uri

    def files(self, pattern: str) -> Iterator[LandedFile]:
        """Regular files that match. One that vanishes between listing and looking is left out: it comes back with the next run or never."""
        for path in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - Path.glob takes no absolute pattern
            try:
                facts = os.stat(path)  # noqa: PTH116 - 100,000 files: no Path objects
            except FileNotFoundError:
                continue
            if stat.S_ISREG(facts.st_mode):
                yield LandedFile(_uri_of(path), facts.st_size, _EPOCH + timedelta(microseconds=facts.st_mtime_ns // 1000))

    def open_bytes(self, uri: str) -> BinaryIO:
        return open(_path_of(uri), "rb", buffering=0)  # noqa: PTH123 - the caller closes it


def _uri_of(path: str) -> str:
    r"""The path as text that every table can hold: bytes of a name that are not UTF-8 as \xNN."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _path_of(uri: str) -> str:
    """The path that `_uri_of` made the uri of."""
    if "\\x" not in uri or os.path.exists(uri):  # noqa: PTH110 - no Path objects here
        return uri
    return os.fsdecode(re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), uri.encode()))


_STORES: tuple[Store, ...] = (LocalStore(),)


def list_files(path_glob: str) -> list[LandedFile]:
    """Every file that matches the absolute pattern, oldest first (modified_at, then uri). None is no error: the caller reports it."""
    found = {file.uri: file for file in _store_of(path_glob).files(path_glob)}
    return sorted(found.values(), key=lambda file: (file.modified_at, file.uri))


def open_bytes(uri: str) -> BinaryIO:
    """The file's bytes as stored. Raises OSError where it cannot be opened."""
    return _store_of(uri).open_bytes(uri)


def fingerprint(file: LandedFile) -> str:
    """SHA-256 of the content, in hex, read in blocks. Raises OSError where it cannot be read."""
    digest = hashlib.sha256()
    with open_bytes(file.uri) as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _store_of(uri: str) -> Store:
    for store in _STORES:
        if store.holds(uri):
            return store
    raise UsageConfigError(f"{uri}: only local folders are read; copy or mount the bucket into a folder and name that in usage.yaml")
