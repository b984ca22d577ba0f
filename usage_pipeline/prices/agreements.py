"""Agreements on top of the list: what a rate card's unit prices become where a contract says otherwise.

Applied when a card is made, never per row, so list and net price stand side by side and pricing stays one join.

Which one counts where several hold for a meter of some usage, in this order: one that names the project; then the account; then the
meter (its own, before the one whose price it has); then the model (as the usage gives it, an alias say, before the catalog's id);
then the provider alone. A meter that is only scaled by another one's unit price counts as if no meter were named. Two that no step tells
apart contradict each other, which `contradictions.py` refuses. Discounts do not add up: one agreement counts. It holds for every mode
(batch, flex, priority), region, time of day and long context alike: a discount is off the price there, a unit price is the price there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from usage_pipeline.money import exact, in_proportion
from usage_pipeline.prices.cells import Price
from usage_pipeline.prices.resolve import provider_id_of
from usage_pipeline.prices.tiers import Part, Volumes, changes, net_price, parts_on
from usage_pipeline.prices.words import terms_of
from usage_pipeline.tables.configuration import IN_PROPORTION, Agreement
from usage_pipeline.tables.rates import REASONING

OUTPUT = "output"
"""The meter that reasoning is a part of."""


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """A list price beside what is paid: equal without an agreement, whose words are in `agreement`."""

    list: Price
    net_unit_price: Decimal
    agreement: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """An agreement as it stands on some days."""

    agreement: Agreement
    parts: tuple[Part, ...]

    @property
    def unit_price(self) -> Decimal | None:
        """The price of a unit where it needs no list price."""
        return None if any(part.unit_price is None for part in self.parts) else net_price(Decimal(0), self.parts)


@dataclass(frozen=True, slots=True)
class Span:
    """The terms on the days [valid_from, valid_to)."""

    valid_from: date | None
    valid_to: date | None
    terms: tuple[Term, ...]


EVER = (Span(None, None, ()),)


def relevant(
    agreements: Sequence[Agreement], *, provider_id: str, model_id: str, model: str, project: str | None, account: str | None
) -> tuple[Agreement, ...]:
    """Those that speak of this provider, model (by the catalog's id or as given), project and account, at any time."""
    return tuple(
        one
        for one in agreements
        if provider_id_of(one.provider) == provider_id
        and one.model in {None, model_id, model}
        and one.project in {None, project}
        and one.account in {None, account}
    )


def spans(agreements: Sequence[Agreement], volumes: Volumes) -> tuple[Span, ...]:
    """All days in order, cut where what the agreements say changes: their dates, and the tiers that `volumes` reach."""
    days = {day for one in agreements for day in (one.valid_from, one.valid_to) if day is not None}
    days |= {day for one in agreements if one.tiers for day in changes(one, volumes)}
    told = [(day, _terms(agreements, day, volumes)) for day in (None, *sorted(days))]
    kept = [told[place] for place in range(len(told)) if place == 0 or told[place][1] != told[place - 1][1]]
    ends = [*(day for day, _ in kept[1:]), None]
    return tuple(Span(day, end, terms) for (day, terms), end in zip(kept, ends, strict=True))


def agree(prices: Iterable[Price], terms: Sequence[Term], model_id: str) -> list[AgreedPrice]:
    """The prices of one card of the model with what is paid; `terms` are relevant ones, in force at the same time.

    A meter priced as another one (cached tokens as input) follows that one's agreement unless one names it itself. A unit price
    agreed for a meter that the catalog does not price becomes its only price. Reasoning is a part of output: where an agreement names
    it and the catalog does not, its list price is output's. In proportion, meters follow the ratio of the unit price to its own meter's
    list price on this card; where that has none, or is free, they stay as they are.
    """
    is_of_reasoning = any(term.agreement.meter == REASONING for term in terms)
    listed = {price.meter: price for price in (_with_reasoning(prices) if is_of_reasoning else prices)}
    of_catalog = {meter: price.unit_price for meter, price in listed.items()}
    for term in sorted(terms, key=lambda one: _rank(one.agreement, Price("", Decimal(0)), model_id), reverse=True):
        meter, unit_price = term.agreement.meter, term.unit_price
        if meter is not None and meter != REASONING and unit_price is not None:
            listed.setdefault(meter, Price(meter, exact(unit_price)))
    told = _with_reasoning(listed.values()) if is_of_reasoning else listed.values()
    return [_agreed(price, terms, of_catalog, model_id) for price in told]


def _with_reasoning(prices: Iterable[Price]) -> list[Price]:
    """The prices with one of reasoning at that of output, where there is only the latter."""
    priced = {price.meter: price for price in prices}
    if OUTPUT in priced:
        priced.setdefault(REASONING, replace(priced[OUTPUT], meter=REASONING, priced_as=OUTPUT))
    return list(priced.values())


def _agreed(price: Price, terms: Sequence[Term], of_catalog: dict[str, Decimal], model_id: str) -> AgreedPrice:
    candidates = [one for one in terms if _speaks_of(one.agreement, price) or _scales(one, price, of_catalog)]
    if not candidates:
        return AgreedPrice(price, price.unit_price)
    best = max(candidates, key=lambda one: _rank(one.agreement, price, model_id))
    if _speaks_of(best.agreement, price):
        return AgreedPrice(price, net_price(price.unit_price, best.parts), terms_of(best.agreement, best.parts))
    part, whole = best.agreement.unit_price or Decimal(0), of_catalog[str(best.agreement.meter)]
    return AgreedPrice(price, in_proportion(price.unit_price, part, whole), terms_of(best.agreement, best.parts, scaled=price.meter))


def _speaks_of(one: Agreement, price: Price) -> bool:
    return one.meter in {None, price.meter, price.priced_as}


def _scales(term: Term, price: Price, of_catalog: dict[str, Decimal]) -> bool:
    """Whether the meter's catalog price goes with the unit price of another."""
    one = term.agreement
    return one.other_meters == IN_PROPORTION and price.meter in of_catalog and bool(of_catalog.get(str(one.meter)))


def _rank(one: Agreement, price: Price, model_id: str) -> tuple[bool, bool, bool, bool, bool, bool]:
    """Greater counts. No two that hold at once are equal: `contradictions.py` sees to that."""
    is_own, is_of_whole = one.meter == price.meter, one.meter is not None and one.meter == price.priced_as
    is_named = one.model is not None
    return (one.project is not None, one.account is not None, is_own, is_of_whole, is_named and one.model != model_id, is_named)


def _terms(agreements: Iterable[Agreement], day: date | None, volumes: Volumes) -> tuple[Term, ...]:
    return tuple(Term(one, parts_on(one, day, volumes)) for one in agreements if _is_active(one, day))


def _is_active(one: Agreement, day: date | None) -> bool:
    if day is None:
        return one.valid_from is None
    return (one.valid_from is None or one.valid_from <= day) and (one.valid_to is None or day < one.valid_to)
