"""Agreements in words: who, what, for whom, when, by which contract. What rates carry, what errors and the price book show."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from usage_pipeline.money import text
from usage_pipeline.prices.tiers import Part
from usage_pipeline.tables.configuration import IN_PROPORTION, Agreement, VolumeTier
from usage_pipeline.tables.meters import METERS, REQUESTS

_UNITS = {meter.name: meter.unit.lower() for meter in METERS} | {REQUESTS: "requests"}


def describe(agreement: Agreement) -> str:
    """The whole agreement: 'contract 17: 0.00002 per unit on output of anthropic claude-opus-5, from 2026-10-01'."""
    if agreement.tiers:
        tiers = ", ".join(f"above {_count(tier.above)}: {_terms(tier)}" for tier in agreement.tiers)
        terms = f"tiers of {_unit(agreement)} a {agreement.per} ({tiers})"
    else:
        terms = _terms(agreement)
    return _sentence(agreement, terms, agreement.meter)


def terms_of(agreement: Agreement, parts: Sequence[Part], *, scaled: str | None = None) -> str:
    """What the agreement says on some day: the tier in force, or the tiers that the day is spread over.

    `scaled` is the meter whose price goes in proportion with the agreed unit price of another.
    """
    if scaled is not None:
        return _sentence(agreement, f"in proportion to {agreement.meter} at {_terms(agreement)}", scaled, tell_others=False)
    if not agreement.tiers:
        return describe(agreement)
    unit = _unit(agreement)
    if len(parts) == 1:
        terms = f"tier above {_count(parts[0].above)} {unit} a {agreement.per}: {_terms(parts[0])}"
    else:
        shares = " and ".join(f"{_count(part.units)} {unit} at {_terms(part)} (tier above {_count(part.above)})" for part in parts)
        terms = f"blend of the day's {shares}, by the {agreement.per}"
    return _sentence(agreement, terms, agreement.meter)


def _sentence(agreement: Agreement, terms: str, meter: str | None, *, tell_others: bool = True) -> str:
    who = " ".join(part for part in (agreement.provider, agreement.model) if part is not None)
    what = who if meter is None else f"{meter} of {who}"
    more = "".join(f", {part}" for part in _scope(agreement, tell_others=tell_others))
    return f"{agreement.source or 'agreement'}: {terms} on {what}{more}"


def _scope(agreement: Agreement, *, tell_others: bool) -> Iterator[str]:
    if tell_others and agreement.other_meters == IN_PROPORTION:
        yield "other meters in proportion"
    if agreement.project is not None:
        yield f"project {agreement.project}"
    if agreement.account is not None:
        yield f"account {agreement.account}"
    if agreement.valid_from is not None:
        yield f"from {agreement.valid_from}"
    if agreement.valid_to is not None:
        yield f"before {agreement.valid_to}"


def _terms(price: Agreement | VolumeTier | Part) -> str:
    if price.unit_price is not None:
        return f"{text(price.unit_price)} per unit"
    percent = price.discount_percent or Decimal(0)
    if percent == 0:
        return "list price"
    return f"{text(percent.copy_abs())} % {'discount' if percent > 0 else 'markup'}"


def _unit(agreement: Agreement) -> str:
    """What tiers count: 'tokens', 'output tokens', 'web searches'."""
    if agreement.meter is None:
        return "tokens"
    meter, unit = agreement.meter.replace("_", " "), _UNITS.get(agreement.meter, "tokens")
    return meter if meter.endswith(unit) else f"{meter} {unit}"


def _count(quantity: Decimal | None) -> str:
    return f"{Decimal(text(quantity or Decimal(0))):,f}"
