"""A month's priced usage in, ways to have paid less for it out: a smaller model, batch, more use of the prompt cache.

Each is an estimate: the same requests, each priced again as it would have been bought (so tiers hold), beside what was booked. Only what
is worth a look is told: at least LEAST_SAVING and LEAST_PERCENT. Ways of the same usage are alternatives; their savings are not added.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache, reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from usage_pipeline import money
from usage_pipeline.money import MONEY, QUANTITY
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.caching import CACHED, TEXT_INPUT, Example, Kind, by_place, examples_of, share_of
from usage_pipeline.prices.families import Families, shipped_families
from usage_pipeline.prices.one_view import one_view
from usage_pipeline.prices.resolve import STANDARD, provider_id_of
from usage_pipeline.prices.stand_in import model_id_of
from usage_pipeline.prices.tiers import Volumes
from usage_pipeline.prices.what_if import as_batch, compare_all, events_of, sum_of
from usage_pipeline.tables.advice import BATCH, CACHE, CHEAPER_MODEL, Advice
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.repriced import Repriced

LEAST_SAVING, LEAST_PERCENT = Decimal(1), Decimal(5)
"""In the reporting currency, and of the cost of the usage in question."""

SEPARATOR = "\x1f"
PRICED = "advised_usage"


def advice_of(
    priced: ir.Table, book: PriceBook, engine: Backend, families: Families | None = None, volumes: Volumes | None = None
) -> list[Advice]:
    """`priced_usage` of whole days (a month), the book that priced them, and an engine of UTC: the greatest saving first.

    Only usage with a price as booked and a known model is looked at, counted once where both the provider and a log tell of it.
    """
    days = _days_of(priced, engine)
    dear = _dear_enough(days)
    if not dear:
        return []
    events = _events_of(priced)
    ways = _smaller_models(book, dear, shipped_families() if families is None else families)
    examples = examples_of(days)
    scenarios = {f"{CHEAPER_MODEL} {step}": _as_models(events, names) for step, names in enumerate(ways)} | {BATCH: _as_batch(events)}
    if examples:
        scenarios[CACHE] = _as_cached(events, examples)
    found = compare_all(scenarios, book, engine, only_variants={BATCH}, volumes=volumes)
    advice = [
        *_told_of_models(ways, [_compared(found[f"{CHEAPER_MODEL} {step}"]) for step in range(len(ways))]),
        *(one for row in _compared(found[BATCH]) for one in _advice(row, BATCH, BATCH, WORDS_OF_BATCH)),
        *_told_of_cache(examples, _compared(found.get(CACHE, [])), days),
    ]
    return sorted(advice, key=lambda one: (-one.saving, one.project, one.provider, one.model, one.kind))


def _days_of(priced: ir.Table, engine: Backend) -> list[dict[str, Any]]:
    engine.create_view(PRICED, priced.select(*priced_usage.names), overwrite=True)
    try:
        return engine.con.execute(_days_as_sql()).to_arrow_table().to_pylist()  # type: ignore[no-any-return]
    finally:
        engine.con.execute(f"DROP VIEW IF EXISTS {PRICED}")


@cache
def _days_as_sql() -> str:
    """Over a table of that name: building it costs more than running it over a small month."""
    return str(ibis.to_sql(_by_day(_events_of(ibis.table(priced_usage.schema, name=PRICED))), dialect="duckdb"))


def _events_of(priced: ir.Table) -> ir.Table:
    return _known(events_of(one_view(priced)))


def _known(events: ir.Table) -> ir.Table:
    """Booked at a price, the model known; with columns `was_provider` and `was_model`, which stay as booked."""
    told = events.mutate(was_provider=events.request_tags[0], was_model=events.request_tags[2])
    return told.filter(told.reported_cost.notnull() & told.was_model.notnull())


def _by_day(events: ir.Table) -> ir.Table:
    """Text input by project, provider, model and day: what the cache did; and what was booked."""
    tokens = {meter: events[meter].fill_null(0).sum().cast("int64") for meter in TEXT_INPUT}
    return events.group_by(
        project=events.project.fill_null(UNATTRIBUTED),
        provider=events.was_provider,
        model_id=events.was_model,
        day=events.started_at.date(),
    ).aggregate(**tokens, cost=events.reported_cost.sum().cast(MONEY))


def _dear_enough(days: Iterable[Mapping[str, Any]]) -> list[Kind]:
    """The models on which a project spent so much that LEAST_SAVING could be saved: no price is below 0."""
    months = by_place(days)
    return sorted(
        {(provider, model) for (_, provider, model), rows in months.items() if money.total([row["cost"] for row in rows]) >= LEAST_SAVING}
    )


def _smaller_models(book: PriceBook, kinds: Iterable[Kind], families: Families) -> list[dict[Kind, str]]:
    """For each model used the next smaller one of its family that the book knows, then the next, ..."""
    ways = {kind: [name for name in _family(book, kind, families) if model_id_of(book, kind[0], name)] for kind in kinds}
    longest = max(len(names) for names in ways.values())
    return [{kind: names[step] for kind, names in ways.items() if len(names) > step} for step in range(longest)]


def _as_models(events: ir.Table, names: Mapping[Kind, str]) -> ir.Table:
    models = _by_kind(events, {kind: ibis.literal(name) for kind, name in names.items()})
    return events.mutate(model=models).filter(_is_of(events, names))


def _told_of_models(ways: Sequence[Mapping[Kind, str]], steps: Sequence[Iterable[Repriced]]) -> list[Advice]:
    """For each usage the first of its smaller models that would have cost less."""
    found: dict[tuple[str, str, str | None], list[Advice]] = {}
    for names, rows in zip(ways, steps, strict=True):
        for row in rows:
            name = names[row.provider, row.model_id or ""]
            if row.difference is not None and row.difference < 0:
                found.setdefault(
                    (row.project, row.provider, row.model_id), _advice(row, CHEAPER_MODEL, name, _words_of_model(row.model_id or "", name))
                )
    return [one for told in found.values() for one in told]


def _family(book: PriceBook, kind: Kind, families: Families) -> Sequence[str]:
    """The smaller models, of the provider's own family or that of the maker whose models it sells at the maker's prices."""
    provider_id, model = provider_id_of(kind[0]), kind[1]
    provider = book.prices.provider(provider_id)
    sellers = [provider_id, *((provider.fallback_model_providers or []) if provider else [])]
    return next((families[seller, model] for seller in sellers if (seller, model) in families), ())


def _as_batch(events: ir.Table) -> ir.Table:
    """Requests in no batch, no other tier and at no other speed."""
    plain = [events[name].lower().fill_null("").isin(sorted(STANDARD)) for name in ("service_tier", "speed")]
    return as_batch(events.filter(~events.is_batch.fill_null(False), *plain))  # noqa: FBT003


def _as_cached(events: ir.Table, examples: Mapping[Kind, Example]) -> ir.Table:
    """All text input split between plain, read and written as on the best-cached day that the model had in the month."""
    cacheable = events.filter(_is_of(events, examples), sum_of(events, TEXT_INPUT).notnull())
    whole = sum_of(cacheable, TEXT_INPUT)
    shares = {
        meter: _by_kind(cacheable, {kind: ibis.literal(one.shares[meter], QUANTITY) for kind, one in examples.items()}) for meter in CACHED
    }
    parts = {meter: (whole.cast(QUANTITY) * share).floor().cast("int64") for meter, share in shares.items()}
    return cacheable.mutate(**parts, input=whole - reduce(add, parts.values()))


def _told_of_cache(examples: Mapping[Kind, Example], rows: Iterable[Repriced], days: Iterable[Mapping[str, Any]]) -> list[Advice]:
    """For each usage that reads less from the cache than the example."""
    months = by_place(days)
    found: list[Advice] = []
    for row in rows:
        example = examples[row.provider, row.model_id or ""]
        share = share_of(months[row.project, row.provider, row.model_id or ""], "cache_read")
        if share < example.shares["cache_read"]:
            found += _advice(row, CACHE, _percent(example.shares["cache_read"]), _words_of_cache(row, share, example))
    return found


def _is_of(events: ir.Table, kinds: Iterable[Kind]) -> ir.BooleanValue:
    return (events.was_provider + SEPARATOR + events.was_model).isin([SEPARATOR.join(kind) for kind in kinds])


def _by_kind(events: ir.Table, values: Mapping[Kind, ir.Value]) -> ir.Value:
    """The value of the event's provider and model; null for others."""
    kind = events.was_provider + SEPARATOR + events.was_model
    return kind.cases(*((SEPARATOR.join(one), value) for one, value in values.items()))


