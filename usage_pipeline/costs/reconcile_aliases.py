"""Usage under a name that the price book does not know, of a model that the view above does: an alias is missing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import cost_of, take
from usage_pipeline.costs.reconcile_words import NAMES, alias, units, verb
from usage_pipeline.tables.reconciliations import PRICE

LEAST_ALIKE = 50
"""So many units, equal to the last one, are no chance."""


def known_by_another_name(gaps: Iterable[Gap]) -> None:
    """Usage of a model that the price book does not know, exactly as much of each meter as another model of that day lacks: an alias."""
    groups: dict[object, dict[str | None, list[Gap]]] = defaultdict(lambda: defaultdict(list))
    for gap in gaps:
        if gap.surplus:
            groups[gap.cell.day, gap.cell.channel, gap.cell.project, gap.step][gap.cell.model].append(gap)
    for models in groups.values():
        for name, nameless in models.items():
            if name and all(gap.surplus < 0 and all(lot.is_unpriced for lot in gap.lower) for gap in nameless):
                _rename(name, nameless, models)


def _rename(name: str, nameless: Sequence[Gap], models: Mapping[str | None, Sequence[Gap]]) -> None:
    wanted = {gap.cell.meter: -gap.surplus for gap in nameless}
    if max(wanted.values()) < LEAST_ALIKE:
        return
    for model, lacking in models.items():
        if model != name and model and {gap.cell.meter: gap.surplus for gap in lacking if gap.cell.meter in wanted} == wanted:
            for gap in [*nameless, *(gap for gap in lacking if gap.cell.meter in wanted)]:
                count = abs(gap.surplus)
                has = f"{NAMES[gap.below]} {verb(gap.below, 'has', 'have')} {units(count)} {gap.cell.unit}"
                words = f"{has} of '{name}', which has no price: as many as of {model} above"
                lots = gap.upper if gap.surplus > 0 else gap.lower
                sign = 1 if lots is gap.upper else -1
                gap.take(PRICE, sign * cost_of(take(lots, count)), sign * count, words, alias(name, model))
            return
