"""How long to wait before the same message is sent again: growing, spread, and never less than the server asks for."""

import hashlib
from datetime import timedelta

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=6)
LONGEST_ASKED = timedelta(hours=24)
SPREAD = 256


def wait_before(attempt: int, key: str, retry_after_seconds: int | None = None) -> timedelta:
    """The wait before attempt number `attempt` (2 for the first retry): 1, 2, 4 … minutes up to 6 hours, and up to a quarter more.

    What is added is decided by `key` and `attempt`, so that messages which failed together do not come back together, and the same
    question has the same answer. Raises ValueError for the first attempt, which waits for nothing.
    """
    if attempt < 2:  # noqa: PLR2004
        raise ValueError(f"attempt {attempt} waits for nothing")
    grown = min(FIRST * (1 << min(attempt - 2, 20)), LONGEST)
    spread = hashlib.sha256(f"{key}\n{attempt}".encode()).digest()[0]
    asked = min(timedelta(seconds=retry_after_seconds or 0), LONGEST_ASKED)
    return max(grown, asked) + grown * spread / (4 * SPREAD)
