"""Shares that moved: a rule that looks at a month's usage dealt out its first days by what was known of the month then."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.bill_query import PLACE
from usage_pipeline.costs.rule_shares import shares_of_rule
from usage_pipeline.defs.allocations import used_in
from usage_pipeline.defs.finding import Finding
from usage_pipeline.periods import Period, months_in
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.shared_costs import OVER_MONTH, SharedCostRule


def shares_moved(lake: Lake, days: Period, rules: Sequence[SharedCostRule]) -> Finding | None:
    """Days whose lines were dealt out by other shares than the month has by now."""
    asked = {rule.name: rule for rule in rules if rule.over == OVER_MONTH}
    by_month = [(month, _stale(lake, month, asked)) for month in months_in(days)] if asked else []
    stale = sorted(day for _, found in by_month for day in found)
    if not stale:
        return None
    dealt = money.total([_dealt(lake, month, found, asked) for month, found in by_month if found])
    what = "1 day was" if len(stale) == 1 else f"{len(stale)} days were"
    words = (
        f"{what} dealt out by other shares than {', '.join(sorted(asked))} of allocation in usage.yaml gives by now, as usage of the month"
        f" came in later: `usage-pipeline run --from {stale[0]} --to {stale[-1]}` deals them out anew."
    )
    return Finding(code="shares_moved", blocks=True, count=len(stale), amount=dealt, words=words)


def _dealt(lake: Lake, month: Period, days: set[date], asked: dict[str, SharedCostRule]) -> Decimal:
    """What the rules dealt out on these days, regardless of sign: some of it goes to others."""
    parts = lake.read(allocations, month)
    ours = parts.filter(parts.rule.isin(sorted(asked)) & parts.day.isin(sorted(days)))
    return lake.engine.to_pyarrow(ours.agg(amount=ours.amount.abs().sum())).to_pylist()[0]["amount"] or money.ZERO


def _stale(lake: Lake, month: Period, asked: dict[str, SharedCostRule]) -> set[date]:
    parts = lake.read(allocations, month)
    ours = parts.filter(parts.rule.isin(sorted(asked))).select(*PLACE, "rule", "project", "share")
    lines = lake.read(charges, month)
    named = ours.inner_join(lines.select("charge_id", "source", "channel", day=lines.period_start.date()), PLACE)
    rows = lake.engine.to_pyarrow(named.select("day", "rule", "channel", "project", "share").distinct()).to_pylist()
    if not rows:
        return set()
    used = used_in(lake, month)
    dealt: dict[tuple[date, str, str], dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        dealt[row["day"], row["rule"], row["channel"]][row["project"]] = row["share"]
    now = {(rule, channel): shares_of_rule(asked[rule], channel, used) for _, rule, channel in dealt}
    return {
        day
        for (day, rule, channel), shares in dealt.items()
        if shares != dict(zip(now[rule, channel].projects, now[rule, channel].weights, strict=True))
    }
