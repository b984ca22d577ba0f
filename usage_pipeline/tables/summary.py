"""What cost rows add up to: totals, and totals by one dimension. Pure functions over declared rows, for reports, alerts and commands.

Exact sums only; nothing is rounded but `percent`. A sum of nothing known is null in a group's row (null is never 0).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.costs import BILLED, UNATTRIBUTED, Cost
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, SUCCESS

METER = "meter"
_TOKENS = frozenset(TOKEN_METERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sum of cost rows, in the reporting currency. Unknown amounts are left out here and counted in `unpriced_events`.

    `requests` counts all of them; `failed_requests` and `cache_hits` are parts of it. `tokens` are those of successful requests: a
    failure and an answer from the gateway's cache use none of the provider's. `cost` = `cost_billed` + `cost_estimated`;
    `cost_unattributed` is the part of it that no rule gives to a project. `credits` are beside dollars, no part of them: null where no
    credit rule is for any row; those that a rule is for and that are unknown are left out and counted in `uncredited_events`.
    """

    requests: int
    failed_requests: int
    cache_hits: int
    tokens: Decimal
    list_cost: Decimal
    estimated_cost: Decimal
    billed_cost: Decimal
    cost: Decimal
    cost_billed: Decimal
    cost_estimated: Decimal
    cost_unattributed: Decimal
    unpriced_events: int
    unpriced_tokens: Decimal
    credits: Decimal | None
    uncredited_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The cost rows that share one value of a dimension. Money and credits are null where no row of the group knows them.

    `quantity` only by meter (units of different meters do not add). `percent` is the share of the total cost, 4 decimals.
    """

    key: str | date | None
    requests: int
    tokens: Decimal
    quantity: Decimal | None
    list_cost: Decimal | None
    estimated_cost: Decimal | None
    billed_cost: Decimal | None
    cost: Decimal | None
    percent: Decimal | None
    unpriced_events: int
    credits: Decimal | None
    uncredited_events: int


def tokens_of(row: Cost) -> Decimal:
    """The tokens a row stands for: its quantity on a token meter of successful requests, else 0."""
    return row.quantity if row.meter in _TOKENS and row.status == SUCCESS else money.ZERO


def totals(rows: Sequence[Cost]) -> Totals:
    """What `rows` (daily or monthly) sum to."""
    billed = money.total([row.cost for row in rows if row.basis == BILLED])
    cost = money.total([row.cost for row in rows])
    return Totals(
        requests=sum(row.requests for row in rows),
        failed_requests=sum(row.requests for row in rows if row.status == FAILURE),
        cache_hits=sum(row.requests for row in rows if row.status == CACHE_HIT),
        tokens=money.total([tokens_of(row) for row in rows]),
        list_cost=money.total([row.list_cost for row in rows]),
        estimated_cost=money.total([row.estimated_cost for row in rows]),
        billed_cost=money.total([row.billed_cost for row in rows]),
        cost=cost,
        cost_billed=billed,
        cost_estimated=money.total([cost, -billed]),
        cost_unattributed=money.total([row.cost for row in rows if row.project == UNATTRIBUTED]),
        unpriced_events=sum(row.unpriced_events for row in rows),
        unpriced_tokens=money.total([row.unpriced_quantity for row in rows if row.meter in _TOKENS]),
        credits=known_total(row.credits for row in rows),
        uncredited_events=sum(row.uncredited_events for row in rows),
    )


def by(rows: Sequence[Cost], dimension: str) -> list[Group]:
    """`rows` summed by the values of one column (project, model, user, meter, day, ...): dearest first, then by key, null keys last.

    The groups' requests, tokens and costs sum to those of `totals(rows)` exactly. Raises AttributeError for a column rows do not have.
    """
    groups: dict[str | date | None, list[Cost]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, dimension)].append(row)
    whole = money.total([row.cost for row in rows])
    return sorted((_group(key, members, dimension, whole) for key, members in groups.items()), key=_dearest_first)


def known_total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The exact sum of the known amounts; null where none is known."""
    known = [amount for amount in amounts if amount is not None]
    return money.total(known) if known else None


def _group(key: str | date | None, rows: Sequence[Cost], dimension: str, whole: Decimal) -> Group:
    cost = known_total(row.cost for row in rows)
    return Group(
        key=key,
        requests=sum(row.requests for row in rows),
        tokens=money.total([tokens_of(row) for row in rows]),
        quantity=money.total([row.quantity for row in rows]) if dimension == METER else None,
        list_cost=known_total(row.list_cost for row in rows),
        estimated_cost=known_total(row.estimated_cost for row in rows),
        billed_cost=known_total(row.billed_cost for row in rows),
        cost=cost,
        percent=None if cost is None else money.percent(cost, whole),
        unpriced_events=sum(row.unpriced_events for row in rows),
        credits=known_total(row.credits for row in rows),
        uncredited_events=sum(row.uncredited_events for row in rows),
    )


def _dearest_first(group: Group) -> tuple[bool, Decimal, bool, str]:
    return (group.cost is None, -(group.cost or money.ZERO), group.key is None, "" if group.key is None else str(group.key))
