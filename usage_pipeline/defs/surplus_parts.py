"""Parts of a bill that was overwritten in place by one with fewer parts: what the older delivery had more goes on to count.

In: the ledger's words on parts without a delivery of their own (see sources/deliveries.py), and when each part was written last. Out: the
parts that were left when others of the same bill were overwritten, with what they bill. A delivery writes all its parts, also those that
hold what they held before: then only the file's time is new, and the ledger of files knows it.

What was overwritten before the first read shows in the times alone: a delivery starts with part 1, so a part that is much older than one
with a lower number is of an older delivery. One more part, written later, is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import PurePath

import ibis

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.deliveries import export_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import newest_words
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_files
from usage_pipeline.tables.source import SCOPE_SEPARATOR

TAKES = timedelta(hours=1)
"""Longer than the parts of one delivery lie apart."""

APART = timedelta(hours=12)
"""So much longer that the times alone tell two deliveries."""

PLACE = {"source": "string", "snapshot_scope": "string", "source_file": "string"}
Content = tuple[str, str]
"""(source, fingerprint)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """A part that was left, what it bills on the days asked for, and a sibling that was written later: overwritten, as far as is known."""

    source: str
    uri: str
    written_at: datetime
    cost: Decimal
    by_uri: str
    by_written_at: datetime
    is_known: bool = True

    @property
    def words(self) -> str:
        sibling = PurePath(self.by_uri).name
        return (
            f"{self.source}: {self.uri} of {self.written_at:%Y-%m-%d %H:%M} bills {money.text(self.cost)},"
            f" and {sibling} beside it was {'overwritten' if self.is_known else 'written'} on {self.by_written_at:%Y-%m-%d %H:%M}"
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """One part as its newest version has it. `is_overwritten`: it held something else before."""

    scope: str
    content: Content
    written_at: datetime
    is_overwritten: bool


def surplus_parts(settings: Settings, database: Database, lake: Lake, days: Period) -> list[Surplus]:
    """All that bill something on `days`, by source and uri."""
    names = sorted(spec.name for spec in settings.sources if SOURCES[spec.kind].snapshot and SOURCES[spec.kind].table is charges)
    words = [one for one in counted_words(database, where={"source": names, "day": days}) if _is_part(one.snapshot_scope)]
    contents: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for one in words:
        contents[one.source, _bill(one.snapshot_scope)].add((one.snapshot_scope, one.fingerprint))
    if all(len(several) == 1 for several in contents.values()):
        return []
    files = _last_written(database.select(ingested_files, where={"source": sorted({one.source for one in words}), "excluded_at": None}))
    left = list(_left(words, files))
    billed = _billed(lake, days, [part for part, _ in left])
    found = [
        Surplus(
            source=part.content[0],
            uri=files[part.content].uri,
            written_at=part.written_at,
            cost=billed[part.content],
            by_uri=files[by.content].uri,
            by_written_at=by.written_at,
            is_known=by.is_overwritten,
        )
        for part, by in {part.content: (part, by) for part, by in left}.values()
        if part.content in billed
    ]
    return sorted(found, key=lambda one: (one.source, one.uri))


def _is_part(scope: str) -> bool:
    """Whether it is a part that a newer version of itself replaces, and nothing else."""
    steps = scope.split(SCOPE_SEPARATOR)
    return export_of(scope) is not None and not steps[1] and bool(steps[2])


def _bill(scope: str) -> str:
    """What its parts make up together."""
    return scope.split(SCOPE_SEPARATOR, maxsplit=1)[0]


def _last_written(ledger: Iterable[IngestedFile]) -> dict[Content, IngestedFile]:
    """The file that holds this content since the latest time."""
    return {(file.source, file.fingerprint): file for file in sorted(ledger, key=lambda file: (file.modified_at, file.uri))}


def _left(words: Sequence[IngestedDay], files: Mapping[Content, IngestedFile]) -> Iterable[tuple[_Part, _Part]]:
    """The parts that count and that an overwriting of their bill left as they were, each with the part overwritten last."""
    counting = {(one.source, one.snapshot_scope) for one in newest_words(words)}
    versions: dict[tuple[str, str], set[Content]] = defaultdict(set)
    for one in words:
        if (one.source, one.snapshot_scope) in counting:
            versions[one.source, one.snapshot_scope].add((one.source, one.fingerprint))
    bills: dict[tuple[str, str], list[_Part]] = defaultdict(list)
    for (source, scope), held in versions.items():
        newest = max(held, key=lambda content: (files[content].modified_at, content))
        part = _Part(scope, newest, files[newest].modified_at, len(held) > 1)
        bills[source, _bill(scope)].append(part)
    for parts in bills.values():
        yield from _left_of(parts)


def _left_of(parts: Sequence[_Part]) -> Iterable[tuple[_Part, _Part]]:
    """Of one bill's parts."""
    latest = max((part for part in parts if part.is_overwritten), key=lambda part: (part.written_at, part.scope), default=None)
    start: _Part | None = None
    for part in sorted(parts, key=lambda part: part.scope):
        if latest is not None and part.written_at < latest.written_at - TAKES:
            yield part, latest
        elif start is not None and part.written_at < start.written_at - APART:
            yield part, start
        start = part if start is None or part.written_at > start.written_at else start


def _billed(lake: Lake, days: Period, parts: Sequence[_Part]) -> dict[Content, Decimal]:
    """What each bills; without those that have no line on `days`."""
    if not parts:
        return {}
    rows = lake.read(charges, days)
    places = [(part.content[0], part.scope, part.content[1]) for part in parts]
    told = rows.semi_join(ibis.memtable(places, schema=ibis.schema(PLACE)), list(PLACE))
    summed = lake.engine.to_pyarrow(told.group_by("source", "source_file").agg(cost=told.billed_cost.sum())).to_pylist()
    return {(row["source"], row["source_file"]): money.exact(row["cost"]) for row in summed}
