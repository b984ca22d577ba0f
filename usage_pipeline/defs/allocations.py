"""Whose part of each shared bill line is how large."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

import dagster as dg
import ibis
import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.costs.allocation import deal, table_of
from usage_pipeline.costs.bill import Bill, ModelIds
from usage_pipeline.costs.bill_query import DAY, LINES, lines_to_deal, shared_of
from usage_pipeline.costs.rule_shares import Used, shares_of_rule, used_by_project
from usage_pipeline.costs.shares import Ruled, shares_of
from usage_pipeline.defs.bills import lines_of_day, model_ids_of, usage_by_day
from usage_pipeline.defs.closed import open_spans
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN, days_of
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.usage import by_day, report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, inclusive, month_of
from usage_pipeline.sources.shared_cost_rules import with_rule
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.allocations import METHODS, allocations
from usage_pipeline.tables.bill_lines import BilledLines, SharedCharge
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.shared_costs import OVER_MONTH, SharedCostRule
from usage_pipeline.tables.usage_costs import UsageCost
from usage_pipeline.tables.usage_events import PROVIDER_VIEW, SUCCESS

LINES_AT_ONCE, PARTS_AT_ONCE = 100_000, 1_000_000


@dg.asset(
    key=allocations.name,
    deps=[charges.name, priced_usage.name],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="costs",
    kinds={"python", "parquet"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(allocations)},
)
def allocations_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Each bill line that names no project, and each that a rule of usage.yaml takes, dealt out: method and ratio on every part."""
    tell("allocations")
    written: dict[date, int] = {}
    for span in open_spans(context, workplace):
        written |= allocate_days(workplace, span)
    report_days(context, written)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(written.values()),
            "rows by day": by_day(written),
            "by method": markdown(methods_of(workplace, days_of(context))),
        }
    )


def allocate_days(workplace: Workplace, days: Period) -> dict[date, int]:
    """Replace the allocations of `days` by those of their bills, usage and rules, as many days at once as memory is for; rows by day."""
    lake = workplace.lake(workplace.engine())
    left, batch, written = set(days.days()), dict[date, pa.Table](), dict[date, int]()
    for day, table in dealt_tables(workplace, lake, days, workplace.settings().shared_costs):
        batch[day] = table
        if sum(one.num_rows for one in batch.values()) >= PARTS_AT_ONCE:
            written |= _replace(lake, batch, list(batch))
            left -= set(batch)
            batch = {}
    return written | _replace(lake, batch, sorted(left))


def _replace(lake: Lake, tables: Mapping[date, pa.Table], days: Sequence[date]) -> dict[date, int]:
    whole = pa.concat_tables([allocations.schema.to_pyarrow().empty_table(), *tables.values()])
    return lake.replace(allocations, ibis.memtable(whole, schema=allocations.schema), days, day_column=DAY)


def dealt_tables(workplace: Workplace, lake: Lake, days: Period, rules: Sequence[SharedCostRule]) -> Iterator[tuple[date, pa.Table]]:
    """The parts of the shared lines of `days`, a day at a time."""
    billed = with_rule(lake.read(charges, days), rules)
    answer = lake.engine.to_pyarrow(lines_to_deal(billed))
    counts = Counter[date]()
    for day, project, is_named, lines in zip(*(answer[name].to_pylist() for name in (DAY, "project", "names_project", LINES)), strict=True):
        counts[day] += lines if project is None and not is_named else 0
    shared_days = sorted(+counts)
    if not shared_days:
        return
    lines = lines_of_day(answer)
    names = model_ids_of(workplace, lines, days)
    usage = usage_by_day(lake, inclusive(shared_days[0], shared_days[-1]), _channels(shared_days, lines, rules))
    months = _Months(lake, rules)
    for span in _spans(shared_days, counts):
        charged = _shared(lake, span, rules)
        for day in span.days():
            if day in charged:
                yield day, _dealt(day, charged[day], lines[day], usage.get(day, []), names[day], rules, months.used(day))


