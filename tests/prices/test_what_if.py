"""The same usage otherwise: every scenario equals the library's own answer for the changed request, and what is unknown stays apart."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest
from genai_prices.types import ModelPrice
from library_answers import library_price, usage_of
from priced_events import Price, event

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.catalog import Catalog
from usage_pipeline.prices.stand_in import MAKERS, stand_in
from usage_pipeline.prices.what_if import Change, added_up, as_batch, as_model, changed, compare, events_of, without_cache
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.repriced import Repriced

Reprice = Callable[..., list[Repriced]]


@pytest.fixture
def reprice(price: Price, book: PriceBook, price_engine: Any) -> Reprice:
    """Events, booked by the catalog's own book, as they would have cost."""

    def repriced(rows: Sequence[dict[str, Any]], *changes: Change, by: PriceBook = book) -> list[Repriced]:
        booked = ibis.memtable(pa.Table.from_pylist(price(rows), schema=priced_usage.schema.to_pyarrow()))
        return compare(changed(events_of(booked), changes), by, price_engine)

    return repriced


def library(row: dict[str, Any], provider_id: str, **otherwise: Any) -> Decimal:
    return library_price({**row, **otherwise}, provider_id).total_price


CHAT = event("openai", "gpt-5.5", project="a", input=1000, cache_read=4000, cache_write=0, output=700, reasoning_tokens=300)
LONG = event("openai", "gpt-5.5", project="a", input=300_000, output=100)
CLAUDE = event(
    "anthropic",
    "claude-opus-5",
    project="b",
    at="2026-11-02T10:00:00",
    input=900,
    cache_read=50_000,
    cache_write=800,
    cache_write_1h=70,
    output=9,
)


def test_unchanged_usage_costs_what_was_booked(reprice: Reprice) -> None:
    rows = reprice([CHAT, CHAT, LONG, CLAUDE])
    assert [(row.project, row.model_id, row.requests, row.tokens) for row in rows] == [
        ("a", "gpt-5.5", 3, 311_500),
        ("b", "claude-opus-5", 1, 51_779),
    ]
    assert rows[0].cost == rows[0].would_cost == 2 * library(CHAT, "openai") + library(LONG, "openai")
    assert all((row.difference, row.percent, row.unpriced_events) == (0, 0, 0) for row in rows)


@pytest.mark.parametrize(
    ("row", "provider", "model"),
    [
        (CHAT, "openai", "gpt-5.4-mini"),
        (LONG, "openai", "gpt-5.4-mini"),
        (LONG, "openai", "gpt-6-sol"),
        (event("openai", "gpt-4.1", input=272_000), "openai", "gpt-5.5"),
        (event("openai", "gpt-4.1", input=272_001), "openai", "gpt-5.5"),
        (CLAUDE, "anthropic", "claude-haiku-4-5"),
        (CLAUDE, "anthropic", "claude-sonnet-5"),
        (CLAUDE, "openai", "gpt-4.1"),
        (CHAT, "google", "gemini-2.5-pro"),
    ],
    ids=["mini", "long-mini", "long-tiers", "at-the-tier", "above-the-tier", "haiku", "sonnet", "to-openai", "to-google"],
)
def test_as_another_model_is_what_the_library_says_of_it(
    reprice: Reprice, book: PriceBook, row: dict[str, Any], provider: str, model: str
) -> None:
    (answer,) = reprice([row], as_model(stand_in(book, model, [row["channel"]])))
    assert answer.would_cost == library(row, provider, model=model)
    assert answer.cost == library(row, row["provider"])
    assert answer.model == row["model"], "a row names what was booked"


def test_tiers_are_of_each_request_never_of_the_sum(reprice: Reprice, book: PriceBook) -> None:
    short = event("openai", "gpt-4.1", input=200_000)
    (row,) = reprice([short, short], as_model(stand_in(book, "gpt-5.5", ["openai"])))
    assert row.would_cost == 2 * library(short, "openai", model="gpt-5.5") == 2


def test_as_batch_is_the_batch_price_whatever_the_tier(reprice: Reprice) -> None:
    rows = [event("openai", "gpt-4.1", input=10_000, output=1000, service_tier=tier) for tier in ("priority", None)]
    (row,) = reprice(rows, as_batch)
    assert row.cost == Decimal("0.049") + Decimal("0.028")
    assert (row.would_cost, row.difference, row.percent) == (Decimal("0.028"), Decimal("-0.049"), Decimal("-63.6364"))


