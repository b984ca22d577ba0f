"""Each kind of price by name, and each state."""

from decimal import Decimal
from typing import Any

import ibis
import pytest
from library_answers import library_price
from priced_events import Price, event, events_table

from usage_pipeline.prices import terms
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.tables.priced_usage import priced_usage


def cost(price: Price, row: dict[str, Any]) -> Decimal:
    """The event's cost, which is also the library's own."""
    [priced] = price([row])
    assert priced["price_state"] in {"priced", "priced_as_parent", "no_variant"}, priced["price_state"]
    assert priced["list_cost"] == priced["net_cost"] == library_price(row, row["provider"]).total_price
    return priced["net_cost"]


def state(price: Price, row: dict[str, Any]) -> tuple[str, Decimal | None]:
    [priced] = price([row])
    assert priced["list_cost"] == priced["net_cost"]
    return priced["price_state"], priced["net_cost"]


def test_cached_input_and_cache_writes(price: Price):
    row = event("anthropic", "claude-haiku-4-5", at="2026-10-02T09:01:05", input=1200, cache_read=3000, cache_write=2000, output=450)
    assert cost(price, row) == Decimal("0.00625")


def test_cache_writes_for_an_hour_cost_more_than_for_five_minutes(price: Price):
    assert cost(price, event("anthropic", "claude-haiku-4-5", cache_write=1000)) == Decimal("0.00125")
    assert cost(price, event("anthropic", "claude-haiku-4-5", cache_write_1h=1000)) == Decimal("0.002")


def test_audio_beside_text_and_cached_audio(price: Price):
    row = event("openai", "gpt-realtime", input=100, input_audio=200, cache_audio_read=300, cache_read=50, output=10, output_audio=20)
    assert cost(price, row) == Decimal("0.00838")


def test_image_tokens(price: Price):
    assert cost(price, event("openai", "gpt-image-1", input=10, input_image=1000, output_image=4160)) == Decimal("0.17645")


def test_batch_is_half(price: Price):
    now, later = (event("openai", "gpt-4.1", input=10_000, output=1000, is_batch=one) for one in (False, True))
    assert cost(price, now) == 2 * cost(price, later) == Decimal("0.028")


def test_a_service_tier_named_batch_is_batch(price: Price):
    [as_tier, as_flag] = price(
        [event("anthropic", "claude-opus-5", input=10, service_tier="batch"), event("anthropic", "claude-opus-5", input=10, is_batch=True)]
    )
    assert (as_tier["rate_card"], as_tier["net_cost"]) == (as_flag["rate_card"], as_flag["net_cost"])


def test_flex_and_priority(price: Price):
    tiers = [
        event("openai", "gpt-5.6-terra", input=2000, cache_read=2000, cache_write=1000, output=900, service_tier=tier)
        for tier in ("flex", None, "priority")
    ]
    assert [cost(price, row) for row in tiers] == [Decimal("0.00885"), Decimal("0.0177"), Decimal("0.0354")]


def test_long_context_reprices_the_whole_request(price: Price):
    assert cost(price, event("openai", "gpt-5.5", input=272_000)) == Decimal("1.36")
    assert cost(price, event("openai", "gpt-5.5", input=272_001)) == Decimal("2.72001")
    assert cost(price, event("openai", "gpt-5.5", input=1, cache_read=272_000)) > 2 * cost(
        price, event("openai", "gpt-5.5", cache_read=272_000)
    )


def test_more_than_200k_counts_cached_tokens(price: Price):
    short = cost(price, event("google", "gemini-2.5-pro", input=10_000, cache_read=190_000, output=100))
    long = cost(price, event("google", "gemini-2.5-pro", input=10_001, cache_read=190_000, output=100))
    assert long > short * Decimal("1.9")


