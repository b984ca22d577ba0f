"""A closed revision's month as it was closed, for those who walk its numbers down: files, lines, prices and rules of the close.

While nothing of the month was computed or configured anew it is the home itself; else the month is computed once more of what was frozen,
in a folder of its own that is taken away afterwards, and files are told where they lay when they were read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

from usage_pipeline.defs.closed import Closed
from usage_pipeline.defs.closed_facts import facts_in, frozen_folder
from usage_pipeline.defs.inputs import locate
from usage_pipeline.defs.replay import HOME, Ingredients, Replayed, key_of_hashes, replayed
from usage_pipeline.defs.standing import differs
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageError
from usage_pipeline.reports.manifest import PRICES, RATES, USAGE_YAML, Manifest, manifest_from
from usage_pipeline.settings.document import read_document
from usage_pipeline.settings.load import of_numbers
from usage_pipeline.storage.closed_folder import MANIFEST
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.computed_days import computed_days
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.ingested_files import ingested_files

SHOWN = 3


@contextmanager
def as_closed(workplace: Workplace, closed: Closed) -> Iterator[Workplace]:
    """A workplace whose lake, ledger and rules are those of the revision. Raises UsageError where they cannot be had again, with why."""
    folder = frozen_folder(workplace.home, closed)
    daily = facts_in(folder).daily
    if _is_as_closed(workplace, closed, folder, daily):
        yield workplace
        return
    manifest = manifest_from((folder / MANIFEST).read_bytes(), str(folder / MANIFEST))
    if key_of_hashes(workplace) != manifest.hash_key:
        raise UsageError(
            f"{closed.words}; USAGE_HASH_KEY is another one than then, so people and keys would have other names: set that one"
        )
    with TemporaryDirectory(dir=workplace.home.scratch, prefix="explain-", ignore_cleanup_errors=True) as place:
        yield _again(workplace, closed, folder, manifest, daily, Path(place))


def _is_as_closed(workplace: Workplace, closed: Closed, folder: Path, daily: Sequence[DailyCost]) -> bool:
    """Whether the home still holds the month as it was closed, under the same rules."""
    database = workplace.database()
    rules = [of_numbers(read_document(path).content or {}) for path in (folder / USAGE_YAML, workplace.settings().file)]
    later = [one for one in database.select(computed_days, where={"day": closed.month}) if one.computed_at > closed.revision.closed_at]
    return rules[0] == rules[1] and not later and set(database.select(daily_costs, where={"day": closed.month})) == set(daily)


def _again(workplace: Workplace, closed: Closed, folder: Path, manifest: Manifest, daily: Sequence[DailyCost], place: Path) -> Workplace:
    places, gone = locate(workplace, manifest.inputs, place)
    if gone:
        told = "; ".join(one.words for one in gone[:SHOWN])
        raise UsageError(f"{closed.words}, and was computed anew since; its lines cannot be told without its inputs: {told}")
    given = Ingredients(
        month=closed.month,
        inputs=manifest.inputs,
        places=places,
        configuration=(folder / USAGE_YAML).read_text("utf-8"),
        books=manifest.books,
        catalogs=folder / PRICES,
        rates=folder / RATES if (folder / RATES).is_file() else None,
        at=manifest.closed_at,
        hashed_ids=workplace.home.hashed_ids,
    )
    wrong = differs(daily, replayed(given, place))
    if wrong:
        raise UsageError(
            f"{closed.words}; computed once more of its frozen inputs, {wrong[0]}: `usage-pipeline verify {closed.name}` tells why"
        )
    at = manifest.closed_at.astimezone(UTC).isoformat()
    copies = {sha256: str(path) for (_, sha256), path in places.items()}
    found = Replayed(home_folder=str(place / HOME), config_file=str(folder / USAGE_YAML), at=at, copies=copies)
    _as_they_lay(found.database(), manifest)
    return found


def _as_they_lay(database: Database, manifest: Manifest) -> None:
    """Let the ledger name every file as it was named when it was read, not by the link that it was read by here."""
    places = {(one.source, one.sha256): one.uri for one in manifest.inputs}
    files = database.select(ingested_files)
    named = [replace(one, uri=places.get((one.source, one.fingerprint), one.uri)) for one in files]
    database.replace(ingested_files, named, where={"source": sorted({one.source for one in files})})
