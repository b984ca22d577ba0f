"""A cost row in the making: the day's stages fill it in, the last one turns it into a `DailyCost`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any

from usage_pipeline import money
from usage_pipeline.tables.costs import BILLED, UNATTRIBUTED, UNPRICED, DailyCost
from usage_pipeline.tables.meters import REQUESTS
from usage_pipeline.tables.months import nulls_first
from usage_pipeline.tables.summary import known_total
from usage_pipeline.tables.usage_costs import UsageCost
from usage_pipeline.tables.usage_events import SUCCESS

DIMENSIONS = ("project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status", "meter")
_KEY = attrgetter(*DIMENSIONS, "basis", "unpriced_reason")


@dataclass(slots=True, kw_only=True)
class Draft:
    """One row of usage, of a bill, or of both, before rows of equal key are merged. `basis` is that of its usage."""

    project: str
    channel: str
    model: str | None
    meter: str
    provider: str | None = None
    team: str | None = None
    user: str | None = None
    api_type: str | None = None
    operation: str | None = None
    status: str = SUCCESS
    quantity: Decimal = money.ZERO
    list_cost: Decimal | None = None
    estimated_cost: Decimal | None = None
    billed_cost: Decimal | None = None
    basis: str = BILLED
    unpriced_quantity: Decimal = money.ZERO
    unpriced_events: int = 0
    unpriced_reason: str | None = None
    credits: Decimal | None = None
    uncredited_events: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether the row says nothing: no quantity, no money, no credits, nothing unpriced."""
        amounts = (self.quantity, self.list_cost, self.estimated_cost, self.billed_cost, self.credits)
        return not (any(amounts) or self.unpriced_quantity or self.unpriced_events or self.uncredited_events)

    def settle(self) -> None:
        """Let the basis follow the amounts: billed where billed, unpriced where nothing is known."""
        if self.billed_cost is not None:
            self.basis = BILLED
        elif self.estimated_cost is None:
            self.basis = UNPRICED


def draft_of(row: UsageCost, basis: str) -> Draft:
    """The row as it stands; usage without a project belongs to `unattributed`. Requests are the quantity of their meter."""
    return Draft(
        project=row.project or UNATTRIBUTED,
        team=row.team,
        user=row.user,
        channel=row.channel,
        provider=row.provider,
        model=row.model,
        api_type=row.api_type,
        operation=row.operation,
        status=row.status,
        meter=row.meter,
        quantity=Decimal(row.requests or 0) if row.meter == REQUESTS else row.quantity,
        list_cost=row.list_cost,
        estimated_cost=row.net_cost,
        basis=basis,
        unpriced_quantity=row.unpriced_quantity,
        unpriced_events=row.unpriced_events,
        unpriced_reason=row.unpriced_reason,
        credits=row.credits,
        uncredited_events=row.uncredited_events,
    )


def merged(day: date, drafts: Iterable[Draft]) -> list[DailyCost]:
    """The day's rows: drafts of equal key summed, empty ones left out, in the order of their key."""
    groups: dict[tuple[Any, ...], list[Draft]] = defaultdict(list)
    for draft in drafts:
        if not draft.is_empty:
            draft.settle()
            groups[_KEY(draft)].append(draft)
    return [_row(day, groups[key]) for key in sorted(groups, key=nulls_first)]


def _row(day: date, drafts: Sequence[Draft]) -> DailyCost:
    first = drafts[0]
    quantity = money.total([one.quantity for one in drafts])
    estimated = known_total(one.estimated_cost for one in drafts)
    billed = known_total(one.billed_cost for one in drafts)
    return DailyCost(
        day=day,
        project=first.project,
        team=first.team,
        user=first.user,
        channel=first.channel,
        provider=first.provider,
        model=first.model,
        api_type=first.api_type,
        operation=first.operation,
        status=first.status,
        meter=first.meter,
        quantity=quantity,
        requests=int(quantity) if first.meter == REQUESTS else 0,
        list_cost=known_total(one.list_cost for one in drafts),
        estimated_cost=estimated,
        billed_cost=billed,
        cost=billed if billed is not None else estimated,
        basis=first.basis,
        unpriced_quantity=money.total([one.unpriced_quantity for one in drafts]),
        unpriced_events=sum(one.unpriced_events for one in drafts),
        unpriced_reason=first.unpriced_reason,
        credits=known_total(one.credits for one in drafts),
        uncredited_events=sum(one.uncredited_events for one in drafts),
    )