def test_time_of_day(price: Price):
    at = ["2026-01-10T00:29:59.999999", "2026-01-10T00:30:00", "2026-01-10T16:29:59.999999", "2026-01-10T16:30:00"]
    costs = [cost(price, event("deepseek", "deepseek-chat", at=one, input=1_000_000)) for one in at]
    assert costs == [Decimal("0.135"), Decimal("0.27"), Decimal("0.27"), Decimal("0.135")]


def test_a_price_changes_at_midnight_utc(price: Price):
    before, after = (
        cost(price, event("openai", "gpt-5.6-terra", at=at, output=1000)) for at in ("2026-07-29T23:59:59.999999", "2026-07-30T00:00:00")
    )
    assert (before, after) == (Decimal("0.015"), Decimal("0.012"))


def test_a_fee_for_each_request(price: Price):
    assert cost(price, event("perplexity", "sonar", input=100, output=100)) == Decimal("0.0122")
    [many] = price([event("perplexity", "sonar", input=100_000, output=100_000, request_count=1000)])
    assert many["net_cost"] == Decimal("12.2"), "not 0.212, as for one large request"


def test_a_fee_for_uncounted_requests_is_unknown(price: Price):
    assert state(price, event("perplexity", "sonar", input=100, view="provider", request_count=None)) == ("unpriced_meter", None)


def test_web_searches_and_seconds(price: Price):
    assert cost(price, event("openai", "gpt-4.1", input=0, web_searches=3)) == Decimal("0.03")
    assert cost(price, event("openai", "whisper-1", audio_seconds=Decimal("90.5"))) == Decimal("0.00905")


def test_reasoning_with_its_own_price(price: Price):
    assert cost(price, event("perplexity", "sonar-deep-research", output=1000, reasoning_tokens=400)) == Decimal("0.006")
    assert cost(price, event("openai", "o3", output=1000, reasoning_tokens=400)) == Decimal("0.008")


def test_cached_tokens_without_a_price_cost_what_input_costs(price: Price):
    row = event("openai", "gpt-4-turbo", cache_read=1000)
    assert state(price, row) == ("priced_as_parent", Decimal("0.01"))
    assert cost(price, row) == Decimal("0.01")


def test_a_variant_that_does_not_exist_or_not_yet(price: Price):
    assert state(price, event("azure", "gpt-4o", input=1000, is_batch=True)) == ("no_variant", Decimal("0.0025"))
    early, late = (event("openai", "gpt-4.1", at=at, input=1000, is_batch=True) for at in ("2026-10-13T12:00:00", "2026-10-14T00:00:00"))
    assert state(price, early) == ("no_variant", Decimal("0.002"))
    assert state(price, late) == ("priced", Decimal("0.001"))


@pytest.mark.parametrize("tier", [None, "default", "standard", "", "Default"])
def test_a_standard_tier_wants_no_variant(price: Price, tier: str | None):
    assert state(price, event("anthropic", "claude-haiku-4-5", input=1000, service_tier=tier)) == ("priced", Decimal("0.001"))


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-9-foo"), ("nobody", "gpt-4o"), ("openai", None), (None, None)])
def test_an_unknown_model_is_unpriced_never_free(price: Price, provider: str | None, model: str | None):
    [priced] = price([event(provider, model, input=1000)])
    assert [priced[name] for name in ("price_state", "model_id", "rate_card", "list_cost", "net_cost")] == [
        "unresolved_model",
        None,
        None,
        None,
        None,
    ]


def test_an_unknown_meter_is_unpriced_never_free(price: Price):
    assert state(price, event("mistral", "mistral-large-latest", input=1000, web_searches=1)) == ("unpriced_meter", None)
    assert state(price, event("openai", "gpt-4.1", input=1000, output=10, images=1)) == ("unpriced_meter", None)


def test_images_are_counted_again_beside_their_tokens(price: Price):
    assert state(price, event("openai", "gpt-image-1", input=10, output_image=4160, images=1)) == ("priced_as_parent", Decimal("0.16645"))
    assert state(price, event("openai", "gpt-image-1", input=10, images=1)) == ("unpriced_meter", None)


