"""The usage of a day, each dollar of it once: the provider's view where a cell has one, split by the logs; else the logs.

A cell is one (channel, project, model). Views of one cell are never added: in a cell that the provider reports, its rows give
quantities and amounts, and the log rows only split them by team, user, operation, api_type. What they cannot explain keeps the
provider row's dimensions. Two things the logs add, because the provider's view does not have them at all: meters that it reports
nowhere on that channel that day (tool calls, say), and the number of requests where it does not count them (Anthropic).
Usage that no rule gives to a project is in what a higher view says of its model, whatever project that names.
Failures, answers from the gateway's cache and what a subscription includes are the logs' own rows: counted, at cost 0.
Credits are beside dollars and follow the requests: the view that counts a cell's requests gives its credits (`credit_split` where logs
explain the provider's count), the provider's where neither counts them. A bill changes no credits: they are of the usage.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from usage_pipeline import money
from usage_pipeline.costs.draft import DIMENSIONS, Draft, draft_of
from usage_pipeline.costs.usage_split import split_usage
from usage_pipeline.tables.costs import LOG_ESTIMATED, UNATTRIBUTED, DailyCost
from usage_pipeline.tables.meters import REQUESTS
from usage_pipeline.tables.months import nulls_first
from usage_pipeline.tables.usage_costs import UsageCost
from usage_pipeline.tables.usage_events import PROVIDER_VIEW, SUCCESS

Cell = tuple[str, str, str | None]
"""(channel, project, model): where the highest view that exists gives the amount."""


def is_charged(row: UsageCost) -> bool:
    """Whether the row can cost anything: all but a log's failures, cache hits and what a subscription includes."""
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
        self._owned = {cell_of(row) for row in provided}
        counts = [row for row in usage if row.meter == REQUESTS]
        self._logged = {cell_of(row) for row in counts if row.view != PROVIDER_VIEW and is_charged(row) and row.requests}
        self._credited = {
            (row.channel, row.model)
            for row in counts
            if row.view == PROVIDER_VIEW and row.credits is not None and self._provider_gives_credits(cell_of(row))
        }

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

    def gives_credits(self, row: UsageCost) -> bool:
        """Whether a charged row of meter 'requests' gives its credits, save what logs explain of a provider's count.

        Usage without a project has none of its own where the provider's, of whatever project, has credits for the model.
        """
        cell = cell_of(row)
        if row.view == PROVIDER_VIEW:
            return self._provider_gives_credits(cell)
        if not self.gives_amount(row):
            return False
        if cell in self._owned:
            return cell in self._logged
        return cell not in self._provided or (row.channel, row.model) not in self._credited

    def _provider_gives_credits(self, cell: Cell) -> bool:
        return cell in self._counted or cell not in self._logged


@dataclass(frozen=True, slots=True)
class Chosen:
    """Cost rows in the making, the usage whose amounts they share out, and the logs' that only split it."""

    usage: Sequence[UsageCost]
    split_by: Sequence[UsageCost]
    drafts: Sequence[Draft]


def free_drafts(usage: Iterable[UsageCost]) -> list[Draft]:
    """Failed requests and gateway cache hits: their own rows, at cost 0."""
    return [_without_price(row) for row in usage if not is_charged(row)]


def chosen_usage(usage: Sequence[UsageCost]) -> list[Draft]:
    """What is charged, by the highest usage view of each cell. The order of `usage` does not matter."""
    return [draft for one in chosen(usage) for draft in one.drafts]


def chosen(usage: Sequence[UsageCost]) -> list[Chosen]:
    """The same, each row with the usage that it is of."""
    views = Views(usage)
    found: list[Chosen] = []
    splits: dict[tuple[Cell, str], tuple[list[UsageCost], list[UsageCost]]] = defaultdict(lambda: ([], []))
    for row in sorted((_with_credits_once(row, views) for row in usage if is_charged(row)), key=_order):
        if row.view == PROVIDER_VIEW:
            splits[cell_of(row), row.meter][0].append(row)
        elif not views.gives_amount(row):
            splits[cell_of(row), row.meter][1].append(row)
        else:
            found.append(Chosen([row], [], [draft_of(row, LOG_ESTIMATED) if views.gives_price(row) else _without_price(row)]))
    found += [Chosen(provider, log, split_usage(provider, log)) for provider, log in splits.values()]
    return found


def _with_credits_once(row: UsageCost, views: Views) -> UsageCost:
    """The row, without credits where another view gives them. What only splits the provider's count keeps its own for the split."""
    if row.meter != REQUESTS or views.gives_credits(row) or not views.gives_amount(row):
        return row
    return replace(row, credits=None, uncredited_events=0)


def _without_price(row: UsageCost) -> Draft:
    """The row's quantity alone: at cost 0, with nothing to be priced."""
    draft = draft_of(row, LOG_ESTIMATED)
    draft.list_cost = draft.estimated_cost = money.ZERO
    draft.unpriced_quantity, draft.unpriced_events, draft.unpriced_reason = money.ZERO, 0, None
    return draft


_AMOUNTS = ("quantity", "net_cost", "list_cost", "unpriced_quantity", "unpriced_events", "requests", "credits", "uncredited_events")
_NAMES = ("view", *DIMENSIONS, "unpriced_reason", *_AMOUNTS)


def _order(row: UsageCost) -> tuple[tuple[bool, object], ...]:
    return nulls_first([getattr(row, name) for name in _NAMES])
