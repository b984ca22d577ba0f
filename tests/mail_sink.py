"""A real mail server on loopback that keeps what it gets, and refuses the addresses it is told to refuse."""

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailSink:
    port: int
    refused: set[str] = field(default_factory=set)
    refusal: str = "451 greylisted"
    received: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if address in self.refused:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.received.append((list(envelope.rcpt_tos), email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 kept"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that send mail here."""
        return mail_variables(self.port)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Of each message: its recipients and its subject."""
        return [(",".join(recipients), str(message["Subject"])) for recipients, message in self.received]


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    sink = MailSink(free_port())
    controller = Controller(sink, hostname="localhost", port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def mail_variables(port: int) -> dict[str, str]:
    return {
        "USAGE_SMTP_HOST": "localhost",
        "USAGE_SMTP_PORT": str(port),
        "USAGE_SMTP_STARTTLS": "false",
        "USAGE_MAIL_FROM": "AI cost <ai-cost@example.org>",
    }


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("localhost", 0))
        return int(chosen.getsockname()[1])
