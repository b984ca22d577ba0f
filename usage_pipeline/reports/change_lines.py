"""What changed and why, as printed: the change by cause, and what moved most, in cents that add up to the totals as they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.reports import words
from usage_pipeline.reports.changes import Changes
from usage_pipeline.reports.movers import Mover
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.span_lines import cents, signed
from usage_pipeline.tables.causes import CACHE, CHARGES, MIX, PRICE, VOLUME, Causes
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.summary import Group

MOVERS_MOST, TOLD_MOST = 5, 3
MEANINGS = {
    VOLUME: ("less used", "as much used", "more used"),
    PRICE: ("the same, cheaper", "at the same prices", "the same, dearer"),
    MIX: ("a cheaper mix", "the same mix", "a dearer mix of models"),
    CACHE: ("more from the cache", "as much from the cache", "less from the cache"),
    CHARGES: ("fewer fees, more credits", "as many fees", "fees, or fewer credits"),
}
"""Where it lowered the cost, left it, and raised it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoverLine:
    """One line of a table of movers. `percent` is '' where days are missing: it would mislead."""

    label: str
    why: str
    cost: str
    change: str
    percent: str
    up: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoverTable:
    """The lines sum to `total` in both columns."""

    head: str
    lines: tuple[MoverLine, ...]
    total: MoverLine

    @property
    def width(self) -> int:
        """What a column of amounts needs, in mm."""
        return max(15, 2 + max(len(text) for line in (*self.lines, self.total) for text in (line.cost, line.change)) * 3 // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLines:
    """`note`: what is held against what. `causes`: label, amount, meaning. `told`: by what, and the largest movers in words."""

    note: str
    causes: tuple[tuple[str, str, str], ...]
    movers: tuple[MoverTable, ...]
    told: tuple[tuple[str, tuple[str, ...]], ...]


def change_lines(snapshot: Snapshot) -> ChangeLines | None:
    """None where there is nothing to compare with."""
    found = snapshot.changes
    if found is None:
        return None
    tables = tuple(_table(snapshot, found, dimension, movers) for dimension, movers in found.movers)
    return ChangeLines(
        note=_note(found),
        causes=tuple(
            (name.capitalize(), signed(amount, snapshot.currency), MEANINGS[name][1 + (amount > 0) - (amount < 0)])
            for name, amount in _cause_cents(found.causes)
        ),
        movers=tables,
        told=tuple((table.head, _told(table)) for table in tables if _told(table)),
    )


def _note(found: Changes) -> str:
    """'1–31 October against 1–30 September'; and why it says little, where it does."""
    text = f"{_days(found.days)} against {_days(found.compared)}"
    if found.gaps:
        return f"{text}; {words.plural(found.gaps, 'day')} without data"
    if found.days_told < found.compared.days_count:
        return f"{text}, of which {words.plural(found.days_told, 'day')} may be all there is"
    return text


def _days(days: Period) -> str:
    first, last = words.short_day(days.start), words.short_day(days.last)
    return first if days.days_count == 1 else f"{first} – {last}"


def _change(causes: Causes) -> Decimal:
    """In the cents that both totals are shown in."""
    return money.total([cents(causes.now), -cents(causes.before)])


def _cause_cents(causes: Causes) -> list[tuple[str, Decimal]]:
    """The parts sum to the change as it is shown: the largest takes what rounding leaves over."""
    rounded = [amount or money.ZERO for amount in money.round_parts([amount for _, amount in causes.parts])]
    largest = max(range(len(rounded)), key=lambda place: abs(causes.parts[place][1]))
    rounded[largest] = money.total([rounded[largest], _change(causes), *(-amount for amount in rounded)])
    return [(name, amount) for (name, _), amount in zip(causes.parts, rounded, strict=True)]


def _table(snapshot: Snapshot, found: Changes, dimension: str, movers: Sequence[Mover]) -> MoverTable:
    """Costs are in the very cents that the statement shows them in elsewhere."""
    now = _shown(getattr(snapshot, f"by_{dimension}"))
    before = dict(zip((one.key for one in movers), money.round_parts([one.before for one in movers]), strict=True))
    rows = [(one, now.get(one.key), before[one.key]) for one in movers]
    rest, currency = rows[MOVERS_MOST:], snapshot.currency
    shown, rest = (rows, []) if len(rest) == 1 else (rows[:MOVERS_MOST], rest)
    lines = [_line(_name(snapshot, dimension, one.key), [(one, new, old)], found, currency) for one, new, old in shown]
    if rest:
        lines.append(_line(f"{len(rest)} more", rest, found, currency))
    causes = found.causes
    total = MoverLine(
        label="Total",
        why="",
        cost=words.amount(causes.now, currency),
        change=signed(_change(causes), currency),
        percent=words.change(causes.now, causes.before, 0) if found.is_whole else "",
    )
    return MoverTable(head=dimension.capitalize(), lines=tuple(lines), total=total)


def _shown(groups: Sequence[Group]) -> dict[str | None, Decimal | None]:
    parts = money.round_parts([group.cost for group in groups])
    return {None if group.key is None else str(group.key): part for group, part in zip(groups, parts, strict=True)}


def _line(label: str, rows: Sequence[tuple[Mover, Decimal | None, Decimal | None]], found: Changes, currency: str) -> MoverLine:
    news, olds = [new for _, new, _ in rows if new is not None], [old for _, _, old in rows if old is not None]
    new, old = money.total(news), money.total(olds)
    change, is_one = money.total([new, -old]), len(rows) == 1
    return MoverLine(
        label=label,
        why=rows[0][0].causes.main[0] if is_one and change else "",
        cost=words.amount(new, currency) if news else words.NONE,
        change=signed(change, currency) if news or olds else words.NONE,
        percent=words.change(new, old, 0) if (news or olds) and found.is_whole else "",
        up=change > 0,
        muted=not is_one,
    )


def _name(snapshot: Snapshot, dimension: str, key: str | None) -> str:
    if dimension != "project":
        return words.name_of(dimension, key)
    named = next((one for one in snapshot.projects if one.id == key), None)
    return words.UNKNOWN["project"] if key == UNATTRIBUTED else words.project_name(named) if named else words.clean(str(key))


def _told(table: MoverTable) -> tuple[str, ...]:
    """'gpt-5.1 +$12.10 (volume)', 'gpt-5-mini −$3.20 (price)'."""
    return tuple(f"{one.label} {one.change} ({one.why})" for one in table.lines if one.why)[:TOLD_MOST]
