"""What the templates of a mail may show: everything in words, safe to put on a line. `phrasing.letter_of` writes it."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.alerts.bar import Segment
from usage_pipeline.alerts.chart import Bar
from usage_pipeline.tables.budgets import LEVELS
from usage_pipeline.tables.notices import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverRow:
    name: str
    amount: str
    share: str
    change: str
    rises: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverTable:
    head: str
    unit: str
    rows: tuple[DriverRow, ...]
    others: DriverRow | None
    compared_with: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One part of a change: its name, what it came to, and why in a word or two."""

    name: str
    amount: str
    note: str
    rises: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTable:
    """Why spending changed: a sentence, the parts that sum to it, and whose use of which model changed most."""

    sentence: str
    parts: tuple[ChangeRow, ...]
    movers_head: str
    movers: tuple[ChangeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartView:
    """The daily amounts as a picture: `alt`, `sentence` and `caption` say what is in it, `first` and `last` stand below its ends."""

    bars: tuple[Bar, ...]
    line: Decimal
    head: str
    alt: str
    sentence: str
    caption: str
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One budget in words."""

    level: str
    headline: str
    spent: str
    of_limit: str
    state: str
    percent: str
    bar: tuple[Segment, ...]
    forecast_label: str
    forecast: str
    forecast_percent: str
    forecast_over: bool
    crossing_label: str
    crossing: str
    left_label: str
    left: str
    advice: tuple[str, ...]
    drivers: tuple[DriverTable, ...]
    trust: tuple[str, ...]
    outlook: tuple[tuple[str, str], ...] = ()
    chart: ChartView | None = None
    why: ChangeTable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherBudget:
    name: str
    spent: str
    limit: str
    percent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that no budget's figures say, in words: what it is, why it is told and what it costs, and what to do."""

    level: str
    head: str
    text: str
    todo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A whole mail in words: blocks, or notes, or both; the most severe of each first."""

    subject: str
    preheader: str
    organisation: str
    blocks: tuple[Block, ...]
    others: tuple[OtherBudget, ...]
    also: str
    why: str
    rule: str
    judged: str
    notes: tuple[Note, ...] = ()
    links: tuple[Link, ...] = ()
    left_out: str = ""

    @property
    def level(self) -> str:
        """The most severe level of all that it tells."""
        return max([*(one.level for one in self.blocks), *(one.level for one in self.notes)], key=LEVELS.index)
