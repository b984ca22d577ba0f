"""A finding: what people must know before they trust a run's numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

FILES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding in words. `blocks`: the period cannot be closed with it; exit code 3. `amount` in the reporting currency."""

    code: str
    blocks: bool
    count: int
    amount: Decimal | None
    words: str


def files_told(uris: Sequence[str]) -> str:
    """The first of these uris, and how many more there are."""
    more = len(uris) - FILES_SHOWN
    return ", ".join(uris[:FILES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def first_of(words: Sequence[str], shown: int) -> str:
    """The first of these words, and how many more there are."""
    more = len(words) - shown
    return "; ".join(words[:shown]) + (f"; and {more} more" if more > 0 else "")
