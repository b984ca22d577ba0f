"""Schedules: one model in one context under some agreements, as rate cards with their rates.

Cards of a schedule that volume tiers touch are named by what they say and not by when they hold: a price of one day is the same card
whatever is known of other days.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, fields, replace
from datetime import date
from itertools import groupby

from usage_pipeline.prices.agreements import EVER, AgreedPrice, Span, agree
from usage_pipeline.prices.catalog import CatalogModel, short_hash
from usage_pipeline.prices.cells import Cell
from usage_pipeline.prices.supply import catalog_source
from usage_pipeline.prices.tiers import without_line
from usage_pipeline.tables.configuration import Agreement
from usage_pipeline.tables.priced_usage import PRICED
from usage_pipeline.tables.rates import Rate, RateCard

Drafts = tuple[AgreedPrice, ...]
Cards = list[tuple[RateCard, list[Rate]]]

WHERE = tuple(one.name for one in fields(Cell) if one.name not in {"prices", "state"})
WHEN = frozenset({"valid_from", "valid_to"})


def schedule_name(model: CatalogModel, context: Mapping[str, str], agreements: Iterable[Agreement] = ()) -> str:
    """'openai/gpt-5?processing=batch', with a hash of the agreements where there are any."""
    mode = ",".join(f"{name}={value}" for name, value in sorted(context.items()))
    lines = sorted(repr(astuple(without_line(one))) for one in agreements)
    return model.name + (f"?{mode}" if mode else "") + (f"@{short_hash(repr(lines))}" if lines else "")


def cards_of(schedule: str, model: CatalogModel, cells: Iterable[Cell], spans: Sequence[Span] = EVER) -> Cards:
    """The cards of `cells` under the terms of `spans`, each with its rates."""
    is_tiered = any(term.agreement.tiers for span in spans for term in span.terms)
    return [_card(schedule, model, cell, drafts, is_tiered=is_tiered) for cell, drafts in _merged(_agreed(cells, spans, model.info.id))]


def _card(schedule: str, model: CatalogModel, cell: Cell, drafts: Drafts, *, is_tiered: bool) -> tuple[RateCard, list[Rate]]:
    state = PRICED if drafts and not cell.prices else cell.state
    where = {name: getattr(cell, name) for name in WHERE}
    identity = {name: value for name, value in where.items() if not (is_tiered and name in WHEN)}
    card_id = f"{schedule}#{short_hash(repr((identity, state, drafts)))}"
    return RateCard(rate_card=card_id, schedule=schedule, state=state, **where), [_rate(card_id, draft, model) for draft in drafts]


def _rate(card_id: str, draft: AgreedPrice, model: CatalogModel) -> Rate:
    return Rate(
        rate_card=card_id,
        meter=draft.list.meter,
        list_unit_price=draft.list.unit_price,
        net_unit_price=draft.net_unit_price,
        agreement=draft.agreement,
        priced_as=draft.list.priced_as,
        source=draft.list.source or catalog_source(model),
        minimum_quantity=draft.list.minimum_quantity,
    )


def _agreed(cells: Iterable[Cell], spans: Sequence[Span], model_id: str) -> Iterator[tuple[Cell, Drafts]]:
    """The cells in order, cut where the terms change, with their agreed prices."""
    for (valid_from, valid_to), same_days in groupby(cells, key=lambda cell: (cell.valid_from, cell.valid_to)):
        day = list(same_days)
        for span in spans:
            first, last = _later(valid_from, span.valid_from), _earlier(valid_to, span.valid_to)
            if first is None or last is None or first < last:
                for cell in day:
                    yield replace(cell, valid_from=first, valid_to=last), tuple(agree(cell.prices, span.terms, model_id))


def _later(first: date | None, second: date | None) -> date | None:
    """Of two starts, None meaning 'from ever'."""
    return second if first is None else first if second is None else max(first, second)


def _earlier(first: date | None, second: date | None) -> date | None:
    """Of two ends, None meaning 'until further notice'."""
    return second if first is None else first if second is None else min(first, second)


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
