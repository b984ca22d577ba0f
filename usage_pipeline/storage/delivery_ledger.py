"""The ledger of reports on their way, in the database: written down, claimed by one sender at a time, marked with what came of it.

A claim is one conditional UPDATE, as in `alert_ledger`; one that was never marked runs out, and the very same delivery goes again.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from usage_pipeline.storage.database import Database
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.report_deliveries import DEAD, RETRYING, SENT, UNSENT, WITHDRAWN, ReportDelivery, report_deliveries

LEASE = timedelta(minutes=10)
"""How long a sender has to mark what it took."""
BEGINS = "delivery begins"


def ledger(database: Database, names: Collection[str] | None = None) -> list[ReportDelivery]:
    """All rows, or those of some deliveries, the newest last."""
    where = {} if names is None else {"name": list(names)}
    return database.select(report_deliveries, where=where, order=["queued_at", "delivery_id"])


def record(database: Database, new: Sequence[ReportDelivery], withdrawn: Collection[str]) -> int:
    """Write deliveries down, and take back those that others stand for; how many are new. One that is there stays as it is."""
    table = sql_table(report_deliveries)
    free = sa.and_(table.c.delivery_id.in_(withdrawn), table.c.claimed_by.is_(None), table.c.state.in_((*UNSENT, DEAD)))
    with database.transaction() as transaction:
        transaction.connection.execute(sa.update(table).where(free).values(state=WITHDRAWN, message=None, next_attempt_at=None))
        return transaction.insert(report_deliveries, new, skip_known=True)


def due(database: Database, now: datetime) -> list[str]:
    """The ids of those that may be sent now, in order."""
    table = sql_table(report_deliveries)
    free = sa.or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    ready = sa.or_(table.c.next_attempt_at.is_(None), table.c.next_attempt_at <= now)
    found = database.select(report_deliveries, table.c.state.in_(UNSENT), free, ready, order=["queued_at", "delivery_id"])
    return [one.delivery_id for one in found]


def claim(database: Database, delivery_id: str, sender: str, now: datetime) -> ReportDelivery | None:
    """The delivery, which is this sender's until the claim runs out; None where another has it, or it is sent."""
    table = sql_table(report_deliveries)
    free = sa.or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    taken = (
        sa.update(table)
        .where(table.c.delivery_id == delivery_id, table.c.state.in_(UNSENT), free)
        .values(claimed_by=sender, claimed_until=now + LEASE, attempts=table.c.attempts + 1)
    )
    with database.transaction() as transaction:
        if transaction.connection.execute(taken).rowcount != 1:
            return None
        return transaction.select(report_deliveries, where={"delivery_id": delivery_id})[0]


def note_uploaded(database: Database, one: ReportDelivery, sender: str, files: str, at: datetime) -> None:
    """Its files are in the bucket; the claim stays."""
    _change(database, one, sender, files=files, uploaded_at=at)


def mark_sent(database: Database, one: ReportDelivery, sender: str, *, channel: str, receipt: str, at: datetime) -> None:
    _mark(database, one, sender, state=SENT, channel=channel, receipt=receipt, sent_at=at, message=None, remaining=None,
          next_attempt_at=None)  # fmt: skip


def mark_later(database: Database, one: ReportDelivery, sender: str, *, why: str, at: datetime, remaining: str | None) -> None:
    _mark(database, one, sender, state=RETRYING, receipt=why, next_attempt_at=at, remaining=remaining)


def mark_dead(database: Database, one: ReportDelivery, sender: str, *, why: str) -> None:
    _mark(database, one, sender, state=DEAD, receipt=why, next_attempt_at=None)


def mark_withdrawn(database: Database, one: ReportDelivery, sender: str, *, why: str) -> None:
    """Its files are others by now."""
    _mark(database, one, sender, state=WITHDRAWN, receipt=why, message=None, next_attempt_at=None)


def revive(database: Database, names: Collection[str] | None = None) -> int:
    """Let dead ones be tried again at once, as if new; how many there are."""
    table = sql_table(report_deliveries)
    named = sa.true() if names is None else table.c.name.in_(names)
    again = sa.update(table).where(table.c.state == DEAD, named).values(state=RETRYING, attempts=0, next_attempt_at=None)
    with database.transaction() as transaction:
        return transaction.connection.execute(again).rowcount


def begun_at(database: Database, names: Collection[str]) -> dict[str, datetime]:
    """Since when each of these deliveries is known."""
    entries = database.select(audit_log, where={"action": BEGINS, "subject": list(names)})
    return {one.subject: one.at for one in entries}


def note_begun(database: Database, names: Collection[str], actor: str, at: datetime) -> None:
    """From now on they are known: what was due before is not made up for."""
    entries = [
        AuditEntry(
            entry_id=hashlib.sha256(f"{BEGINS} {name}".encode()).hexdigest(),
            at=at, actor=actor, action=BEGINS, subject=name, before="{}", after="{}", why=None,
        )
        for name in names
    ]  # fmt: skip
    database.insert(audit_log, entries, skip_known=True)


def _mark(database: Database, one: ReportDelivery, sender: str, **values: object) -> None:
    _change(database, one, sender, **values, claimed_by=None, claimed_until=None)


def _change(database: Database, one: ReportDelivery, sender: str, **values: object) -> None:
    """Change the row where it is this sender's still: one whose claim ran out is another's."""
    table = sql_table(report_deliveries)
    mine = sa.and_(table.c.delivery_id == one.delivery_id, table.c.claimed_by == sender)
    with database.transaction() as transaction:
        transaction.connection.execute(sa.update(table).where(mine).values(**values))
