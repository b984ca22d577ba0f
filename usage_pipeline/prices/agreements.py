"""Agreements on top of the list: what a rate card's unit prices become where a contract says otherwise.

Applied when a card is made, never per row, so list and net price stand side by side and pricing stays one join.
The most specific agreement wins: project over meter over model over provider; at equal specificity a unit price over a
discount. A meter that no agreement names keeps its list price.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations

from usage_pipeline.errors import Problem, UsageConfigError
from usage_pipeline.money import exact, text
from usage_pipeline.prices.flatten import Price
from usage_pipeline.prices.resolve import provider_id_of
from usage_pipeline.tables.configuration import Agreement
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.rates import REASONING

FILE = "usage.yaml"
HUNDRED = Decimal(100)
AGREED_METERS = (*METER_NAMES, REASONING, REQUESTS)


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """A list price beside what is paid: equal without an agreement, whose words are in `agreement`."""

    list: Price
    net_unit_price: Decimal
    agreement: str | None = None


def check(agreements: Sequence[Agreement], provider_ids: Iterable[str]) -> None:
    """Raises UsageConfigError that lists every agreement that cannot be meant so, and every two that contradict."""
    known = set(provider_ids)
    problems = [Problem(FILE, one.line, "prices", text) for one in agreements for text in _mistakes(one, known)]
    problems += [
        _contradiction(first, second)
        for first, second in combinations(agreements, 2)
        if _selector(first) == _selector(second) and _overlap(first, second)
    ]
    if problems:
        raise UsageConfigError("\n".join(str(problem) for problem in problems))


def relevant(agreements: Sequence[Agreement], *, provider_id: str, model_id: str, model: str, project: str | None) -> tuple[Agreement, ...]:
    """Those that speak of this provider, model (by the catalog's id or as given) and project, at any time."""
    return tuple(
        one
        for one in agreements
        if provider_id_of(one.provider) == provider_id and one.model in {None, model_id, model} and one.project in {None, project}
    )


def breakpoints(agreements: Iterable[Agreement]) -> set[date]:
    """Days on which an agreed price may change."""
    return {day for one in agreements for day in (one.valid_from, one.valid_to) if day is not None}


def agree(prices: Iterable[Price], agreements: Sequence[Agreement], day: date | None) -> list[AgreedPrice]:
    """The prices with what is paid on `day` (None: before every breakpoint); `agreements` are relevant ones.

    A meter priced as another one (cached tokens as input) follows that one's agreement unless one names it itself. A unit
    price agreed for a meter that the catalog does not price becomes its only price. Raises UsageConfigError on a tie.
    """
    active = [one for one in agreements if _is_active(one, day)]
    listed = {price.meter: price for price in prices}
    for one in active:
        if one.meter is not None and one.unit_price is not None and one.meter != REASONING:
            listed.setdefault(one.meter, Price(one.meter, exact(one.unit_price)))
    return [_agreed(price, active) for price in listed.values()]


def describe(agreement: Agreement) -> str:
    """The agreement in words: 'contract 17: 0.00002 per unit of output, claude-opus-5'."""
    if agreement.unit_price is not None:
        terms = f"{text(agreement.unit_price)} per unit"
    else:
        percent = agreement.discount_percent or Decimal(0)
        terms = f"{text(abs(percent))} % {'discount' if percent >= 0 else 'markup'}"
    scope = ", ".join(part for part in (agreement.meter, agreement.model, agreement.project) if part is not None)
    return f"{agreement.source or 'agreement'}: {terms} on {scope or agreement.provider}"


def _agreed(price: Price, active: Sequence[Agreement]) -> AgreedPrice:
    candidates = [one for one in active if one.meter in {None, price.meter, price.priced_as}]
    if not candidates:
        return AgreedPrice(price, price.unit_price)
    ranked = sorted(candidates, key=lambda one: _rank(one, price), reverse=True)
    best = ranked[0]
    if len(ranked) > 1 and _rank(best, price) == _rank(ranked[1], price):
        raise UsageConfigError(str(_contradiction(*sorted(ranked[:2], key=lambda one: one.line or 0))))
    return AgreedPrice(price, _net(price.unit_price, best), describe(best))


def _net(list_price: Decimal, agreement: Agreement) -> Decimal:
    if agreement.unit_price is not None:
        return exact(agreement.unit_price)
    return exact(list_price * (HUNDRED - (agreement.discount_percent or Decimal(0))).scaleb(-2))


def _rank(one: Agreement, price: Price) -> tuple[bool, bool, bool, bool, bool]:
    """Greater is more specific."""
    return (one.project is not None, one.meter is not None, one.meter == price.meter, one.model is not None, one.unit_price is not None)


def _selector(one: Agreement) -> tuple[object, ...]:
    return (provider_id_of(one.provider), one.model, one.meter, one.project, one.unit_price is not None)


def _is_active(one: Agreement, day: date | None) -> bool:
    if day is None:
        return one.valid_from is None
    return (one.valid_from is None or one.valid_from <= day) and (one.valid_to is None or day < one.valid_to)


def _overlap(first: Agreement, second: Agreement) -> bool:
    starts = [one.valid_from or date.min for one in (first, second)]
    ends = [one.valid_to or date.max for one in (first, second)]
    return max(starts) < min(ends)


def _contradiction(first: Agreement, second: Agreement) -> Problem:
    message = (
        f"'{describe(first)}' (line {first.line}) and '{describe(second)}' (line {second.line}) hold for the same usage at the same"
        " time and are equally specific: give them dates that do not overlap, or make one more specific"
    )
    return Problem(FILE, second.line, "prices", message)


def _mistakes(one: Agreement, provider_ids: set[str]) -> Iterable[str]:
    if provider_id_of(one.provider) not in provider_ids:
        yield f"provider {one.provider!r} is not in the price catalog"
    if one.meter is not None and one.meter not in AGREED_METERS:
        yield f"meter {one.meter!r} is none of {', '.join(AGREED_METERS)}"
    if (one.unit_price is None) == (one.discount_percent is None):
        yield "an agreement has either a unit_price or a discount_percent"
    if one.unit_price is not None and one.meter is None:
        yield "a unit_price needs a meter: the price of one unit of what?"
    if one.unit_price is not None and one.unit_price < 0:
        yield f"unit_price {text(one.unit_price)} is negative"
    if one.discount_percent is not None and one.discount_percent > HUNDRED:
        yield f"discount_percent {text(one.discount_percent)} is more than 100"
    if one.valid_from is not None and one.valid_to is not None and one.valid_to <= one.valid_from:
        yield f"valid_to {one.valid_to} is not after valid_from {one.valid_from}"
