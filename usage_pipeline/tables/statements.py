"""`statements`: every statement written, with the hash of each of its files. In the database."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One report of one period for one scope, as it lies on disk."""

    period: str = column("'2026-10'", key=True)
    scope: str = column("'organisation' or 'projects/<id>'", key=True)
    report: str = column("Report name: 'statement'", key=True)
    revision: int = column("1, 2, ...", key=True)
    finality: str = column("'open', 'provisional', 'reconciled' or 'closed'")
    cost: Decimal = column("Total cost")
    price_book: str = column("Version of the price book")
    content_hash: str = column("SHA-256 of the snapshot that all formats are rendered from")
    files: str = column("JSON object: file name -> SHA-256")
    written_at: datetime = column("When the files last changed (UTC)")
    grade: str | None = column("'A' to 'D': how far its numbers can be trusted; null without any number", default=None)


statements = Table("statements", Statement)
