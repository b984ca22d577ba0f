"""The price book: one catalog version with aliases before it and agreements on top, as rate cards and rates.

In: the distinct keys of the usage at hand (`apply.keys_of`). Out: `resolutions`, `rate_cards` and `rates` for them. Only what is asked
for is flattened, but the version names the whole catalog, all agreements and all aliases, so equal versions price equally.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import date
from functools import cached_property

import pyarrow as pa

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.aliases import Reading, readings
from usage_pipeline.prices.cards import Cards, cards_of, schedule_name
from usage_pipeline.prices.catalog import Catalog, CatalogModel, installed_catalog, short_hash
from usage_pipeline.prices.contradictions import contradictions, mistakes, spelled_apart, unknown
from usage_pipeline.prices.desk import Desk, Words
from usage_pipeline.prices.flatten import flatten
from usage_pipeline.prices.tiers import Volumes
from usage_pipeline.tables.configuration import Agreement, Alias
from usage_pipeline.tables.rates import Resolution, Scopes, rate_cards, rates, resolutions

FILE = "usage.yaml"


@dataclass(frozen=True, slots=True)
class PricedKeys:
    """The book's tables for some keys, each as declared in tables/rates.py."""

    resolutions: pa.Table
    rate_cards: pa.Table
    rates: pa.Table


@dataclass(frozen=True)
class PriceBook:
    """Prices that never change: `version` names catalog, agreements and aliases by their content, `catalog` the catalog alone."""

    version: str
    catalog: str
    prices: Catalog = field(repr=False)
    agreements: tuple[Agreement, ...] = field(repr=False, default=())
    aliases: tuple[Alias, ...] = field(repr=False, default=())

    @property
    def scopes(self) -> Scopes:
        """The projects and accounts that agreements name, which `keys` must tell apart."""
        projects = {one.project for one in self.agreements if one.project is not None}
        accounts = {one.account for one in self.agreements if one.account is not None}
        return Scopes(tuple(sorted(projects)), tuple(sorted(accounts)))

    def resolve(self, keys: pa.Table, context: Mapping[str, str] | None = None, *, volumes: Volumes | None = None) -> PricedKeys:
        """The tables for `keys` (columns of apply.KEY), sorted and without repetition.

        `context` adds to every key what events have no column for (search_type, route). `volumes` (volume.volumes_of) say which
        tier of an agreement each day is in: without them the first one holds. A key has several resolutions where an alias is dated.
        """
        desk = Desk(self.prices, self.readings, self.agreements, context or {}, volumes or Volumes())
        distinct = {tuple(row.values()): row for row in keys.to_pylist()}
        rows = sorted((found for row in distinct.values() for found in desk.resolutions(row)), key=_order)
        cards = [card for schedule in sorted(desk.schedules) for card in desk.schedules[schedule]]
        once = {card.rate_card: lines for card, lines in cards}
        return PricedKeys(
            resolutions.arrow(rows),
            rate_cards.arrow([card for card, _ in cards]),
            rates.arrow([rate for lines in once.values() for rate in lines]),
        )

    def readings(self, provider: str | None, model: str | None) -> list[Reading]:
        """What a source's words mean, by aliases and catalog, all days in order."""
        return readings(self.prices, self._aliases_by_name.get(model, ()), provider, model)

    def model_ids(self, models: Iterable[Words], day: date | None = None) -> dict[Words, str]:
        """The catalog's model id of each (provider, model) that is known on `day`; without a day, as the last alias has it."""
        found = {(provider, model): _on(self.readings(provider, model), day) for provider, model in set(models)}
        return {pair: model.info.id for pair, model in found.items() if model is not None}

    @cached_property
    def _aliases_by_name(self) -> dict[str | None, list[Alias]]:
        return {name: [one for one in self.aliases if one.name == name] for name in {alias.name for alias in self.aliases}}


def build_book(
    agreements: Sequence[Agreement] = (),
    aliases: Sequence[Alias] = (),
    catalog: Catalog | None = None,
    *,
    file: str = FILE,
    is_current: bool = True,
) -> PriceBook:
    """The book of the installed catalog (or `catalog`) with `aliases` and `agreements`, which stand in `file`.

    Raises UsageConfigError that names every agreement and alias that is wrong, and every two that contradict each other. A name
    that the catalog does not know is wrong unless the catalog is an earlier one (`is_current` false), which need not know today's
    models: there an alias for one leaves usage unresolved.
    """
    prices = catalog or installed_catalog()
    problems = [*mistakes(agreements, file), *contradictions(agreements, aliases, file)]
    if is_current:
        problems += [*unknown(agreements, aliases, prices, file), *spelled_apart(agreements, aliases, prices, file)]
    if problems:
        raise UsageConfigError("\n".join(map(str, sorted(problems, key=lambda one: (one.line or 0, one.field)))))
    version = prices.name + _hash("agreements", agreements) + _hash("aliases", aliases)
    return PriceBook(version, prices.name, prices, tuple(agreements), tuple(aliases))


def schedule_cards(catalog: Catalog, model: CatalogModel, context: Mapping[str, str]) -> Cards:
    """The cards of a model of `catalog` in a context, at list prices."""
    return cards_of(schedule_name(model, context), model, flatten(model, context, supplements=catalog.supplements))


def _hash(what: str, lines: Iterable[Agreement | Alias]) -> str:
    """' + agreements sha256:…', nothing without any; neither their order nor where they stand says anything."""
    terms = sorted(repr(astuple(replace(one, line=None))) for one in lines)
    return f" + {what} sha256:{short_hash(repr(terms))}" if terms else ""


def _on(found: Sequence[Reading], day: date | None) -> CatalogModel | None:
    begun = [one for one in found if day is None or one.valid_from is None or one.valid_from <= day]
    return begun[-1].model


def _order(row: Resolution) -> list[tuple[bool, str]]:
    words = (row.provider, row.model, row.is_batch, row.service_tier, row.speed, row.region, row.project, row.account, row.valid_from)
    return [(word is not None, str(word)) for word in words]
