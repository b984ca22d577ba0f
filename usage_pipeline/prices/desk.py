"""Distinct keys of usage, one after another, to resolutions and the schedules that these name: each thing is looked up and made once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from usage_pipeline.prices.agreements import Span, relevant, spans
from usage_pipeline.prices.aliases import Reading
from usage_pipeline.prices.cards import Cards, cards_of, schedule_name
from usage_pipeline.prices.catalog import Catalog, CatalogModel
from usage_pipeline.prices.cells import Cell
from usage_pipeline.prices.flatten import flatten
from usage_pipeline.prices.resolve import Key, context_of
from usage_pipeline.prices.supply import REGION, speaks_of, told_apart
from usage_pipeline.prices.tiers import Volumes
from usage_pipeline.tables.configuration import Agreement
from usage_pipeline.tables.priced_usage import PRICED, UNRESOLVED_MODEL
from usage_pipeline.tables.rates import Resolution

Context = Mapping[str, str]
Words = tuple[str | None, str | None]
"""A provider and a model as the usage names them."""
Mode = tuple[str, tuple[tuple[str, str], ...]]
"""A catalog model's name and a context."""


@dataclass
class Desk:
    """Where keys are resolved under one book. `more` adds to every key's context; `schedules` are those made so far, by name."""

    catalog: Catalog
    read: Callable[[str | None, str | None], list[Reading]]
    agreements: Sequence[Agreement]
    more: Context
    volumes: Volumes
    schedules: dict[str, Cards] = field(default_factory=dict)
    _known: dict[Words, list[Reading]] = field(default_factory=dict)
    _terms: dict[tuple[Agreement, ...], tuple[Span, ...]] = field(default_factory=dict)
    _cells: dict[Mode, list[Cell]] = field(default_factory=dict)
    _modes: dict[Mode, tuple[Context, Context]] = field(default_factory=dict)

    def resolutions(self, row: Mapping[str, Any]) -> list[Resolution]:
        """One for each span of days in which the words of the key `row` (columns of apply.KEY) mean one thing."""
        words = (row["provider"], row["model"])
        if words not in self._known:
            self._known[words] = self.read(*words)
        return [self._resolution(row, reading) for reading in self._known[words]]

    def _resolution(self, row: Mapping[str, Any], reading: Reading) -> Resolution:
        model = reading.model
        if model is None:
            told = {"model_id": None, "provider_id": None, "schedule": None, "state": UNRESOLVED_MODEL}
        else:
            schedule = self._schedule(row, model)
            states = {card.state for card, _ in self.schedules[schedule]}
            state = states.pop() if len(states) == 1 else PRICED
            told = {"model_id": model.info.id, "provider_id": model.provider.id, "schedule": schedule, "state": state}
        return Resolution(**{**row, **told, "valid_from": reading.valid_from, "valid_to": reading.valid_to})

    def _schedule(self, row: Mapping[str, Any], model: CatalogModel) -> str:
        """The name of the key's schedule, which is made now if it was not."""
        key = Key(row["provider"], row["model"], row["is_batch"], row["service_tier"], row["speed"])
        words, context = self._mode(model, _in_region(row["region"], context_of(key, self.more)))
        agreements = relevant(
            self.agreements,
            provider_id=model.provider.id,
            model_id=model.info.id,
            model=str(key.model),
            project=row["project"],
            account=row["account"],
        )
        name = schedule_name(model, words, agreements)
        if name not in self.schedules:
            if agreements not in self._terms:
                self._terms[agreements] = spans(agreements, self.volumes)
            self.schedules[name] = cards_of(name, model, self._flat(model, context), self._terms[agreements])
        return name

    def _mode(self, model: CatalogModel, context: Context) -> tuple[Context, Context]:
        key = _key(model, context)
        if key not in self._modes:
            self._modes[key] = self._effective(model, context)
        return self._modes[key]

    def _effective(self, model: CatalogModel, context: Context) -> tuple[Context, Context]:
        """How a context is named, and one with its prices: regions that price alike are one ('region=eu-north-1+7' has seven more)."""
        told = told_apart(self.catalog.supplements, model, context)
        if REGION not in told:
            return told, told
        elsewhere = {name: value for name, value in told.items() if name != REGION}
        cells = self._flat(model, told)
        if cells == self._flat(model, elsewhere):
            return elsewhere, elsewhere
        spoken_of = (dict(row.context).get(REGION) for row in self.catalog.supplements if speaks_of(row, model))
        alike = [one for one in sorted({one for one in spoken_of if one}) if self._flat(model, {**elsewhere, REGION: one}) == cells]
        name = alike[0] if len(alike) == 1 else f"{alike[0]}+{len(alike) - 1}"
        return {**elsewhere, REGION: name}, {**elsewhere, REGION: alike[0]}

    def _flat(self, model: CatalogModel, context: Context) -> list[Cell]:
        key = _key(model, context)
        if key not in self._cells:
            self._cells[key] = list(flatten(model, context, supplements=self.catalog.supplements))
        return self._cells[key]


def _in_region(region: str | None, context: Context) -> Context:
    """The context with the usage's region, unless it has one of its own, in the letters that prices know it by."""
    named = str(context.get(REGION) or region or "").strip().lower()
    return {**context, REGION: named} if named else context


def _key(model: CatalogModel, context: Context) -> Mode:
    return (model.name, tuple(sorted(context.items())))
