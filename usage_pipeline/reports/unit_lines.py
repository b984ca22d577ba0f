"""Unit costs as printed: what a thousand requests and a million tokens cost, and how that moved against the month before."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.unit_costs import UnitCost, unit_costs

MOST = 6
FINE = Decimal("0.1")
"""Below it a unit cost keeps four decimals, so that it is not told as nothing."""
DIMENSIONS = ("operation", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLine:
    """'–' where nobody counts the unit; a change is '' without a month before."""

    label: str
    per_thousand: str
    thousand_moved: str
    per_million: str
    million_moved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTable:
    """The dearest of one dimension, and how many more there are in statement.json."""

    head: str
    lines: tuple[UnitLine, ...]
    left: int


def unit_tables(snapshot: Snapshot) -> tuple[UnitTable, ...]:
    """By operation and by model; nothing of what costs nothing."""
    before = () if snapshot.changes is None else snapshot.changes.rows
    found = [(name, [one for one in unit_costs(snapshot.rows, before, name) if one.per_thousand or one.per_million]) for name in DIMENSIONS]
    return tuple(
        UnitTable(
            head=name.capitalize(),
            lines=tuple(_line(name, one, snapshot.currency) for one in units[:MOST]),
            left=max(0, len(units) - MOST),
        )
        for name, units in found
        if units
    )


def per_thousand_texts(snapshot: Snapshot, dimension: str) -> dict[str | None, str]:
    """What a thousand requests cost, by key: for a table that has a column of it."""
    found = unit_costs(snapshot.rows, (), dimension)
    return {one.key: _amount(one.per_thousand, snapshot.currency) for one in found}


def _line(dimension: str, one: UnitCost, currency: str) -> UnitLine:
    return UnitLine(
        label=words.name_of(dimension, one.key),
        per_thousand=_amount(one.per_thousand, currency),
        thousand_moved=_moved(one.per_thousand, one.per_thousand_before),
        per_million=_amount(one.per_million, currency),
        million_moved=_moved(one.per_million, one.per_million_before),
    )


def _amount(value: Decimal | None, currency: str) -> str:
    if value is None:
        return words.NONE
    return words.amount(value, currency, 4 if value and abs(value) < FINE else 2)


def _moved(now: Decimal | None, before: Decimal | None) -> str:
    return "" if now is None or before is None or before == money.ZERO else words.change(now, before, 0)