def _compared(rows: Iterable[Repriced]) -> list[Repriced]:
    """Those with a price on both sides."""
    return [row for row in rows if not row.unpriced_events]


def _advice(row: Repriced, kind: str, proposal: str, words: str) -> list[Advice]:
    """The advice, if it is worth a look."""
    cost, would = row.cost or money.ZERO, row.would_cost or money.ZERO
    if cost - would < LEAST_SAVING or not money.reaches(cost - would, cost, LEAST_PERCENT):
        return []
    return [
        Advice(
            project=row.project,
            provider=row.provider,
            model=row.model_id or "",
            kind=kind,
            proposal=proposal,
            requests=row.requests,
            tokens=row.tokens,
            cost=cost,
            would_cost=would,
            saving=cost - would,
            percent=money.percent(cost - would, cost),
            words=words,
        )
    ]


def _words_of_model(model: str, name: str) -> str:
    return (
        f"Estimate: had {name} answered instead of {model}, with the same tokens. It is a smaller model: its answers differ, so try it on"
        " part of the work first."
    )


WORDS_OF_BATCH = (
    "Estimate: had these requests gone through the provider's batch API, at the prices of each day. Answers then take up to 24 hours: only"
    " for work that nobody waits for."
)


def _words_of_cache(row: Repriced, share: Decimal, example: Example) -> str:
    whose = "this project's" if example.project == row.project else "the organisation's"
    return (
        f"Estimate, at most: {_percent(share)} of the input was read from the provider's cache; on {whose} best day with this model,"
        f" {example.day}, it was {_percent(example.shares['cache_read'])}. This is the month with that day's mix of plain, read and written"
        " input; it needs prompts that begin alike."
    )


def _percent(share: Decimal) -> str:
    return f"{share * 100:.0f} %"
