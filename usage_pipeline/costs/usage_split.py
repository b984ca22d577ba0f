"""The provider's usage rows of one meter of one cell, split by the logs' rows of the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.credit_split import Counted, carry_credits, counted
from usage_pipeline.costs.draft import Draft, draft_of
from usage_pipeline.costs.split import ONE, Cover, cover, covered_amount, dealt, less, step_of
from usage_pipeline.tables.costs import PROVIDER_ESTIMATED
from usage_pipeline.tables.meters import REQUESTS
from usage_pipeline.tables.usage_costs import UsageCost


def split_usage(provider: Sequence[UsageCost], log: Sequence[UsageCost]) -> list[Draft]:
    """The provider's rows of one meter, split by the logs': equal api_types first, then what is left on both sides."""
    wholes = [draft_of(row, PROVIDER_ESTIMATED) for row in provider]
    parts = [_part(row) for row in log] if provider else []
    before = [counted(one) for one in wholes]
    for api_type in sorted({one.api_type or "" for one in wholes} & {one.draft.api_type or "" for one in parts}):
        _explain(
            [one for one in wholes if (one.api_type or "") == api_type], [one for one in parts if (one.draft.api_type or "") == api_type]
        )
    _explain(wholes, parts)
    if provider and provider[0].meter == REQUESTS:
        carry_credits(before, [part.before for part in parts])
    return [*(part.draft for part in parts), *wholes]


@dataclass(slots=True)
class _Part:
    """A log row that explains: what it has left to explain with, and the draft that gathers what it gets."""

    draft: Draft
    quantity: Decimal
    left: Decimal
    own: dict[str, Decimal | None]
    before: Counted

    def weight(self, amount: str) -> Decimal | None:
        own = self.own[amount]
        return own if own is None or self.left == self.quantity else money.share_of(own, self.left, self.quantity)


def _part(row: UsageCost) -> _Part:
    draft = draft_of(row, PROVIDER_ESTIMATED)
    own = {"list_cost": draft.list_cost, "estimated_cost": draft.estimated_cost}
    part = _Part(draft, draft.quantity, draft.quantity, own, counted(draft))
    draft.quantity, draft.list_cost, draft.estimated_cost = money.ZERO, None, None
    draft.unpriced_quantity, draft.unpriced_events, draft.unpriced_reason = money.ZERO, 0, None
    draft.credits, draft.uncredited_events = None, 0
    return part


def _explain(wholes: Sequence[Draft], parts: Sequence[_Part]) -> None:
    """Move what `parts` explain out of `wholes` into their drafts."""
    wholes = [one for one in wholes if one.quantity > 0]
    parts = [one for one in parts if one.left > 0]
    if not wholes or not parts:
        return
    match = cover([one.quantity for one in wholes], [one.left for one in parts])
    _move_amount("list_cost", wholes, parts, match)
    _move_amount("estimated_cost", wholes, parts, match)
    _move_unpriced(wholes, parts, match)
    for whole, taken in zip(wholes, match.taken, strict=True):
        whole.quantity = less(whole.quantity, taken)
    for part, given in zip(parts, match.given, strict=True):
        part.draft.quantity = money.total([part.draft.quantity, given])
        part.left = less(part.left, given)


def _move_amount(name: str, wholes: Sequence[Draft], parts: Sequence[_Part], match: Cover) -> None:
    known = [one for one in wholes if getattr(one, name) is not None]
    if not known:
        return
    covered = [covered_amount(getattr(one, name), match) for one in known]
    for whole, amount in zip(known, covered, strict=True):
        setattr(whole, name, less(getattr(whole, name), amount))
    shares = dealt(money.total(covered), [part.weight(name) for part in parts], match.given)
    for part, share in zip(parts, shares, strict=True):
        setattr(part.draft, name, money.total([getattr(part.draft, name), share]))


def _move_unpriced(wholes: Sequence[Draft], parts: Sequence[_Part], match: Cover) -> None:
    unpriced = [one for one in wholes if one.unpriced_quantity or one.unpriced_events or one.unpriced_reason]
    if not unpriced:
        return
    step = step_of([*(one.unpriced_quantity for one in unpriced), *match.given])
    quantities = [covered_amount(one.unpriced_quantity, match, step=step) for one in unpriced]
    events = [covered_amount(Decimal(one.unpriced_events), match, step=ONE) for one in unpriced]
    reason = max(unpriced, key=lambda one: (one.unpriced_quantity, one.unpriced_reason or "")).unpriced_reason
    for whole, quantity, count in zip(unpriced, quantities, events, strict=True):
        whole.unpriced_quantity, whole.unpriced_events = less(whole.unpriced_quantity, quantity), whole.unpriced_events - int(count)
    shares = zip(
        parts,
        dealt(money.total(quantities), match.given, match.given, step=step),
        dealt(money.total(events), match.given, match.given, step=ONE),
        strict=True,
    )
    for part, quantity, count in shares:
        part.draft.unpriced_quantity = money.total([part.draft.unpriced_quantity, quantity])
        part.draft.unpriced_events += int(count)
        part.draft.unpriced_reason = part.draft.unpriced_reason or reason
