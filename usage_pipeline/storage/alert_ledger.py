"""The ledger of alerts and the messages that wait, in the database: what one transaction reads, writes and claims, alike on both databases.

A message is claimed by one conditional UPDATE, so that of two senders one has it; a claim that was never marked runs out, and the very
same message is sent again. Messages about one project go in their order: none overtakes one that waits.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from usage_pipeline.storage.database import Database, Transaction
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.alerts import (
    ALERT_KIND,
    COVERED,
    DEAD,
    NOTICE_KIND,
    OPEN,
    PENDING,
    RESOLVED,
    RETRYING,
    SENT,
    STATE_KIND,
    UNRESOLVED,
    UNSENT,
    Alert,
    Delivery,
    alerts,
    deliveries,
)

LEASE = timedelta(minutes=10)
"""How long a sender has to mark what it took; far longer than any channel's time limits."""
LAST_STEP = 2
RECENT = timedelta(hours=24)
_LOCK = 5_190_226_417
"""Any number, the same for all: PostgreSQL's advisory lock that lets one process write down what is due at a time."""


def known_alerts(transaction: Transaction, starts: Collection[date]) -> list[Alert]:
    """The alerts that judging needs: those of periods with one of these first days, and all that are not resolved."""
    table = sql_table(alerts)
    return transaction.select(alerts, sa.or_(table.c.period_start.in_(starts), table.c.state.in_(UNRESOLVED)))


def recent_deliveries(transaction: Transaction, now: datetime) -> list[Delivery]:
    """Those to people that wait, and those that went out within a day of `now` on either side."""
    table = sql_table(deliveries)
    recent = sa.and_(table.c.sent_at > now - RECENT, table.c.sent_at < now + RECENT)
    return transaction.select(deliveries, table.c.kind != STATE_KIND, sa.or_(table.c.state.in_(UNSENT), recent))


def record(
    database: Database, found: Sequence[Alert], parcels: Sequence[Delivery], known: Iterable[Alert], waiting: Collection[str], *,
    judged_at: datetime, queued_at: datetime,
) -> bool:  # fmt: skip
    """Write alerts and their messages down together. False, and nothing written, where others wrote since it was judged: judge again.

    A message that is there already stays as it is. What waits about a project of which something more severe is to be told is due at once.
    """
    before = {one.alert_id: one for one in known}
    with database.transaction() as transaction:
        if transaction.connection.dialect.name == "postgresql":
            transaction.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        now_there = {one.alert_id: one for one in transaction.select(alerts, where={"alert_id": [one.alert_id for one in found]})}
        moved = any(one != before.get(name) for name, one in now_there.items())
        if moved or (parcels and {one.delivery_id for one in recent_deliveries(transaction, judged_at)} - set(waiting)):
            return False
        transaction.upsert(alerts, found)
        transaction.insert(deliveries, [_queued(one, queued_at) for one in parcels], skip_known=True)
        _hurry(transaction, {project for one in parcels if one.kind == ALERT_KIND for project in one.about_projects})
    return True


def heads(transaction: Transaction, now: datetime, *, levels: Collection[str] | None = None) -> list[str]:
    """The ids of the messages that may be sent now, in order. `levels`: to people only of these, as in quiet hours."""
    table = sql_table(deliveries)
    names = ("delivery_id", "kind", "recipients", "project", "projects", "level", "next_attempt_at", "claimed_until")
    query = sa.select(*(table.c[name] for name in names)).where(
        table.c.state.in_(UNSENT), table.c.kind.in_((ALERT_KIND, NOTICE_KIND, STATE_KIND))
    )
    busy: set[tuple[str, str | None]] = set()
    found: list[str] = []
    for row in transaction.connection.execute(query.order_by(table.c.queued_at, table.c.delivery_id)):
        way = row.kind if row.kind == ALERT_KIND else f"{row.kind} {row.recipients}"
        lanes = {(way, project) for project in (row.projects.split("\n") if row.projects else [row.project])}
        is_free = not lanes & busy
        busy |= lanes
        is_due = (row.next_attempt_at is None or row.next_attempt_at <= now) and (row.claimed_until is None or row.claimed_until <= now)
        if is_free and is_due and (levels is None or row.level in levels or row.kind == STATE_KIND):
            found.append(row.delivery_id)
    return found


