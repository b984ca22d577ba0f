"""Landing → shards: every new version of a file is read once, and the ledger says what became of each of its lines.

Order of things: parts of the lake first, the ledger rows that make them count last, in one transaction. An ingest that dies in
between is repeated from the start and changes nothing that counts. Of two side by side, one enters its batch first; the other, which
compared its rows with a lake that is not the same any more, reads again what is left to it.
"""

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import duckdb
import ibis
import sqlalchemy as sa
from ibis.backends.duckdb import Backend

from usage_pipeline.errors import UsageError
from usage_pipeline.storage.database import Database, Transaction
from usage_pipeline.storage.excluded import excludes, mark
from usage_pipeline.storage.ingest_batch import UNREADABLE, Batch, Numbers, write_batch
from usage_pipeline.storage.kinds import KNOWN, as_read, count_read, make_way
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.landing import Fetched, LandedFile, Landing, Unread
from usage_pipeline.storage.long_lines import is_long, span_of
from usage_pipeline.storage.shards import delivery_of, landed_rejects, landed_rows
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_days, ingested_files
from usage_pipeline.tables.rejected_lines import rejected_lines
from usage_pipeline.tables.source import Source

__all__ = ["Progress", "ingest", "landed_rejects", "landed_rows", "touched_days"]

BATCH_BYTES = 256 << 20
BATCH_FILES = 50_000

Progress = Callable[[int, int, int], None]
"""Told after each batch: files done, files to do, lines read so far."""


@dataclass(frozen=True, slots=True)
class _Version:
    """A landed file and the fingerprint of its content."""

    file: LandedFile
    fingerprint: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class _Ingest:
    """One call's circumstances."""

    source_name: str
    source: Source
    lake: Lake
    database: Database
    engine: Backend
    stage: Path
    now: datetime
    tags: tuple[str, ...] | None
    landing: Landing


