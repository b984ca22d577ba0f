"""How long a server asks to wait: the header Retry-After of an answer (RFC 9110 §10.2.3), as seconds."""

from datetime import UTC
from email.utils import parsedate_to_datetime


def seconds_asked(retry_after: str, date: str) -> int | None:
    """Seconds, given as such or as a date beside the answer's own `date`; None where there is none that can be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        until, now = (parsedate_to_datetime(one) for one in (text, date))
    except (TypeError, ValueError):
        return None
    until, now = (one if one.tzinfo else one.replace(tzinfo=UTC) for one in (until, now))
    return max(int((until - now).total_seconds()), 0)
