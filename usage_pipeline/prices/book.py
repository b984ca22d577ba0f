"""The price book: one catalog version and the agreements on top, as rate cards and rates.

In: the distinct keys of the usage at hand (`apply.keys_of`). Out: `resolutions`, `rate_cards` and `rates` for them.
Only what is asked for is flattened, but the version names the whole catalog and all agreements, so equal versions price equally.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any

import pyarrow as pa

from usage_pipeline.prices import agreements as agreed
from usage_pipeline.prices.catalog import Catalog, CatalogModel, installed_catalog, short_hash
from usage_pipeline.prices.flatten import Cell, flatten
from usage_pipeline.prices.resolve import Key, context_of, find_model
from usage_pipeline.tables.configuration import Agreement
from usage_pipeline.tables.priced_usage import PRICED, UNRESOLVED_MODEL
from usage_pipeline.tables.rates import Rate, RateCard, Resolution, Scopes, rate_cards, rates, resolutions
from usage_pipeline.tables.schema import Table

Drafts = tuple[agreed.AgreedPrice, ...]


@dataclass(frozen=True, slots=True)
class PricedKeys:
    """The book's tables for some keys, each as declared in tables/rates.py."""

    resolutions: pa.Table
    rate_cards: pa.Table
    rates: pa.Table


@dataclass(frozen=True)
class PriceBook:
    """Prices that never change: `version` names catalog and agreements by their content, `catalog` the catalog alone."""

    version: str
    catalog: str
    prices: Catalog = field(repr=False)
    agreements: tuple[Agreement, ...] = field(repr=False, default=())

    @property
    def scopes(self) -> Scopes:
        """The projects and accounts that agreements name, which `keys` must tell apart."""
        projects = {one.project for one in self.agreements if one.project is not None}
        accounts = {one.account for one in self.agreements if one.account is not None}
        return Scopes(tuple(sorted(projects)), tuple(sorted(accounts)))

    def resolve(self, keys: pa.Table, context: Mapping[str, str] | None = None) -> PricedKeys:
        """The tables for `keys` (columns of apply.KEY), sorted and without repetition.

        `context` adds to every key what events have no column for (search_type, route). Raises UsageConfigError where
        agreements contradict each other for a key.
        """
        cards: dict[str, list[tuple[RateCard, list[Rate]]]] = {}
        distinct = {tuple(row.values()): row for row in keys.to_pylist()}
        rows = sorted((self._resolution(row, cards, context or {}) for row in distinct.values()), key=_order)
        made = [card for schedule in sorted(cards) for card in cards[schedule]]
        return PricedKeys(
            _table(resolutions, rows),
            _table(rate_cards, [card for card, _ in made]),
            _table(rates, [rate for _, lines in made for rate in lines]),
        )

    def model_ids(self, models: Iterable[tuple[str | None, str | None]]) -> dict[tuple[str | None, str | None], str]:
        """The catalog's model id of each (provider, model) that the catalog knows."""
        found = {(provider, model): find_model(self.prices, Key(provider, model)) for provider, model in set(models)}
        return {pair: model.info.id for pair, model in found.items() if model is not None}

    def _resolution(
        self, row: Mapping[str, Any], cards: dict[str, list[tuple[RateCard, list[Rate]]]], more: Mapping[str, str]
    ) -> Resolution:
        key = Key(row["provider"], row["model"], row["is_batch"], row["service_tier"], row["speed"])
        model = find_model(self.prices, key)
        if model is None:
            return Resolution(**row, valid_from=None, valid_to=None, model_id=None, provider_id=None, schedule=None, state=UNRESOLVED_MODEL)
        context = context_of(key, more)
        terms = agreed.relevant(
            self.agreements, provider_id=model.provider.id, model_id=model.info.id, model=str(key.model), project=row["project"]
        )
        schedule = _schedule_name(model, context, terms)
        if schedule not in cards:
            cards[schedule] = list(_cards(schedule, model, context, terms))
        states = {card.state for card, _ in cards[schedule]}
        state = states.pop() if len(states) == 1 else PRICED
        return Resolution(
            **row,
            valid_from=None,
            valid_to=None,
            model_id=model.info.id,
            provider_id=model.provider.id,
            schedule=schedule,
            state=state,
        )