def test_a_model_listed_without_prices(price: Price):
    assert state(price, event("google", "gemma-3", input=1000)) == ("free_or_unknown", None)


@pytest.mark.parametrize(
    "usage",
    [{"input": -1}, {"images": -1}, {"output": 5, "reasoning_tokens": 6}, {"reasoning_tokens": 1}, {"request_count": -1, "input": 1}, {}],
)
def test_contradictory_or_absent_usage(price: Price, usage: dict[str, int]):
    assert state(price, event("openai", "gpt-4.1", **usage)) == ("inconsistent_usage", None)


def test_a_note_of_no_request_costs_nothing(price: Price):
    assert state(price, event("openai", "gpt-4.1", request_count=0)) == ("priced", 0)
    assert state(price, event("openai", "gpt-4.1", request_count=None)) == ("inconsistent_usage", None)


def test_failures_and_cache_hits(price: Price):
    assert state(price, event("openai", "gpt-4.1", status="failure", input=1000)) == ("not_charged", 0)
    assert state(price, event("openai", "gpt-4.1", status="failure")) == ("not_charged", 0)
    assert state(price, event("openai", "gpt-9", status="failure")) == ("not_charged", 0)
    assert state(price, event("openai", "gpt-4.1", status="failure", input=1000, output=1000)) == ("priced", Decimal("0.01"))
    assert state(price, event("openai", "gpt-4.1", status="cache_hit", input=1000, output=1000)) == ("not_charged", 0)
    assert state(price, event("openai", "gpt-4.1", status="included", input=1000, output=1000)) == ("not_charged", 0)


def test_aggregates_are_never_tiered_in_silence(price: Price):
    ten = {"input": 500_000, "output": 10_000, "view": "provider"}
    base = Decimal("2.5") + Decimal("0.3")
    assert state(price, event("openai", "gpt-5.5", **ten, request_count=10)) == ("aggregate_grain", base)
    assert state(price, event("openai", "gpt-5.5", **ten, request_count=None)) == ("aggregate_grain", base)
    assert state(price, event("openai", "gpt-5.5", **ten | {"view": "log"}, request_count=None)) == ("aggregate_grain", base)
    assert state(price, event("openai", "gpt-5.5", **ten, request_count=1))[0] == "priced"
    assert state(price, event("openai", "gpt-5.5", **ten | {"view": "log"}, request_count=1))[1] == 2 * Decimal("2.5") + Decimal("0.45")
    assert state(price, event("openai", "gpt-5.5", input=272_000, view="provider", request_count=10))[0] == "priced", (
        "below the tier for certain"
    )
    assert state(price, event("openai", "gpt-4.1", **ten, request_count=10))[0] == "priced", "no tiers"
    assert state(price, event("deepseek", "deepseek-chat", input=1, view="provider", request_count=10))[0] == "aggregate_grain"


def test_an_event_without_provider_has_its_channels(price: Price):
    [priced] = price([event(None, "gemini-2.5-pro", input=1000) | {"channel": "google.vertex"}])
    assert (priced["price_state"], priced["provider"], priced["net_cost"]) == ("priced", None, Decimal("0.00125"))


def test_the_result_has_the_declared_columns_and_every_event(price_engine: Any, book: PriceBook):
    events = ibis.memtable(events_table([event("openai", "gpt-4.1", input=1, tags='{"a":1}', region="eu"), event("nobody", None)]))
    keys = book.resolve(price_engine.to_pyarrow(keys_of(events, book.scopes)))
    priced = price_events(
        events,
        *(ibis.memtable(one) for one in (keys.resolutions, keys.rate_cards, keys.rates)),
        price_book=book.version,
        scopes=book.scopes,
    )
    priced_usage.check(priced)
    assert {row["price_book"] for row in price_engine.to_pyarrow(priced).to_pylist()} == {book.version}


def test_a_quantity_beyond_what_64_bits_can_price_costs_the_same_per_unit(price: Price):
    few, many = (cost(price, event("openai", "gpt-4.1", input=10**n, output=10**n)) for n in (3, 15))
    assert many == few * 10**12


