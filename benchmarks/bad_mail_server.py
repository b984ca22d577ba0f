"""A mail server that fails in every way, and a program's end of it that dies at any moment: SMTP on loopback (aiosmtpd), seeded."""

# ruff: noqa: ARG002, S311 - aiosmtpd tells its hooks more than they need; chance is for a simulation

import asyncio
import random
import socket
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from usage_pipeline.alerts.channels.channel import Channel, DocumentChannel, NoticeChannel, PermanentDeliveryError
from usage_pipeline.alerts.channels.smtp import SmtpChannel
from usage_pipeline.tables.alerts import Receipt

DIES_BEFORE, DIES_AFTER = 0.01, 0.02
OUTAGE_DAYS = 0.03
"""The part of all days on which the server is away."""


class Died(BaseException):
    """The program is gone at this point; nothing catches it but the next start."""


@dataclass(slots=True)
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Got:
    """A message as it reached its recipients."""

    at: datetime
    recipients: tuple[str, ...]
    content: bytes
    key: str
    message_id: str
    level: str


@dataclass
class BadServer:
    """An SMTP server that is well, busy, or hangs up, hour by hour; `refused` are addresses that it never takes."""

    clock: Clock
    seed: int
    refused: frozenset[str]
    got: list[Got] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    is_well: bool = False

    @property
    def weather(self) -> str:
        """Outages of a day, and hours of every kind of failure between them."""
        if self.is_well:
            return "well"
        day, hour = self.clock.now.toordinal(), self.clock.now.hour
        if random.Random(f"{self.seed} outage {day}").random() < OUTAGE_DAYS:
            return "hangs up"
        return random.Random(f"{self.seed} {day} {hour}").choices(["well", "busy", "hangs up", "takes and hangs up"], [80, 10, 5, 5])[0]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        weather = self.weather
        if weather == "hangs up":
            self.answers["hung up"] += 1
            server.transport.abort()
            await asyncio.sleep(0)
        if weather == "busy":
            self.answers["4xx"] += 1
            return "451 4.3.2 busy, come again"
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if address in self.refused:
            self.answers["5xx"] += 1
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=default)
        named = (str(message["X-Usage-Key"]), str(message["Message-ID"]), str(message["X-Usage-Level"]))
        self.got.append(Got(self.clock.now, tuple(envelope.rcpt_tos), content, *named))
        if self.weather == "takes and hangs up":
            self.answers["taken, then hung up"] += 1
            server.transport.abort()
        return "250 taken"


@dataclass(slots=True)
class MortalChannel:
    """SMTP, in a program that may die right before or right after it sends."""

    channel: SmtpChannel
    chance: random.Random
    deaths: dict[str, int]

    def send(self, message: EmailMessage, recipients: Sequence[str] | None = None) -> Receipt:
        dice = self.chance.random()
        if dice < DIES_BEFORE:
            self.deaths["before sending"] += 1
            raise Died
        receipt = self.channel.send(message, recipients)
        if dice > 1 - DIES_AFTER:
            self.deaths["sent, not marked"] += 1
            raise Died
        return receipt


@dataclass(frozen=True, slots=True)
class MailOnly:
    channel: MortalChannel

    def mail(self) -> Channel:
        return self.channel

    def notices(self, name: str) -> NoticeChannel:
        raise PermanentDeliveryError(name)

    def documents(self, name: str) -> DocumentChannel:
        raise PermanentDeliveryError(name)


@contextmanager
def listening(server: BadServer) -> Iterator[int]:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = int(chosen.getsockname()[1])
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
