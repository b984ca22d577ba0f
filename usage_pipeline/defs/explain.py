"""A number walked down: cost rows of a statement → parts of bills and usage → the lines they are, with file, line, price and rule.

In: a month (or a closed revision) and which of its cost rows. Out: `Explained`, whose parts sum to those rows to the last digit.
The engine finds and sums the lines; of them only the largest come here.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.costs.bill import ModelIds, dimensions_of
from usage_pipeline.costs.traced import Asked, BillPart, LineKey, UsagePart, is_asked, traced
from usage_pipeline.costs.traced_query import (
    EVENT,
    LINE,
    PART,
    USED,
    WANTED_LINES,
    WANTED_USAGE,
    events_of_parts,
    largest,
    lines_of_parts,
    sums_of,
    usage_of_parts,
)
from usage_pipeline.defs.bills import bills_by_day, model_ids_of, usage_by_day
from usage_pipeline.defs.explain_rules import Rules
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import AccountingError, UsageError
from usage_pipeline.periods import Period, inclusive
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.storage.compiled import named, view_of
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.bill_lines import BilledLines
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import applied_rates
from usage_pipeline.tables.summary import known_total
from usage_pipeline.tables.usage_costs import UsageCost


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines behind the cost rows: `count` of them, `whole` together; of it `here` is in the rows. `rows` are the largest."""

    count: int
    whole: Decimal
    here: Decimal
    rows: Sequence[Mapping[str, Any]]
    sources: frozenset[str] = frozenset()

    @property
    def elsewhere(self) -> Decimal:
        """What of these lines is in other cost rows."""
        return money.total([self.whole, -self.here])

    @property
    def more(self) -> tuple[int, Decimal]:
        """How many lines are not among `rows`, and their sum."""
        shown = money.total([row["amount"] for row in self.rows])
        return self.count - len(self.rows), money.total([self.whole, -shown])


