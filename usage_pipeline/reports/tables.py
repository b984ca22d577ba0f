"""Breakdowns as they are printed: groups with shares, amounts in cents that add up, the tail folded into one line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.tables.summary import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed line of a breakdown. `width` is the share bar's, in percent of its track."""

    label: str
    note: str = ""
    colour: str = ""
    width: str = "0%"
    percent: str = ""
    requests: str = ""
    tokens: str = ""
    quantity: str = ""
    budget: str = ""
    over: bool = False
    moved: str = ""
    cost: str = ""
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """A printed table: its lines sum to `total`, cent for cent."""

    title: str
    head: str
    lines: tuple[Line, ...]
    total: Line
    note: str = ""


Describe = Callable[[Group], dict[str, object]]


def breakdown(
    title: str,
    dimension: str,
    groups: Sequence[Group],
    *,
    currency: str,
    most: int,
    head: str = "",
    rest: str = "others",
    describe: Describe | None = None,
    note: str = "",
) -> Breakdown:
    """The dearest `most` groups, the others as one line, and their total. `describe` adds to a line what only the caller knows."""
    cents = money.round_parts([group.cost for group in groups])
    shown = len(groups) if len(groups) <= most + 1 else most
    lines = [
        _line(dimension, group, cost, currency, describe(group) if describe else {})
        for group, cost in zip(groups[:shown], cents[:shown], strict=True)
    ]
    if shown < len(groups):
        lines.append(_rest(groups[shown:], cents[shown:], currency, rest))
    total = Line(
        label="Total",
        requests=words.count(sum(group.requests for group in groups)),
        tokens=words.compact(money.total([group.tokens for group in groups])),
        cost=words.amount(money.total(cents), currency),
    )
    return Breakdown(title=title, head=head or dimension.capitalize(), lines=tuple(lines), total=total, note=note)


def width(percent: Decimal | None) -> str:
    """A bar's width: between 0 and 100 percent, whatever credits do to shares."""
    return f"{min(max(percent or money.ZERO, money.ZERO), Decimal(100)).quantize(money.CENT)}%"


def _line(dimension: str, group: Group, cost: Decimal | None, currency: str, more: dict[str, object]) -> Line:
    key = None if group.key is None else str(group.key)
    values: dict[str, object] = {
        "label": words.name_of(dimension, key),
        "width": width(group.percent),
        "percent": words.percent(group.percent),
        "requests": words.count(group.requests) if group.requests else words.NONE,
        "tokens": words.compact(group.tokens) if group.tokens else words.NONE,
        "quantity": "" if group.quantity is None else words.compact(group.quantity),
        "cost": words.amount(cost, currency),
        "muted": cost is None or key is None,
    }
    return Line(**(values | more))  # type: ignore[arg-type]


def _rest(groups: Sequence[Group], cents: Sequence[Decimal | None], currency: str, name: str) -> Line:
    share = money.total([group.percent for group in groups])
    tokens = money.total([group.tokens for group in groups])
    return Line(
        label=f"{len(groups)} {name}",
        width=width(share),
        percent=words.percent(share),
        requests=words.count(sum(group.requests for group in groups)),
        tokens=words.compact(tokens) if tokens else words.NONE,
        cost=words.amount(money.total(cents), currency),
        muted=True,
    )
