"""Whatever usage at whatever moment in whatever context: what the library says, whoever is priced beside it, and a sum of its parts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from equal_to_library import closest, disagreement
from hypothesis import given, settings
from hypothesis import strategies as some
from library_answers import OURS, answer
from library_cases import UNKNOWN_CONTEXTS, Case, facts_of, references_of
from priced_cases import line_of, priced_cases

from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.catalog import installed_catalog
from usage_pipeline.prices.quote import quote
from usage_pipeline.prices.wide import INPUT_METERS

CATALOG = installed_catalog()
MODELS = [(provider, model) for provider in CATALOG.providers for model in provider.models]
MOMENTS = some.datetimes(datetime(2023, 1, 1), datetime(2027, 12, 31), timezones=some.just(UTC))  # noqa: DTZ001
TOKENS = some.one_of(some.integers(0, 3), some.integers(0, 5000), some.integers(0, 600_000))
SECONDS = some.integers(0, 100_000_000).map(lambda micros: Decimal(micros).scaleb(-6))
MANY, FEW = (settings(deadline=None, max_examples=count) for count in (25, 8))
"""Of lists of requests: pricing one costs as much as pricing many."""


@pytest.fixture(scope="module")
def bare_book() -> PriceBook:
    return build_book([], catalog=CATALOG)


@some.composite
def requests(draw: some.DrawFn) -> Case:
    """Any model, any moment (mostly near one of its breakpoints), any of its contexts or a strange one, any meters."""
    provider, model = draw(some.sampled_from(MODELS))
    facts = facts_of(provider, model, CATALOG.providers)
    moment = draw(MOMENTS)
    if facts.days:
        day = draw(some.sampled_from(facts.days))
        moment = draw(some.sampled_from([moment, moment.replace(year=day.year, month=day.month, day=day.day)]))
    if facts.times:
        moment = datetime.combine(moment.date(), draw(some.sampled_from(facts.times)), tzinfo=UTC)
    context = draw(some.sampled_from([*facts.contexts, *UNKNOWN_CONTEXTS]))
    reference = draw(some.sampled_from(references_of(provider, model, CATALOG.providers)))
    return Case("property", provider.id, reference, moment, context, draw(usages(facts.meters, facts.tiers)))


@some.composite
def usages(draw: some.DrawFn, meters: list[str], tiers: list[int]) -> Mapping[str, Any]:
    """Mostly of meters that the model has prices for; where it has tiers, often one of input tokens around one."""
    names = draw(some.lists(some.sampled_from([*meters, *meters, *sorted(OURS)]), unique=True))
    quantities: dict[str, Any] = {name: draw(SECONDS if name == "audio_seconds" else TOKENS) for name in names}
    if tiers and draw(some.booleans()):
        others = sum(quantities.get(name, 0) for name in INPUT_METERS if name != "input")
        quantities["input"] = max(0, draw(some.sampled_from(tiers)) + draw(some.integers(-1, 1)) - others)
    if quantities.get("output") and draw(some.booleans()):
        quantities["reasoning_tokens"] = draw(some.integers(0, quantities["output"]))
    return quantities


@MANY
@given(cases=some.lists(requests(), min_size=1, max_size=40))
def test_every_request_costs_what_the_library_says(cases: list[Case], bare_book: PriceBook, price_engine: Any):
    for case, outcome in zip(cases, priced_cases(cases, bare_book, price_engine), strict=True):
        said = answer(case.provider, case.model, case.at, case.context, case.meters)
        assert disagreement(case, said, outcome) is None, case


@FEW
@given(cases=some.lists(requests(), min_size=2, max_size=12))
def test_no_request_changes_the_price_of_another(cases: list[Case], bare_book: PriceBook, price_engine: Any):
    together = priced_cases(cases, bare_book, price_engine)
    assert priced_cases(cases[::-1], bare_book, price_engine) == together[::-1]
    assert priced_cases(cases[:1], bare_book, price_engine) == together[:1]


@FEW
@given(cases=some.lists(requests(), min_size=1, max_size=20))
def test_a_cost_is_the_sum_of_its_meters_and_the_commands_answer(cases: list[Case], bare_book: PriceBook, price_engine: Any):
    lines = quote([line_of(case) for case in cases], bare_book)
    for outcome, line in zip(priced_cases(cases, bare_book, price_engine), lines, strict=True):
        assert line["state"] == outcome.state
        assert (None if line["cost"] is None else Decimal(line["cost"])) == outcome.cost
        if outcome.cost is not None:
            assert sum(Decimal(one["cost"]) for one in line["meters"].values()) == outcome.cost
            assert sum(cost or 0 for cost in outcome.meters.values()) == outcome.cost


@FEW
@given(cases=some.lists(requests(), min_size=1, max_size=20), factor=some.integers(2, 1000))
def test_inside_a_card_a_cost_is_linear(cases: list[Case], factor: int, bare_book: PriceBook, price_engine: Any):
    """`factor` equal requests cost as much as one with as many times of everything, where no tier or fee tells them apart."""
    once = [plain for case in cases if (plain := without_steps(case)) is not None]
    often = [replace(case, meters={name: factor * count for name, count in case.meters.items()}) for case in once]
    outcomes = priced_cases([*once, *often], bare_book, price_engine)
    for one, many in zip(outcomes[: len(once)], outcomes[len(once) :], strict=True):
        assert one.state == many.state
        assert many.cost == (None if one.cost is None else factor * one.cost)


def without_steps(case: Case) -> Case | None:
    """The case with its whole and priced meters only; None where tiers or a fee per request make its price no straight line."""
    said = answer(case.provider, case.model, case.at, case.context, case.meters)
    if said.calculation is None or "requests" in said.prices or any(len(prices) > 1 for prices in said.prices.values()):
        return None
    used = [name for name in case.meters if name in OURS and name != "audio_seconds" and closest(name, frozenset(said.prices))]
    return replace(case, meters={name: case.meters[name] for name in used} or {"input": 0})