NONE = Lines(count=0, whole=money.ZERO, here=money.ZERO, rows=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The cost rows and what they are made of: cost = bill.here + counted, billed = bill.here, estimated = usage.here."""

    rows: Sequence[DailyCost]
    counted: Decimal
    bill: Lines = NONE
    usage: Lines = NONE
    logs: Lines = NONE

    @property
    def sources(self) -> frozenset[str]:
        return self.bill.sources | self.usage.sources | self.logs.sources

    @property
    def beside(self) -> Decimal:
        """Of the estimate, that of rows which a bill covers: shown, not in the cost."""
        return money.total([self.usage.here, -self.counted])


def explained(workplace: Workplace, stored: Sequence[DailyCost], asked: Asked, number: int, name: str) -> Explained:
    """What the rows of `stored` that are asked for are made of; at most `number` lines of each kind. `name` is for messages."""
    rows = [row for row in stored if is_asked(row, asked)]
    names = {column: value for column, value in asked.items() if column != "day"}
    lake = workplace.lake(workplace.engine())
    days = sorted({row.day for row in rows})
    whole = _Traces.of(workplace, lake, days, names, {row.channel for row in rows})
    for day in days:
        _check_day(day, [row for row in rows if row.day == day], whole, names, name)
    span = inclusive(days[0], days[-1]) if days else None
    found = Explained(rows=rows, counted=money.total([one.counted for one in whole.usages]))
    if span is not None:
        reader = _Reader(lake, span, number, Rules(workplace, lake))
        found = replace(
            found,
            bill=reader.bill(whole),
            usage=reader.usage([(one, one.usage) for one in whole.usages]),
            logs=reader.usage([(one, one.split_by) for one in whole.usages]),
        )
    _check(found, name)
    return found


@dataclass(slots=True)
class _Traces:
    """The parts of all days, and what the sums of each day's lines are called."""

    bills: list[BillPart]
    usages: list[UsagePart]
    billed: dict[date, list[BilledLines]]
    names: dict[date, ModelIds]

    @classmethod
    def of(cls, workplace: Workplace, lake: Lake, days: Sequence[date], asked: Asked, channels: set[str]) -> "_Traces":
        found = cls([], [], {}, {})
        if not days:
            return found
        span = inclusive(days[0], days[-1])
        usage = usage_by_day(lake, span, channels)
        lines, dealt = bills_by_day(lake, span)
        found.names = model_ids_of(workplace, lines, span)
        teams = {project.id: project.team for project in workplace.settings().projects if project.team}
        for day in days:
            own = [line for line in lines.get(day, ()) if line.channel in channels]
            parts = [line for line in dealt.get(day, ()) if line.channel in channels]
            bills, usages = traced(day, usage.get(day, []), own, parts, asked, model_ids=found.names[day], teams=teams)
            found.bills += bills
            found.usages += usages
            found.billed[day] = [line for line in own if line.project is not None or line.names_project] + parts
        return found


def _check_day(day: date, rows: Sequence[DailyCost], traces: _Traces, asked: Asked, name: str) -> None:
    """The stored rows must be those that today's bills and usage give. Raises UsageError where they are of another state."""
    bills = [one for one in traces.bills if one.day == day]
    usages = [one for one in traces.usages if one.day == day]
    billed, counted = money.total([one.here for one in bills]), money.total([one.counted for one in usages])
    pairs = (
        ("billed", known_total(row.billed_cost for row in rows) or money.ZERO, billed),
        ("estimated", known_total(row.estimated_cost for row in rows) or money.ZERO, money.total([counted, *(u.beside for u in usages)])),
        ("cost", known_total(row.cost for row in rows) or money.ZERO, money.total([billed, counted])),
    )
    for what, have, now in pairs:
        if have != now:
            words = ", ".join(f"{column} {value}" for column, value in asked.items()) or "all of it"
            raise UsageError(
                f"{name}: {day} ({words}): {what} is {money.text(have)} there, and {money.text(now)} as bills and usage are now:"
                f" the day's files, prices or rules changed since; `usage-pipeline run --from {day} --to {day}` computes it again"
                " (for a closed month, `usage-pipeline verify` computes it from its frozen inputs)"
            )


@dataclass(frozen=True, slots=True)
class _Reader:
    """What finds the lines behind parts, on the days of `span`; the `number` largest are read."""

    lake: Lake
    span: Period
    number: int
    rules: Rules

    def bill(self, traces: _Traces) -> Lines:
        places: dict[tuple[date, LineKey], int] = {(one.day, key): place for place, one in enumerate(traces.bills) for key in one.keys}
        wanted = {
            (place, day, line.channel, line.project or UNATTRIBUTED, line.provider, line.model, line.meter, line.api_type, line.category)
            for day, lines in traces.billed.items()
            for line in lines
            if (place := places.get((day, (line.project or UNATTRIBUTED, dimensions_of(line, traces.names[day]))))) is not None
        }
        if not wanted:
            return NONE
        lake, table = self.lake, _table(wanted, (PART, *LINE), WANTED_LINES)
        tables = (lake.read(charges, self.span), lake.read(allocations, self.span), table)
        rows = view_of(lake.engine, lines_of_parts, *tables)
        wholes = [one.whole for one in traces.bills]
        count, sources = _counted(lake, rows, wholes, "bill lines")
        shown = lake.engine.to_pyarrow(view_of(lake.engine, largest, rows, facts=(self.number,)))
        parts = [{"of_part": one.whole, "here_of_part": one.here} for one in traces.bills]
        told = [row | parts[row[PART]] | {"given_by": rule} for row, rule in zip(shown.to_pylist(), self.rules.of(shown), strict=True)]
        here = money.total([one.here for one in traces.bills])
        return Lines(count=count, whole=money.total(wholes), here=here, rows=told, sources=sources)

    def usage(self, parts: Sequence[tuple[UsagePart, Sequence[UsageCost]]]) -> Lines:
        """The events behind these rows of usage, by meter, at our rates."""
        wanted = {
            (place, part.day, *(getattr(row, name) for name in USED[1:]), row.meter) for place, (part, of) in enumerate(parts) for row in of
        }
        if not wanted:
            return NONE
        lake, table = self.lake, _table(wanted, (PART, *USED, "meter"), WANTED_USAGE)
        priced, rates = lake.read(priced_usage, self.span), lake.read(applied_rates, self.span).distinct()
        table = named(lake.engine, table)
        events = view_of(lake.engine, _events, priced, table)
        rows = view_of(lake.engine, _usage, events, rates, table)
        wholes = [money.total([row.net_cost for row in of]) for _, of in parts]
        unsure = {place for place, (_, of) in enumerate(parts) if any(row.net_cost is None for row in of)}
        count, sources = _counted(lake, rows, wholes, "usage", unsure)
        shown = self._told(
            lake.engine.to_pyarrow(view_of(lake.engine, largest, rows, facts=(self.number,))), events, rates, [part for part, _ in parts]
        )
        here = money.total([amount for part, _ in parts for amount in (part.counted, part.beside)])
        return Lines(count=count, whole=money.total(wholes), here=here, rows=shown, sources=sources)

    def _told(self, shown: pa.Table, events: ir.Table, rates: ir.Table, parts: Sequence[UsagePart]) -> list[dict[str, Any]]:
        """The shown lines with their events' own columns, the rule that gave the project, and the rate of their meter."""
        engine = self.lake.engine
        found = engine.to_pyarrow(events.semi_join(ibis.memtable(shown.select(list(EVENT))).distinct(), EVENT))
        given = zip(found.to_pylist(), self.rules.of(found), strict=True)
        by_event = {tuple(one[name] for name in EVENT): one | {"given_by": rule} for one, rule in given}
        cards = sorted({one["rate_card"] for one in by_event.values() if one["rate_card"] is not None})
        of_card = engine.to_pyarrow(rates.filter(rates.rate_card.isin(cards))).to_pylist() if cards else []
        prices = {(rate["rate_card"], rate["meter"]): rate for rate in of_card}
        told = []
        for row in shown.to_pylist():
            event, part = by_event[tuple(row[name] for name in EVENT)], parts[row[PART]]
            own = {"of_part": part.whole, "here_of_part": money.total([part.counted, part.beside])}
            told.append(event | row | own | {"rate": prices.get((event["rate_card"], row["meter"]))})
        return told


def _events(priced: ir.Table, wanted: ir.Table) -> ir.Table:
    dated = priced.mutate(day=priced.started_at.date(), model=priced.model_id.fill_null(priced.model), model_as_given=priced.model)
    return events_of_parts(dated, wanted)


def _usage(events: ir.Table, rates: ir.Table, wanted: ir.Table) -> ir.Table:
    return usage_of_parts(usage_costs(events, rates, (*USED, *EVENT)), wanted)


def _counted(lake: Lake, rows: ir.Table, wholes: Sequence[Decimal], what: str, unsure: Collection[int] = ()) -> tuple[int, frozenset[str]]:
    """How many lines there are, and of which sources. Raises AccountingError where a part's lines do not sum to it.

    `unsure` are parts with usage that has no price, whose sum may be known of single lines alone.
    """
    told = lake.engine.to_pyarrow(view_of(lake.engine, sums_of, rows)).to_pylist()
    sums: dict[int, list[Decimal | None]] = defaultdict(list)
    for row in told:
        sums[row[PART]].append(row["amount"])
    for place, whole in enumerate(wholes):
        amount = money.total(sums.get(place, []))
        if amount != whole and place not in unsure:
            raise AccountingError(f"{what} of part {place}: the lines sum to {amount}, their sum in the day's costs is {whole}")
    return sum(row["rows"] for row in told), frozenset(row["source"] for row in told)


def _check(found: Explained, name: str) -> None:
    """The parts must be the rows, to the last digit."""
    cost = money.total([row.cost for row in found.rows])
    walked = money.total([found.bill.whole, -found.bill.elsewhere, found.usage.whole, -found.usage.elsewhere, -found.beside])
    if cost != walked:
        raise AccountingError(f"{name}: the rows are {cost}, and their lines {walked}")


def _table(wanted: set[tuple[Any, ...]], names: Sequence[str], schema: ibis.Schema) -> ir.Table:
    columns = list(zip(*wanted, strict=True))
    kinds = schema.to_pyarrow()
    cells = {name: pa.array(values, kinds.field(name).type) for name, values in zip(names, columns, strict=True)}
    return ibis.memtable(pa.table(cells), schema=schema)
