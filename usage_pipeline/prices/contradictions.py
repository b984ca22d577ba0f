"""Agreements and aliases that cannot be meant so, and those that contradict each other: told all at once, with file, line and mend."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations, pairwise

from usage_pipeline.errors import Problem
from usage_pipeline.money import text
from usage_pipeline.prices.aliases import is_known, sold
from usage_pipeline.prices.catalog import Catalog, CatalogModel
from usage_pipeline.prices.hint import near, near_models
from usage_pipeline.prices.resolve import provider_id_of
from usage_pipeline.prices.tiers import PERIOD_OF
from usage_pipeline.prices.words import describe
from usage_pipeline.tables.configuration import IN_PROPORTION, LARGEST_UNIT_PRICE, Agreement, Alias, VolumeTier
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.rates import REASONING

PRICES, ALIASES = "prices", "aliases"
AGREED_METERS = (*METER_NAMES, REASONING, REQUESTS)
HUNDRED = Decimal(100)
MEND = "give them dates that do not overlap, or make one more specific"


def contradictions(agreements: Sequence[Agreement], aliases: Sequence[Alias], file: str) -> list[Problem]:
    """Two agreements that would hold for the same usage and meter at the same time with equal right, and two such aliases."""
    return [
        *(
            Problem(file, second.line, PRICES, _both(f"'{describe(first)}'", first, f"'{describe(second)}'", second, MEND))
            for first, second in combinations(sorted(agreements, key=_line), 2)
            if _claims(first) & _claims(second) and _overlap(first, second)
        ),
        *(
            Problem(file, second.line, ALIASES, _both(_alias_words(first), first, _alias_words(second), second, "give them dates apart"))
            for first, second in combinations(sorted(aliases, key=_line), 2)
            if (first.name, _provider(first)) == (second.name, _provider(second)) and _overlap(first, second)
        ),
    ]


def spelled_apart(agreements: Sequence[Agreement], aliases: Sequence[Alias], catalog: Catalog, file: str) -> list[Problem]:
    """Two agreements that contradict each other once both name their model as the catalog does: one has its id, one another spelling.

    A name of our own, an alias, is meant to differ from its model: there the name as the usage gives it counts first.
    """
    ours = {alias.name for alias in aliases}
    ids = {one: found.info.id for one in agreements if (found := _named(one, ours, catalog)) is not None}
    return [
        Problem(file, second.line, PRICES, _both(f"'{describe(first)}'", first, f"'{describe(second)}'", second, _twice(ids[first])))
        for first, second in combinations(sorted(ids, key=_line), 2)
        if first.model != second.model
        and ids[first] == ids[second] in {first.model, second.model}
        and _claims(replace(first, model=ids[first])) & _claims(replace(second, model=ids[second]))
        and _overlap(first, second)
    ]


def mistakes(agreements: Sequence[Agreement], file: str) -> list[Problem]:
    """Agreements that say too little, too much or nonsense."""
    return [Problem(file, one.line, PRICES, words) for one in agreements for words in _mistakes(one)]


def unknown(agreements: Sequence[Agreement], aliases: Sequence[Alias], catalog: Catalog, file: str) -> list[Problem]:
    """Names that the catalog does not know, so that the line could never count."""
    return [
        *(Problem(file, one.line, PRICES, words) for one in agreements for words in _unknown_in_agreement(one, aliases, catalog)),
        *(Problem(file, one.line, ALIASES, words) for one in aliases for words in _unknown_in_alias(one, catalog)),
    ]


def _claims(one: Agreement) -> set[tuple[str | None, ...]]:
    """What it speaks of. Two agreements of equal rank for some meter of some usage always share one of these, and only they do."""
    meters = {one.meter, None} if one.other_meters == IN_PROPORTION else {one.meter}
    return {(provider_id_of(one.provider), one.project, one.account, one.model, meter) for meter in meters}


def _named(one: Agreement, ours: Collection[str], catalog: Catalog) -> CatalogModel | None:
    return None if one.model is None or one.model in ours else sold(catalog, one.provider, one.model)


def _twice(model_id: str) -> str:
    return f"both name the catalog's model {model_id}; {MEND}"


def _line(one: Agreement | Alias) -> int:
    return one.line or 0


def _overlap(first: Agreement | Alias, second: Agreement | Alias) -> bool:
    starts = [one.valid_from or date.min for one in (first, second)]
    ends = [one.valid_to or date.max for one in (first, second)]
    return max(starts) < min(ends)


def _both(first_words: str, first: Agreement | Alias, second_words: str, second: Agreement | Alias, mend: str) -> str:
    both = f"{first_words} (line {first.line}) and {second_words} (line {second.line})"
    return f"{both} hold for the same usage at the same time and are equally specific: {mend}"


def _alias_words(alias: Alias) -> str:
    return f"'{alias.name} is {alias.model}'"


def _provider(alias: Alias) -> str | None:
    return None if alias.provider is None else provider_id_of(alias.provider)


def _mistakes(one: Agreement) -> Iterator[str]:
    if one.meter is not None and one.meter not in AGREED_METERS:
        yield f"meter {one.meter!r} is none of {', '.join(AGREED_METERS)}"
    if [one.unit_price is None, one.discount_percent is None, not one.tiers].count(False) != 1:
        yield "an agreement has exactly one of a unit_price, a discount_percent (or markup_percent) and tiers"
    if one.meter is None and not (one.unit_price is None and all(tier.unit_price is None for tier in one.tiers)):
        yield "a unit_price needs a meter: the price of one unit of what?"
    if one.other_meters == IN_PROPORTION and one.unit_price is None:
        yield "other_meters: in_proportion needs a unit_price: in proportion to what?"
    if one.per not in PERIOD_OF:
        yield f"per {one.per!r} is none of {', '.join(PERIOD_OF)}"
    starts = [tier.above for tier in one.tiers]
    if one.tiers and (starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts))):
        yield f"the first tier has above: 0 and each next one more; these have {', '.join(map(text, starts))}"
    if any((tier.unit_price is None) == (tier.discount_percent is None) for tier in one.tiers):
        yield "a tier has either a unit_price or a discount_percent (or markup_percent)"
    yield from _impossible((one, *one.tiers))
    if one.valid_from is not None and one.valid_to is not None and one.valid_to <= one.valid_from:
        yield f"valid_to {one.valid_to} is not after valid_from {one.valid_from}"


def _impossible(prices: Iterable[Agreement | VolumeTier]) -> Iterator[str]:
    for price in prices:
        if price.unit_price is not None and price.unit_price < 0:
            yield f"unit_price {text(price.unit_price)} is negative"
        if price.unit_price is not None and price.unit_price > LARGEST_UNIT_PRICE:
            yield f"unit_price {text(price.unit_price)} is too large: at most {LARGEST_UNIT_PRICE:,} per unit"
        if price.discount_percent is not None and price.discount_percent > HUNDRED:
            yield f"discount_percent {text(price.discount_percent)} is more than 100"


def _unknown_in_agreement(one: Agreement, aliases: Sequence[Alias], catalog: Catalog) -> Iterator[str]:
    names = {alias.name for alias in aliases}
    if catalog.provider(provider_id_of(one.provider)) is None:
        yield f"provider {one.provider!r} is not in the price catalog{near(one.provider, [provider.id for provider in catalog.providers])}"
    elif one.model is not None and one.model not in names and sold(catalog, one.provider, one.model) is None:
        hint = near_models(one.provider, one.model, catalog)
        yield f"{one.provider} has no model {one.model!r} in the price catalog, and no alias has that name{hint}"


def _unknown_in_alias(alias: Alias, catalog: Catalog) -> Iterator[str]:
    provider = alias.model_provider or alias.provider
    if provider is not None and catalog.provider(provider_id_of(provider)) is None:
        mend = "" if alias.model_provider else ": say with model_provider whose model it is"
        yield f"provider {provider!r} is not in the price catalog{near(provider, [one.id for one in catalog.providers])}{mend}"
    elif not is_known(alias, catalog):
        whose = "the price catalog has" if provider is None else f"{provider} has"
        where = "" if provider is None else " in the price catalog"
        yield f"{whose} no model {alias.model!r}{where}{near_models(provider, alias.model, catalog)}"
