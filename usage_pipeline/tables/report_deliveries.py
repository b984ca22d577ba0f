"""`report_deliveries`: every report that was to go to somebody: files by name and hash, when, to whom, what came of it. In the database.

A row is written before anything is sent, with the mail in it but not the attachments: these are read, and their hashes held against the
row's, whenever it is sent. Its id is the mail's Message-ID, so that what is sent again after a crash is recognised.
"""

from dataclasses import dataclass
from datetime import datetime

from usage_pipeline.tables.schema import Table, column

PENDING, RETRYING, SENT, DEAD, WITHDRAWN = "pending", "retrying", "sent", "dead", "withdrawn"
STATES: dict[str, str] = {
    PENDING: "to be sent",
    RETRYING: "tried in vain, to be sent again",
    SENT: "uploaded, if it was to be, and taken by the mail server, if it was to be",
    DEAD: "refused for good: `usage-pipeline send --dead` tries again",
    WITHDRAWN: "never sent: its files or its people became others first, and another row took its place",
}
UNSENT = (PENDING, RETRYING)
DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """One file of a delivery. `path` is relative to the home; `key` and `version` are its place in the bucket, once it is there."""

    name: str
    path: str
    sha256: str
    size_bytes: int
    is_attached: bool
    link: str
    key: str | None = None
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReportDelivery:
    """One report of one period for one scope, as it goes out to its people and its folder: the same bytes to the same people once."""

    delivery_id: str = column("Hash of name, scope, period, version, files, people and folder", key=True)
    name: str = column("The entry of `deliveries:` in usage.yaml")
    report: str = column("'statement', 'digest_day', ...")
    scope: str = column("'organisation' or 'projects/<id>'")
    period: str = column("'2026-10', '2026-W41' or '2026-10-02'")
    version: str = column("'draft', or 'r1', 'r2', ... of a closed month")
    content_hash: str = column("SHA-256 over the names and hashes of all files of the report")
    files: str = column("JSON list of SentFile")
    recipients: str = column("Addresses, comma separated; '' where it is only uploaded")
    place: str | None = column("The folder that it is uploaded to, s3://bucket/prefix; null where it is only mailed")
    subject: str = column("Subject line")
    due_at: datetime = column("When it was due (UTC)")
    queued_at: datetime = column("When it was written down to be sent (UTC)")
    state: str = column("'pending', 'retrying', 'sent', 'dead' or 'withdrawn'")
    message: str | None = column("The mail without its attachments, until it went out; null where it is only uploaded", default=None)
    message_id: str | None = column("Message-ID of the mail", default=None)
    uploaded_at: datetime | None = column("When all its files were in the bucket (UTC)", default=None)
    sent_at: datetime | None = column("When all was done (UTC)", default=None)
    channel: str = column("'outbox', 'smtp', 'ses' or 's3'; '' until it went out", default="")
    receipt: str = column("What the server answered; until it went out, why it did not", default="")
    attempts: int = column("How often it was tried", default=0)
    next_attempt_at: datetime | None = column("Not before then; null: at once", default=None)
    remaining: str | None = column("Addresses it is still to go to, comma separated; null: all", default=None)
    claimed_by: str | None = column("The sender that is at it", default=None)
    claimed_until: datetime | None = column("Until then nobody else takes it", default=None)


report_deliveries = Table("report_deliveries", ReportDelivery)