def claim(database: Database, delivery_id: str, sender: str, now: datetime) -> Delivery | None:
    """The message, which is this sender's until the claim runs out; None where another has it, or it is sent."""
    table = sql_table(deliveries)
    free = sa.or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    due = sa.or_(table.c.next_attempt_at.is_(None), table.c.next_attempt_at <= now)
    taken = (
        sa.update(table)
        .where(table.c.delivery_id == delivery_id, table.c.state.in_(UNSENT), free, due)
        .values(claimed_by=sender, claimed_until=now + LEASE, attempts=table.c.attempts + 1)
    )
    with database.transaction() as transaction:
        if transaction.connection.execute(taken).rowcount != 1:
            return None
        return transaction.select(deliveries, where={"delivery_id": delivery_id})[0]


def mark_sent(database: Database, one: Delivery, sender: str, *, channel: str, receipt: str, at: datetime) -> None:
    """It went out. The moment counts from when it was judged, so that judging days gone by keeps their order."""
    late = at - one.queued_at if one.queued_at is not None else timedelta(0)
    _mark(database, one, sender, state=SENT, channel=channel, receipt=receipt, sent_at=one.sent_at + late, message=None, remaining=None,
          next_attempt_at=None)  # fmt: skip


def mark_later(database: Database, one: Delivery, sender: str, *, why: str, at: datetime, remaining: str | None) -> None:
    """It is to be sent again, to `remaining` (None: to all that it was to go to)."""
    _mark(database, one, sender, state=RETRYING, receipt=why, next_attempt_at=at, remaining=remaining)


def mark_dead(database: Database, one: Delivery, sender: str, *, why: str) -> None:
    """It was refused for good. What a mail told goes to the next people, where there are any: it is open again, also where its period
    ended while it waited; the next check tells what is true still.
    """
    _mark(database, one, sender, state=DEAD, receipt=why, next_attempt_at=None, reopen=one.kind == ALERT_KIND)


def revive(database: Database) -> int:
    """Let every dead message be tried again, as if new; how many there are."""
    table = sql_table(deliveries)
    again = sa.update(table).where(table.c.state == DEAD).values(state=RETRYING, attempts=0, next_attempt_at=None)
    with database.transaction() as transaction:
        return transaction.connection.execute(again).rowcount


def _queued(one: Delivery, at: datetime) -> Delivery:
    return replace(one, state=PENDING, queued_at=at)


def _hurry(transaction: Transaction, projects: Collection[str | None]) -> None:
    """What waits about these projects is due at once, and its waits begin anew."""
    named = [one for one in projects if one is not None]
    table = sql_table(deliveries)
    about = sa.or_(table.c.project.in_(named), *([table.c.project.is_(None)] if None in projects else []))
    waits = sa.update(table).where(table.c.state == RETRYING, table.c.kind == ALERT_KIND, about)
    transaction.connection.execute(waits.values(next_attempt_at=None, attempts=0))


def _mark(database: Database, one: Delivery, sender: str, *, reopen: bool = False, **values: object) -> None:
    """Change the row where it is this sender's still: one whose claim ran out is another's to mark."""
    table, told = sql_table(deliveries), sql_table(alerts)
    mine = sa.and_(table.c.delivery_id == one.delivery_id, table.c.claimed_by == sender)
    change = sa.update(table).where(mine).values(**values, claimed_by=None, claimed_until=None)
    about = [name for name in one.about.split(",") if name]
    with database.transaction() as transaction:
        if transaction.connection.execute(change).rowcount and reopen:
            stale = sa.and_(told.c.alert_id.in_(about), told.c.state.in_((SENT, COVERED, RESOLVED)), told.c.step < LAST_STEP)
            transaction.connection.execute(sa.update(told).where(stale).values(state=OPEN, step=told.c.step + 1))
