"""What every way to a person has in common: one method, and two kinds of failure."""

from email.message import EmailMessage
from typing import Protocol

from usage_pipeline.errors import UsageError
from usage_pipeline.tables.alerts import Receipt


class DeliveryError(UsageError):
    """A message did not go out. Its text names the server or folder, what it said and the mend; never a password."""


class TemporaryDeliveryError(DeliveryError):
    """The server is away or says 'later' (4xx): send the same message again at the next check."""


class PermanentDeliveryError(DeliveryError):
    """The server says 'no' (5xx), or cannot be trusted: sending again changes nothing until something is mended."""


class Channel(Protocol):
    """A way to a person."""

    def send(self, message: EmailMessage) -> Receipt:
        """Hand `message` over. Raises DeliveryError if nobody got it."""
