"""Usage without a rate, as people are told of it: how much, why, what it may have cost, and how to mend it.

Statements, mails and commands group the same rows the same way, and say the range of money in the same words. The price room fills in
range and hint (`prices/money_range.explainer`); where nobody did they are null. None of it is ever part of a total.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.costs import BILLED, DailyCost
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.summary import known_total

_TOKENS = frozenset(TOKEN_METERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpriced:
    """Usage of one model without a rate, for one reason (a price state). `quantities` are (meter, units) pairs.

    `project` None: of all projects. `billed`: a bill has its cost all the same. `day` is the last day of it. `low` and `high` are what
    it may have cost, at that day's prices and under the condition `range_if`; null where nobody can say. `hint` is how to mend it.
    """

    project: str | None
    channel: str
    provider: str | None
    model: str | None
    reason: str | None
    events: int
    tokens: Decimal
    quantities: tuple[tuple[str, Decimal], ...]
    day: date
    billed: bool = False
    low: Decimal | None = None
    high: Decimal | None = None
    range_if: str | None = None
    hint: str | None = None


Explain = Callable[[Unpriced], Unpriced]
"""The same row with its range of money and its hint."""


def as_it_is(row: Unpriced) -> Unpriced:
    """Explains nothing: no range, no hint."""
    return row


def unpriced_of(rows: Sequence[DailyCost], explain: Explain = as_it_is, *, by_project: bool = True) -> tuple[Unpriced, ...]:
    """The usage in `rows` that has no rate, the largest first: requests, then tokens."""
    groups: dict[tuple[object, ...], list[DailyCost]] = {}
    for row in rows:
        if row.unpriced_events or row.unpriced_quantity or row.cost is None:
            project = row.project if by_project else None
            key = (project, row.channel, row.provider, row.model, row.unpriced_reason, row.basis == BILLED)
            groups.setdefault(key, []).append(row)
    found = [explain(_group(members, by_project=by_project)) for members in groups.values()]
    return tuple(sorted(found, key=_largest_first))


def total_range(rows: Sequence[Unpriced]) -> tuple[Decimal | None, Decimal | None]:
    """What `rows` may have cost together beyond what bills have: at least, at most. The most is null as soon as one row's is."""
    open_rows = [row for row in rows if not row.billed]
    highs = [row.high for row in open_rows]
    return known_total(row.low for row in open_rows), None if None in highs else known_total(highs)


def range_words(low: Decimal | None, high: Decimal | None, condition: str | None, amount: Callable[[Decimal], str]) -> str:
    """'between $0.12 and $4.80 if it was a model of azure', 'about $0.12 ...', 'at least $0.12 ...'; '' where nothing is known."""
    if low is None:
        return ""
    if high is None:
        text = f"at least {amount(low)}"
    elif amount(low) == amount(high):
        text = f"about {amount(low)}"
    else:
        text = f"between {amount(low)} and {amount(high)}"
    return f"{text} {condition}" if condition else text


def _group(rows: Sequence[DailyCost], *, by_project: bool) -> Unpriced:
    meters: dict[str, list[Decimal]] = {}
    for row in rows:
        meters.setdefault(row.meter, []).append(row.unpriced_quantity)
    quantities = {meter: money.total(parts) for meter, parts in meters.items()}
    first = rows[0]
    return Unpriced(
        project=first.project if by_project else None,
        channel=first.channel,
        provider=first.provider,
        model=first.model,
        reason=first.unpriced_reason,
        events=sum(row.unpriced_events for row in rows),
        tokens=money.total([quantity for meter, quantity in quantities.items() if meter in _TOKENS]),
        quantities=tuple(sorted((meter, quantity) for meter, quantity in quantities.items() if quantity)),
        day=max(row.day for row in rows),
        billed=first.basis == BILLED,
    )


def _largest_first(row: Unpriced) -> tuple[int, Decimal, str, str, str, str, bool]:
    return (-row.events, -row.tokens, row.project or "", row.model or "", row.channel, row.reason or "", row.billed)
