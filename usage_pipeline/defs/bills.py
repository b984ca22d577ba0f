"""What assets read of the days' bills and usage: summed by the engine, by day."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import ibis.expr.types as ir
import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.costs.bill import ModelIds
from usage_pipeline.costs.bill_query import DAY, LINES, lines_dealt, parts_of
from usage_pipeline.costs.usage import usage_rows_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.storage.compiled import view_of
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.bill_lines import BilledLines
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import applied_rates
from usage_pipeline.tables.shared_used import SharedUsed
from usage_pipeline.tables.usage_costs import UsageCost

DIMENSIONS = ("view", "project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status")


def usage_by_day(lake: Lake, days: Period, channels: Collection[str] | None = None) -> dict[date, list[UsageCost]]:
    """The days' priced usage (of `channels`), summed per dimensions and meter by the engine, at the rates that it was priced by."""
    engine = lake.engine
    priced, rates = lake.read(priced_usage, days), lake.read(applied_rates, days).distinct()
    if channels is not None:
        priced = priced.filter(priced.channel.isin(sorted(channels)))
    answer = engine.to_pyarrow(view_of(engine, _by_day_and_dimensions, priced, rates))
    by_day: dict[date, list[UsageCost]] = defaultdict(list)
    for day, row in zip(answer[DAY].to_pylist(), usage_rows_of(answer), strict=True):
        by_day[day].append(row)
    return by_day


def _by_day_and_dimensions(priced: ir.Table, rates: ir.Table) -> ir.Table:
    named = priced.mutate(day=priced.started_at.date(), model=priced.model_id.fill_null(priced.model))
    return usage_costs(named, rates, (DAY, *DIMENSIONS))


def bills_by_day(lake: Lake, days: Period) -> tuple[dict[date, list[BilledLines]], dict[date, list[BilledLines]]]:
    """The days' bills, summed by what lines name: the lines, shared ones without project; and the parts of the shared ones."""
    billed, parts = lake.read(charges, days), lake.read(allocations, days)
    lines = lines_of_day(lake.engine.to_pyarrow(view_of(lake.engine, lines_dealt, billed, parts)))
    if not lake.parts(allocations.name, days):
        return lines, defaultdict(list)
    return lines, lines_of_day(lake.engine.to_pyarrow(view_of(lake.engine, parts_of, billed, parts)))


def lines_of_day(answer: pa.Table) -> dict[date, list[BilledLines]]:
    """The rows of an answer with the columns of `bill_lines`, by its column `day`."""
    by_day: dict[date, list[BilledLines]] = defaultdict(list)
    for record in answer.drop_columns([LINES]).to_pylist():
        by_day[record.pop(DAY)].append(BilledLines(**record))
    return by_day


def shared_in(lake: Lake, days: Period) -> list[SharedUsed]:
    """What each project bears of the shared lines of `days`, by method and rule."""
    parts = lake.read(allocations, days)
    place = parts.day.cast("string") + "/" + parts.source + "/" + parts.charge_id
    sums = parts.group_by("project", "method", "rule").agg(lines=place.nunique(), amount=parts.amount.sum())
    rows = [row | {"amount": money.exact(row["amount"])} for row in lake.engine.to_pyarrow(sums).to_pylist()]
    return sorted((SharedUsed(**row) for row in rows), key=lambda one: (one.project, one.method, one.rule or ""))


def model_ids_of(workplace: Workplace, billed: Mapping[date, Sequence[BilledLines]], days: Period) -> dict[date, ModelIds]:
    """On each day, what the price book of that day calls the models of its bills."""
    found: dict[date, ModelIds] = {}
    for span, book in workplace.books().in_force(days):
        words = {day: _words(billed.get(day, ())) for day in span.days()}
        if book.aliases:
            found |= {day: book.model_ids(words[day], day) for day in span.days()}
        else:
            found |= dict.fromkeys(span.days(), book.model_ids(set().union(*words.values())))
    return found


def _words(lines: Iterable[BilledLines]) -> set[tuple[str | None, str | None]]:
    return {(one.provider, one.model) for one in lines}
