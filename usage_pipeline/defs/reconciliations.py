"""Where bill, the provider's count and logs differ, by how much, and why: worked out of the lake, one engine query for a range of days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from usage_pipeline import money
from usage_pipeline.costs.reconcile import Reconciled, reconcile
from usage_pipeline.costs.reconcile_query import bills_of, bills_query
from usage_pipeline.costs.reconcile_views import FINAL
from usage_pipeline.defs.books import INSTALLED, Books
from usage_pipeline.defs.closed import closed_months, open_spans, still_open, to_revise
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.usage import report_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import ONE_DAY, Period, month_of
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.catalog import current_catalog
from usage_pipeline.prices.known import Prices, Words
from usage_pipeline.prices.reconciled import reconciled_query, reconciled_rows
from usage_pipeline.storage.compiled import view_of
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import Rate, applied_rates
from usage_pipeline.tables.reconciled_bills import ReconciledBill
from usage_pipeline.tables.reconciled_usage import Known
from usage_pipeline.tables.reconciliations import (
    CAUSES,
    UNEXPLAINED,
    Reconciliation,
    ReconciliationCause,
    reconciliation_causes,
    reconciliations,
)
from usage_pipeline.tables.usage_events import LOG_VIEW

USUAL_LAG_DAYS: Mapping[str, int] = {
    "anthropic": 1,
    "openai": 2,
    "aws.bedrock": 3,
    "azure.openai": 3,
    "google.gemini": 5,
    "google.vertex": 5,
}
"""How long a provider goes on changing a day, as a rule: Google adds rows for up to 5 days, the clouds restate, OpenAI's pages of a day
differ until the next one is over. https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage"""
OTHER_LAG_DAYS = 3
Spoken = tuple[str | None, str | None]
"""A provider and a model as a bill names them."""
LOOKED_BACK_DAYS = 31
"""A channel that was logged within so many days before counts as logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is reconciled: `priced_usage`, its rates and `charges` as tables of the engine; books by the days that they price, and others.

    `logged`: channels of which some log tells; `now`: when it is asked, for what is not final yet.
    """

    priced: ir.Table
    rates: ir.Table
    bills: ir.Table
    spans: Sequence[tuple[Period, PriceBook]]
    others: Sequence[tuple[str, PriceBook]]
    logged: frozenset[str]
    now: datetime


@dg.asset(
    key=reconciliations.name,
    deps=[priced_usage.name, charges.name],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="costs",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(reconciliations)},
)
def reconciliations_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Bill, provider's count and logs, cell by cell, and the causes of every difference, to the last digit."""
    tell("reconciling")
    asked = open_spans(context, workplace)
    spans = [_with_neighbours(workplace, days) for days in asked]
    found = [reconciled(workplace, days) for days in spans]
    cells = [row for one in found for row in one.cells]
    causes = [row for one in found for row in one.causes]
    computed = [day for days in spans for day in days.days()]
    with workplace.database().transaction() as transaction:
        still_open(transaction, spans, to_revise(context, workplace))
        transaction.replace(reconciliations, cells, where={"day": computed})
        transaction.replace(reconciliation_causes, causes, where={"day": computed})
    written = {day: 0 for days in asked for day in days.days()}
    cells, causes = [row for row in cells if row.day in written], [row for row in causes if row.day in written]
    for row in cells:
        written[row.day] += 1
    report_days(context, written)
    return dg.MaterializeResult(metadata=reconciliation_metadata(cells, causes))


def _with_neighbours(workplace: Workplace, days: Period) -> Period:
    """What crosses a midnight is told by the days around it: the day before `days` and the two after are reconciled again, as far as they
    were and are not closed.
    """
    database = workplace.database()
    around = Period(days.start - ONE_DAY, days.end + 2 * ONE_DAY)
    closed = closed_months(database)
    known = {row.day for row in database.select(reconciliations, where={"day": [day for day in around.days() if day not in days]})}
    wanted = {day for day in known if month_of(day).start not in closed}
    end = days.end
    while end in wanted:
        end += ONE_DAY
    return Period(around.start if around.start in wanted else days.start, end)


def reconciliation_metadata(cells: Sequence[Reconciliation], causes: Sequence[ReconciliationCause]) -> dict[str, Any]:
    """Sums of the views and of each cause."""
    sums = sums_of(causes)
    return {
        "dagster/row_count": len(cells),
        "billed": amount(money.total([row.billed_cost for row in cells])),
        "no other view": amount(money.total([row.billed_cost for row in cells if row.is_alone])),
        "difference": amount(money.total([row.difference for row in cells])),
        "unexplained": amount(sums.get(UNEXPLAINED, money.ZERO)),
        "causes": markdown([{"cause": cause, "amount": sums[cause], "meaning": CAUSES[cause]} for cause in CAUSES if cause in sums]),
    }


