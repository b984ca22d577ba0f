"""`revisions`: closed months, each time that one was closed. In the database, append-only: a revision never changes."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column

OPEN, PROVISIONAL, RECONCILED, CLOSED = "open", "provisional", "reconciled", "closed"

FINALITIES: dict[str, str] = {
    OPEN: "days or bills are missing",
    PROVISIONAL: "every day and bill is there, and may still change",
    RECONCILED: "bill, count and logs tie out within the limits; not yet closed",
    CLOSED: "closed and approved: this revision never changes",
}


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One close of one month: what it was made of, and who approved it. The files lie in `closed/<month>/r<revision>/` of the home."""

    month: date = column("First day of the month", key=True)
    revision: int = column("1, 2, ...", key=True)
    closed_at: datetime = column("When (UTC)")
    approved_by: str = column("Who approved it")
    note: str | None = column("Why, in the approver's words")
    cost: Decimal = column("The organisation's total")
    currency: str = column("ISO 4217")
    manifest_hash: str = column("SHA-256 of manifest.json: inputs, numbers, files, configuration, price books, each with its hash")


revisions = Table("revisions", Revision)
