"""Each kind of price by name: the amount by hand, the library's answer, the price of an event and that of the public command are one.

Where the catalog has the price, the test names the digits; the arithmetic is in the comments, in dollars per million.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from library_answers import answer
from library_cases import Case
from priced_cases import line_of, priced_cases

from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.catalog import installed_catalog
from usage_pipeline.prices.quote import quote

Costs = Callable[..., None]
NEAR = Decimal("1e-9")
BATCH = {"processing": "batch"}
FLEX = {"service_tier": "flex"}


@pytest.fixture(scope="module")
def bare_book() -> PriceBook:
    return build_book([], catalog=installed_catalog())


@pytest.fixture
def costs(bare_book: PriceBook, price_engine: Any) -> Costs:
    """Asserts that all four ways give `amount` in `state`."""

    def check(amount: str, asked: Case, state: str = "priced", *, near: bool = False) -> None:
        calculated = answer(asked.provider, asked.model, asked.at, asked.context, asked.meters).calculation
        assert calculated is not None
        [event], [line] = priced_cases([asked], bare_book, price_engine), quote([line_of(asked)], bare_book)
        assert event.cost is not None
        assert abs(calculated.total_price - Decimal(amount)) <= (NEAR if near else 0)
        assert Decimal(amount) == event.cost == Decimal(line["cost"])
        assert Decimal(amount) == sum(Decimal(one["cost"]) for one in line["meters"].values())
        assert event.state == line["state"] == state

    return check


def request(provider: str, model: str, at: str = "2026-11-20T12:00:00", context: dict[str, str] | None = None, **meters: Any) -> Case:
    moment = datetime.fromisoformat(at)
    return Case("named", provider, model, moment if moment.tzinfo else moment.replace(tzinfo=UTC), context or {}, meters)


def test_cached_input(costs: Costs):
    # 2000 × 2 + 8000 × 0.50 + 500 × 8
    costs("0.012", request("openai", "gpt-4.1", input=2000, cache_read=8000, output=500))


def test_cache_reads_and_writes(costs: Costs):
    # 1200 × 1 + 3000 × 0.10 + 2000 × 1.25 + 450 × 5
    costs("0.00625", request("anthropic", "claude-haiku-4-5", input=1200, cache_read=3000, cache_write=2000, output=450))


def test_cached_tokens_without_a_price_cost_what_input_costs(costs: Costs):
    costs("0.01", request("openai", "gpt-4-turbo", cache_read=1000), "priced_as_parent")


def test_one_hour_cache_writes(costs: Costs):
    # five minutes 1.25, an hour 2
    costs("0.00125", request("anthropic", "claude-haiku-4-5", cache_write=1000))
    costs("0.002", request("anthropic", "claude-haiku-4-5", cache_write_1h=1000))
    costs("0.00325", request("anthropic", "claude-haiku-4-5", cache_write=1000, cache_write_1h=1000))


def test_one_hour_cache_writes_in_batch_and_in_long_context(costs: Costs):
    costs("0.001", request("anthropic", "claude-haiku-4-5", context=BATCH, cache_write_1h=1000))
    costs("1.2", request("anthropic", "claude-sonnet-4-5", cache_write_1h=200_000))  # × 6
    costs("2.400006", request("anthropic", "claude-sonnet-4-5", input=1, cache_write_1h=200_000))  # × 12, and one at 6


def test_audio_tokens_in_and_out_and_cached(costs: Costs):
    # 100 × 4 + 50 × 0.40 + 200 × 32 + 300 × 0.40 + 10 × 16 + 20 × 64
    meters = {"input": 100, "cache_read": 50, "input_audio": 200, "cache_audio_read": 300, "output": 10, "output_audio": 20}
    costs("0.00838", request("openai", "gpt-realtime", **meters))
    costs("0.0105", request("google", "gemini-2.5-flash", input_audio=10_000, cache_audio_read=5000))  # × 1, × 0.10


def test_audio_tokens_in_batch(costs: Costs):
    costs("0.005", request("google", "gemini-2.5-flash", context=BATCH, input_audio=10_000))  # × 0.50


def test_audio_seconds(costs: Costs):
    costs("0.00905", request("openai", "whisper-1", audio_seconds=Decimal("90.5")))  # 0.36 an hour
    costs("0.0001", request("openai", "whisper-1", audio_seconds=1))


def test_audio_seconds_of_a_price_that_3600_does_not_divide(costs: Costs):
    # 0.111 an hour is 0.0000308333… a second: fifteen decimals of it
    costs("0.001849999999980", request("groq", "whisper-large-v3", audio_seconds=60), near=True)


def test_audio_seconds_are_at_least_ten_at_groq(costs: Costs):
    costs("0.000308333333330", request("groq", "whisper-large-v3", audio_seconds=3), near=True)
    costs("0.00015416666667", request("groq", "whisper-large-v3", context=BATCH, audio_seconds=3), near=True)


def test_image_tokens_in_and_out(costs: Costs):
    # 10 × 5 + 1000 × 10 + 4160 × 40: the catalog prices image output as output
    costs("0.17645", request("openai", "gpt-image-1", input=10, input_image=1000, output_image=4160), "priced_as_parent")


def test_image_tokens_cached_and_in_batch(costs: Costs):
    costs("0.0025", request("openai", "gpt-image-1", cache_image_read=1000))  # × 2.50
    images = {"input": 10, "input_image": 1000, "output_image": 4160}
    costs("0.088225", request("openai", "gpt-image-1", context=BATCH, **images), "priced_as_parent")  # × 2.50, × 5, × 20


def test_batch(costs: Costs):
    costs("0.028", request("openai", "gpt-4.1", input=10_000, output=1000))  # × 2, × 8
    costs("0.014", request("openai", "gpt-4.1", context=BATCH, input=10_000, output=1000))  # × 1, × 4
    cached = {"input": 1200, "cache_read": 3000, "cache_write": 2000, "output": 450}
    costs("0.003125", request("anthropic", "claude-haiku-4-5", context=BATCH, **cached))


def test_batch_before_the_catalog_has_a_price_for_it(costs: Costs):
    costs("0.002", request("openai", "gpt-4.1", "2026-10-13T23:59:59.999999", BATCH, input=1000), "no_variant")
    costs("0.001", request("openai", "gpt-4.1", "2026-10-14T00:00:00", BATCH, input=1000))


def test_flex(costs: Costs):
    # 2000 × 1 + 2000 × 0.10 + 1000 × 1.25 + 900 × 6
    meters = {"input": 2000, "cache_read": 2000, "cache_write": 1000, "output": 900}
    costs("0.00885", request("openai", "gpt-5.6-terra", context=FLEX, **meters))
    costs("0.0177", request("openai", "gpt-5.6-terra", **meters))


def test_priority_and_fast(costs: Costs):
    meters = {"input": 2000, "cache_read": 2000, "cache_write": 1000, "output": 900}
    costs("0.0354", request("openai", "gpt-5.6-terra", context={"service_tier": "priority"}, **meters))
    costs("0.01", request("anthropic", "claude-opus-5", context={"speed": "fast"}, input=1000))


def test_context_beyond_200k(costs: Costs):
    costs("0.251", request("google", "gemini-2.5-pro", input=200_000, output=100))  # × 1.25, × 10
    costs("0.5015025", request("google", "gemini-2.5-pro", input=200_001, output=100))  # × 2.50, × 15: all of it


def test_context_beyond_200k_counts_cached_tokens(costs: Costs):
    costs("0.03625", request("google", "gemini-2.5-pro", input=10_000, cache_read=190_000))  # × 1.25, × 0.125
    costs("0.0725025", request("google", "gemini-2.5-pro", input=10_001, cache_read=190_000))  # × 2.50, × 0.25


def test_context_beyond_272k(costs: Costs):
    costs("1.39", request("openai", "gpt-5.5", input=272_000, output=1000))  # × 5, × 30
    costs("2.76501", request("openai", "gpt-5.5", input=272_001, output=1000))  # × 10, × 45


def test_context_beyond_272k_in_batch_flex_and_priority(costs: Costs):
    for context in (BATCH, FLEX):
        costs("0.68", request("openai", "gpt-5.5", context=context, input=272_000))  # × 2.50
        costs("1.360005", request("openai", "gpt-5.5", context=context, input=272_001))  # × 5
    costs("3.4000125", request("openai", "gpt-5.5", context={"service_tier": "priority"}, input=272_001))  # × 12.50: no tiers


@pytest.mark.parametrize(
    ("at", "amount"),
    [
        ("2026-01-10T00:29:59.999999", "0.135"),
        ("2026-01-10T00:30:00", "0.27"),
        ("2026-01-10T16:29:59.999999", "0.27"),
        ("2026-01-10T16:30:00", "0.135"),
        ("2026-01-10T08:30:00+08:00", "0.27"),
    ],
)
def test_time_of_day(costs: Costs, at: str, amount: str):
    costs(amount, request("deepseek", "deepseek-chat", at, input=1_000_000))


def test_two_windows_a_day_beside_a_dated_price(costs: Costs):
    for at, amount in {"00:59:59": "0.66", "01:00:00": "1.32", "04:00:00": "0.66", "06:00:00": "1.32", "10:00:00": "0.66"}.items():
        costs(amount, request("deepseek", "deepseek-v4-pro", f"2026-09-01T{at}", input=1_000_000))
    costs("0.435", request("deepseek", "deepseek-v4-pro", "2026-08-16T12:00:00", input=1_000_000))


def test_a_new_price_starts_at_midnight_utc(costs: Costs):
    costs("0.015", request("openai", "gpt-5.6-terra", "2026-07-29T23:59:59.999999", output=1000))
    costs("0.012", request("openai", "gpt-5.6-terra", "2026-07-30T00:00:00", output=1000))
    costs("0.012", request("openai", "gpt-5.6-terra", "2026-07-29T20:00:00-04:00", output=1000))


def test_a_fee_for_each_request(costs: Costs):
    costs("0.0122", request("perplexity", "sonar", input=100, output=100))  # 12 a thousand, and 100 × 1 twice


def test_a_fee_for_each_of_a_thousand_requests(bare_book: PriceBook):
    """The library has no such question: it takes every usage for one request."""
    many = line_of(request("perplexity", "sonar", requests=1000, input=100_000, output=100_000))
    [line] = quote([many], bare_book)
    assert (line["state"], line["cost"]) == ("priced", "12.2")


def test_fees_for_searches(costs: Costs):
    costs("0.03", request("openai", "gpt-4.1", web_searches=3))  # 10 a thousand
    costs("0.01", request("openai", "gpt-4.1", file_searches=4))  # 2.50 a thousand
    costs("1", request("perplexity", "perplexity/sonar", context={"search_type": "fast"}, web_searches=1000))
    costs("2.5", request("perplexity", "perplexity/sonar", context={"search_type": "web"}, web_searches=1000))


def test_characters(costs: Costs):
    costs("0.015", request("openai", "tts-1", characters=1000))  # 15 a million


def test_reasoning_at_its_own_price_and_without(costs: Costs):
    costs("0.006", request("perplexity", "sonar-deep-research", output=1000, reasoning_tokens=400))  # 600 × 8 + 400 × 3
    costs("0.008", request("openai", "o3", output=1000, reasoning_tokens=400))  # × 8
