"""Where lines stand in their files, as people find them. In: (source, fingerprint of the file version, record number). Out: a Place each.

A file counts as the version that was read if it holds the same content, or begins with it, as a log does that has grown since. Of files
that lie in another store, or are gone, only the record's number is told.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from usage_pipeline.defs.inputs import REMOTE, input_of, locate
from usage_pipeline.defs.replay import Replayed
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage import landing
from usage_pipeline.storage.places import Place, places
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files

Record = tuple[str, str, int]
"""A source, the fingerprint of a file version, and the number of a record in it."""


def places_of(workplace: Workplace, records: Collection[Record]) -> dict[Record, Place]:
    """A place for every record; each file is read once."""
    numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
    for source, file, number in records:
        numbers[source, file].add(number)
    ledger: dict[tuple[str, str], list[IngestedFile]] = defaultdict(list)
    for row in workplace.database().select(ingested_files, where={"fingerprint": sorted({file for _, file in numbers})}):
        ledger[row.source, row.fingerprint].append(row)
    found: dict[Record, Place] = {}
    for key, wanted in numbers.items():
        path = _path_of(workplace, ledger[key])
        told = places(path, SOURCES[ledger[key][0].kind], wanted) if path is not None else {number: Place(number) for number in wanted}
        found |= {(*key, number): place for number, place in told.items()}
    return found


def _path_of(workplace: Workplace, versions: list[IngestedFile]) -> str | None:
    """Where one of these rows of the same content can be read on this disk."""
    if not versions:
        return None
    return next((path for path in _candidates(workplace, versions) if _begins_as(path, versions[0])), None)


def _candidates(workplace: Workplace, versions: list[IngestedFile]) -> Iterator[str]:
    """Where it was read, where a replay of a closed month found it, and, if it was moved, where it lies in its source now."""
    local = [one for one in versions if REMOTE not in one.uri]
    yield from (one.uri for one in local)
    if isinstance(workplace, Replayed):
        yield from (workplace.copies[one.fingerprint] for one in versions[:1] if one.fingerprint in workplace.copies)
    spec = next((one for one in workplace.settings().sources if one.name == versions[0].source), None)
    if local and spec is not None and REMOTE not in spec.path:
        moved, _ = locate(workplace, [input_of(local[0])], workplace.home.scratch)
        yield from map(str, moved.values())


def _begins_as(path: str, version: IngestedFile) -> bool:
    """Whether the file's first bytes are the version's content."""
    digest, left = hashlib.sha256(), version.size_bytes
    try:
        if not Path(path).is_file() and "\\x" not in path:
            return False
        with landing.open_bytes(path) as stream:
            while left and (block := stream.read(min(left, landing.BLOCK_BYTES))):
                digest.update(block)
                left -= len(block)
    except OSError:
        return False
    return not left and digest.hexdigest() == version.fingerprint
