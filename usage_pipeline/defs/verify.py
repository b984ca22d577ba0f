"""Whether a closed revision still says what was closed: its files, its inputs, its statements made again, its numbers computed again.

In: a month, a revision, or the path of one of its files. Out: a result for each question, in words that finance understands.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from usage_pipeline import money
from usage_pipeline.defs.close_files import book_in, bridge_to, journal_files
from usage_pipeline.defs.closed import Closed, closed_months, folder_of
from usage_pipeline.defs.closed_facts import facts_in, journal_in
from usage_pipeline.defs.inputs import Gone, locate
from usage_pipeline.defs.journal_month import cents_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.publish import STATEMENTS, journal_now
from usage_pipeline.defs.replay import Ingredients, key_of_hashes, replayed
from usage_pipeline.defs.standing import differs
from usage_pipeline.defs.versions import lost_of, other_versions
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.errors import AccountingError, UsageConfigError
from usage_pipeline.periods import Period, month_name, month_of
from usage_pipeline.reports.bridge import added_up, bridge_of
from usage_pipeline.reports.bridge_files import files_of as bridge_files
from usage_pipeline.reports.facts import snapshots_from
from usage_pipeline.reports.journal import check_expense
from usage_pipeline.reports.manifest import PRICES, RATES, USAGE_YAML, Manifest, manifest_from, sha256_of
from usage_pipeline.reports.pool import render_all
from usage_pipeline.reports.render import JSON
from usage_pipeline.reports.snapshot import ORGANISATION, Approval
from usage_pipeline.storage.closed_folder import MANIFEST, REVISION, hash_of
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.revisions import Revision, revisions

HOLDS, FAILS, LEFT_OUT = "holds", "fails", "not checked"
FILES, INPUTS, STATEMENT, NUMBERS = "files", "inputs", "statements", "numbers"
QUESTIONS = {
    FILES: "every frozen file is the one that was closed",
    INPUTS: "every input is still there as it was read",
    STATEMENT: "the statements come out the same, byte for byte, from the frozen tables",
    NUMBERS: "the numbers come out the same, row by row, from the inputs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question's answer: `state` is 'holds', 'fails' or 'not checked'; `words` say what was looked at, or what is wrong."""

    question: str
    state: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is verified: a revision, and the file that was named, if one was."""

    revision: Revision
    file: Path | None

    @property
    def month(self) -> Period:
        return month_of(self.revision.month)

    @property
    def name(self) -> str:
        return f"{month_name(self.month)}/r{self.revision.revision}"


def asked_for(workplace: Workplace, named: str) -> Asked:
    """'2026-10', '2026-10/r1', or a path of a file below reports/ or closed/. Raises UsageConfigError where it names no closed revision."""
    home, database = workplace.home, workplace.database()
    found = re.fullmatch(r"(\d{4}-\d{2})(?:/r(\d+))?", named)
    path = None if found else Path(named).absolute()
    month, number = (found[1], found[2]) if found else _of_path(home, Path(named).absolute())
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise UsageConfigError(f"{named!r}: {month} is no month") from error
    known = {one.revision: one for one in database.select(revisions, where={"month": first})}
    if not known:
        raise UsageConfigError(f"{month} is not closed, so there is nothing to verify it by: `usage-pipeline close {month}` tells why")
    wanted = int(number) if number else max(known)
    if wanted not in known:
        raise UsageConfigError(f"{month} has no revision {wanted}; there {'is' if len(known) == 1 else 'are'} {', '.join(map(str, known))}")
    return Asked(revision=known[wanted], file=path)


def verify(workplace: Workplace, asked: Asked, *, quick: bool) -> Iterator[Answer]:
    """An answer to each question, as it is known; `quick` leaves out computing the numbers again."""
    folder = folder_of(workplace.home, asked.month).of(asked.revision.revision)
    files = _files(workplace, asked, folder)
    yield files
    manifest_path = folder / MANIFEST
    if hash_of(manifest_path) != asked.revision.manifest_hash:
        told = ("nothing can be said of them: the manifest that names them is not the one that was closed",)
        yield from (Answer(question=one, state=FAILS, words=told) for one in (INPUTS, STATEMENT, NUMBERS))
        return
    manifest = manifest_from(manifest_path.read_bytes(), str(manifest_path))
    with TemporaryDirectory(dir=workplace.home.scratch, prefix="verify-", ignore_cleanup_errors=True) as place:
        tell("looking at the inputs")
        places, gone = locate(workplace, manifest.inputs, Path(place))
        yield _inputs(manifest, gone)
        is_whole = not _changed(manifest, folder)
        yield _statements(manifest, folder) if is_whole else _not_whole(STATEMENT)
        if quick:
            yield Answer(question=NUMBERS, state=LEFT_OUT, words=("--quick leaves it out",))
        elif gone:
            yield Answer(question=NUMBERS, state=FAILS, words=("they cannot be computed without the inputs that are missing or changed",))
        elif not is_whole:
            yield _not_whole(NUMBERS)
        else:
            given = Ingredients(
                month=asked.month,
                inputs=manifest.inputs,
                places=places,
                configuration=(folder / USAGE_YAML).read_text("utf-8"),
                books=manifest.books,
                catalogs=folder / PRICES,
                rates=folder / RATES if (folder / RATES).is_file() else None,
                at=manifest.closed_at,
                hashed_ids=workplace.home.hashed_ids,
            )
            yield _numbers(workplace, manifest, folder, given, Path(place))


def _of_path(home: Home, path: Path) -> tuple[str, str | None]:
    """The month, and for a file below closed/ the revision, of a path."""
    for top in (home.closed, home.reports):
        if path.is_relative_to(top.absolute()):
            parts = path.relative_to(top.absolute()).parts
            revision = re.fullmatch(r"r(\d+)", parts[1]) if top == home.closed and len(parts) > 1 else None
            if parts and re.fullmatch(r"\d{4}-\d{2}", parts[0]):
                return parts[0], revision[1] if revision else None
    mend = "name a month such as 2026-10, a revision such as 2026-10/r1, or the path of a statement there"
    raise UsageConfigError(f"{path} lies neither below {home.closed} nor, as a month's statement, below {home.reports}: {mend}")


def _files(workplace: Workplace, asked: Asked, folder: Path) -> Answer:
    """The manifest by the database, the folder's files by the manifest, what is published and what was named by the folder's."""
    manifest_path = folder / MANIFEST
    found = hash_of(manifest_path)
    if found is None:
        return Answer(question=FILES, state=FAILS, words=(f"{manifest_path} is missing: restore {folder} from a backup",))
    if found != asked.revision.manifest_hash:
        told = f"{manifest_path} was changed: its SHA-256 is {found[:16]}…, and the database has {asked.revision.manifest_hash[:16]}…"
        return Answer(question=FILES, state=FAILS, words=(told,))
    manifest = manifest_from(manifest_path.read_bytes(), str(manifest_path))
    wrong = _changed(manifest, folder)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    wrong += [f"{folder / name} was not there when it was closed" for name in sorted(there - set(manifest.files))]
    closed = closed_months(workplace.database())[asked.revision.month]
    published = _published(workplace, closed, asked, manifest, is_whole=not wrong)
    changed = [words for path, sha256 in published for words in _compared(path, sha256)]
    wrong += [f"{words}; the one that was closed lies in {folder / STATEMENTS}" for words in changed]
    if asked.file is not None and asked.file not in {path for path, _ in published} and not asked.file.is_relative_to(folder.absolute()):
        wrong.append(f"{asked.file} is no file of {asked.name}" + (": it is a draft" if closed.is_draft else ""))
    told = f"{len(manifest.files):,} files have the SHA-256 that the manifest names, and it the one in the database; approved by"
    right = f"{told} {manifest.approved_by} on {manifest.closed_at:%Y-%m-%d}; {len(published):,} published files are the same"
    return Answer(question=FILES, state=FAILS if wrong else HOLDS, words=tuple(wrong) or (right,))


def _published(workplace: Workplace, closed: Closed, asked: Asked, manifest: Manifest, *, is_whole: bool) -> list[tuple[Path, str]]:
    """The files in reports/ that must be the revision's: of the newest one, unless a draft stands there.

    The journal there is the frozen one, with what the audit log says was posted since.
    """
    if closed.is_draft or closed.revision.revision != asked.revision.revision:
        return []
    top = workplace.home.reports.absolute() / closed.name
    pages = {
        name.removeprefix(f"{STATEMENTS}/"): sha256 for name, (_, sha256) in manifest.files.items() if name.startswith(f"{STATEMENTS}/")
    }
    pages |= {name: sha256_of(content) for name, content in journal_now(workplace, closed).items()} if is_whole else {}
    return [(top / name, sha256) for name, sha256 in sorted(pages.items())]


def _changed(manifest: Manifest, folder: Path) -> list[str]:
    """The frozen files that are missing or changed, in words."""
    wrong = []
    for done, (name, (_, sha256)) in enumerate(sorted(manifest.files.items())):
        tell("comparing files", done, len(manifest.files))
        wrong += _compared(folder / name, sha256)
    return wrong


def _compared(path: Path, sha256: str) -> list[str]:
    found = hash_of(path)
    if found == sha256:
        return []
    if found is None:
        return [f"{path} is missing"]
    return [f"{path} was changed: its SHA-256 is {found[:16]}…, and {sha256[:16]}… was closed"]


def _inputs(manifest: Manifest, gone: Sequence[Gone]) -> Answer:
    needed = [one for one in manifest.inputs if not one.is_replaced]
    size = sum(one.size_bytes for one in needed)
    right = f"{len(needed):,} {'file' if len(needed) == 1 else 'files'} ({size:,} bytes) are as they were read"
    return Answer(question=INPUTS, state=FAILS if gone else HOLDS, words=tuple(one.words for one in gone) or (right,))


def _not_whole(question: str) -> Answer:
    return Answer(question=question, state=FAILS, words=("frozen files are missing or changed: see above",))


def _statements(manifest: Manifest, folder: Path) -> Answer:
    """Rendered again from the frozen tables. That another version of what renders sets a page otherwise is said, not held against it."""
    rendered = render_all(
        snapshots_from(facts_in(folder)), TEMPLATES, progress=lambda done, total: tell("rendering statements again", done, total)
    )
    pages = {f"{STATEMENTS}/{one.snapshot.scope}/{name}": content for one in rendered for name, content in one.files.items()}
    pages = {name: content for name, content in pages.items() if name in manifest.files}  # an earlier version froze fewer formats
    lines = journal_in(folder)
    try:
        check_expense(lines, cents_of(month_of(date.fromisoformat(f"{manifest.month}-01")), facts_in(folder).daily) if lines else {})
    except AccountingError as error:
        return Answer(question=STATEMENT, state=FAILS, words=(str(error),))
    pages |= journal_files(lines)
    try:
        pages |= _bridge_again(manifest, folder)
    except FileNotFoundError as error:
        told = f"the bridge cannot be made again: {error.filename} of the revision before is missing; restore it from a backup"
        return Answer(question=STATEMENT, state=FAILS, words=(told,))
    wrong = [name for name, content in sorted(pages.items()) if (folder / name).read_bytes() != content]
    if not wrong:
        return Answer(question=STATEMENT, state=HOLDS, words=(f"{len(pages):,} files of {len(rendered):,} statements are the same",))
    others = other_versions(manifest.versions)
    if others:
        return _of_other_versions(wrong, pages, folder, others)
    return Answer(question=STATEMENT, state=FAILS, words=tuple(f"{folder / name} comes out otherwise" for name in wrong))


def _of_other_versions(wrong: Sequence[str], pages: Mapping[str, bytes], folder: Path, others: str) -> Answer:
    """Pages of another version may look otherwise; what statement.json said then, it must say now."""
    lost = []
    for name in wrong:
        if name.endswith(f"/{JSON}"):
            found = lost_of(json.loads((folder / name).read_bytes()), json.loads(pages[name]))
            if found is not None:
                lost.append(f"{folder / name} says another {found}, by other versions ({others}): install those to compare")
    if lost:
        return Answer(question=STATEMENT, state=FAILS, words=tuple(lost))
    told = (
        f"{len(wrong):,} of {len(pages):,} files come out otherwise, not of the same versions ({others}); every number of the statements"
        " is the same. Install those versions to compare the bytes"
    )
    return Answer(question=STATEMENT, state=LEFT_OUT, words=(told,))


def _bridge_again(manifest: Manifest, folder: Path) -> dict[str, bytes]:
    """The bridge from the revision before, worked out again of both revisions' frozen tables; none for the first."""
    if manifest.revision == 1:
        return {}
    earlier = folder.with_name(f"{REVISION}{manifest.revision - 1}")
    before = manifest_from((earlier / MANIFEST).read_bytes(), str(earlier / MANIFEST)).totals["cost"]
    parts = added_up(bridge_of(book_in(earlier), book_in(folder)))
    approval = Approval(by=manifest.approved_by, at=manifest.closed_at, note=manifest.note)
    files = bridge_files(bridge_to(facts_in(folder), before, parts, approval), TEMPLATES)
    return {f"{STATEMENTS}/{ORGANISATION}/{name}": content for name, content in files.items()}


def _numbers(workplace: Workplace, manifest: Manifest, folder: Path, given: Ingredients, place: Path) -> Answer:
    """Computed again from the inputs. Another key of hashes makes other names of people, so it cannot be compared."""
    if key_of_hashes(workplace) != manifest.hash_key:
        told = "USAGE_HASH_KEY is another one than when it was closed, so people and keys would have other names: set that one"
        return Answer(question=NUMBERS, state=FAILS, words=(told,))
    frozen = facts_in(folder).daily
    again = replayed(given, place)
    wrong = differs(frozen, again)
    others = other_versions(manifest.versions)
    if wrong and others:
        wrong = [f"{wrong[0]}; it was computed by other versions ({others}): install those to compare"]
    cost = money.text(money.total([row.cost for row in again]))
    right = f"{len(again):,} daily rows, {cost} {manifest.currency} in all, are the same"
    return Answer(question=NUMBERS, state=FAILS if wrong else HOLDS, words=tuple(wrong) or (right,))
