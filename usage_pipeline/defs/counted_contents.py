"""The contents of files that count on some days, each with the kind that it was read as. In: the ledger. Out: one row a content."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from usage_pipeline.periods import Period
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.storage.shards import newest_words
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files


@dataclass(frozen=True, slots=True)
class Content:
    """What one source read of one content: `rows` that count, and where it lies."""

    source: str
    fingerprint: str
    kind: str
    uris: tuple[str, ...]
    rows: int


def counted_contents(database: Database, days: Period) -> list[Content]:
    """Those that give `days` a row, by source and fingerprint; also of sources that usage.yaml does not name."""
    spoken = counted_words(database, where={"day": days})
    files: dict[tuple[str, str], list[IngestedFile]] = defaultdict(list)
    for file in database.select(ingested_files, where={"source": sorted({one.source for one in spoken}), "excluded_at": None}):
        files[file.source, file.fingerprint].append(file)
    kinds = {content: held[0].kind for content, held in files.items()}
    known = [one for one in spoken if (one.source, one.fingerprint) in kinds]
    replacing = [one for one in known if SOURCES[kinds[one.source, one.fingerprint]].snapshot]
    adding = [one for one in known if not SOURCES[kinds[one.source, one.fingerprint]].snapshot]
    rows: Counter[tuple[str, str]] = Counter()
    for one in (*adding, *newest_words(replacing)):
        rows[one.source, one.fingerprint] += one.rows
    return [
        Content(*content, kinds[content], tuple(sorted({file.uri for file in files[content]})), count)
        for content, count in sorted(rows.items())
        if count
    ]
