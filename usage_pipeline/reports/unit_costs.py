"""What a unit costs: a thousand requests, a million tokens; by operation, model and project, beside the month before. Exact to 15 decimals.

Requests count only where somebody counts them: cost of a (project, channel, model) without counted requests is in no cost a request. What
has no price is in no unit cost: neither its requests nor its tokens.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.costs import Cost
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.summary import by, known_total, tokens_of

TOKENS_FROM = 1000
"""Tokens below which a price per million says nothing."""
THOUSAND, MILLION = Decimal(1000), Decimal(10**6)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCost:
    """Null where nobody counts the unit, nothing is priced, or (before) nothing is known."""

    key: str | None
    per_thousand: Decimal | None
    per_million: Decimal | None
    per_thousand_before: Decimal | None
    per_million_before: Decimal | None


def unit_costs(rows: Sequence[Cost], before: Sequence[Cost], dimension: str) -> tuple[UnitCost, ...]:
    """The groups of `rows` that have a unit cost, in the order of the statement's own lists: the dearest first."""
    now, then = _grouped(rows, dimension), _grouped(before, dimension)
    found = (_unit_cost(group.key, now[group.key], then.get(group.key, [])) for group in by(rows, dimension))
    return tuple(one for one in found if one.per_thousand is not None or one.per_million is not None)


def per_thousand_requests(rows: Sequence[Cost]) -> Decimal | None:
    """What a thousand counted requests with a price cost; null where there are none, or all that is known of them costs nothing."""
    counted = counted_rows(rows)
    cost = known_total(row.cost for row in counted)
    unpriced = sum(row.unpriced_events for row in counted)
    requests = sum(row.requests for row in counted) - unpriced
    if cost is None or requests <= 0 or (unpriced and not cost):
        return None
    return money.in_proportion(cost, THOUSAND, Decimal(requests))


def counted_rows(rows: Sequence[Cost]) -> list[Cost]:
    """Those of each (project, channel, model) whose requests somebody counts."""
    groups: dict[tuple[str, str, str | None], list[Cost]] = defaultdict(list)
    for row in rows:
        groups[row.project, row.channel, row.model].append(row)
    return [row for members in groups.values() if any(row.requests for row in members) for row in members]


def per_million_tokens(rows: Sequence[Cost]) -> Decimal | None:
    """What a million priced tokens cost; null for hardly any."""
    own = [row for row in rows if row.meter in TOKEN_METERS]
    cost = known_total(row.cost for row in own)
    tokens = money.total([tokens_of(row) for row in own] + [-row.unpriced_quantity for row in own])
    return None if cost is None or tokens < TOKENS_FROM else money.in_proportion(cost, MILLION, tokens)


def _unit_cost(key: object, now: Sequence[Cost], before: Sequence[Cost]) -> UnitCost:
    return UnitCost(
        key=None if key is None else str(key),
        per_thousand=per_thousand_requests(now),
        per_million=per_million_tokens(now),
        per_thousand_before=per_thousand_requests(before),
        per_million_before=per_million_tokens(before),
    )


def _grouped(rows: Sequence[Cost], dimension: str) -> dict[object, list[Cost]]:
    found: dict[object, list[Cost]] = defaultdict(list)
    for row in rows:
        found[getattr(row, dimension)].append(row)
    return found
