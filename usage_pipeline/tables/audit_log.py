"""`audit_log`: who did what to the book, when and why. In the database, append-only."""

from dataclasses import dataclass
from datetime import datetime

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One act: a close, a revision, a change of a budget."""

    entry_id: str = column("Hash of the entry", key=True)
    at: datetime = column("When (UTC)")
    actor: str = column("Who: the name given with --approve, or the user of the machine; never an e-mail address")
    action: str = column("'close', 'revise', 'run over a closed month', ...")
    subject: str = column("What it was done to: a month, a revision, a budget")
    before: str | None = column("What it was: a JSON object, null where there was nothing")
    after: str | None = column("What it became: a JSON object")
    why: str | None = column("In the actor's words")


audit_log = Table("audit_log", AuditEntry)