def test_a_model_without_a_batch_price_is_said_to_stand_at_the_standard_rate(reprice: Reprice) -> None:
    rows = [event("openai", model, input=1000) for model in ("gpt-realtime", "gpt-4.1")]
    answers = {row.model_id: row for row in reprice(rows, as_batch)}
    assert (answers["gpt-realtime"].difference, answers["gpt-realtime"].standard_events) == (0, 1)
    assert (answers["gpt-4.1"].difference, answers["gpt-4.1"].standard_events) == (Decimal("-0.001"), 0)


def test_without_the_cache_all_of_it_is_plain_input(reprice: Reprice) -> None:
    audio = event("openai", "gpt-realtime", input=100, input_audio=200, cache_audio_read=300, cache_read=50, output=10, output_audio=20)
    (opus, realtime) = reprice([CLAUDE, {**audio, "project": "c"}], without_cache)
    nothing = {"cache_read": 0, "cache_write": 0, "cache_write_1h": 0, "cache_audio_read": 0}
    assert opus.would_cost == library(CLAUDE, "anthropic", **nothing, input=51_770)
    assert realtime.would_cost == library(audio, "openai", **nothing, input=150, input_audio=500)
    assert (opus.tokens, realtime.tokens) == (51_779, 680), "as many tokens as before"


def test_without_the_cache_the_tier_stays(reprice: Reprice) -> None:
    row = event("google", "gemini-2.5-pro", input=10_001, cache_read=190_000, output=100)
    (answer,) = reprice([row], without_cache)
    assert answer.would_cost == library(row, "google", input=200_001, cache_read=0)


def test_changes_combine(reprice: Reprice, book: PriceBook) -> None:
    (row,) = reprice([CLAUDE], as_model(stand_in(book, "claude-haiku-4-5", ["anthropic"])), as_batch, without_cache)
    plain = {"cache_read": 0, "cache_write": 0, "cache_write_1h": 0, "input": 51_770}
    assert row.would_cost == library(CLAUDE, "anthropic", model="claude-haiku-4-5", is_batch=True, **plain)


def test_another_book_matches_the_library_on_its_prices(reprice: Reprice, book: PriceBook) -> None:
    """The other book's catalog has gpt-4.1 at other prices; the library is asked with the same one."""
    openai = next(one for one in book.prices.providers if one.id == "openai")
    old = ModelPrice(input_mtok=Decimal("3.5"), cache_read_mtok=Decimal("0.7"), output_mtok=Decimal("11.3"))
    models = [replace(one, prices=old, price_variants=None) if one.id == "gpt-4.1" else one for one in openai.models]
    other_openai = replace(openai, models=models)
    other = build_book([], catalog=Catalog("of then", [other_openai if one is openai else one for one in book.prices.providers]))
    rows = [event("openai", "gpt-4.1", input=n * 977, cache_read=n * 31, output=n * 13) for n in range(1, 20)]
    (answer,) = reprice(rows, by=other)
    (model,) = (one for one in models if one.id == "gpt-4.1")
    truth = [model.calc_price(usage_of(row), other_openai, genai_request_timestamp=row["started_at"]).total_price for row in rows]
    assert answer.would_cost == sum(truth)
    assert answer.cost == sum(library(row, "openai") for row in rows), "what was booked stays"


def test_what_has_no_price_on_either_side_is_a_row_of_its_own(reprice: Reprice, book: PriceBook) -> None:
    unknown = event("openai", "gpt-99", project="a", input=10)
    pictures = event("openai", "gpt-image-1", project="a", input=10, output_image=4160)
    rows = reprice([CHAT, unknown, pictures], as_model(stand_in(book, "claude-haiku-4-5", ["openai"])))
    told = {row.model: (row.cost, row.would_cost, row.difference, row.percent, row.unpriced_events, row.unpriced_reason) for row in rows}
    assert told["gpt-99"] == (None, Decimal("0.00001"), None, None, 1, None)
    assert told["gpt-image-1"][1:] == (Decimal("0.02081"), Decimal("-0.14564"), Decimal("-87.4977"), 0, None)
    assert [row.model for row in rows][-1] == "gpt-99", "what cannot be compared comes last"


