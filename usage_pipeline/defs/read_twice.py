"""Bills and providers' usage that two sources of usage.yaml tell, or two exports of one: the engine's sums, and what they cost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.costs.read_twice import BILL, LOG, USAGE, DaySum, Key, Teller, TwiceRead, twice_read
from usage_pipeline.defs.read_twice_exports import CENTS, accounts_of, export_accounts, export_sums, exports_told, files_of, written_at
from usage_pipeline.defs.read_twice_lines import Lines
from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import METER_NAMES
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.usage_events import LOG_VIEW, PROVIDER_VIEW, SUCCESS

EVERY = "*"
"""The share of an export in all its accounts and billing periods."""

Costs = Mapping[tuple[str, date], Mapping[Teller, Decimal]]
"""What each tells that a channel's day costs, by channel and day."""


@dataclass(frozen=True, slots=True)
class Doubled:
    """Who tells the same, and what the days they share cost beyond the dearest of them. `files`: those of exports.

    `sums`: of those who tell of the same lines with other amounts, what each one's days cost that others have too; `newest`: whose files
    were written last, None where that is not known.
    """

    read: TwiceRead
    cost: Decimal
    files: Mapping[Teller, tuple[str, ...]] = field(default_factory=dict)
    sums: Mapping[Teller, Decimal] = field(default_factory=dict)
    newest: Teller | None = None


def doubled(lake: Lake, database: Database, days: Period) -> list[Doubled]:
    """All of `days`."""
    bills = lake.read(charges, days)
    bills = bills.mutate(day=bills.period_start.date(), cost=bills.billed_cost)
    every = lake.read(priced_usage, days)
    every = every.mutate(day=every.started_at.date(), cost=every.net_cost)
    usage = every.filter(every["view"] == PROVIDER_VIEW)
    logs = every.filter((every["view"] == LOG_VIEW) & (every.status == SUCCESS))
    return [*_bills(lake, database, bills), *_of_usage(lake, USAGE, usage), *_of_usage(lake, LOG, logs)]


def _bills(lake: Lake, database: Database, rows: ir.Table) -> list[Doubled]:
    """Exports are named once for all their accounts and billing periods."""
    wholes, several = _of_several(lake, rows), exports_told(lake, rows)
    sums: list[DaySum] = []
    accounts: dict[Key, dict[str, frozenset[str]]] = {}
    if wholes is not None:
        sums += _bill_sums(lake, wholes)
        accounts |= accounts_of(lake, BILL, wholes)
    if several is not None:
        parted = export_accounts(lake, several)
        sums += export_sums(lake, several, {**accounts, **parted})
        accounts |= parted
    costs: dict[tuple[str, date], dict[Teller, Decimal]] = defaultdict(dict)
    for one in sums:
        told = costs[one.channel, one.day]
        told[one.teller] = money.total([told.get(one.teller, money.ZERO), one.size])
    merged: dict[tuple[str, tuple[Teller, ...]], list[TwiceRead]] = defaultdict(list)
    for read in twice_read(sums, accounts, Lines(lake, wholes, several).alike):
        named = tuple(dict.fromkeys(one if one.is_whole else Teller(one.source, one.export, EVERY) for one in read.tellers))
        merged[read.channel, named].append(read)
    found: list[Doubled] = []
    for (channel, named), reads in merged.items():
        seen = tuple(sorted({day for read in reads for day in read.days}))
        cost = money.total([_beyond_the_dearest(read, costs) for read in reads])
        files = {} if several is None else files_of(lake, database, several, [one for one in named if not one.is_whole], seen)
        differs = any(read.differs for read in reads)
        twice = Doubled(TwiceRead(view=BILL, channel=channel, tellers=named, days=seen, differs=differs), cost, files)
        found.append(_with_sums(twice, reads, costs, written_at(lake, database, rows, named, seen)) if differs else twice)
    return found


def _with_sums(one: Doubled, reads: Sequence[TwiceRead], costs: Costs, written: Mapping[Teller, datetime]) -> Doubled:
    amounts: dict[Teller, list[Decimal]] = defaultdict(list)
    for read in reads:
        for teller in read.tellers:
            named = teller if teller.is_whole else Teller(teller.source, teller.export, EVERY)
            amounts[named] += [costs[read.channel, day].get(teller, money.ZERO) for day in read.days]
    latest = [teller for teller, time in written.items() if time == max(written.values())]
    sums = {teller: money.total(several) for teller, several in amounts.items()}
    return replace(one, sums=sums, newest=latest[0] if len(latest) == 1 else None)


def _of_usage(lake: Lake, view: str, rows: ir.Table) -> list[Doubled]:
    several = _of_several(lake, rows)
    if several is None:
        return []
    costs = _costs(lake, several)
    accounts = {} if view == LOG else accounts_of(lake, view, several)  # each log has its own names for keys
    return [Doubled(one, _beyond_the_dearest(one, costs)) for one in twice_read(_usage_sums(lake, several, view), accounts)]


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


def _costs(lake: Lake, rows: ir.Table) -> Costs:
    """0 where nothing is known."""
    grouped = rows.group_by("channel", "source", "day").agg(cost=rows.cost.sum())
    costs: dict[tuple[str, date], dict[Teller, Decimal]] = defaultdict(dict)
    for row in lake.engine.to_pyarrow(grouped).to_pylist():
        costs[row["channel"], row["day"]][Teller(row["source"])] = money.exact(row["cost"] or money.ZERO)
    return costs


def _beyond_the_dearest(one: TwiceRead, costs: Costs) -> Decimal:
    def beyond(amounts: Sequence[Decimal]) -> Decimal:
        return money.total([*amounts, -max(amounts)])

    by_day = (costs[one.channel, day] for day in one.days)
    return money.total([beyond([told[teller] for teller in one.tellers if teller in told]) for told in by_day])
