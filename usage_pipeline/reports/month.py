"""A month's cost rows: its daily rows summed over the days, by every other column of the key. What the CSV lists."""

from collections.abc import Sequence
from datetime import date

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.tables.costs import DailyCost, MonthlyCost, monthly_costs
from usage_pipeline.tables.summary import known_total

KEY = tuple(name for name in monthly_costs.key if name != "month")
Key = tuple[str | None, ...]


def month_rows(daily: Sequence[DailyCost], month: Period) -> tuple[MonthlyCost, ...]:
    """`daily` summed to one row a key, in the order of the key (null first)."""
    groups: dict[Key, list[DailyCost]] = {}
    for row in daily:
        groups.setdefault(tuple(getattr(row, name) for name in KEY), []).append(row)
    return tuple(_sum(groups[key], month.start) for key in sorted(groups, key=_order))


def _order(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((part is not None, part or "") for part in key)


def _sum(rows: list[DailyCost], month: date) -> MonthlyCost:
    first = rows[0]
    return MonthlyCost(
        month=month,
        days_count=len({row.day for row in rows}),
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
        basis=first.basis,
        unpriced_reason=first.unpriced_reason,
        quantity=money.total([row.quantity for row in rows]),
        requests=sum(row.requests for row in rows),
        list_cost=known_total(row.list_cost for row in rows),
        estimated_cost=known_total(row.estimated_cost for row in rows),
        billed_cost=known_total(row.billed_cost for row in rows),
        cost=known_total(row.cost for row in rows),
        unpriced_quantity=money.total([row.unpriced_quantity for row in rows]),
        unpriced_events=sum(row.unpriced_events for row in rows),
    )
