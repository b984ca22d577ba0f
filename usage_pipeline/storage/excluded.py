"""Files that `exclude:` of a source leaves out. In: its patterns, and the ledger. Out: which are out, and what the others say.

Nothing is taken away: the ledger notes since when a file is out, and its rows stay in the lake. Without the pattern they count again.
In append sources a line counts in the file that gave it first, and the same line of another was left out for it: files that gave lines
can go there only all together, and come back only all together, while no other file was read that may hold their lines and no pattern
names one of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from usage_pipeline.storage.database import Database, Where
from usage_pipeline.storage.landing_pattern import matcher
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_days, ingested_files
from usage_pipeline.tables.personal import without_names

COPY = "copy"
Test = Callable[[str], bool]


def excludes(patterns: Sequence[str], hash_key: str | None = None) -> Test:
    """Whether a uri is left out, as it lies there or as it is kept: there a hash stands for addresses and keys in it."""
    tests = [matcher(one) for one in dict.fromkeys(told for one in patterns for told in (one, without_names(one, hash_key)))]
    return lambda uri: any(test(uri) for test in tests)


def to_mark(rows: Iterable[IngestedFile], is_out: Test, *, snapshot: bool) -> list[IngestedFile]:
    """The ledger's rows of one source that are to be left out from now on, or to be let in again."""
    known = list(rows)
    tied = [] if snapshot else [row for row in known if gives_lines(row)]
    free = [row for row in known if snapshot or not gives_lines(row)]
    changed = [row for row in free if (row.excluded_at is not None) != is_out(row.uri)]
    inside = [row for row in tied if row.excluded_at is None]
    if all(is_out(row.uri) for row in tied):
        return changed + inside
    if inside:
        return changed
    last = max(row.excluded_at for row in tied if row.excluded_at)  # what went together then; others went before that was read
    together = [row for row in tied if row.excluded_at == last]
    return changed if any(is_out(row.uri) for row in together) else changed + together


def gives_lines(row: IngestedFile) -> bool:
    """Whether lines of other files may have been left out for its lines."""
    return bool(row.accepted) or row.state == COPY


def overruled(rows: Iterable[IngestedFile], is_out: Test) -> tuple[list[str], list[str]]:
    """Of an append source: the files that its patterns name and that count, and those that they do not name and that are left out."""
    tied = [row for row in rows if gives_lines(row)]
    counted = {row.uri for row in tied if is_out(row.uri) and row.excluded_at is None}
    return sorted(counted), sorted({row.uri for row in tied if not is_out(row.uri) and row.excluded_at is not None})


def mark(source: str, is_out: Test, *, snapshot: bool, database: Database, now: datetime) -> list[IngestedFile]:
    """Enter in the ledger which files of the source are out, and which are in again; the rows that changed."""
    if not to_mark(database.select(ingested_files, where={"source": source}), is_out, snapshot=snapshot):
        return []
    with database.transaction() as transaction:
        rows = to_mark(transaction.select(ingested_files, where={"source": source}), is_out, snapshot=snapshot)
        ledger = sql_table(ingested_files)
        changed = [
            replace(row, excluded_at=now) if row.excluded_at is None else replace(row, excluded_at=None, readmitted_at=now) for row in rows
        ]
        for row in changed:  # these two columns alone: another ingest may note a newer time of the file meanwhile
            place = sa.and_(ledger.c.source == row.source, ledger.c.uri == row.uri, ledger.c.fingerprint == row.fingerprint)
            values = {"excluded_at": row.excluded_at, "readmitted_at": row.readmitted_at}
            transaction.connection.execute(sa.update(ledger).where(place).values(**values))
    return changed


def counted_words(database: Database, *conditions: sa.ColumnElement[bool], where: Where | None = None) -> list[IngestedDay]:
    """The ledger's words on days within the scope `where`, without those of files that are left out: what every count starts from."""
    words = database.select(ingested_days, *conditions, where=where)
    out = database.select(ingested_files, sql_table(ingested_files).c.excluded_at.is_not(None))
    sources = sorted({one.source for one in out} & {one.source for one in words})
    return without_excluded(words, database.select(ingested_files, where={"source": sources})) if sources else words


def excluded_contents(database: Database) -> list[tuple[str, str]]:
    """(source, fingerprint) of content that only files which are left out hold."""
    files = database.select(ingested_files, sql_table(ingested_files).c.excluded_at.is_not(None))
    if not files:
        return []
    ledger = sql_table(ingested_files).c
    inside = sa.select(ledger.source, ledger.fingerprint).where(
        ledger.source.in_(sorted({file.source for file in files})), ledger.excluded_at.is_(None)
    )
    with database.transaction() as transaction:
        counting = {(row.source, row.fingerprint) for row in transaction.connection.execute(inside)}
    return sorted({(file.source, file.fingerprint) for file in files} - counting)


def without_excluded(words: Sequence[IngestedDay], files: Iterable[IngestedFile]) -> list[IngestedDay]:
    """`words` without those of content that only files which are left out hold; `files` are all of the ledger of their sources.

    Content that another file holds as well counts on, as old as that one is.
    """
    holders: dict[tuple[str, str], list[IngestedFile]] = defaultdict(list)
    for file in files:
        holders[file.source, file.fingerprint].append(file)
    latest = {
        content: max((file.modified_at for file in several if file.excluded_at is None), default=None)
        for content, several in holders.items()
        if any(file.excluded_at is not None for file in several)
    }
    told: list[IngestedDay] = []
    for one in words:
        if (one.source, one.fingerprint) not in latest:
            told.append(one)
            continue
        moment = latest[one.source, one.fingerprint]
        if moment is not None:
            told.append(replace(one, modified_at=min(one.modified_at, moment)))
    return told
