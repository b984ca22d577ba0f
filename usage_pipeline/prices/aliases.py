"""Aliases: model texts of our own (a deployment, an inference profile, a model group) and the catalog's models that they stand for.

A text equals an alias's name letter for letter or it does not. An alias that names the usage's provider comes before one for all
providers, and both before the catalog's own matching, which holds on the days that no alias does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from genai_prices.types import Provider

from usage_pipeline.prices.catalog import Catalog, CatalogModel
from usage_pipeline.prices.resolve import Key, find_model, provider_id_of
from usage_pipeline.tables.configuration import Alias


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model text means on the days [valid_from, valid_to); `model` None where nobody knows."""

    valid_from: date | None
    valid_to: date | None
    model: CatalogModel | None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


def readings(catalog: Catalog, aliases: Iterable[Alias], provider: str | None, model: str | None) -> list[Reading]:
    """What `model` of `provider` means, all days in order; neighbours differ."""
    fitting = [one for one in aliases if one.name == model and is_of(one, provider)]
    days = sorted({day for one in fitting for day in (one.valid_from, one.valid_to) if day is not None})
    found: list[Reading] = []
    for start, end in zip([None, *days], [*days, None], strict=True):
        meant = _meaning(catalog, fitting, Key(provider, model), start)
        if found and found[-1].model == meant:
            found[-1] = replace(found[-1], valid_to=end)
        else:
            found.append(Reading(start, end, meant))
    return found


def is_known(alias: Alias, catalog: Catalog) -> bool:
    """Whether the catalog has the alias's model; one for any provider is known where some provider has it."""
    provider = alias.model_provider or alias.provider
    return any(sold(catalog, one, alias.model) for one in ([provider] if provider else [one.id for one in catalog.providers]))


def sold(catalog: Catalog, provider: str | None, model: str) -> CatalogModel | None:
    """What `provider` sells under this name: the model with exactly that id, else what the catalog reads the text as.

    The catalog's own matching does not reach every model by its id ('regional.anthropic.…' of Bedrock): someone who writes one down
    means it.
    """
    known = sellers(catalog, provider) if provider else ()
    by_id = next((CatalogModel(known[0], one.id, info) for one in known for info in one.models if info.id == model), None)
    if by_id is not None and by_id.is_own:
        return by_id
    return find_model(catalog, Key(provider, model)) or by_id


def sellers(catalog: Catalog, provider: str | None) -> Sequence[Provider]:
    """The provider and those at whose prices it also sells; all of them where `provider` is None, none where it is unknown."""
    if provider is None:
        return catalog.providers
    found = catalog.provider(provider_id_of(provider))
    if found is None:
        return ()
    others = (catalog.provider(one) for one in found.fallback_model_providers or ())
    return (found, *(one for one in others if one is not None))


def is_of(alias: Alias, provider: str | None) -> bool:
    """Whether it speaks of usage of this provider."""
    return alias.provider is None or (provider is not None and provider_id_of(alias.provider) == provider_id_of(provider))


def _meaning(catalog: Catalog, fitting: Sequence[Alias], key: Key, day: date | None) -> CatalogModel | None:
    in_force = [one for one in fitting if _holds(one, day)]
    if not in_force:
        return find_model(catalog, key)
    alias = max(in_force, key=lambda one: one.provider is not None)
    return sold(catalog, alias.model_provider or key.provider, alias.model)


def _holds(alias: Alias, day: date | None) -> bool:
    if day is None:
        return alias.valid_from is None
    return (alias.valid_from is None or alias.valid_from <= day) and (alias.valid_to is None or day < alias.valid_to)
