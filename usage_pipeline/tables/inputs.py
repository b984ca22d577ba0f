"""An input of a closed month: a file as it lay there when the month was closed, in the manifest of its revision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

NAMES = "names"
"""The kind of an input that is a list of names, and no source's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file version. `modified_at` is since when it says what it says, `read_at` when it was read first.

    `speaks_of_month`: else it only decides what counts, such as a request's first record of the day before. `is_replaced`: the file
    held more later on, and the newer version is an input as well, so that this one need not be there any more.
    """

    source: str
    kind: str
    uri: str
    sha256: str
    size_bytes: int
    modified_at: datetime
    read_at: datetime
    lines: int
    accepted: int
    duplicates: int
    rejected: int
    speaks_of_month: bool = True
    is_replaced: bool = False

    def document(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {
            "source": self.source,
            "kind": self.kind,
            "uri": self.uri,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "modified_at": self.modified_at.isoformat(),
            "read_at": self.read_at.isoformat(),
            "lines": self.lines,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "speaks_of_month": self.speaks_of_month,
            "is_replaced": self.is_replaced,
        }


def input_from(told: dict[str, Any]) -> Input:
    """What `document` wrote."""
    moments = {name: datetime.fromisoformat(told[name]) for name in ("modified_at", "read_at")}
    return Input(**told | moments)
