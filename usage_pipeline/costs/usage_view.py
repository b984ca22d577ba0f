"""The usage of a day, each dollar of it once: the provider's view where a cell has one, split by the logs; else the logs.

A cell is one (channel, project, model). Views of one cell are never added: in a cell that the provider reports, its rows give
quantities and amounts, and the log rows only split them by team, user, operation, api_type. What they cannot explain keeps the
provider row's dimensions. Two things the logs add, because the provider's view does not have them at all: meters that it reports
nowhere on that channel that day (tool calls, say), and the number of requests where it does not count them (Anthropic).
Usage that no rule gives to a project is in what a higher view says of its model, whatever project that names.
Failures and answers from the gateway's cache are the logs' own rows: counted, at cost 0.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.draft import DIMENSIONS, Draft, draft_of, nulls_first
from usage_pipeline.costs.split import ONE, Cover, cover, covered_amount, dealt, less, step_of
from usage_pipeline.tables.costs import LOG_ESTIMATED, PROVIDER_ESTIMATED, UNATTRIBUTED, DailyCost
from usage_pipeline.tables.meters import REQUESTS
from usage_pipeline.tables.usage_costs import UsageCost
from usage_pipeline.tables.usage_events import PROVIDER_VIEW, SUCCESS

Cell = tuple[str, str, str | None]
"""(channel, project, model): where the highest view that exists gives the amount."""


def is_charged(row: UsageCost) -> bool:
    """Whether the row can cost anything: all but a log's failures and cache hits."""
    return row.view == PROVIDER_VIEW or row.status == SUCCESS


def cell_of(row: UsageCost | Draft | DailyCost) -> Cell:
    return (row.channel, row.project or UNATTRIBUTED, row.model)


def covered_by(cell: Cell) -> tuple[Cell, Cell]:
    """Where a row of `cell` gives the amount: there, and for usage of the model without a project, which must not be added to it."""
    channel, _, model = cell
    return cell, (channel, UNATTRIBUTED, model)


class Views:
    """Which rows of a day's usage give the amounts, and which only split them."""

    def __init__(self, usage: Sequence[UsageCost]) -> None:
        provided = [row for row in usage if row.view == PROVIDER_VIEW]
        self._provided = {cell for row in provided for cell in covered_by(cell_of(row))}
        self._counted = {cell for row in provided if row.meter == REQUESTS and row.requests for cell in covered_by(cell_of(row))}
        self._reported = {(row.channel, row.meter) for row in provided if row.meter != REQUESTS}

    def gives_amount(self, row: UsageCost) -> bool:
        if row.view == PROVIDER_VIEW:
            return True
        if not is_charged(row):
            return False
        cell = cell_of(row)
        if cell not in self._provided:
            return True
        return cell not in self._counted if row.meter == REQUESTS else (row.channel, row.meter) not in self._reported

    def gives_price(self, row: UsageCost) -> bool:
        """As above, save that a log's count of requests has no say in what the provider's rows cost."""
        return self.gives_amount(row) and (row.view == PROVIDER_VIEW or row.meter != REQUESTS or cell_of(row) not in self._provided)


def free_drafts(usage: Iterable[UsageCost]) -> list[Draft]:
    """Failed requests and gateway cache hits: their own rows, at cost 0."""
    return [_without_price(row) for row in usage if not is_charged(row)]


def chosen_usage(usage: Sequence[UsageCost]) -> list[Draft]:
    """What is charged, by the highest usage view of each cell. The order of `usage` does not matter."""
    views = Views(usage)
    drafts: list[Draft] = []
    splits: dict[tuple[Cell, str], tuple[list[UsageCost], list[UsageCost]]] = defaultdict(lambda: ([], []))
    for row in sorted((row for row in usage if is_charged(row)), key=_order):
        if row.view == PROVIDER_VIEW:
            splits[cell_of(row), row.meter][0].append(row)
        elif not views.gives_amount(row):
            splits[cell_of(row), row.meter][1].append(row)
        else:
            drafts.append(draft_of(row, LOG_ESTIMATED) if views.gives_price(row) else _without_price(row))
    for provider, log in splits.values():
        drafts += _split(provider, log)
    return drafts


def _without_price(row: UsageCost) -> Draft:
    """The row's quantity alone: at cost 0, with nothing to be priced."""
    draft = draft_of(row, LOG_ESTIMATED)
    draft.list_cost = draft.estimated_cost = money.ZERO
    draft.unpriced_quantity, draft.unpriced_events, draft.unpriced_reason = money.ZERO, 0, None
    return draft


@dataclass(slots=True)
class _Part:
    """A log row that explains: what it has left to explain with, and the draft that gathers what it gets."""

    draft: Draft
    quantity: Decimal
    left: Decimal
    own: dict[str, Decimal | None]

    def weight(self, amount: str) -> Decimal | None:
        own = self.own[amount]
        return own if own is None or self.left == self.quantity else money.share_of(own, self.left, self.quantity)


def _split(provider: Sequence[UsageCost], log: Sequence[UsageCost]) -> list[Draft]:
    """The provider's rows of one meter, split by the logs': equal api_types first, then what is left on both sides."""
    wholes = [draft_of(row, PROVIDER_ESTIMATED) for row in provider]
    parts = [_part(row) for row in log] if provider else []
    for api_type in sorted({one.api_type or "" for one in wholes} & {one.draft.api_type or "" for one in parts}):
        _explain(
            [one for one in wholes if (one.api_type or "") == api_type], [one for one in parts if (one.draft.api_type or "") == api_type]
        )
    _explain(wholes, parts)
    return [*(part.draft for part in parts), *wholes]


def _part(row: UsageCost) -> _Part:
    draft = draft_of(row, PROVIDER_ESTIMATED)
    own = {"list_cost": draft.list_cost, "estimated_cost": draft.estimated_cost}
    part = _Part(draft, draft.quantity, draft.quantity, own)
    draft.quantity, draft.list_cost, draft.estimated_cost = money.ZERO, None, None
    draft.unpriced_quantity, draft.unpriced_events, draft.unpriced_reason = money.ZERO, 0, None
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


_NAMES = ("view", *DIMENSIONS, "unpriced_reason", "quantity", "net_cost", "list_cost", "unpriced_quantity", "unpriced_events", "requests")


def _order(row: UsageCost) -> tuple[tuple[bool, object], ...]:
    return nulls_first([getattr(row, name) for name in _NAMES])
