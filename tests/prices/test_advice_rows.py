"""What a month would have cost otherwise: each saving is the library's own answer for the changed requests, and small ones are not told."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest
from library_answers import library_price
from priced_events import Price, event

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.advice import advice_of
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.caching import examples_of
from usage_pipeline.prices.families import families_of, shipped_families
from usage_pipeline.tables.advice import BATCH, CACHE, CHEAPER_MODEL, Advice
from usage_pipeline.tables.priced_usage import priced_usage

Advise = Callable[..., list[Advice]]


@pytest.fixture
def advise(price: Price, book: PriceBook, price_engine: Any) -> Advise:
    """Events, booked by the catalog's own book, and the advice on them."""

    def advised(rows: Sequence[dict[str, Any]], **options: Any) -> list[Advice]:
        booked = ibis.memtable(pa.Table.from_pylist(price(rows), schema=priced_usage.schema.to_pyarrow()))
        return advice_of(booked, book, price_engine, **options)

    return advised


def library(row: dict[str, Any], **otherwise: Any) -> Decimal:
    return library_price({**row, **otherwise}, row["provider"]).total_price


def of_kind(advice: Sequence[Advice], kind: str) -> list[Advice]:
    return [one for one in advice if one.kind == kind]


OPUS = event("anthropic", "claude-opus-5", project="a", at="2026-11-02T10:00:00", input=100_000, cache_read=300_000, output=40_000)


def test_a_smaller_model_of_the_family(advise: Advise) -> None:
    (one,) = of_kind(advise([OPUS, OPUS]), CHEAPER_MODEL)
    assert (one.project, one.provider, one.model, one.proposal) == ("a", "anthropic", "claude-opus-5", "claude-sonnet-5")
    assert (
        (one.cost, one.would_cost) == (2 * library(OPUS), 2 * library(OPUS, model="claude-sonnet-5")) == (Decimal("3.3"), Decimal("1.32"))
    )
    assert (one.saving, one.percent, one.requests, one.tokens) == (Decimal("1.98"), Decimal(60), 2, 880_000)
    assert one.words.startswith("Estimate: had claude-sonnet-5 answered instead of claude-opus-5, with the same tokens.")
    assert "its answers differ" in one.words


def test_of_several_smaller_models_the_first_that_costs_less(advise: Advise) -> None:
    """Output at gpt-5.4 costs less than at a family's next member that is dearer, so the one after that is proposed."""
    row = event("openai", "gpt-4.1", input=1_000_000, output=100_000)
    families = {("openai", "gpt-4.1"): ("gpt-5.5", "gpt-4.1-mini", "gpt-4.1-nano")}
    (one,) = of_kind(advise([row], families=families), CHEAPER_MODEL)
    assert (one.proposal, one.would_cost) == ("gpt-4.1-mini", library(row, model="gpt-4.1-mini"))


def test_tiers_hold_for_each_request(advise: Advise) -> None:
    """Two requests of 150,000 tokens stay below the tier of 200,000 that their sum is above."""
    row = event("openai", "gpt-5.4-pro", project="a", input=150_000, output=1000)
    families = {("openai", "gpt-5.4-pro"): ("gpt-5.4",)}
    (one,) = of_kind(advise([row, row], families=families), CHEAPER_MODEL)
    assert one.would_cost == 2 * library(row, model="gpt-5.4")
    long = {**row, "input": 300_000}
    (one,) = of_kind(advise([long, row], families=families), CHEAPER_MODEL)
    assert one.would_cost == library(long, model="gpt-5.4") + library(row, model="gpt-5.4")


def test_azure_has_the_family_of_the_models_that_it_sells(advise: Advise) -> None:
    row = event("azure", "gpt-4.1", channel="azure.openai", input=2_000_000)
    (one,) = of_kind(advise([row]), CHEAPER_MODEL)
    assert (one.provider, one.proposal, one.would_cost) == ("azure", "gpt-4.1-mini", library(row, model="gpt-4.1-mini"))


def test_batch_is_about_requests_that_are_in_no_batch_and_no_tier(advise: Advise) -> None:
    modes: list[dict[str, Any]] = [
        {},
        {"is_batch": True},
        {"service_tier": "priority"},
        {"service_tier": "flex"},
        {"service_tier": "default"},
    ]
    rows = [event("openai", "gpt-4.1", input=1_000_000, **mode) for mode in modes]
    (one,) = of_kind(advise(rows), BATCH)
    assert (one.requests, one.cost, one.would_cost, one.saving, one.percent) == (2, 4, 2, 2, 50)
    assert "up to 24 hours" in one.words


def test_no_batch_where_the_model_has_no_batch_price(advise: Advise) -> None:
    assert of_kind(advise([event("openai", "gpt-realtime", input=10_000_000)]), BATCH) == []


def test_the_batch_price_that_holds_on_some_days_counts_for_those_only(advise: Advise) -> None:
    """The catalog has Opus 5 in batch from some day of October on: what is before it is no saving, and not in the cost either."""
    before, after = (event("anthropic", "claude-opus-5", at=f"2026-10-{day}T10:00:00", input=1_000_000) for day in ("02", "30"))
    (one,) = of_kind(advise([before, after]), BATCH)
    assert (one.requests, one.cost, one.would_cost) == (1, 5, library(after, is_batch=True))


