"""The sender: takes the messages that are due, one after the other, sends each, and marks what came of it.

A message is claimed before it is sent and marked after it: a sender that dies in between leaves a claim that runs out, and the very same
message is sent again, known to its reader by Message-ID and X-Usage-Key. One that nobody takes for GIVE_UP is a dead letter.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from usage_pipeline.alerts.channels.backoff import wait_before
from usage_pipeline.alerts.channels.channel import (
    Channel,
    DeliveryError,
    DocumentChannel,
    NoticeChannel,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)
from usage_pipeline.alerts.check import Check, judging_moment
from usage_pipeline.alerts.parcels import unpacked_mail, unpacked_notice
from usage_pipeline.storage.alert_ledger import claim, heads, mark_dead, mark_later, mark_sent, record
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.alerts import ALERT_KIND, STATE_KIND, Delivery, Receipt

GIVE_UP = timedelta(days=5)
"""RFC 5321 §4.5.4.1: 'generally needs to be at least 4-5 days'."""
CRITICAL = ("critical",)
TRIES = 5
"""How often it is judged, at most, because others wrote in between or a letter is dead."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message did not go, and whether that is for good."""

    text: str
    is_dead: bool = False


class Ways(Protocol):
    """How messages go out."""

    def mail(self) -> Channel:
        """Raises DeliveryError where there is no way."""

    def notices(self, name: str) -> NoticeChannel:
        """Raises DeliveryError where usage.yaml has no such channel, or its variables are missing."""

    def documents(self, name: str) -> DocumentChannel:
        """The same, and where the channel takes none."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender did: messages that went out, and in words those that did not."""

    out: tuple[Delivery, ...]
    failed: tuple[str, ...]
    dead_count: int = 0


def tell(
    database: Database, found: Check, judge: Callable[[], Check], ways: Ways, clock: Callable[[], datetime], *, is_quiet: bool = False
) -> Sent:
    """Write down what was found with its messages, in one transaction, and send all that is due.

    Where others wrote in between, `judge` is asked anew; and again where a letter turned out dead, so that the next people hear of it now.
    """
    done = Sent((), ())
    for _ in range(TRIES):
        now = clock()
        rows, judged_at = [*found.alerts, *found.resolved], judging_moment(found.as_of, now)
        if record(database, rows, found.parcels, found.known, found.waiting, judged_at=judged_at, queued_at=now):
            sent = send_due(database, ways, clock, is_quiet=is_quiet)
            done = Sent((*done.out, *sent.out), (*done.failed, *sent.failed), sent.dead_count)
            if not sent.dead_count:
                break
        found = judge()
    return done


def send_due(database: Database, ways: Ways, clock: Callable[[], datetime], *, is_quiet: bool = False) -> Sent:
    """Send everything that is due: each message at most once in this pass. In quiet hours only what is critical."""
    sender, tried = uuid4().hex, set[str]()
    out: list[Delivery] = []
    failed: list[str] = []
    dead_count = 0
    while True:
        with database.reading() as reading:
            ready = [one for one in heads(reading, clock(), levels=CRITICAL if is_quiet else None) if one not in tried]
        if not ready:
            return Sent(tuple(out), tuple(failed), dead_count)
        for delivery_id in ready:
            tried.add(delivery_id)
            taken = claim(database, delivery_id, sender, clock())
            if taken is None:
                continue
            why = _send(database, ways, taken, sender, clock)
            if why is None:
                out.append(taken)
            else:
                failed.append(f"{taken.recipients}: {why.text}")
                dead_count += why.is_dead


def _send(database: Database, ways: Ways, one: Delivery, sender: str, clock: Callable[[], datetime]) -> Failure | None:
    """Send one message and mark it; why it did not go, or not to all, None where it did."""
    try:
        receipt = _handed_over(ways, one)
    except DeliveryError as error:
        if isinstance(error, PermanentDeliveryError) and not error.is_of_the_way:
            return _given_up(database, one, sender, str(error), clock())
        if one.queued_at is not None and clock() - one.queued_at >= GIVE_UP:
            return _given_up(database, one, sender, f"{error}; given up after {GIVE_UP.days} days", clock())
        asked = error.retry_after_seconds if isinstance(error, TemporaryDeliveryError) else None
        at = clock() + wait_before(one.attempts + 1, one.delivery_id, asked)
        mark_later(database, one, sender, why=str(error), at=at, remaining=one.remaining)
        return Failure(str(error))
    if not receipt.later:
        mark_sent(database, one, sender, channel=receipt.channel, receipt=receipt.text, at=clock())
        return None
    at = clock() + wait_before(one.attempts + 1, one.delivery_id)
    mark_later(database, one, sender, why=receipt.text, at=at, remaining=",".join(receipt.later))
    return Failure(receipt.text)


def _given_up(database: Database, one: Delivery, sender: str, why: str, now: datetime) -> Failure:
    """A dead letter, unless others of its people had it: then it was told, save to these."""
    if one.remaining is None:
        mark_dead(database, one, sender, why=why)
    else:
        mark_sent(database, one, sender, channel=one.channel or "mail", receipt=f"{one.receipt}; {why}", at=now)
    return Failure(why, is_dead=one.remaining is None)


def _handed_over(ways: Ways, one: Delivery) -> Receipt:
    if one.kind == ALERT_KIND:
        remaining = None if one.remaining is None else one.remaining.split(",")
        return ways.mail().send(unpacked_mail(one.message or ""), remaining)
    if one.kind == STATE_KIND:
        return ways.documents(one.recipients).post(json.loads(one.message or "{}"), one.delivery_id)
    return ways.notices(one.recipients).send(unpacked_notice(one.message or ""))
