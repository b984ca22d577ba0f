"""Bills and providers' usage that two sources of usage.yaml tell: the engine's sums, and what they come to in money."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.costs.read_twice import ACCOUNTS, BILL, LOG, USAGE, DaySum, Key, TwiceRead, twice_read
from usage_pipeline.periods import Period
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import METER_NAMES
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.usage_events import LOG_VIEW, PROVIDER_VIEW, SUCCESS

CENTS = "decimal(38, 2)"


@dataclass(frozen=True, slots=True)
class Doubled:
    """Sources that tell the same, and what the days they share cost beyond the dearest of them."""

    read: TwiceRead
    cost: Decimal


def doubled(lake: Lake, days: Period) -> list[Doubled]:
    """All of `days`."""
    bills = lake.read(charges, days)
    bills = bills.mutate(day=bills.period_start.date(), cost=bills.billed_cost)
    every = lake.read(priced_usage, days)
    every = every.mutate(day=every.started_at.date(), cost=every.net_cost)
    usage = every.filter(every["view"] == PROVIDER_VIEW)
    logs = every.filter((every["view"] == LOG_VIEW) & (every.status == SUCCESS))
    found: list[Doubled] = []
    for view, rows in ((BILL, bills), (USAGE, usage), (LOG, logs)):
        several = _of_several(lake, rows)
        if several is None:
            continue
        costs = _costs(lake, several)
        sums = _bill_sums(lake, several) if view == BILL else _usage_sums(lake, several, view)
        read = twice_read(sums, {} if view == LOG else _accounts(lake, view, several))  # each log has its own names for keys
        found += [Doubled(one, _beyond_the_dearest(one, costs)) for one in read]
    return found


def _of_several(lake: Lake, rows: ir.Table) -> ir.Table | None:
    """The rows on channels that more than one source speaks of; None if there are none, which is the usual case."""
    pairs = lake.engine.to_pyarrow(rows.select("channel", "source").distinct()).to_pylist()
    channels = [row["channel"] for row in pairs]
    several = sorted({channel for channel in channels if channels.count(channel) > 1})
    return rows.filter(rows.channel.isin(several)) if several else None


def _bill_sums(lake: Lake, rows: ir.Table) -> list[DaySum]:
    grouped = rows.group_by("channel", "source", "day", "meter").agg(
        size=rows.billed_cost.sum(), lines=rows.count(), is_rounded=(rows.billed_cost.cast(CENTS) == rows.billed_cost).all()
    )
    return [DaySum(view=BILL, **row) for row in lake.engine.to_pyarrow(grouped).to_pylist()]


def _usage_sums(lake: Lake, rows: ir.Table, view: str) -> list[DaySum]:
    grouped = rows.group_by("channel", "source", "day").agg(**{meter: rows[meter].sum() for meter in METER_NAMES})
    return [
        DaySum(view=view, channel=row["channel"], source=row["source"], day=row["day"], meter=meter, size=Decimal(row[meter]))
        for row in lake.engine.to_pyarrow(grouped).to_pylist()
        for meter in METER_NAMES
        if row[meter]
    ]


def _accounts(lake: Lake, view: str, rows: ir.Table) -> dict[Key, dict[str, frozenset[str]]]:
    named: dict[Key, dict[str, frozenset[str]]] = defaultdict(dict)
    for column in (name for name in ACCOUNTS if name in rows.columns):
        values: dict[Key, set[str]] = defaultdict(set)
        distinct = rows.filter(rows[column].notnull()).select("channel", "source", column).distinct()
        for row in lake.engine.to_pyarrow(distinct).to_pylist():
            values[view, row["channel"], row["source"]].add(row[column])
        for key, found in values.items():
            named[key][column] = frozenset(found)
    return named


def _costs(lake: Lake, rows: ir.Table) -> dict[tuple[str, date], dict[str, Decimal]]:
    """What each source says that a channel's day costs; 0 where nothing is known."""
    grouped = rows.group_by("channel", "source", "day").agg(cost=rows.cost.sum())
    costs: dict[tuple[str, date], dict[str, Decimal]] = defaultdict(dict)
    for row in lake.engine.to_pyarrow(grouped).to_pylist():
        costs[row["channel"], row["day"]][row["source"]] = money.exact(row["cost"] or money.ZERO)
    return costs


def _beyond_the_dearest(one: TwiceRead, costs: Mapping[tuple[str, date], Mapping[str, Decimal]]) -> Decimal:
    def beyond(amounts: Sequence[Decimal]) -> Decimal:
        return money.total([*amounts, -max(amounts)])

    by_day = (costs[one.channel, day] for day in one.days)
    return money.total([beyond([told[source] for source in one.sources if source in told]) for told in by_day])
