"""How a rule of `allocation:` deals out: evenly, by declared weights, by the projects' usage, or to nobody.

Usage that has no rate weighs nothing; the run's findings tell of it, and the month does not close while it is much.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.shares import Shares, by_weight, unattributed
from usage_pipeline.costs.usage_view import is_charged
from usage_pipeline.tables.allocations import BY_PROJECT_USAGE, EVEN, WEIGHTED
from usage_pipeline.tables.shared_costs import SharedCostRule
from usage_pipeline.tables.usage_costs import UsageCost
from usage_pipeline.tables.usage_events import PROVIDER_VIEW

Used = Mapping[str, Mapping[str, Decimal]]
"""By channel, then by project: what its usage costs at our rates."""


def shares_of_rule(rule: SharedCostRule, channel: str, used: Used) -> Shares:
    """The shares of lines of `channel` that `rule` takes; `used` is the usage of the time that the rule counts."""
    if rule.method == EVEN:
        return by_weight(dict.fromkeys(rule.projects, Decimal(1)), EVEN, rule.name)
    if rule.method == WEIGHTED:
        return by_weight(dict(rule.weights), WEIGHTED, rule.name)
    if rule.method == BY_PROJECT_USAGE:
        return by_weight(_weights(used, rule.channels or (channel,), rule.projects), BY_PROJECT_USAGE, rule.name)
    return unattributed(rule.name)


def _weights(used: Used, channels: Sequence[str], projects: Sequence[str]) -> dict[str, Decimal]:
    return {project: money.total([used.get(channel, {}).get(project) for channel in channels]) for project in projects}


def used_by_project(usage: Iterable[UsageCost]) -> Used:
    """What each project's usage of a day costs, by channel: in the provider's view where it has any of the channel, else in the logs."""
    amounts: dict[tuple[str, bool], dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for row in usage:
        if is_charged(row) and row.project is not None and row.net_cost is not None:
            amounts[row.channel, row.view == PROVIDER_VIEW][row.project].append(row.net_cost)
    chosen = {channel: amounts.get((channel, True)) or amounts[channel, False] for channel, _ in list(amounts)}
    return {channel: {project: money.total(costs) for project, costs in by_project.items()} for channel, by_project in chosen.items()}
