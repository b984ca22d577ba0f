"""A second opinion on current prices: litellm's map, shown beside ours. It never overrides; it is evidence for a supplement.

In: a catalog, the second one and a day. Out: a `Disagreement` for every unit price that differs, that only they have, or that
they call zero. https://github.com/BerriAI/litellm (the map is MIT); an extract with the price fields is in `data/`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.money import exact
from usage_pipeline.prices.catalog import Catalog, CatalogModel
from usage_pipeline.prices.flatten import Cell, flatten
from usage_pipeline.prices.second_map import PROVIDERS, SecondCatalog, Term
from usage_pipeline.tables.priced_usage import NO_VARIANT

NOON = 43_200

DIFFERS = "differs"
ONLY_THEIRS = "only_theirs"
THEIRS_ZERO = "theirs_zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One unit price that is not the same, on `day` at noon UTC, for a request with more than `input_tokens_gt` input tokens.

    `context` in pairs, none for standard. `ours` is None where the catalog has no price of its own for it. `their_key` names the entry
    of the second catalog.
    """

    provider: str
    model: str
    meter: str
    context: tuple[tuple[str, str], ...]
    input_tokens_gt: int
    ours: Decimal | None
    theirs: Decimal
    their_key: str

    @property
    def kind(self) -> str:
        """'only_theirs' (a gap of ours), 'theirs_zero' (silently free at theirs) or 'differs'."""
        if self.ours is None:
            return ONLY_THEIRS
        return THEIRS_ZERO if self.theirs == 0 else DIFFERS

    @property
    def ratio(self) -> Decimal | None:
        """Theirs by ours, at 4 decimals."""
        return None if not self.ours else (self.theirs / self.ours).quantize(Decimal("0.0001"))


def disagreements(catalog: Catalog, second: SecondCatalog, day: date) -> list[Disagreement]:
    """By provider, model, context and meter, for every model that both know, of the prices that the second catalog states.

    Ours are those with the catalog's supplements, so what is only theirs is what a further supplement could fill.
    """
    found: list[Disagreement] = []
    for model, key in pairs(catalog, second):
        for context, terms in _by_context(second.terms(key)).items():
            cells = flatten(model, dict(context), supplements=catalog.supplements, only=day)
            found += _compared(model, key, context, terms, [cell for cell in cells if cell.utc_from_second <= NOON < cell.utc_to_second])
    return sorted(found, key=lambda one: (one.provider, one.model, one.context, one.input_tokens_gt, one.meter))


def pairs(catalog: Catalog, second: SecondCatalog) -> list[tuple[CatalogModel, str]]:
    """Each model of ours with their entry for it: the one of the same name, else the first by name that our matcher takes for it."""
    best: dict[str, tuple[CatalogModel, str]] = {}
    for key in second.keys:
        provider = catalog.provider(PROVIDERS[second.provider(key)])
        model = catalog.find(provider, second.model(key)) if provider is not None else None
        if model is not None and (model.name not in best or second.model(key) == model.info.id):
            best[model.name] = (model, key)
    return list(best.values())


def _by_context(terms: Iterable[Term]) -> dict[tuple[tuple[str, str], ...], list[Term]]:
    grouped: dict[tuple[tuple[str, str], ...], list[Term]] = {}
    for term in terms:
        grouped.setdefault(term.context, []).append(term)
    return grouped


def _compared(
    model: CatalogModel, key: str, context: tuple[tuple[str, str], ...], terms: Iterable[Term], cells: Sequence[Cell]
) -> Iterator[Disagreement]:
    for term in terms:
        prices = _own_prices(cells, term.input_tokens_gt)
        ours, theirs = prices.get(term.meter), exact(term.unit_price)
        if ours != theirs and not (ours is None and theirs == 0):
            yield Disagreement(
                provider=model.provider.id,
                model=model.info.id,
                meter=term.meter,
                context=context,
                input_tokens_gt=term.input_tokens_gt,
                ours=ours,
                theirs=theirs,
                their_key=key,
            )


def _own_prices(cells: Iterable[Cell], above: int) -> Mapping[str, Decimal]:
    """Our prices of their own for a request with `above` + 1 input tokens; none where we have no variant for the context."""
    return {
        price.meter: price.unit_price
        for cell in cells
        if cell.input_tokens_gt <= above < cell.input_tokens_le and cell.state != NO_VARIANT
        for price in cell.prices
        if price.priced_as is None
    }
