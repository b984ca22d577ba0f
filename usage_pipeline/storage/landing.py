"""The landing zone: which files lie there, and their bytes. In: a path pattern. Out: files with size and time, then their content.

A `Store` per kind of place: local folders here, S3 in `landing_s3`. Whatever the place, content is read from the local disk: what lies
elsewhere is fetched, once, while its fingerprint is taken.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from usage_pipeline.errors import StoreConfigError, StoreError, UsageConfigError, UsageError
from usage_pipeline.storage.landing_walk import walk
from usage_pipeline.tables.personal import without_names

BLOCK_BYTES = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file as its store describes it. Nothing of it was opened yet."""

    uri: str
    size_bytes: int
    modified_at: datetime
    etag: str = ""
    """What the store says of the content's version; '' where it says nothing."""
    masked: str = ""
    """The uri as it may be kept, where it holds an address or a raw key."""

    @property
    def told(self) -> str:
        """The uri that is kept and shown."""
        return self.masked or self.uri


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file's content, ready to be read."""

    file: LandedFile
    fingerprint: str
    """SHA-256 of the content, in hex."""
    path: str
    """Where the content lies: for `open_bytes`."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that cannot be read, and why in a few words."""

    file: LandedFile
    words: str


class Store(Protocol):
    """A place where files land."""

    def holds(self, uri: str) -> bool: ...

    def files(self, pattern: str) -> Iterator[LandedFile]: ...

    def fetch(self, files: Sequence[LandedFile], folder: Path) -> Iterator[Fetched | Unread]: ...


class LocalStore:
    """Local folders. Patterns: `*`, `?`, `[…]` in a name and `**` over folders; hidden files are matched only by a leading dot."""

    def holds(self, uri: str) -> bool:
        return "://" not in uri

    def files(self, pattern: str) -> Iterator[LandedFile]:
        """Regular files that match. One that vanishes between listing and looking is left out: it comes back with the next run or never.

        What cannot be looked at (a link to itself, a folder without permission) is a file without size and time: fetching it tells why.
        """
        for path, is_closed in walk(pattern):
            try:
                facts = os.stat(path)  # noqa: PTH116 - 100,000 files: no Path objects
            except FileNotFoundError:
                continue
            except OSError:
                yield LandedFile(_uri_of(path), 0, _EPOCH)
                continue
            if is_closed:
                yield LandedFile(_uri_of(path), 0, _EPOCH)
            elif stat.S_ISREG(facts.st_mode):
                yield LandedFile(_uri_of(path), facts.st_size, _EPOCH + timedelta(microseconds=facts.st_mtime_ns // 1000))

    def fetch(self, files: Sequence[LandedFile], folder: Path) -> Iterator[Fetched | Unread]:  # noqa: ARG002 - nothing is copied
        """Where they lie."""
        for file in files:
            try:
                yield Fetched(file, _fingerprint(file.uri), file.uri)
            except OSError as error:
                yield Unread(file, error.strerror or type(error).__name__)


def _uri_of(path: str) -> str:
    r"""The path as text that every table can hold: bytes of a name that are not UTF-8 as \xNN."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _path_of(uri: str) -> str:
    """The path that `_uri_of` made the uri of."""
    if "\\x" not in uri or os.path.exists(uri):  # noqa: PTH110 - no Path objects here
        return uri
    return os.fsdecode(re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), uri.encode()))


def open_bytes(path: str) -> BinaryIO:
    """The bytes at the path of a `Fetched`, or of a local file, as stored. Raises OSError where it cannot be opened."""
    return open(_path_of(path), "rb", buffering=0)  # noqa: PTH123 - the caller closes it


def _fingerprint(path: str) -> str:
    digest = hashlib.sha256()
    with open_bytes(path) as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _of_the_store() -> Iterator[None]:
    """Whatever a store says is wrong with it is a StoreError."""
    try:
        yield
    except UsageConfigError as error:
        raise StoreConfigError(str(error)) from None
    except UsageError as error:
        raise StoreError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Landing:
    """The places that are read. Raises StoreError where one does not give its files."""

    stores: tuple[Store, ...] = (LocalStore(),)
    hash_key: str | None = field(default=None, repr=False)
    """The key of what stands for addresses and keys in names of files."""

    def list_files(self, pattern: str) -> list[LandedFile]:
        """Every file that matches the pattern, oldest first (modified_at, then uri). None is no error: the caller reports it."""
        with _of_the_store():
            found = {file.uri: file for file in self._store_of(pattern).files(pattern)}
        return sorted((self._masked(one) for one in found.values()), key=lambda file: (file.modified_at, file.uri))

    def has_files(self, pattern: str) -> bool:
        """Whether any file matches; only as much is listed as it takes to know."""
        with _of_the_store():
            return any(True for _ in self._store_of(pattern).files(pattern))

    def fetch(self, files: Sequence[LandedFile], folder: Path) -> Iterator[Fetched | Unread]:
        """The content of files of one pattern, in their order; `folder` is for what does not lie on the local disk.

        Raises StoreError where it is not a file but its store that fails.
        """
        with _of_the_store():
            yield from self._store_of(files[0].uri).fetch(files, folder)

    def _masked(self, file: LandedFile) -> LandedFile:
        text = without_names(file.uri, self.hash_key)
        return file if text == file.uri else replace(file, masked=text)

    def _store_of(self, uri: str) -> Store:
        for store in self.stores:
            if store.holds(uri):
                return store
        raise UsageConfigError(f"{uri}: paths are local folders or s3://bucket/prefix/*; copy or mount others into a folder")
