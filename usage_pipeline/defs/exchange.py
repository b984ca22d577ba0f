"""Bills in other currencies than the organisation's: converted where a rate is known; kept apart, and told of, where none is."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.costs.exchange import converted, rates_in_words
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.storage.exchange_rates import read_exchange_rates
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.exchange_used import ExchangeUsed
from usage_pipeline.tables.unconverted_charges import unconverted_charges

TIME = "period_start"


def replace_charges(lake: Lake, landed: ir.Table, days: Period, settings: Settings, own: Callable[[ir.Table], ir.Table]) -> dict[date, int]:
    """Replace `days` of `charges` by `landed` in the organisation's currency, and of `unconverted_charges` by what has no rate.

    `own` gives lines their projects. Rows of `charges` by day.
    """
    currency, when = settings.organisation.currency, list(days.days())
    foreign = lake.engine.to_pyarrow(own(landed.filter(landed.currency != currency)).select(*charges.names))
    if not foreign.num_rows:
        if lake.parts(unconverted_charges.name, days):
            lake.replace(unconverted_charges, _rows(foreign), when, day_column=TIME)
        return lake.replace(charges, own(landed), when, day_column=TIME)
    known, unknown = converted(foreign, currency, read_exchange_rates(settings.exchange_rates))
    lake.replace(unconverted_charges, _rows(unknown), when, day_column=TIME)
    plain = charges.conform(own(landed.filter(landed.currency == currency)))
    return lake.replace(charges, plain.union(_rows(known)), when, day_column=TIME)


def _rows(lines: pa.Table) -> ir.Table:
    return charges.conform(ibis.memtable(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconverted:
    """Lines of one source and currency that wait for a rate."""

    source: str
    currency: str
    days: tuple[date, ...]
    lines: int
    amount: Decimal
    """In that currency."""


def unconverted(lake: Lake, days: Period) -> list[Unconverted]:
    """What of the bills of `days` is in no sum, as no rate is known."""
    if not lake.parts(unconverted_charges.name, days):
        return []
    rows = lake.read(unconverted_charges, days)
    sums = rows.group_by("source", "currency", day=rows.period_start.date()).agg(lines=rows.count(), amount=rows.billed_cost.sum())
    found: dict[tuple[str, str], list[tuple[date, int, Decimal]]] = defaultdict(list)
    for row in lake.engine.to_pyarrow(sums).to_pylist():
        found[row["source"], row["currency"]].append((row["day"], row["lines"], money.exact(row["amount"])))
    return [
        Unconverted(
            source=source,
            currency=currency,
            days=tuple(sorted(day for day, _, _ in told)),
            lines=sum(lines for _, lines, _ in told),
            amount=money.total([amount for _, _, amount in told]),
        )
        for (source, currency), told in sorted(found.items())
    ]


def exchange_of(lake: Lake, days: Period) -> list[ExchangeUsed]:
    """By which rates bills of `days` were converted, and what they came to."""
    rows = lake.read(charges, days)
    told = rows.filter(rows.exchange_day.notnull())
    sums = told.group_by(
        "channel", currency="original_currency", day=told.period_start.date(), rate="exchange_rate", rate_day="exchange_day"
    ).agg(original_cost=told.original_cost.sum(), cost=told.billed_cost.sum())
    found = lake.engine.to_pyarrow(sums).to_pylist()
    exact = [row | {name: money.exact(row[name]) for name in ("original_cost", "cost")} for row in found]
    return sorted((ExchangeUsed(**row) for row in exact), key=lambda one: (one.currency, one.channel, one.day, one.rate_day))


def rates_of(workplace: Workplace, days: Period) -> dict[date, str]:
    """By day, in words, the rates by which the file in usage.yaml converts its bills; days of the organisation's currency are left out."""
    settings, lake = workplace.settings(), workplace.lake(workplace.engine())
    counted, waiting = lake.read(charges, days), lake.read(unconverted_charges, days)
    places = _places(lake, counted.filter(counted.original_currency.notnull()), "original_currency")
    places |= _places(lake, waiting, "currency")
    if not places:
        return {}
    rates = read_exchange_rates(settings.exchange_rates)
    by_day: dict[date, dict[str, tuple[Decimal, date] | None]] = defaultdict(dict)
    for name, day in places:
        rate = rates.rate(name, settings.organisation.currency, day)
        by_day[day][name] = None if rate is None else (rate.value, rate.day)
    return {day: rates_in_words(used) for day, used in sorted(by_day.items())}


def _places(lake: Lake, rows: ir.Table, name: str) -> set[tuple[str, date]]:
    """The currencies of `rows`, each with its days."""
    found = lake.engine.to_pyarrow(rows.select(name=name, day=rows.period_start.date()).distinct()).to_pylist()
    return {(row["name"], row["day"]) for row in found}
