"""Credits follow the requests: each request counted carries the credits of the row that knows most of it.

In: the provider's and the logs' rows of meter 'requests' of one cell, after the logs have explained what they can of the count. A log
knows the operation, which the provider does not: a request that a log explains has the log's credits, the rest has the provider's.
They are never added. Only where a log's credits are not known does it get those that the provider has for the explained requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.draft import Draft
from usage_pipeline.costs.split import less


@dataclass(frozen=True, slots=True)
class Counted:
    """The draft of a row, and what the row had before the split."""

    draft: Draft
    requests: Decimal
    credits: Decimal | None
    uncredited_events: int


def counted(draft: Draft) -> Counted:
    return Counted(draft, draft.quantity, draft.credits, draft.uncredited_events)


def carry_credits(provider: Sequence[Counted], log: Sequence[Counted]) -> None:
    """Give each draft the credits of the requests that it has now. A provider's row that counts no requests keeps its own."""
    explained: list[Decimal] = []
    for one in provider:
        if one.requests:
            _keep(one)
        if one.credits is not None:
            explained.append(less(one.credits, one.draft.credits or money.ZERO))
    shares = money.allocate(money.total(explained), [one.draft.quantity for one in log]) if log else []
    for one, share in zip(log, shares, strict=True):
        _keep(one)
        if one.credits is None and explained and one.draft.quantity:
            one.draft.credits, one.draft.uncredited_events = share, 0


def _keep(one: Counted) -> None:
    """Of the row's own credits, and of its events whose credits are unknown, the part of the requests that its draft has."""
    draft, left = one.draft, one.draft.quantity
    draft.credits, draft.uncredited_events = None, 0
    if left == one.requests != 0:
        draft.credits, draft.uncredited_events = one.credits, one.uncredited_events
    elif left:
        draft.credits = None if one.credits is None else money.share_of(one.credits, left, one.requests)
        draft.uncredited_events = -(-one.uncredited_events * int(left) // int(one.requests))
