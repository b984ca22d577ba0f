"""Equal to genai_prices.calc_price, to the last digit, for every model of the catalog: at every date, time of day, tier and context
that any of its prices names, one below and one above, and at random ones; for every meter alone and for many together.

The book is the bare library's: no agreement, no supplement. Where the library is silent and we are not, `equal_to_library.WE_SAY`
tells why; the prices that are equal within 1e-9 only are listed in `INEXACT`.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest
from equal_to_library import NEAR, WE_SAY, disagreement, is_inexact, is_served
from inexact_prices import INEXACT
from library_answers import DIGITS, OURS, UNITS, Answer, answer
from library_cases import Case, Facts, cases_of, facts_of, references_of, unit_prices
from priced_cases import Outcome, line_of, priced_cases

from usage_pipeline.money import text
from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.catalog import current_catalog, installed_catalog
from usage_pipeline.prices.quote import quote
from usage_pipeline.prices.wide import INPUT_METERS
from usage_pipeline.tables.priced_usage import UNPRICED_STATES

SEED = 20_261_121
CATALOG = installed_catalog()
MODELS = [(provider, model) for provider in CATALOG.providers for model in provider.models]
CACHED = ("cache_read", "cache_write", "cache_write_1h", "cache_audio_read", "cache_image_read")
AUDIO = ("input_audio", "cache_audio_read", "output_audio", "audio_seconds")
GAPS = {"no_variant", "priced_as_parent", "unpriced_meter", "free_or_unknown", "unresolved_model"}
IMAGES = ("input_image", "cache_image_read", "output_image")
Priced = tuple[Case, Answer, Outcome]


@pytest.fixture(scope="module")
def bare_book() -> PriceBook:
    return build_book([], catalog=CATALOG)


@pytest.fixture(scope="module")
def priced(bare_book: PriceBook, price_engine: Any) -> list[Priced]:
    """Every case with the library's answer and ours."""
    cases = cases_of(CATALOG.providers, SEED)
    answers = [answer(case.provider, case.model, case.at, case.context, case.meters) for case in cases]
    return list(zip(cases, answers, priced_cases(cases, bare_book, price_engine), strict=True))


@pytest.fixture(scope="module")
def facts() -> dict[tuple[str, str], Facts]:
    return {(provider.id, model.id): facts_of(provider, model, CATALOG.providers) for provider, model in MODELS}


def test_every_case_is_the_librarys_to_the_last_digit(priced: list[Priced]):
    wrong = [(words, case) for case, answered, outcome in priced if (words := disagreement(case, answered, outcome)) is not None]
    assert len(priced) >= 20_000
    assert not wrong, f"{len(wrong)} of {len(priced)}, such as {wrong[:3]}"


def test_every_model_has_cases_and_a_price_or_a_reason(priced: list[Priced]):
    assert len(MODELS) == 2330
    answered = {(one.calculation.provider.id, one.calculation.model.id) for _, one, _ in priced if one.calculation}
    assert answered >= {(provider.id, model.id) for provider, model in MODELS}


def test_models_that_an_earlier_entry_hides_are_asked_for_by_another_name():
    hidden = [(one, model) for one, model in MODELS if one.find_model(model.id, all_providers=list(CATALOG.providers)) is not model]
    assert len(hidden) == 85
    assert all(references_of(provider, model, CATALOG.providers) for provider, model in hidden)


