"""Files that were read as another kind than their source is of now: `kind` in usage.yaml was wrong, and was mended, or was changed.

In: the ledger's rows of one source. Out: which of them stand. What gave no line under the other kind counts as not read, and its rows in
the ledger make way when it is read as the kind that the source is of. What gave lines counts on as what it was read as, and is not read
again: its lines would be two rows, each of its own kind.
"""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from usage_pipeline.storage.database import Transaction
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_days, ingested_files

KNOWN = ("read", "empty")
"""States of a file whose content was read."""
UNREADABLE = "unreadable"


def as_read(rows: Iterable[IngestedFile], kind: str) -> list[IngestedFile]:
    """The rows of one source, of `kind` now, that count as read."""
    known = list(rows)
    giving = {row.fingerprint for row in known if _gave_lines(row)}
    return [row for row in known if row.kind == kind or row.state == UNREADABLE or row.fingerprint in giving]


def _gave_lines(row: IngestedFile) -> bool:
    """Also where other files gave the same lines first. Of a copy, the row of the content it copies tells."""
    return row.state in KNOWN and row.accepted + row.duplicates > 0


def count_read(transaction: Transaction, source: str, kind: str) -> int:
    """How many contents of the source count as read."""
    ledger = sql_table(ingested_files).c
    stands = sa.or_(ledger.kind == kind, ledger.accepted + ledger.duplicates > 0)
    query = sa.select(sa.func.count()).where(ledger.source == source, ledger.state.in_(KNOWN), stands)
    return int(transaction.connection.scalar(query) or 0)


def make_way(transaction: Transaction, source: str, kind: str, prints: Collection[str]) -> None:
    """Take out of the ledger what another kind said of contents that are read as `kind` now."""
    ledger, days = sql_table(ingested_files), sql_table(ingested_days)
    other = transaction.select(ingested_files, ledger.c.kind != kind, where={"source": source})
    for fingerprint in sorted({row.fingerprint for row in other} & set(prints)):
        for table in (ledger, days):
            transaction.connection.execute(sa.delete(table).where(table.c.source == source, table.c.fingerprint == fingerprint))
