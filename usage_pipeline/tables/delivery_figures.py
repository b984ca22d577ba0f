"""What a mail says of a report that it brings: figures as the report's own JSON file has them, exact; and its files."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.tables.report_deliveries import SentFile
from usage_pipeline.tables.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`cost` None: not known. `before` is that of `before_words`, the span that it is compared with; None where it has no data,
    or where `before_gap` says in words that no source speaks of some of its days.

    `budget` is (spent, limit) of the scope's own budget for the month. `revision` of a closed month; `replaced` the one before it and its
    cost. `open` are sentences: what is missing or may still change.
    """

    label: str
    span: Span
    scope_name: str
    organisation: str
    currency: str
    cost: Decimal | None
    before: Decimal | None
    before_words: str
    before_gap: str = ""
    budget: tuple[Decimal, Decimal] | None
    grade: str | None
    requests: int | None
    revision: int | None
    replaced: tuple[int, Decimal | None] | None
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """The files of a mail, and how it came: `why` it was sent, `due` when it was due (in words), `is_preview`, `is_again`."""

    files: tuple[SentFile, ...]
    why: str
    due: str
    is_preview: bool = False
    is_again: bool = False
    attach_words: str = ""