SPREAD: dict[str, tuple[int, Callable[[Case, Answer, Outcome], bool]]] = {
    "a meter alone": (8000, lambda case, *_: case.kind == "meter"),
    "around the start of a price": (1500, lambda case, *_: case.kind == "day"),
    "around a time of day": (200, lambda case, *_: case.kind == "time"),
    "around the start of a tier": (1200, lambda case, *_: case.kind == "tier"),
    "a contradiction or nothing": (900, lambda case, *_: case.kind == "contradiction"),
    "another provider's model": (100, lambda case, *_: case.kind == "fallback"),
    "cached": (6000, lambda case, _, outcome: _has(case, CACHED) and _is_priced(outcome)),
    "cached, at its own price": (1500, lambda case, one, outcome: _is_priced(outcome) and _has_own_price(case, one, CACHED)),
    "1-hour cache writes, at their own price": (50, lambda case, one, _: _has_own_price(case, one, ("cache_write_1h",))),
    "audio, at its own price": (100, lambda case, one, _: _has_own_price(case, one, AUDIO)),
    "image tokens, at their own price": (100, lambda case, one, _: _has_own_price(case, one, IMAGES)),
    "seconds": (50, lambda case, _, outcome: _has(case, ("audio_seconds",)) and _is_priced(outcome)),
    "reasoning, at its own price": (10, lambda case, one, _: bool(one.by_unit.get("output_reasoning_tokens"))),
    "a fee per request": (50, lambda case, one, _: bool(one.by_unit.get("requests"))),
    "web searches": (100, lambda case, one, _: _has_own_price(case, one, ("web_searches",))),
    "many meters": (5000, lambda case, _, outcome: _is_priced(outcome) and sum(map(bool, case.meters.values())) > 3),
    "beyond the first tier": (500, lambda case, one, outcome: _is_priced(outcome) and _is_beyond_a_tier(case, one)),
    "beyond the first tier by its cached tokens": (
        200,
        lambda case, one, outcome: _is_priced(outcome) and _is_beyond_a_tier(case, one) and not _is_beyond_a_tier(case, one, ("input",)),
    ),
    "batch, at a price of its own": (400, lambda case, _, outcome: _is_served(case, outcome, "processing", "batch")),
    "flex, at a price of its own": (50, lambda case, _, outcome: _is_served(case, outcome, "service_tier", "flex")),
    "priority, at a price of its own": (50, lambda case, _, outcome: _is_served(case, outcome, "service_tier", "priority")),
    "fast, at a price of its own": (50, lambda case, _, outcome: _is_served(case, outcome, "service_tier", "fast")),
    "speed, at a price of its own": (10, lambda case, _, outcome: _is_served(case, outcome, "speed", "fast")),
    "a context that no event has a column for": (5, lambda case, _, outcome: _is_served(case, outcome, "search_type", "fast")),
    "two contexts at once": (200, lambda case, _, outcome: len(case.context) > 1 and _is_priced(outcome)),
    "within 1e-9 only": (100, lambda case, one, _: _is_inexact(one)),
    "the library raises LookupError": (500, lambda case, one, _: one.error == "LookupError"),
    "the library raises ValueError": (100, lambda case, one, _: one.error == "ValueError"),
    **{f"state {state}": (count, lambda _, __, outcome, state=state: outcome.state == state) for state, count in (
        ("priced", 5000), ("priced_as_parent", 5000), ("no_variant", 3000), ("unresolved_model", 500), ("unpriced_meter", 300),
        ("inconsistent_usage", 800), ("free_or_unknown", 500),
    )},
}  # fmt: skip
"""How many cases of each kind there are at least: so that the test does not wither unseen."""


def test_the_cases_are_of_every_kind(priced: list[Priced]):
    counts = {kind: sum(is_one(*one) for one in priced) for kind, (_, is_one) in SPREAD.items()}
    assert not {kind: (count, SPREAD[kind][0]) for kind, count in counts.items() if count < SPREAD[kind][0]}


def test_every_date_time_and_tier_of_the_catalog_is_among_the_cases(priced: list[Priced], facts: dict[tuple[str, str], Facts]):
    asked: dict[tuple[str, str], list[Case]] = {}
    for case, one, _ in priced:
        if one.calculation:
            asked.setdefault((one.calculation.provider.id, one.calculation.model.id), []).append(case)
    for key, fact in facts.items():
        moments = {case.at for case in asked[key]}
        assert {datetime(day.year, day.month, day.day, tzinfo=UTC) for day in fact.days} <= moments
        assert {at.replace(tzinfo=None) for at in fact.times} <= {moment.time() for moment in moments}
        totals = {_input_tokens(case) for case in asked[key]}
        assert {start + step for start in fact.tiers for step in (-1, 0, 1)} <= totals
        assert all(context in [case.context for case in asked[key]] for context in fact.contexts)
        assert set(fact.own_meters) <= {meter for case in asked[key] for meter in case.meters}


def test_prices_with_more_than_fifteen_decimals_are_these():
    by_price_key = {unit.price_key: unit for unit in UNITS.values()}
    with localcontext() as digits:
        digits.prec = DIGITS
        found = {
            f"{provider.id}/{model.id} {key}"
            for provider, model in MODELS
            for key, prices in unit_prices(model).items()
            if is_inexact(price / by_price_key[key].per for price in prices)
        }
    assert found == INEXACT


