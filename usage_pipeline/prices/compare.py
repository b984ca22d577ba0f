"""What another catalog would change: models added, gone and re-priced. In: two catalogs and days. Out: a `Comparison`.

Both are asked for the same cells: every context that either has a variant for, every time of day and tier, on the given days.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from usage_pipeline.prices.catalog import Catalog, CatalogModel
from usage_pipeline.prices.cells import Cell, Price
from usage_pipeline.prices.flatten import flatten
from usage_pipeline.prices.supply import REGION, speaks_of
from usage_pipeline.tables.rates import DAY_SECONDS, NO_TOKENS


class Mode(NamedTuple):
    """A context, and what people call it: '' for standard, 'region=eu (and 3 more)' where three more regions price alike."""

    context: dict[str, str]
    words: str


Sold = tuple[CatalogModel, Catalog]
"""A model and the catalog that knows it."""

Place = tuple[int, int, str]
"""(utc_from_second, input_tokens_gt, meter)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """One unit price that differs on `day`; None where a catalog has none. `context` in words: 'processing=batch', '' for standard."""

    provider: str
    model: str
    context: str
    meter: str
    day: date
    utc_from_second: int
    input_tokens_gt: int
    old: Decimal | None
    new: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Models as 'provider/model'. `repriced` are those known to both whose prices differ on one of the days."""

    old: str
    new: str
    added: tuple[str, ...]
    gone: tuple[str, ...]
    changes: tuple[PriceChange, ...]

    @property
    def repriced(self) -> tuple[str, ...]:
        return tuple(sorted({f"{one.provider}/{one.model}" for one in self.changes}))


def compare(old: Catalog, new: Catalog, days: Sequence[date]) -> Comparison:
    """How `new` differs from `old` for usage on each of `days`; a difference is told on the first of them that has it."""
    before, after = models_of(old), models_of(new)
    both = sorted(before.keys() & after.keys())
    return Comparison(
        old=old.name,
        new=new.name,
        added=tuple(sorted(after.keys() - before.keys())),
        gone=tuple(sorted(before.keys() - after.keys())),
        changes=tuple(change for name in both for change in _changes((before[name], old), (after[name], new), sorted(days))),
    )


def models_of(catalog: Catalog) -> dict[str, CatalogModel]:
    """Every model that a provider sells under its own name, by 'provider/model'."""
    models = (CatalogModel(provider, provider.id, info) for provider in catalog.providers for info in provider.models)
    return {model.name: model for model in models}


def modes_of(*models: Sold) -> list[Mode]:
    """Every context that a variant of one of them or a supplement asks for, standard first; not their combinations."""
    found = {"": Mode({}, "")}
    for model, catalog in models:
        asked = [dict(variant.when) for variant in model.info.price_variants or ()]
        for context, more in [*((one, 0) for one in asked), *_supplemented(model, catalog)]:
            words = ", ".join(f"{name}={value}" for name, value in sorted(context.items())) + (f" (and {more} more)" if more else "")
            found.setdefault(words, Mode(context, words))
    return [found[words] for words in sorted(found)]


def _supplemented(model: CatalogModel, catalog: Catalog) -> Iterator[tuple[dict[str, str], int]]:
    """Contexts that supplements ask for. Of regions that the same facts are told of, one stands for so many more."""
    facts: dict[tuple[tuple[str, str], ...], set[str]] = {}
    for row in catalog.supplements:
        if row.context and speaks_of(row, model):
            facts.setdefault(row.context, set()).add(repr(replace(row, id="", context=())))
    alike: dict[tuple[object, ...], list[dict[str, str]]] = {}
    for context, told in sorted(facts.items()):
        elsewhere = tuple(pair for pair in context if pair[0] != REGION)
        alike.setdefault((len(context), elsewhere, frozenset(told)), []).append(dict(context))
    for contexts in alike.values():
        yield contexts[0], len(contexts) - 1


def cells_on(cells: Iterable[Cell], day: date) -> Iterator[Cell]:
    """The cells that hold on `day`."""
    return (
        cell for cell in cells if (cell.valid_from is None or cell.valid_from <= day) and (cell.valid_to is None or day < cell.valid_to)
    )


def _changes(old: Sold, new: Sold, days: Sequence[date]) -> Iterator[PriceChange]:
    """Of meters that have a price of their own in one of the catalogs; cached audio at the price of audio follows it silently."""
    told: set[tuple[str, Place]] = set()
    for context, words in modes_of(old, new):
        before, after = (list(flatten(model, context, supplements=catalog.supplements)) for model, catalog in (old, new))
        for day in days:
            was, is_now = _prices_on(before, after, day), _prices_on(after, before, day)
            for place in sorted(was.keys() | is_now.keys()):
                mine, theirs = was.get(place), is_now.get(place)
                is_own = any(one is not None and one.priced_as is None for one in (mine, theirs))
                if is_own and _amount(mine) != _amount(theirs) and (words, place) not in told:
                    told.add((words, place))
                    second, tokens, meter = place
                    yield PriceChange(
                        provider=new[0].provider.id,
                        model=new[0].info.id,
                        context=words,
                        meter=meter,
                        day=day,
                        utc_from_second=second,
                        input_tokens_gt=tokens,
                        old=_amount(mine),
                        new=_amount(theirs),
                    )


def _amount(price: Price | None) -> Decimal | None:
    return None if price is None else price.unit_price


def _prices_on(cells: Sequence[Cell], others: Sequence[Cell], day: date) -> dict[Place, Price]:
    """The prices of `cells` on `day`, at every time of day and tier that starts in them or in `others`."""
    mine, theirs = list(cells_on(cells, day)), list(cells_on(others, day))
    seconds = {0, *(cell.utc_from_second for cell in (*mine, *theirs))}
    tokens = {NO_TOKENS, *(cell.input_tokens_gt for cell in (*mine, *theirs))}
    return {
        (second, above, price.meter): price
        for second in seconds
        for above in tokens
        for cell in mine
        if cell.utc_from_second <= second < min(cell.utc_to_second, DAY_SECONDS) and cell.input_tokens_gt <= above < cell.input_tokens_le
        for price in cell.prices
    }
