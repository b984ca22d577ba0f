"""Messages as text that a row keeps, and back: a mail byte for byte as it was written first, a notice as JSON.

The row keeps the message itself, not what it was made of: costs, prices and templates may be others when it is sent again.
"""

import json
import re
from dataclasses import asdict
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from usage_pipeline.tables.notices import Link, Notice

_FIRST_EMPTY = re.compile(r"^Subject: ?\r\n (.{1,60}) ", re.MULTILINE)

AS_WRITTEN = SMTP.clone(refold_source="none")


def packed_mail(message: EmailMessage) -> str:
    """The message's bytes, all of which are ASCII. A long subject begins on its first line: Python's folding may leave that one empty."""
    head, end, body = message.as_bytes(policy=SMTP).decode("ascii").partition("\r\n\r\n")
    return _FIRST_EMPTY.sub(r"Subject: \1\r\n ", head) + end + body


def unpacked_mail(text: str) -> EmailMessage:
    """The message whose bytes are again those of `text`."""
    return message_from_bytes(text.encode("ascii"), policy=AS_WRITTEN)


def packed_notice(notice: Notice) -> str:
    told = asdict(notice) | {"occurred_at": notice.occurred_at.isoformat(), "as_of": notice.as_of.isoformat(), "facts": dict(notice.facts)}
    return json.dumps(told, sort_keys=True)


def unpacked_notice(text: str) -> Notice:
    told = json.loads(text)
    links = tuple(Link(**one) for one in told.pop("links"))
    moment, day = datetime.fromisoformat(told.pop("occurred_at")), date.fromisoformat(told.pop("as_of"))
    return Notice(**told, links=links, occurred_at=moment, as_of=day)
