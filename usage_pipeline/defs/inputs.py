"""What a month is made of: every file version that decides one of its numbers; and where those lie now, with the content they had."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from tempfile import mkdtemp

from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import StoreError
from usage_pipeline.periods import ONE_DAY, Period, start_of
from usage_pipeline.prices.tiers import days_needed
from usage_pipeline.settings import Settings
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.closed_folder import hash_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import without_excluded
from usage_pipeline.storage.landing import LandedFile, Unread
from usage_pipeline.storage.long_lines import spoken_days
from usage_pipeline.storage.shards import newest_words
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_files
from usage_pipeline.tables.inputs import NAMES, Input

COPY = "copy"
REMOTE = "://"
Key = tuple[str, str]
"""A source and the hash of a content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """An input that is not there any more as it was, or that its store does not give: `problem` says why. `words` say how to mend it."""

    input: Input
    is_changed: bool
    problem: str | None = None

    @property
    def words(self) -> str:
        one = self.input
        name = one.source if one.kind == NAMES else f"a file of {one.source}"
        if self.problem is not None:
            return f"{one.uri} ({name}) cannot be looked at: {self.problem}"
        what = "holds something else than when it was read" if self.is_changed else "is missing"
        return f"{one.uri} ({name}) {what}: restore the version with SHA-256 {one.sha256[:16]}… ({one.size_bytes:,} bytes)"


def inputs_of(workplace: Workplace, settings: Settings, month: Period) -> list[Input]:
    """Every input of the month, by source and uri: files that count on its days or decide what counts there, and lists of names."""
    database = workplace.database()
    words, files = _counting(database, settings, days_around(settings, month))
    told: dict[Key, list[IngestedDay]] = defaultdict(list)
    for one in words:
        told[one.source, one.fingerprint].append(one)
    of_month = {(one.source, one.fingerprint) for one in words if _reaches(one, month)}
    newest: dict[tuple[str, str], IngestedFile] = {}
    for file in files:
        known = newest.get((file.source, file.uri))
        if known is None or (file.ingested_at, file.fingerprint) > (known.ingested_at, known.fingerprint):
            newest[file.source, file.uri] = file
    snapshots = _snapshots(settings)
    inputs: dict[Key, Input] = {}
    for file in sorted(files, key=lambda one: (one.state == COPY, one.uri)):
        key = (file.source, file.fingerprint)
        if key in told and key not in inputs:
            later = newest[file.source, file.uri]
            grew = file.source not in snapshots and later.fingerprint != file.fingerprint and later.state != COPY
            inputs[key] = _input(file, told[key], speaks_of_month=key in of_month, is_replaced=grew)
            if grew and (later.source, later.fingerprint) not in told:
                inputs.setdefault((later.source, later.fingerprint), _input(later, (), speaks_of_month=False, is_replaced=False))
    found = [*inputs.values(), *_names(workplace, settings)]
    return sorted(found, key=lambda one: (one.source, one.uri, one.sha256))


def days_around(settings: Settings, month: Period) -> Period:
    """The days whose files decide the month's numbers: a day on both sides, and back to where volume tiers begin to count."""
    around = Period(month.start - ONE_DAY, month.end + ONE_DAY)
    tiers = days_needed(month, settings.agreements)
    return Period(min(around.start, tiers.start), around.end) if tiers else around


def locate(workplace: Workplace, inputs: Iterable[Input], folder: Path) -> tuple[dict[Key, Path], list[Gone]]:
    """Where each input's content lies on this disk (fetched into `folder` from other stores), and those that are not there as they were.

    A file that was moved within its source is found by its content. Replaced versions that are gone are no loss.
    """
    found: dict[Key, Path] = {}
    gone: list[Gone] = []
    listed: dict[str, Listed] = {}
    for one in inputs:
        path = Path(one.uri)
        if path.is_file() and path.stat().st_size == one.size_bytes and hash_of(path) == one.sha256:
            found[one.source, one.sha256] = path
            continue
        if one.kind != NAMES and one.source not in listed:
            listed[one.source] = _of_source(workplace, one.source)
        there = listed.get(one.source, NOTHING)
        if REMOTE in one.uri and not any(file.told == one.uri for file in there.files):
            there = there.and_of(_listed(workplace, escape(one.uri)))
        elsewhere, problem = _elsewhere(workplace, one, there.files, folder)
        if elsewhere is not None:
            found[one.source, one.sha256] = elsewhere
        elif not one.is_replaced:
            is_changed = path.is_file() or any(file.told == one.uri for file in there.files)
            gone.append(Gone(input=one, is_changed=is_changed, problem=problem or (None if is_changed else there.problem)))
    return found, gone