def test_errors_agree(priced: list[Priced]):
    """Where the library raises, our state says why and there is no cost. Where we have none and it does not, WE_SAY has the reason."""
    states = Counter((one.error, outcome.state) for _, one, outcome in priced if one.error or outcome.cost is None)
    assert {pair for pair in states if pair[0]} <= {
        ("LookupError", "unresolved_model"),
        ("LookupError", "inconsistent_usage"),
        ("ValueError", "inconsistent_usage"),
    }
    assert {state for error, state in states if error is None} == set(WE_SAY)
    assert all(outcome.cost is None for _, one, outcome in priced if one.error)
    assert set(WE_SAY) | {"unresolved_model"} == set(UNPRICED_STATES)


def test_what_the_library_leaves_out_is_told_and_the_rest_costs_the_same(priced: list[Priced]):
    """Its total of a request with an unpriced meter is the sum of our priced meters: only its silence differs."""
    left_out = [(one, outcome) for _, one, outcome in priced if outcome.state == "unpriced_meter"]
    for one, outcome in left_out:
        assert one.calculation is not None
        known = [cost for cost in outcome.meters.values() if cost is not None]
        assert outcome.cost is None
        assert None in outcome.meters.values()
        assert abs(sum(known) - one.calculation.total_price) <= (NEAR if _is_inexact(one) else Decimal("1e-15"))


def test_the_public_command_answers_the_same(priced: list[Priced], bare_book: PriceBook):
    some = [(case, outcome) for case, _, outcome in priced[::23]]
    assert len(some) > 1400
    lines = [line_of(case, number) for number, (case, _) in enumerate(some)]
    for line, (case, outcome) in zip(quote(lines, bare_book), some, strict=True):
        assert (line["state"], line["model_id"]) == (outcome.state, outcome.model_id), case
        assert line["cost"] == (None if outcome.cost is None else text(outcome.cost)), case


def test_the_librarys_answer_depends_on_the_callers_decimals_and_ours_does_not(bare_book: PriceBook, price_engine: Any):
    case = Case("", "openai", "gpt-4.1", datetime(2026, 11, 20, tzinfo=UTC), {}, {"input": 1_234_567_891})
    [usual] = priced_cases([case], bare_book, price_engine)
    with localcontext() as digits:
        digits.prec = 6
        [narrow] = priced_cases([case], bare_book, price_engine)
    assert getcontext().prec > 6
    assert usual == narrow
    assert usual.cost == Decimal("2469.135782")


def test_supplements_change_only_what_the_library_has_no_price_for(priced: list[Priced], price_engine: Any):
    """The shipped book fills gaps: a context without a variant, a meter without a price of its own, a model without any.

    What a meter costs at its own price in a context that has its variant, or in none, is the library's in both books.
    """
    some = priced[::3]
    filled = priced_cases([case for case, _, _ in some], build_book([], catalog=current_catalog()), price_engine)
    changes: Counter[tuple[str, str]] = Counter()
    for (case, one, bare), full in zip(some, filled, strict=True):
        if full != bare:
            changes[bare.state, full.state] += 1
            assert bare.state in GAPS, (case, bare, full)
        if is_served(case, one):
            own = [meter for meter in bare.meters if meter in OURS and OURS[meter].usage_key in one.prices]
            assert {meter: bare.meters[meter] for meter in own} == {meter: full.meters[meter] for meter in own}, case
    assert {before for before, _ in changes} <= GAPS
    assert changes["no_variant", "priced"] > 10
    assert sum(changes.values()) < len(some) / 10


def _has(case: Case, meters: tuple[str, ...]) -> bool:
    return any(case.meters.get(meter) for meter in meters)


def _is_priced(outcome: Outcome) -> bool:
    return outcome.state in {"priced", "priced_as_parent"}


def _has_own_price(case: Case, one: Answer, meters: tuple[str, ...]) -> bool:
    return any(case.meters.get(meter) and OURS[meter].usage_key in one.prices for meter in meters)


def _is_served(case: Case, outcome: Outcome, name: str, value: str) -> bool:
    return case.context.get(name) == value and _is_priced(outcome)


def _input_tokens(case: Case, meters: tuple[str, ...] = INPUT_METERS) -> int:
    return sum(case.meters.get(meter, 0) for meter in meters)


def _is_beyond_a_tier(case: Case, one: Answer, meters: tuple[str, ...] = INPUT_METERS) -> bool:
    assert one.calculation is not None
    starts = [tier.start for price in vars(one.calculation.model_price).values() if hasattr(price, "tiers") for tier in price.tiers]
    return bool(starts) and _input_tokens(case, meters) > min(starts)


def _is_inexact(one: Answer) -> bool:
    return any(is_inexact(prices) and one.by_unit.get(unit) for unit, prices in one.prices.items())