def ingest(
    source_name: str,
    source: Source,
    path: str,
    *,
    lake: Lake,
    database: Database,
    engine: Backend,
    stage: Path,
    now: datetime,
    tags: tuple[str, ...] | None = None,
    landing: Landing | None = None,
    exclude: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[IngestedFile]:
    """Read every file of the pattern `path` (absolute, or s3://) that is new or changed; its ledger rows, oldest file first.

    `landing` is where files lie: local folders alone unless given. A file whose uri, size, time and ETag stand in the ledger is not opened.
    Nor is one that gave lines when the source was of another kind; one of which another kind accepted none is read again (see kinds.py).
    Content that the source already gave under another name is a 'copy': no rows, all lines duplicates. What a pattern of `exclude` matches
    is not read, and what was read of it before is marked in the ledger as left out; what none matches any more is let in again. Money is
    kept in the file's own currency. `stage` is a folder for intermediate files; `lake` must work on `engine`.
    Raises AccountingError if a line is neither accepted, nor a duplicate, nor rejected.
    """
    call = _Ingest(source_name, source, lake, database, engine, stage, now, tags, landing or Landing())
    is_out = excludes(exclude, call.landing.hash_key)
    mark(source_name, is_out, snapshot=source.snapshot, database=database, now=now)
    standing = _standing(call)  # before the ledger is read: what another ingest enters from now on is noticed
    ledger = as_read(database.select(ingested_files, where={"source": source_name}), source.kind)
    files = files_to_read(path, call.landing, ledger, is_out)
    if not files:
        return []
    stage.mkdir(parents=True, exist_ok=True)
    known = {row.fingerprint: row for row in ledger if row.state in KNOWN}
    again: list[_Version] = []
    unreadable: dict[LandedFile, str | None] = {}
    done: list[IngestedFile] = []
    for batch in _batches(files):
        with tempfile.TemporaryDirectory(dir=stage, prefix="fetched-", ignore_cleanup_errors=True) as folder:
            new, copies, failed = _sorted_out(call.landing.fetch(batch, Path(folder)), known)
            read, vanished, standing = _read(call, new, standing)
        known |= {row.fingerprint: row for row in read}
        done += read
        again += copies
        unreadable |= failed | dict.fromkeys(vanished)
        if progress is not None:
            progress(len(done), len(files), sum(row.lines for row in done))
    done += _note_copies(call, again)
    done += _note_unreadable(call, unreadable, {row.fingerprint for row in ledger})
    places = {file.told: place for place, file in enumerate(files)}
    return sorted(done, key=lambda row: places[row.uri])


def touched_days(files: Iterable[IngestedFile], *, database: Database) -> set[date]:
    """The days that these file versions speak of: what is to be computed anew.

    So are all days of the bill lines that they hold, and of those that older versions hold and they may replace; also days to come.
    """
    prints: dict[str, set[str]] = {}
    for file in files:
        prints.setdefault(file.source, set()).add(file.fingerprint)
    touched: set[date] = set()
    for source, wanted in prints.items():
        spoken = database.select(ingested_days, where={"source": source})
        told = {delivery_of(row)[0] for row in spoken if row.fingerprint in wanted}
        touched |= {day for _, day, _ in told}
        touched.update(*(span_of(row).days() for row in spoken if is_long(row) and delivery_of(row)[0] in told))
    return touched


def files_to_read(path: str, landing: Landing, ledger: Iterable[IngestedFile], is_out: Callable[[str], bool]) -> list[LandedFile]:
    """The files of the pattern that are new or changed beside the source's `ledger`, oldest first. Raises StoreError."""
    seen = {look_of(row) for row in ledger if row.state != "unreadable"}
    return [file for file in landing.list_files(path) if not is_out(file.uri) and look_of(file) not in seen]


def look_of(file: LandedFile | IngestedFile) -> tuple[str, int, datetime, str]:
    """What a store says of a file without opening it: where it is the same, the content is."""
    place = file.told if isinstance(file, LandedFile) else file.uri
    return place, file.size_bytes, file.modified_at, file.etag


def _sorted_out(
    files: Iterable[Fetched | Unread], known: dict[str, IngestedFile]
) -> tuple[list[_Version], list[_Version], dict[LandedFile, str | None]]:
    """New content, content known already (from the ledger or an earlier file), and what cannot be opened, with the reason."""
    new: list[_Version] = []
    again: list[_Version] = []
    unreadable: dict[LandedFile, str | None] = {}
    prints = set(known)
    for one in files:
        if isinstance(one, Unread):
            unreadable[one.file] = one.words
            continue
        version = _Version(one.file, one.fingerprint, one.path)
        (again if version.fingerprint in prints else new).append(version)
        prints.add(version.fingerprint)
    return new, again, unreadable


def _batches(files: list[LandedFile]) -> Iterator[list[LandedFile]]:
    """Small files together, large ones alone: a batch is what is fetched, read, written and entered in the ledger at once."""
    batch: list[LandedFile] = []
    size = 0
    for file in files:
        if batch and (size + file.size_bytes > BATCH_BYTES or len(batch) >= BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size_bytes
    if batch:
        yield batch


def _read(call: _Ingest, versions: list[_Version], standing: int) -> tuple[list[IngestedFile], list[LandedFile], int]:
    """Read one batch and enter it in the ledger; its rows, the files that could not be read after all, and what stands in the ledger now.

    If another ingest entered files of the source since `standing` was counted, those are left to it and the rest is done again.
    """
    while versions:
        part = _part_name(call.source_name)
        files = [(one.fingerprint, one.file.told) for one in versions]
        paths = {one.fingerprint: one.path for one in versions}
        batch = Batch(call.source_name, call.source, files, part, call.now, paths, call.tags)
        folder = tempfile.TemporaryDirectory(dir=call.stage, prefix="ingest-", ignore_cleanup_errors=True)
        with folder as stage, _without_content(call.source_name, files):
            numbers = write_batch(batch, lake=call.lake, database=call.database, engine=call.engine, stage=Path(stage))
        rows = [_ledger_row(call, one, numbers[one.fingerprint], part) for one in versions if one.fingerprint in numbers]
        overtaken, standing = _enter(call, versions, rows, numbers, standing)
        if overtaken is None:
            return rows, [one.file for one in versions if one.fingerprint not in numbers], standing
        versions = [one for one in versions if one.fingerprint not in overtaken]
    return [], [], standing


@contextmanager
def _without_content(source_name: str, files: Sequence[tuple[str, str]]) -> Iterator[None]:
    """The engine's errors quote what they stumbled over: of their words only those before the first quote go on into logs."""
    try:
        yield
    except duckdb.Error as error:
        words = re.split("['\"`\n]", str(error), maxsplit=1)[0].strip()
        places = files[0][1] if len(files) == 1 else f"{files[0][1]} and {len(files) - 1} more"
        raise UsageError(f"{source_name}: the engine stopped while reading {places}: {type(error).__name__}: {words}") from None


def _enter(
    call: _Ingest, versions: list[_Version], rows: list[IngestedFile], numbers: dict[str, Numbers], standing: int
) -> tuple[set[str] | None, int]:
    """Write the ledger rows of a batch, unless another ingest was faster; then the fingerprints that it entered, if any of these.

    Beside it how many contents stand in the ledger now. In an append source any file that came in between may hold the same keys.
    """
    modified = {one.fingerprint: one.file.modified_at for one in versions}
    days = [
        IngestedDay(
            source=call.source_name,
            fingerprint=file,
            day=day,
            snapshot_scope=scope,
            rows=count,
            modified_at=modified[file],
            last_day=one.last_days[day, scope],
            ingested_at=call.now,
        )
        for file, one in numbers.items()
        for (day, scope), count in one.days.items()
    ]
    with call.database.transaction() as transaction:
        _alone(transaction)
        now = count_read(transaction, call.source_name, call.source.kind)
        if now != standing:
            entered = [row for row in _ledger_of(transaction, call) if row.state in KNOWN]
            overtaken = {row.fingerprint for row in entered} & set(modified)
            if overtaken or not call.source.snapshot:
                return overtaken, now
        make_way(transaction, call.source_name, call.source.kind, numbers)
        transaction.insert(ingested_files, rows)
        transaction.insert(ingested_days, days)
        return None, count_read(transaction, call.source_name, call.source.kind)


def _ledger_of(transaction: Transaction, call: _Ingest) -> list[IngestedFile]:
    return as_read(transaction.select(ingested_files, where={"source": call.source_name}), call.source.kind)


def _alone(transaction: Transaction) -> None:
    """Let nobody else write to the ledger until the transaction ends: on SQLite that is so, on PostgreSQL they run side by side."""
    if transaction.connection.dialect.name == "postgresql":
        transaction.connection.execute(sa.text(f"LOCK TABLE {ingested_files.name} IN SHARE ROW EXCLUSIVE MODE"))


def _ledger_row(call: _Ingest, version: _Version, numbers: Numbers, part: str) -> IngestedFile:
    return IngestedFile(
        source=call.source_name,
        uri=version.file.told,
        fingerprint=version.fingerprint,
        kind=call.source.kind,
        size_bytes=version.file.size_bytes,
        modified_at=version.file.modified_at,
        lines=numbers.lines,
        accepted=numbers.accepted,
        duplicates=numbers.duplicates,
        rejected=numbers.rejected,
        state="read" if numbers.lines or numbers.empty_buckets else "empty",
        ingested_at=call.now,
        part=part,
        etag=version.file.etag,
    )


def _note_copies(call: _Ingest, versions: list[_Version]) -> list[IngestedFile]:
    """Ledger rows for content that is known already, told as copies. Content whose reading failed is left to the next ingest.

    A file that holds what it held before, with a new time, was but touched: the ledger notes the time, so that it is not opened again,
    and nothing else. Content that comes under another name, or comes back to a file that held something else meanwhile, is in a snapshot
    source the newest word on its days from now on.
    """
    if not versions:
        return []
    told: list[IngestedFile] = []
    noted: list[IngestedFile] = []
    with call.database.transaction() as transaction:
        _alone(transaction)
        ledger = _ledger_of(transaction, call)
        known = {row.fingerprint: row for row in ledger if row.state in KNOWN}
        entered = {(row.uri, row.fingerprint): row for row in ledger}
        holds = {row.uri: row.fingerprint for row in sorted(ledger, key=lambda row: (row.modified_at, row.ingested_at, row.fingerprint))}
        for one in versions:
            if one.fingerprint not in known:
                continue
            before = entered.get((one.file.told, one.fingerprint))
            row = _seen_anew(before or known[one.fingerprint], one.file)
            copy = _as_copy(row, call.now)
            noted.append(row if before else copy)
            if holds.get(one.file.told) != one.fingerprint:
                told.append(copy)
        transaction.upsert(ingested_files, noted)
        if call.source.snapshot:
            _speak_again(transaction, call, {row.fingerprint: row.modified_at for row in told})
    return told


def _speak_again(transaction: Transaction, call: _Ingest, times: dict[str, datetime]) -> None:
    """Let the words of these fingerprints be as new as `times` say."""
    spoken = transaction.select(ingested_days, where={"source": call.source_name})
    newer = [row for row in spoken if row.modified_at < times.get(row.fingerprint, row.modified_at)]
    transaction.upsert(ingested_days, [replace(row, modified_at=times[row.fingerprint], ingested_at=call.now) for row in newer])


def _as_copy(row: IngestedFile, now: datetime) -> IngestedFile:
    return replace(row, accepted=0, duplicates=row.lines, rejected=0, state="copy" if row.lines else row.state, ingested_at=now)


def _seen_anew(row: IngestedFile, file: LandedFile) -> IngestedFile:
    """The ledger row of the same content as it lies there now; what lies there is not left out."""
    place = {"uri": file.told, "size_bytes": file.size_bytes, "modified_at": file.modified_at, "etag": file.etag}
    return replace(row, **place, excluded_at=None)  # type: ignore[arg-type]


def _note_unreadable(call: _Ingest, files: dict[LandedFile, str | None], entered: set[str]) -> list[IngestedFile]:
    """A ledger row and a rejected line (with the store's words) for each file that cannot be opened, once; each ingest tries it."""
    rows: list[IngestedFile] = []
    words: dict[str, str | None] = {}
    for file, why in files.items():
        content = hashlib.sha256(f"{UNREADABLE} {file.told} {file.size_bytes} {file.modified_at}".encode()).hexdigest()
        if content in entered:
            continue
        numbers = Numbers(lines=1, rejected=1)
        row = _ledger_row(call, _Version(file, content), numbers, _part_name(call.source_name))
        rows.append(replace(row, state="unreadable"))
        words[content] = why
    for row in rows:
        reject = {"source": row.source, "source_file": row.fingerprint, "source_line": 0, "uri": row.uri, "reason": UNREADABLE}
        table = ibis.memtable([reject | {"text": words[row.fingerprint], "arrived_at": call.now}], schema=rejected_lines.schema)
        call.lake.add_part(rejected_lines.name, table, call.now.astimezone(UTC).date(), row.part)
    call.database.insert(ingested_files, rows, skip_known=True)
    return rows


def _standing(call: _Ingest) -> int:
    with call.database.transaction() as transaction:
        return count_read(transaction, call.source_name, call.source.kind)


def _part_name(source_name: str) -> str:
    """A name of its own for every attempt: what one that died or came second left behind is never taken for this one's."""
    return f"{re.sub('[^A-Za-z0-9]+', '-', source_name).strip('-')}.{uuid4().hex}".lstrip(".")
