"""Breakdowns as they are printed: groups with shares, amounts in cents that add up, the tail folded into one line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.tables.summary import Group, Totals, known_total

FULL = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed line of a breakdown. `width` is the share bar's, in percent of its track."""

    label: str
    colour: str = ""
    width: str = "0%"
    percent: str = ""
    requests: str = ""
    tokens: str = ""
    quantity: str = ""
    each: str = ""
    budget: str = ""
    over: bool = False
    moved: str = ""
    credits: str = ""
    cost: str = ""
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """A printed table: its lines sum to `total`, cent for cent."""

    title: str
    head: str
    lines: tuple[Line, ...]
    total: Line

    @property
    def has_credits(self) -> bool:
        """Whether a credit schedule is for any of it."""
        return self.total.credits != words.NONE

    @property
    def wide_width(self) -> int:
        """What the cost column of a table over the whole page needs, in mm."""
        return words.column_width((line.cost for line in (*self.lines, self.total)), 25)

    @property
    def credits_width(self) -> int:
        """What the credits column needs, in mm."""
        return words.column_width((line.credits for line in (*self.lines, self.total)), 18)

    @property
    def cost_width(self) -> int:
        """What the cost column needs, in mm."""
        return max(21, 2 + 2 * max(len(line.cost) for line in (*self.lines, self.total)) * 8 // 10)


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
) -> Breakdown:
    """The dearest `most` groups, the others as one line, and their total. `describe` adds to a line what only the caller knows."""
    cents = money.round_parts([_known(group) for group in groups])
    credited = credit_texts(groups)
    shown = len(groups) if len(groups) <= most + 1 else most
    largest = max((group.percent for group in groups if group.percent is not None), default=money.ZERO)
    lines = [
        _line(
            dimension,
            group,
            cost,
            currency,
            {"width": width(group.percent, largest), "credits": credits_text} | (describe(group) if describe else {}),
        )
        for group, cost, credits_text in zip(groups[:shown], cents[:shown], credited[:shown], strict=True)
    ]
    if shown < len(groups):
        lines.append(_rest(groups[shown:], cents[shown:], currency, rest, credit_texts(groups, shown)[-2]))
    total = Line(
        label="Total",
        requests=_sum_of_requests(groups),
        tokens=words.compact(money.total([group.tokens for group in groups])),
        cost=words.amount(money.total(cents), currency),
        credits=credited[-1],
    )
    return Breakdown(title=title, head=head or dimension.capitalize(), lines=tuple(lines), total=total)


def _known(group: Group) -> Decimal | None:
    """The group's cost; None where all that is known of it are requests that cost nothing, beside others without a price."""
    return group.cost if group.cost or not group.unpriced_events else None


def credit_texts(groups: Sequence[Group], shown: int | None = None) -> list[str]:
    """Each group's credits, those beyond `shown` together, and the total, as a column that adds up: hundredths only where there are any."""
    parts = money.round_parts([group.credits for group in groups])
    rest = [] if shown is None else [known_total(parts[shown:])]
    amounts = [*parts[:shown], *rest, known_total(parts)]
    places = 2 if any(one is not None and one != one.to_integral_value() for one in parts) else 0
    return [words.NONE if one is None else words.number(one, places) for one in amounts]


def project_cents(groups: Sequence[Group]) -> dict[str, Decimal]:
    """What each project is shown to cost, wherever the statement shows it."""
    cents = money.round_parts([group.cost for group in groups])
    return {str(group.key): cost for group, cost in zip(groups, cents, strict=True) if cost is not None}


def is_counted(one: Group | Totals) -> bool:
    """Whether somebody counted the requests: where there is cost or tokens, none at all means that nobody did."""
    return bool(one.requests) or not (one.cost or one.tokens)


def requests_text(one: Group | Totals) -> str:
    """'4,125'; '–' where nobody counted them, because unknown is not 0."""
    return words.count(one.requests) if is_counted(one) else words.NONE


def width(percent: Decimal | None, full: Decimal = FULL) -> str:
    """A bar's width as a part of `full`: between 0 and 100 percent, whatever credits do to shares."""
    part = money.percent(percent or money.ZERO, full)
    return f"{min(max(part, money.ZERO), FULL).quantize(money.CENT)}%"


def _line(dimension: str, group: Group, cost: Decimal | None, currency: str, more: dict[str, object]) -> Line:
    key = None if group.key is None else str(group.key)
    values: dict[str, object] = {
        "label": words.name_of(dimension, key),
        "percent": words.percent(group.percent),
        "requests": words.count(group.requests) if group.requests else words.NONE,
        "tokens": words.compact(group.tokens) if group.tokens else words.NONE,
        "quantity": words.compact(group.quantity) if group.quantity else words.NONE,
        "cost": words.amount(cost, currency),
        "muted": cost is None or key is None,
    }
    return Line(**(values | more))  # type: ignore[arg-type]


def _rest(groups: Sequence[Group], cents: Sequence[Decimal | None], currency: str, name: str, credits_text: str) -> Line:
    share = money.total([group.percent for group in groups])
    tokens = money.total([group.tokens for group in groups])
    return Line(
        label=f"{len(groups)} {name}",
        percent=words.percent(share),
        requests=_sum_of_requests(groups),
        tokens=words.compact(tokens) if tokens else words.NONE,
        cost=words.amount(known_total(cents), currency),
        credits=credits_text,
        muted=True,
    )


def _sum_of_requests(groups: Sequence[Group]) -> str:
    """The counted requests of all `groups`; '–' where nobody counted any."""
    requests = sum(group.requests for group in groups)
    return words.count(requests) if requests or all(is_counted(group) for group in groups) else words.NONE
