"""What every way to a person has in common: one method, and two kinds of failure.

A channel tries once. Whoever sends keeps what is still to be sent, waits (backoff.py) and hands over the same message again.
"""

from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from typing import Any, Protocol

from usage_pipeline.errors import UsageError
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.notices import Notice


class DeliveryError(UsageError):
    """A message did not go out. Its text names the server, folder or channel, what it said and the mend; never a password or address."""


class TemporaryDeliveryError(DeliveryError):
    """The server is away or says 'later' (4xx of SMTP, 429 or 5xx of HTTP): send the same message again.

    `retry_after_seconds` is how long the server asks to wait; None where it does not say.
    """

    def __init__(self, text: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(text)
        self.retry_after_seconds = retry_after_seconds


class PermanentDeliveryError(DeliveryError):
    """The server says 'no' (5xx of SMTP, 4xx of HTTP), or cannot be trusted: sending again changes nothing until something is mended.

    `is_of_the_way`: every message would meet it, as with a wrong password: none is refused, all wait until it is mended.
    """

    def __init__(self, text: str, *, is_of_the_way: bool = False) -> None:
        super().__init__(text)
        self.is_of_the_way = is_of_the_way


class Channel(Protocol):
    """A way to a person, by mail."""

    def send(self, message: EmailMessage, recipients: Sequence[str] | None = None) -> Receipt:
        """Hand `message` over: to all its recipients, or to some of them only, such as a receipt's `later`.

        Raises DeliveryError if nobody got it.
        """


class NoticeChannel(Protocol):
    """A way to a person or a program, by anything else."""

    def send(self, notice: Notice) -> Receipt:
        """Hand `notice` over. Raises DeliveryError if it was not taken."""


class DocumentChannel(Protocol):
    """A way to a program that takes documents of ours."""

    def post(self, content: Mapping[str, Any], key: str) -> Receipt:
        """Hand `content` over; `key` names it for good. Raises DeliveryError if it was not taken."""
