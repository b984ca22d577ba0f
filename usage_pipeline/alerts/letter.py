"""What the templates of a mail may show: everything in words, safe to put on a line. `phrasing.letter_of` writes it."""

from dataclasses import dataclass

from usage_pipeline.alerts.bar import Segment


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherBudget:
    name: str
    spent: str
    limit: str
    percent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A whole mail in words."""

    subject: str
    preheader: str
    organisation: str
    blocks: tuple[Block, ...]
    others: tuple[OtherBudget, ...]
    also: str
    why: str
    rule: str
    judged: str