def cached_days(**second: Any) -> list[dict[str, Any]]:
    """A good day of project a, a bad one of a, and one of b that caches nothing."""
    good = event(
        "anthropic", "claude-opus-5", project="a", at="2026-11-01T10:00:00", input=200_000, cache_read=700_000, cache_write=100_000
    )
    bad = {**good, "started_at": OPUS["started_at"], "input": 1_000_000, "cache_read": 0, "cache_write": 0}
    return [good, bad, {**bad, "project": "b", "input": 2_000_000, **second}]


def test_the_cache_as_on_the_best_day_of_the_model(advise: Advise) -> None:
    rows = cached_days()
    told = {one.project: one for one in of_kind(advise(rows), CACHE)}
    mix = {"input": 400_000, "cache_read": 1_400_000, "cache_write": 200_000}
    assert told["b"].would_cost == library(rows[2], **mix) == Decimal("3.95")
    assert (told["b"].proposal, told["b"].cost, told["b"].percent) == ("70 %", 10, Decimal("60.5"))
    assert "0 % of the input was read from the provider's cache; on the organisation's best day" in told["b"].words
    assert "2026-11-01, it was 70 %" in told["b"].words
    assert told["a"].would_cost == 2 * Decimal("1.975"), "the good day as it was, the bad one like it"
    assert "35 % of the input" in told["a"].words
    assert "this project's best day" in told["a"].words


def test_nobody_caches_so_nothing_is_known_of_caching(advise: Advise) -> None:
    assert of_kind(advise(cached_days()[1:]), CACHE) == []


def test_whoever_caches_best_is_told_nothing(advise: Advise) -> None:
    assert [one.project for one in of_kind(advise(cached_days()[::2]), CACHE)] == ["b"]


def day(project: str, number: int, *, plain: int, read: int) -> dict[str, Any]:
    tokens = {"input": plain, "cache_read": read, "cache_write": 0, "cache_write_1h": 0}
    return {"project": project, "provider": "x", "model_id": "m", "day": date(2026, 10, number), **tokens}


def test_a_day_with_little_is_no_example() -> None:
    few = [day("a", 1, plain=1, read=9_998), day("a", 2, plain=500_000, read=500_000)]
    assert examples_of(few)["x", "m"].shares["cache_read"] == Decimal("0.5")
    hardly = [day("a", 1, plain=0, read=20_000), day("a", 2, plain=2_000_000, read=20_000)]
    assert examples_of(hardly)["x", "m"].day == date(2026, 10, 2), "less than 1 % of the month"


def test_the_first_of_equal_days_is_the_example() -> None:
    days = [day("b", 2, plain=10_000, read=10_000), day("b", 1, plain=10_000, read=10_000), day("a", 2, plain=10_000, read=10_000)]
    assert (examples_of(days)["x", "m"].project, examples_of(days)["x", "m"].day) == ("b", date(2026, 10, 1))


def test_small_savings_are_not_told(advise: Advise) -> None:
    """Less than 1, or less than 5 %."""
    small = event("openai", "gpt-4.1", input=499_999, output=0)
    assert advise([small]) == []
    assert {one.kind for one in advise([{**small, "input": 1_000_000}])} == {CHEAPER_MODEL, BATCH}
    families = {("openai", "gpt-4.1"): ("gpt-4.1-mini",)}
    searching = event("openai", "gpt-4.1", input=1_000_000, web_searches=10_000)
    assert of_kind(advise([searching], families=families), CHEAPER_MODEL) == [], "1.6 of 102 is 1.57 %"


def test_what_has_no_price_is_no_saving(advise: Advise) -> None:
    rows = [event("openai", "gpt-99", input=10**9), event("openai", "gpt-4.1", output=10**7, reasoning_tokens=10**8)]
    assert advise(rows) == []


def test_usage_in_both_views_is_counted_once(advise: Advise) -> None:
    log = event("openai", "gpt-4.1", project="a", input=1_000_000)
    provider = event("openai", "gpt-4.1-2025-04-14", project="a", input=1_000_000, view="provider", request_count=1)
    assert [one.cost for one in advise([log, provider])] == [2, 2]


def test_the_greatest_saving_comes_first(advise: Advise) -> None:
    savings = [one.saving for one in advise([*cached_days(), OPUS, event("openai", "gpt-4.1", input=10_000_000)])]
    assert len(savings) > 4
    assert savings == sorted(savings, reverse=True)


def test_no_usage_no_advice(advise: Advise) -> None:
    assert advise([]) == []


def test_the_shipped_families_are_models_of_the_catalog(book: PriceBook) -> None:
    known = {(provider.id, model.id) for provider in book.prices.providers for model in provider.models}
    named = {(provider, name) for (provider, model), smaller in shipped_families().items() for name in (model, *smaller)}
    assert named - known == set()
    assert shipped_families()["openai", "gpt-5.6-sol"] == ("gpt-5.6-terra", "gpt-5.6-luna")


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ("[[a, b], [a, c]]", "families.yaml: x/a is followed by others in two families: leave it in one"),
        ("[[a]]", "families.yaml: x: ['a'] is no family: name at least two models, each once"),
        ("[[a, b, a]]", "is no family"),
    ],
)
def test_families_that_cannot_be_meant_so_are_refused(models: str, words: str) -> None:
    with pytest.raises(UsageConfigError) as caught:
        families_of(f"families: [{{provider: x, models: {models}}}]")
    assert words in str(caught.value)