def test_unknown_stays_unknown_never_zero(reprice: Reprice) -> None:
    (row,) = reprice([event("openai", "gpt-99", input=10), event("openai", "gpt-99", input=10)], as_batch)
    assert (row.cost, row.would_cost, row.difference, row.unpriced_events) == (None, None, None, 2)
    assert (row.unpriced_reason, row.model_id, row.project, row.tokens) == ("unresolved_model", None, "unattributed", 20)


def test_a_model_is_booked_in_part(reprice: Reprice) -> None:
    """Some of a model's usage contradicts itself: that part is apart, the rest is compared."""
    wrong = event("openai", "gpt-4.1", output=10, reasoning_tokens=11)
    known, unknown = reprice([event("openai", "gpt-4.1", output=1000), wrong], as_batch)
    assert (known.cost, known.would_cost, known.unpriced_events) == (Decimal("0.008"), Decimal("0.004"), 0)
    assert (unknown.cost, unknown.would_cost, unknown.unpriced_reason) == (None, None, "inconsistent_usage")


def test_requests_that_are_not_counted_are_unknown(reprice: Reprice) -> None:
    bucket = event("anthropic", "claude-opus-5", input=10, request_count=None, view="provider")
    (row,) = reprice([bucket, event("anthropic", "claude-opus-5", input=10)])
    assert (row.requests, row.events) == (None, 2)


def test_sums_of_requests_at_a_tiered_model_are_told(reprice: Reprice, book: PriceBook) -> None:
    bucket = event("openai", "gpt-4.1", input=1_000_000, request_count=100, view="provider")
    (row,) = reprice([bucket], as_model(stand_in(book, "gpt-5.5", ["openai"])))
    assert (row.would_cost, row.base_tier_events, row.requests) == (Decimal(5), 1, 100)


def test_rows_of_parts_of_a_period_add_up(reprice: Reprice) -> None:
    whole = reprice([CHAT, LONG, CLAUDE], as_batch)
    assert added_up([*reprice([CHAT, CLAUDE], as_batch), *reprice([LONG], as_batch)]) == whole


@pytest.mark.parametrize(
    ("text", "providers", "expected"),
    [
        ("gpt-4o-mini", ["azure.openai", "openai"], ("gpt-4o-mini", "openai", ("azure.openai", "openai"))),
        ("claude-haiku-4-5-20251001", ["openai"], ("claude-haiku-4-5", "anthropic", ())),
        ("openai/gpt-4o-mini", ["azure.openai"], ("gpt-4o-mini", "openai", ())),
        ("azure.openai/gpt-4o-mini", ["openai"], ("gpt-4o-mini", "azure", ())),
        ("llama-3.3-70b-versatile", ["openai"], ("llama-3.3-70b-versatile", "groq", ())),
    ],
    ids=["stays on Azure", "goes to its maker", "sent to OpenAI", "sent to Azure", "only one sells it"],
)
def test_who_sells_the_model(book: PriceBook, text: str, providers: list[str], expected: tuple[str, str, tuple[str, ...]]) -> None:
    found = stand_in(book, text, providers)
    assert (found.model_id, found.home, found.sold_by) == expected


def test_a_model_that_nobody_sells_is_refused_with_names_near_it(book: PriceBook) -> None:
    with pytest.raises(UsageConfigError, match=r"no model 'claude-haiku-45' in the price book .*; near: claude-haiku-4-5, "):
        stand_in(book, "claude-haiku-45", ["anthropic"])
    with pytest.raises(UsageConfigError, match="prices list"):
        stand_in(book, "zzzz", ["anthropic"])


def test_a_model_that_several_sell_and_none_made_needs_a_seller(book: PriceBook) -> None:
    sold = Counter(model.id for one in book.prices.providers for model in one.models)
    made = {model.id for one in book.prices.providers if one.id in MAKERS for model in one.models}
    model = min(name for name, sellers in sold.items() if sellers > 1 and name not in made)
    with pytest.raises(UsageConfigError, match=f"--as-model .*/{model}"):
        stand_in(book, model, ["openai"])