def sums_of(causes: Iterable[ReconciliationCause]) -> dict[str, Decimal]:
    """The amount of each cause."""
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for row in causes:
        amounts[row.cause].append(row.amount)
    return {cause: money.total(found) for cause, found in amounts.items()}


def reconciled(workplace: Workplace, days: Period) -> Reconciled:
    """Both tables' rows of `days`, computed from the lake now."""
    engine = workplace.engine()
    return reconciled_of(engine, facts_of(workplace, workplace.lake(engine), days), days)


def reconciled_of(engine: Backend, facts: Facts, days: Period) -> Reconciled:
    """The same of `facts`, which reach as far as `days_around`."""
    rates = [Rate(**row) for row in engine.to_pyarrow(facts.rates).to_pylist()]
    answer = engine.to_pyarrow(view_of(engine, reconciled_query, facts.priced, facts.rates)).to_pylist()
    bills = bills_of(engine.to_pyarrow(view_of(engine, bills_query, facts.bills)))
    ids = _ids(facts, bills)
    found = _prices(facts, bills, answer, ids)
    usage = reconciled_rows(answer, rates, found.tiers)
    known = Known(
        prices=tuple(found.prices),
        open_days=_open_days(bills, {(row.channel, row.day) for row in usage}, facts.now),
        logged=facts.logged,
        model_ids=ids,
    )
    return reconcile(usage, bills, known, list(days.days()))


def days_around(days: Period) -> Period:
    """What crosses a midnight is told by the days around it: two before, one after."""
    return Period(days.start - 2 * ONE_DAY, days.end + ONE_DAY)


def facts_of(workplace: Workplace, lake: Lake, days: Period) -> Facts:
    """As they stand in the lake."""
    around, books = days_around(days), workplace.books()
    spans = books.in_force(around)
    return Facts(
        priced=lake.read(priced_usage, around),
        rates=lake.read(applied_rates, around).distinct(),
        bills=lake.read(charges, around),
        spans=spans,
        others=other_books(books, {book.catalog for _, book in spans}),
        logged=_logged(lake, around),
        now=workplace.now(),
    )


def other_books(books: Books, used: set[str]) -> list[tuple[str, PriceBook]]:
    """Books that were adopted for other days, and the installed one where it is another: a bill may be at their prices."""
    named = {one.version: one.version for one in books.adoptions()} | {current_catalog().name: INSTALLED}
    return [(name, books.named(name)) for version, name in named.items() if version not in used]


def _ids(facts: Facts, bills: Iterable[ReconciledBill]) -> dict[date, dict[Spoken, str]]:
    """What the price book of each day calls the models of its bills."""
    words: dict[date, set[Spoken]] = defaultdict(set)
    for one in bills:
        words[one.day].add((one.provider, one.model))
    return {day: book.model_ids(words[day], day) for span, book in facts.spans for day in span.days() if day in words}


def _prices(
    facts: Facts, bills: Iterable[ReconciledBill], usage: Iterable[Mapping[str, Any]], ids: Mapping[date, Mapping[Spoken, str]]
) -> Prices:
    """The prices of all models of bills and usage: by the books in force, then by the others."""
    words = {
        Words(row["channel"], row["provider"], row["named"], row["region"], row["model"]) for row in usage if row["named"] and row["model"]
    }
    for one in bills:
        if one.model:
            known = ids.get(one.day, {}).get((one.provider, one.model), one.model)
            words.add(Words(one.channel, one.provider, one.model, None, known))
    prices = Prices()
    for span, book in facts.spans:
        prices.add(book, words, span)
    for name, book in facts.others:
        prices.add(book, words, None, name=name)
    return prices


def _open_days(bills: Iterable[ReconciledBill], used: Iterable[tuple[str, date]], now: datetime) -> dict[tuple[str, date], str]:
    """Days whose numbers the provider may still change: not told final, and not older than its usual lag."""
    finalities: dict[tuple[str, date], set[str]] = {key: set() for key in used}
    for one in bills:
        finalities.setdefault((one.channel, one.day), set()).add(one.finality)
    found = {}
    for (channel, day), told in finalities.items():
        lag = USUAL_LAG_DAYS.get(channel, OTHER_LAG_DAYS)
        if told != {FINAL} and (now.date() - day).days <= lag:
            found[channel, day] = f"the provider may still change the day: {channel} is settled after {lag} days as a rule"
    return found


def _logged(lake: Lake, days: Period) -> frozenset[str]:
    """The channels of which some log tells, in these days or not long before."""
    rows = lake.read(priced_usage, Period(days.start - LOOKED_BACK_DAYS * ONE_DAY, days.end))
    logged = rows.filter(rows["view"] == LOG_VIEW).select("channel").distinct()
    return frozenset(lake.engine.to_pyarrow(logged)["channel"].to_pylist())