def _dealt(
    day: date,
    charged: Sequence[SharedCharge],
    lines: Sequence[BilledLines],
    usage: Sequence[UsageCost],
    model_ids: ModelIds,
    rules: Sequence[SharedCostRule],
    of_month: Used,
) -> pa.Table:
    today, named = used_by_project(usage), {rule.name: rule for rule in rules}
    ruled: Ruled = {
        (line.rule, line.channel): shares_of_rule(rule, line.channel, of_month if rule.over == OVER_MONTH else today)
        for line in lines
        if line.rule is not None and (rule := named[line.rule])
    }
    shares = shares_of(Bill(lines, model_ids), usage, ruled)
    return table_of(day, deal(charged, shares, model_ids))


def _channels(days: Sequence[date], lines: Mapping[date, Sequence[BilledLines]], rules: Sequence[SharedCostRule]) -> set[str]:
    shared = {line.channel for day in days for line in lines[day] if line.project is None and not line.names_project}
    return shared.union(*(rule.channels for rule in rules))


def _spans(days: Sequence[date], counts: Mapping[date, int]) -> Iterator[Period]:
    """Runs of days whose shared lines are read at once."""
    read = 0
    numbers: list[int] = []
    for day in days:
        read += counts[day]
        numbers.append(read // LINES_AT_ONCE)
    for _, group in groupby(zip(days, numbers, strict=True), key=lambda pair: pair[1]):
        span = [day for day, _ in group]
        yield inclusive(span[0], span[-1])


def _shared(lake: Lake, days: Period, rules: Sequence[SharedCostRule]) -> dict[date, list[SharedCharge]]:
    found: dict[date, list[SharedCharge]] = {}
    for record in lake.engine.to_pyarrow(shared_of(with_rule(lake.read(charges, days), rules))).to_pylist():
        found.setdefault(record.pop(DAY), []).append(SharedCharge(**record))
    return found


class _Months:
    """What projects used in the months that rules look at, each month worked out once."""

    def __init__(self, lake: Lake, rules: Sequence[SharedCostRule]) -> None:
        self._lake, self._is_asked = lake, any(rule.over == OVER_MONTH for rule in rules)
        self._known: dict[Period, Used] = {}

    def used(self, day: date) -> Used:
        month = month_of(day)
        if self._is_asked and month not in self._known:
            self._known[month] = used_in(self._lake, month)
        return self._known.get(month, {})


def used_in(lake: Lake, days: Period) -> Used:
    """What each project's usage of all of `days` costs, by channel: in the provider's view where it has any of the channel."""
    priced = lake.read(priced_usage, days)
    charged = priced.filter((priced.view == PROVIDER_VIEW) | (priced.status == SUCCESS), priced.project.notnull())
    sums = charged.group_by("channel", "project", is_provider=charged.view == PROVIDER_VIEW).agg(cost=charged.net_cost.sum())
    rows = lake.engine.to_pyarrow(sums).to_pylist()
    provided = {row["channel"] for row in rows if row["is_provider"] and row["cost"] is not None}
    found: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        if row["cost"] is not None and row["is_provider"] == (row["channel"] in provided):
            found.setdefault(row["channel"], {})[row["project"]] = row["cost"]
    return found


def methods_of(workplace: Workplace, days: Period) -> list[dict[str, object]]:
    """How much of the shared lines of `days` was dealt out how: method or rule, lines, amount, and what the method means."""
    lake = workplace.lake(workplace.engine())
    parts = lake.read(allocations, days)
    sums = parts.group_by("method", "rule").agg(
        lines=(parts.day.cast("string") + parts.source + parts.charge_id).nunique(), amount=parts.amount.sum()
    )
    rows = sorted(lake.engine.to_pyarrow(sums).to_pylist(), key=lambda row: (row["method"], row["rule"] or ""))
    return [row | {"amount": money.exact(row["amount"]), "meaning": METHODS[row["method"]]} for row in rows]
