"""Whether our outcome of a case is the library's answer: in state, model, total, and the cost of each unit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from typing import Any

from library_answers import CONTENTS, DIGITS, OURS, REASONING_KEY, REQUESTS_KEY, UNITS, Answer
from library_cases import Case
from priced_cases import Outcome

from usage_pipeline.money import SMALLEST, exact
from usage_pipeline.tables.meters import REQUESTS
from usage_pipeline.tables.priced_usage import UNPRICED_STATES

NEAR = Decimal("1e-9")

WE_SAY = {
    "inconsistent_usage": "a part is more than its whole, or nothing was measured: the library checks only meters that have a price",
    "free_or_unknown": "the catalog lists the model without any price: the library says 0",
    "unpriced_meter": "a meter has no price: the library leaves it out of the sum without a word",
}
"""States in which our cost is null although the library raises no error, and why. Any other answer of the library is our cost."""

NO_VARIANT_NEEDED = ({"service_tier": "default"},)
"""Words that mean: nothing special. The catalog has them as variants that change no price."""

NOTED_AGAIN = {"audio_seconds": ("input_audio", "output_audio"), "characters": ("output_audio",)}
"""Meters that measure again what tokens of the same kind measure, and those tokens."""


def disagreement(case: Case, answer: Answer, outcome: Outcome) -> str | None:
    """What differs, in words; None where nothing does."""
    state = expected_state(case, answer)
    if outcome.state != state:
        return f"state {outcome.state}, not {state}"
    if (outcome.cost is None) != (state in UNPRICED_STATES):
        return f"cost {outcome.cost} with state {state}"
    if answer.calculation is None:
        return None if state in {"unresolved_model", "inconsistent_usage"} else f"the library raises {answer.error}"
    if outcome.model_id != answer.calculation.model.id:
        return f"model {outcome.model_id}, not {answer.calculation.model.id}"
    if state in {"inconsistent_usage", "free_or_unknown"}:
        return None
    with localcontext() as digits:
        digits.prec = DIGITS
        wrong = (
            f"{what}: {ours}, not {theirs}"
            for what, ours, theirs, exactly in _amounts(answer, outcome)
            if not _equal(ours, theirs, exactly)
        )
        return next(wrong, None)


def expected_state(case: Case, answer: Answer) -> str:
    """By what the library knows of the model, its prices and its variants: the first of these that is so."""
    priced = frozenset(answer.prices)
    states = (
        ("inconsistent_usage", _is_contradictory(case.meters) or answer.error == "ValueError"),
        ("unresolved_model", answer.error == "LookupError"),
        ("free_or_unknown", not priced),
        ("inconsistent_usage", not case.meters),
        ("unpriced_meter", _has_unpriced_meter(case, priced)),
        ("no_variant", not is_served(case, answer)),
        ("priced_as_parent", any(closest(meter, priced) not in {None, OURS[meter].usage_key} for meter in _used(case))),
    )
    return next((state for state, is_so in states if is_so), "priced")


def is_inexact(prices: Iterable[Decimal]) -> bool:
    """Whether one of them, per one unit, has more than 15 decimals: ours is rounded to 15."""
    return any(exact(price) != price for price in prices)


def is_served(case: Case, answer: Answer) -> bool:
    """Whether every word of the context belongs to a variant in force. A seller of another provider's model has no variants."""
    if answer.calculation is None:
        return False
    model, provider = answer.calculation.model, answer.calculation.provider
    is_own = any(model is one for one in provider.models)
    variants = (model.price_variants or []) if is_own else []
    active = [one.when for one in variants if one.constraint is None or one.constraint.active(case.at)]
    served = {pair for when in [*active, *NO_VARIANT_NEEDED] if when.items() <= case.context.items() for pair in when.items()}
    return set(case.context.items()) <= served


@cache
def closest(meter: str, priced: frozenset[str]) -> str | None:
    """The smallest priced unit that contains the meter."""
    around = [key for key in priced if OURS[meter].usage_key in CONTENTS[key]]
    return max(around, key=lambda key: len(UNITS[key].dimensions), default=None)


def _is_contradictory(meters: Mapping[str, Any]) -> bool:
    return any(quantity < 0 for quantity in meters.values()) or meters.get("reasoning_tokens", 0) > meters.get("output", 0)


def _used(case: Case) -> list[str]:
    return [meter for meter in OURS if case.meters.get(meter)]


def _has_unpriced_meter(case: Case, priced: frozenset[str]) -> bool:
    noted = {meter for meter, tokens in NOTED_AGAIN.items() if any(case.meters.get(one) for one in tokens)}
    return any(closest(meter, priced) is None for meter in _used(case) if meter not in noted)


def _amounts(answer: Answer, outcome: Outcome) -> Iterable[tuple[str, Decimal, Decimal, bool]]:
    """What is compared: (what, ours, the library's, whether to the last digit). Our meters summed by the unit that prices them."""
    assert answer.calculation is not None
    ours: dict[str, Decimal] = defaultdict(Decimal)
    for meter, cost in outcome.meters.items():
        unit = REQUESTS_KEY if meter == REQUESTS else closest(meter, frozenset(answer.prices)) if meter in OURS else None
        if unit is not None:
            ours[unit] += cost or 0
    theirs: dict[str, Decimal] = defaultdict(Decimal)
    inexact = {_slot(key) for key, prices in answer.prices.items() if is_inexact(prices)}
    for key, cost in answer.by_unit.items():
        theirs[_slot(key)] += cost
    total, used = answer.calculation.total_price, {key for key in {*ours, *theirs} if ours[key] or theirs[key]}
    is_exact = not used & inexact
    if outcome.cost is not None:
        yield "total", outcome.cost, total, is_exact
    yield "sum of meters", sum(ours.values(), Decimal(0)), total, is_exact
    if has_least_seconds(answer):
        return
    yield "the library's own sum", sum(theirs.values(), Decimal(0)), total, is_exact
    yield from ((key, ours[key], theirs[key], key not in inexact) for key in used)
    for way, price in (("input", answer.calculation.input_price), ("output", answer.calculation.output_price)):
        yield way, sum((ours[key] for key in used if UNITS[key].dimensions.get("direction") == way), Decimal(0)), price, is_exact


def has_least_seconds(answer: Answer) -> bool:
    """Groq's Whisper: calc_price charges for ten seconds at least, and takes them for seconds of input, before its sum over units."""
    assert answer.calculation is not None
    return answer.calculation.provider.id == "groq" and "audio_seconds" in answer.prices


def _slot(key: str) -> str:
    """Reasoning is a part of our output, at its own price where it has one."""
    return "output_tokens" if key == REASONING_KEY else key


def _equal(ours: Decimal, theirs: Decimal, exactly: bool) -> bool:  # noqa: FBT001
    """To the last digit: only parts of seconds have more than 15 decimals, which are rounded half up."""
    if exactly:
        return ours == theirs.quantize(SMALLEST, ROUND_HALF_UP)
    return abs(ours - theirs) <= NEAR