def build_book(agreements: Sequence[Agreement], catalog: Catalog | None = None) -> PriceBook:
    """The book of the installed catalog (or `catalog`) and `agreements`.

    Raises UsageConfigError that names every agreement that is wrong and every two that contradict each other.
    """
    prices = catalog or installed_catalog()
    agreed.check(agreements, (provider.id for provider in prices.providers))
    version = prices.name
    if agreements:
        terms = sorted(repr(astuple(replace(one, line=None))) for one in agreements)
        version = f"{prices.name} + agreements sha256:{short_hash(repr(terms))}"
    return PriceBook(version, prices.name, prices, tuple(agreements))


def _schedule_name(model: CatalogModel, context: Mapping[str, str], terms: Iterable[Agreement]) -> str:
    mode = ",".join(f"{name}={value}" for name, value in sorted(context.items()))
    lines = sorted(repr(astuple(replace(one, line=None))) for one in terms)
    return model.name + (f"?{mode}" if mode else "") + (f"@{short_hash(repr(lines))}" if lines else "")


def _cards(
    schedule: str, model: CatalogModel, context: Mapping[str, str], terms: Sequence[Agreement]
) -> Iterable[tuple[RateCard, list[Rate]]]:
    cells = flatten(model, context, agreed.breakpoints(terms))
    for cell, drafts in _merged((cell, tuple(agreed.agree(cell.prices, terms, cell.valid_from))) for cell in cells):
        state = PRICED if drafts and not cell.prices else cell.state
        where = {name: value for name, value in asdict(cell).items() if name not in {"prices", "state"}}
        card_id = f"{schedule}#{short_hash(repr((where, state, drafts)))}"
        yield RateCard(rate_card=card_id, schedule=schedule, state=state, **where), [_rate(card_id, draft, model) for draft in drafts]


def _rate(card_id: str, draft: agreed.AgreedPrice, model: CatalogModel) -> Rate:
    return Rate(
        rate_card=card_id,
        meter=draft.list.meter,
        list_unit_price=draft.list.unit_price,
        net_unit_price=draft.net_unit_price,
        agreement=draft.agreement,
        priced_as=draft.list.priced_as,
        source=f"genai-prices:{model.owner}/{model.info.id}",
        minimum_quantity=draft.list.minimum_quantity,
    )


def _merged(cells: Iterable[tuple[Cell, Drafts]]) -> Iterable[tuple[Cell, Drafts]]:
    """Neighbouring date ranges with the same prices all day become one."""
    days = [list(day) for _, day in groupby(cells, key=lambda one: one[0].valid_from)]
    kept: list[list[tuple[Cell, Drafts]]] = []
    for day in days:
        if kept and _content(kept[-1]) == _content(day):
            kept[-1] = [(replace(cell, valid_to=day[0][0].valid_to), drafts) for cell, drafts in kept[-1]]
        else:
            kept.append(day)
    return (cell for day in kept for cell in day)


def _content(day: Iterable[tuple[Cell, Drafts]]) -> list[tuple[Cell, Drafts]]:
    return [(replace(cell, valid_from=date.min, valid_to=None), drafts) for cell, drafts in day]


def _order(row: Resolution) -> list[tuple[bool, str]]:
    words = (row.provider, row.model, row.is_batch, row.service_tier, row.speed, row.region, row.project, row.account, row.valid_from)
    return [(word is not None, str(word)) for word in words]


def _table(table: Table[Any], rows: Sequence[Any]) -> pa.Table:
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=table.schema.to_pyarrow())
