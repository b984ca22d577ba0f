"""Whose part of a shared bill line is how large: the first of these that tells anything.

A rule of usage.yaml; the usage that the line stands for (same model and meter); the usage of its model; and then, for a line of usage,
the channel's usage of the day, and for a tax, credit or adjustment what the channel billed for usage on that day, as these follow the
bill. Nothing deals out a purchase but a rule: a year's commitment is no matter of who used most on the day it was bought.
What nothing tells is `unattributed`. Shares are money at our rates where all of it is known, else units of the meter.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.bill import ANY, Bill, BillLine, Dimensions
from usage_pipeline.costs.usage_view import is_charged
from usage_pipeline.tables.allocations import BY_BILL, BY_CHANNEL, BY_MODEL, BY_USAGE, LEFT
from usage_pipeline.tables.bill_lines import PURCHASE
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.usage_costs import UsageCost
from usage_pipeline.tables.usage_events import PROVIDER_VIEW

Place = tuple[str, str | None, str]
"""(channel, model or ANY, meter or ANY)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How lines are dealt out: `weights` of the money and `units` of the quantity, one a project, in the order of their ids."""

    method: str
    rule: str | None = None
    projects: tuple[str, ...]
    weights: tuple[Decimal, ...]
    units: tuple[Decimal, ...]


Ruled = Mapping[tuple[str, str], Shares]
"""The shares of (rule, channel)."""


def unattributed(rule: str | None = None) -> Shares:
    """All of it to nobody."""
    return Shares(method=LEFT, rule=rule, projects=(UNATTRIBUTED,), weights=(Decimal(1),), units=(Decimal(1),))


def by_weight(weights: Mapping[str, Decimal], method: str, rule: str | None = None) -> Shares:
    """By plain weights, money and quantity alike; `unattributed` where none is above 0."""
    given = sorted((project, weight) for project, weight in weights.items() if weight > 0)
    if not given:
        return unattributed(rule)
    projects, shares = zip(*given, strict=True)
    return Shares(method=method, rule=rule, projects=projects, weights=shares, units=shares)


def shares_of(bill: Bill, usage: Sequence[UsageCost], ruled: Ruled) -> dict[Dimensions, Shares]:
    """How each shared line of `bill` is dealt out. `ruled`: the shares of the rules that it names."""
    shared = bill.shared
    wanted = {place for line in shared for place, _ in _places(bill, line)}
    used = _used(usage, wanted)
    found: dict[Dimensions, Shares] = {}
    for line in shared:
        if line.is_usage or line.rule or line.category == PURCHASE:
            found[line.dimensions] = _shares(bill, line, used, ruled)
    billed = _billed(bill, found)
    for line in shared:
        if line.dimensions not in found:
            found[line.dimensions] = _shares(bill, line, used, ruled, billed.get(line.channel))
    return found


def _shares(bill: Bill, line: BillLine, used: Mapping[Place, Shares], ruled: Ruled, billed: Shares | None = None) -> Shares:
    if line.rule is not None:
        return ruled[line.rule, line.channel]
    if line.category == PURCHASE:
        return unattributed()
    for place, method in _places(bill, line):
        if method == BY_CHANNEL and billed is not None:
            return billed
        if place in used:
            shares = used[place]
            return Shares(method=method, projects=shares.projects, weights=shares.weights, units=shares.units)
    return unattributed()


def _places(bill: Bill, line: BillLine) -> list[tuple[Place, str]]:
    """The usage to look at, the nearest first."""
    reach = bill.reach(line)
    places = [] if reach is None else [((line.channel, *reach), BY_USAGE)]
    if line.model is not None:
        places.append(((line.channel, line.model, ANY), BY_MODEL))
    return [*places, ((line.channel, ANY, ANY), BY_CHANNEL)]


def _billed(bill: Bill, found: Mapping[Dimensions, Shares]) -> dict[str, Shares]:
    """Per channel: whose the lines of usage are, by amount. None for a channel where somebody's are below 0."""
    amounts: dict[str, dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for line in bill.lines:
        if not line.is_usage:
            continue
        if line.project is not None:
            amounts[line.channel][line.project].append(line.amount)
            continue
        shares = found[line.dimensions]
        for project, part in zip(shares.projects, money.allocate(line.amount, shares.weights), strict=True):
            amounts[line.channel][project].append(part)
    totals = {channel: {project: money.total(parts) for project, parts in by_project.items()} for channel, by_project in amounts.items()}
    return {
        channel: by_weight(by_project, BY_BILL)
        for channel, by_project in totals.items()
        if any(by_project.values()) and min(by_project.values()) >= 0
    }


@dataclass(slots=True)
class _Used:
    """What one project used."""

    quantity: Decimal = money.ZERO
    net_cost: Decimal | None = money.ZERO

    def add(self, row: UsageCost) -> None:
        self.quantity = money.total([self.quantity, row.quantity])
        unknown = self.net_cost is None or row.net_cost is None
        self.net_cost = None if unknown else money.total([self.net_cost, row.net_cost])


def _used(usage: Sequence[UsageCost], wanted: set[Place]) -> dict[Place, Shares]:
    """Per wanted place: what each project used, in the provider's view if that has any of it, else in the logs."""
    views: dict[Place, dict[bool, dict[str, _Used]]] = {key: {True: defaultdict(_Used), False: defaultdict(_Used)} for key in wanted}
    for row in usage if wanted else ():
        if not is_charged(row):
            continue
        for model in (row.model, ANY):
            for meter in (row.meter, ANY):
                if (key := (row.channel, model, meter)) in views:
                    views[key][row.view == PROVIDER_VIEW][row.project or UNATTRIBUTED].add(row)
    shares = {key: _weighed(by_view[True] or by_view[False]) for key, by_view in views.items()}
    return {key: one for key, one in shares.items() if one is not None}


def _weighed(used: Mapping[str, _Used]) -> Shares | None:
    """None where nothing was used."""
    quantities = {project: one.quantity for project, one in used.items()}
    costs = {project: one.net_cost for project, one in used.items() if one.net_cost is not None}
    weights = costs if len(costs) == len(used) and any(costs.values()) else quantities
    if not any(weights.values()):
        return None
    projects = tuple(sorted(weights))
    units = quantities if any(quantities.values()) else weights
    return Shares(
        method=BY_USAGE,
        projects=projects,
        weights=tuple(weights[project] for project in projects),
        units=tuple(units[project] for project in projects),
    )