def _counting(database: Database, settings: Settings, days: Period) -> tuple[list[IngestedDay], list[IngestedFile]]:
    """The words that count on `days`, and the ledger's files that count at all."""
    files = [one for one in database.select(ingested_files) if one.excluded_at is None]
    spoken = spoken_days(days, database=database)
    first = min((one.day for one in spoken), default=days.start)
    if first < days.start:
        spoken = spoken_days(Period(first, days.end), database=database)
    words = without_excluded(spoken, database.select(ingested_files, where={"source": sorted({one.source for one in spoken})}))
    snapshots = _snapshots(settings)
    newest = newest_words(one for one in words if one.source in snapshots)
    return [*(one for one in words if one.source not in snapshots), *newest], files


def _snapshots(settings: Settings) -> set[str]:
    return {spec.name for spec in settings.sources if SOURCES[spec.kind].snapshot}


def _reaches(one: IngestedDay, month: Period) -> bool:
    return one.day in month or (one.day < month.start <= (one.last_day or one.day))


def _input(file: IngestedFile, words: Sequence[IngestedDay], *, speaks_of_month: bool, is_replaced: bool) -> Input:
    return Input(
        source=file.source,
        kind=file.kind,
        uri=file.uri,
        sha256=file.fingerprint,
        size_bytes=file.size_bytes,
        modified_at=max((one.modified_at for one in words), default=file.modified_at),
        read_at=min((one.ingested_at for one in words if one.ingested_at), default=file.ingested_at),
        lines=file.lines,
        accepted=file.accepted,
        duplicates=file.duplicates,
        rejected=file.rejected,
        speaks_of_month=speaks_of_month,
        is_replaced=is_replaced,
    )


def input_of(file: IngestedFile) -> Input:
    """A file version of the ledger, as an input of no month."""
    return _input(file, (), speaks_of_month=False, is_replaced=False)


def _names(workplace: Workplace, settings: Settings) -> list[Input]:
    """The lists of names of the sources that have some."""
    sources = [spec.name for spec in settings.sources if SOURCES[spec.kind].channel]
    paths = [(name, path) for name in sources for path in sorted((workplace.home.landing / name / NAMES).glob("*/*.json"))]
    return [_plain_input(name, NAMES, path) for name, path in paths]


def _plain_input(source: str, kind: str, path: Path) -> Input:
    facts = path.stat()
    moment = datetime.fromtimestamp(facts.st_mtime_ns // 1_000_000_000, UTC)
    empty = Input(
        source=source, kind=kind, uri=str(path.absolute()), sha256=hash_of(path) or "", size_bytes=facts.st_size,
        modified_at=moment, read_at=start_of(moment.date()), lines=0, accepted=0, duplicates=0, rejected=0,
    )  # fmt: skip
    return replace(empty, speaks_of_month=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """Files of a store, or what stands against looking at them."""

    files: Sequence[LandedFile]
    problem: str | None = None

    def and_of(self, other: "Listed") -> "Listed":
        """Both; what one store does not give is a problem as long as nothing else is known."""
        return Listed((*self.files, *other.files), other.problem or self.problem)


NOTHING = Listed(())


def _of_source(workplace: Workplace, source: str) -> Listed:
    """The files of a source as usage.yaml has it now; nothing where it has it no more."""
    spec = next((one for one in workplace.settings().sources if one.name == source), None)
    return _listed(workplace, spec.path) if spec is not None else NOTHING


def _listed(workplace: Workplace, pattern: str) -> Listed:
    try:
        return Listed(workplace.landing().list_files(pattern))
    except StoreError as error:
        return Listed((), str(error))


def _elsewhere(workplace: Workplace, one: Input, candidates: Sequence[LandedFile], folder: Path) -> tuple[Path | None, str | None]:
    """Where the same content lies under another name, or in another store, and what stands against reading the file of the same name.

    The file of the same name is looked at first.
    """
    same_size = sorted((file for file in candidates if file.size_bytes == one.size_bytes), key=lambda file: file.told != one.uri)
    problem: str | None = None
    for file in same_size:
        try:
            place = Path(mkdtemp(dir=folder, prefix="fetched-")) if REMOTE in file.uri else folder  # each its own: a store counts from 0
            for fetched in workplace.landing().fetch([file], place):
                if isinstance(fetched, Unread):
                    problem = problem or (fetched.words if file.told == one.uri else None)
                elif fetched.fingerprint == one.sha256:
                    return Path(fetched.path), None
        except StoreError as error:
            return None, str(error)
    return None, problem