@pytest.mark.parametrize("dollars", [399, 400, 401, 799, 800, 801, 999, 1000, 1001])
def test_a_cost_near_what_18_digits_hold_is_exact(price: Price, dollars: int):
    tokens = dollars * 500_000 + 1
    assert cost(price, event("openai", "gpt-4.1", input=tokens)) == dollars + Decimal("0.000002")
    assert cost(price, event("openai", "gpt-4.1", input=tokens, web_searches=dollars * 100)) == 2 * dollars + Decimal("0.000002")


def test_what_no_event_has_need_not_be_read(price_engine: Any, book: PriceBook):
    text = [event("openai", "gpt-4.1", input=7, cache_read=5, output=3), event("openai", "gpt-9-foo", output=1), event("openai", "gpt-4.1")]
    heard = [event("openai", "whisper-1", audio_seconds=Decimal("90.5")), event("openai", "gpt-4.1", input=1, web_searches=3)]
    for rows in (text, text + heard, [event("openai", "gpt-4.1", input=7, region="eu", service_tier="flex"), *heard]):
        table = events_table(rows)
        events, found = ibis.memtable(table), {name for name in table.column_names if table[name].null_count < len(rows)}
        asked = price_engine.to_pyarrow(keys_of(events, book.scopes, found))
        assert set(map(str, asked.to_pylist())) == set(map(str, price_engine.to_pyarrow(keys_of(events, book.scopes)).to_pylist()))
        keys = book.resolve(asked)
        tables = [ibis.memtable(one) for one in (keys.resolutions, keys.rate_cards, keys.rates)]
        every = price_events(events, *tables, price_book="", scopes=book.scopes)
        short = price_events(events, *tables, price_book="", scopes=book.scopes, filled=found)
        names = ["source_line", "price_state", "list_cost", "net_cost"]
        narrow = price_events(events, *tables, price_book="", scopes=book.scopes, filled=found, columns=names)
        whole, same, part = (price_engine.to_pyarrow(one.order_by("source_line")) for one in (every, short, narrow))
        assert whole == same
        assert sorted(part.column_names) == sorted(names)
        assert part == whole.select(part.column_names)


def test_keys_with_the_same_hash_are_told_apart(price_engine: Any, book: PriceBook, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(terms, "_hash", lambda *_: ibis.literal(7, "int64"))
    models = ["gpt-4.1", "gpt-4o", "gpt-4.1-nano", "gpt-9-foo"]
    rows = [event("openai", model, input=1_000_000) for model in models]
    events = ibis.memtable(events_table(rows))
    keys = book.resolve(price_engine.to_pyarrow(keys_of(events, book.scopes)))
    tables = (ibis.memtable(one) for one in (keys.resolutions, keys.rate_cards, keys.rates))
    priced = price_engine.to_pyarrow(price_events(events, *tables, price_book="", scopes=book.scopes).order_by("source_line"))
    assert priced["list_cost"].to_pylist() == [Decimal(2), Decimal("2.5"), Decimal("0.1"), None]


def test_input_that_may_have_been_cached_is_an_upper_bound_and_told(price: Price):
    split = event("openai", "gpt-4.1", input=1000, cache_read=4000, output=10)
    whole = event("openai", "gpt-4.1", input=5000, output=10, is_unsplit=True)
    at_most = state(price, whole)
    assert at_most == ("upper_bound", Decimal("0.01008"))
    assert cost(price, split) < Decimal("0.01008")
    assert state(price, event("openai", "gpt-4.1", output=10, is_unsplit=True))[0] == "priced", "nothing that could be cached"
    assert state(price, event("openai", "text-embedding-3-small", input=10, is_unsplit=True))[0] == "priced", "cached costs the same"
    assert state(price, event("openai", "gpt-9-foo", input=10, is_unsplit=True)) == ("unresolved_model", None)
