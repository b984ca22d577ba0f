"""What usage without a rate may have cost: between the cheapest and the dearest of its provider, or at the model's own prices."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price

from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.money_range import Offers, explainer, money_range
from usage_pipeline.tables.configuration import Agreement
from usage_pipeline.tables.priced_usage import FREE_OR_UNKNOWN, INCONSISTENT_USAGE, UNPRICED_METER, UNRESOLVED_MODEL
from usage_pipeline.tables.unpriced import Unpriced

DAY = date(2026, 10, 15)
NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
TEXT = {"input": Decimal(10_000), "output": Decimal(1_000), "requests": Decimal(42)}
ROW = Unpriced(
    project="one", channel="openai", provider="openai", model="gpt-next", reason=UNRESOLVED_MODEL, events=42, tokens=Decimal(11_000),
    quantities=tuple(sorted(TEXT.items())), day=DAY,
)  # fmt: skip


@pytest.fixture(scope="module")
def offers(book: PriceBook) -> Offers:
    return Offers(book)


def test_an_unknown_model_costs_between_the_cheapest_and_the_dearest_of_its_provider(offers: Offers, book: PriceBook):
    found = money_range(TEXT, ("anthropic", "anthropic"), DAY, offers, model="claude-next")
    provider = book.prices.provider("anthropic")
    assert found is not None
    assert provider is not None
    usage = Usage(input_tokens=10_000, output_tokens=1_000)
    prices = [
        calc_price(usage, one.id, provider_id="anthropic", genai_request_timestamp=NOON).total_price
        for one in provider.models
        if not one.deprecated
    ]
    assert (found.low, found.high) == (min(prices), max(prices))
    assert 0 < found.low < found.high
    assert found.condition == "if it was a model of Anthropic"


def test_only_models_that_price_every_meter_count_and_none_that_costs_nothing(offers: Offers):
    """Embeddings price no output; what one model costs nothing by agreement says nothing of another."""
    assert any(not offer.has(["output"]) for offer in offers.of_provider("openai", DAY))
    gift = Agreement(provider="openai", model="gpt-5", discount_percent=Decimal(100), line=1)
    given = Offers(build_book([gift]))
    assert [offer for offer in given.of_provider("openai", DAY) if offer.has(TEXT.keys() - {"requests"}) and not offer.cost(TEXT)]
    assert money_range(TEXT, ("openai",), DAY, given) == money_range(TEXT, ("openai",), DAY, offers)


def test_deprecated_models_do_not_count(offers: Offers, book: PriceBook):
    provider = book.prices.provider("mistral")
    assert provider is not None
    current = [one for one in provider.models if not one.deprecated]
    assert 0 < len(current) < len(provider.models)
    assert len(offers.of_provider("mistral", DAY)) < len(Offers(_all_current(book)).of_provider("mistral", DAY))


def _all_current(book: PriceBook) -> PriceBook:
    """The same book, no model of it marked as deprecated."""
    providers = [replace(one, models=[replace(model, deprecated=None) for model in one.models]) for one in book.prices.providers]
    return build_book([], catalog=replace(book.prices, providers=providers))


def test_a_provider_that_nobody_knows_has_its_channels_range_or_none(offers: Offers):
    assert money_range(TEXT, ("nobody", "google.vertex"), DAY, offers) == money_range(TEXT, ("google",), DAY, offers)
    assert money_range(TEXT, ("nobody", "nowhere"), DAY, offers, model="x") is None
    assert money_range(TEXT, (None, None), DAY, offers) is None


def test_a_meter_that_no_model_of_the_provider_prices_has_no_range(offers: Offers):
    assert money_range({"images": Decimal(3)}, ("openai",), DAY, offers, model="gpt-5") is None


def test_a_known_model_keeps_its_own_prices(offers: Offers):
    found = money_range(TEXT, ("openai",), DAY, offers, model="gpt-5")
    paid = calc_price(Usage(input_tokens=10_000, output_tokens=1_000), "gpt-5", provider_id="openai", genai_request_timestamp=NOON)
    assert found is not None
    assert (found.low, found.high, found.condition) == (paid.total_price, paid.total_price, "at its own prices")


def test_a_known_models_unpriced_meter_is_looked_for_elsewhere(offers: Offers):
    """gpt-5 has no price for audio: its own price for the text, others' for the seconds."""
    both = money_range({"input": Decimal(10_000), "audio_seconds": Decimal(60)}, ("openai",), DAY, offers, model="gpt-5")
    audio = money_range({"audio_seconds": Decimal(60)}, ("openai",), DAY, offers, model="gpt-5")
    assert both is not None
    assert audio is not None
    assert both.condition == audio.condition == "if its audio cost what models of OpenAI ask for"
    assert both.low - audio.low == both.high - audio.high == Decimal("0.0125")


def test_the_least_is_known_where_the_rest_is_not(offers: Offers):
    found = money_range({"input": Decimal(10_000), "images": Decimal(3)}, ("openai",), DAY, offers, model="gpt-5")
    assert found is not None
    assert (found.low, found.high, found.condition) == (Decimal("0.0125"), None, "for what has a price")


def test_what_counts_the_same_again_and_what_is_below_nothing_do_not_count(offers: Offers):
    plain = {"input": Decimal(500), "output_image": Decimal(1_000)}
    again = plain | {"images": Decimal(1), "cache_read": Decimal(-5)}
    assert money_range(again, ("openai",), DAY, offers) == money_range(plain, ("openai",), DAY, offers)
    assert money_range({"input": Decimal(-5)}, ("openai",), DAY, offers) is None


def test_a_price_by_time_of_day_is_a_range(offers: Offers):
    found = money_range(TEXT, ("deepseek",), DAY, offers, model="deepseek-v4-pro")
    assert found is not None
    assert found.low < found.high
    assert found.condition == "at its own prices"


def test_an_agreement_moves_the_range(offers: Offers):
    half = Offers(build_book([Agreement(provider="anthropic", discount_percent=Decimal(50), line=1)]))
    listed, agreed = (money_range(TEXT, ("anthropic",), DAY, one) for one in (offers, half))
    assert listed is not None
    assert agreed is not None
    assert (agreed.low * 2, agreed.high * 2) == (listed.low, listed.high)


def test_rows_are_explained_by_their_reason(book: PriceBook):
    explain = explainer(book)
    unknown = explain(ROW)
    assert unknown.hint is not None
    assert "aliases" in unknown.hint
    assert unknown.range_if == "if it was a model of OpenAI"
    doubtful = explain(replace(ROW, model="gpt-5", reason=INCONSISTENT_USAGE))
    assert doubtful.range_if == "at its own prices, if its quantities were right"
    assert doubtful.low == doubtful.high == Decimal("0.0225")
    assert explain(replace(ROW, reason=INCONSISTENT_USAGE)).range_if == "if it was a model of OpenAI and its quantities were right"
    meter = explain(replace(ROW, model="gpt-5", reason=UNPRICED_METER, quantities=(("audio_seconds", Decimal(3)),)))
    assert meter.hint is not None
    assert '{provider: openai, model: "gpt-5", meter: audio_seconds, unit_price: "' in meter.hint
    free = explain(replace(ROW, model="gpt-5", reason=FREE_OR_UNKNOWN))
    assert free.hint is not None
    assert "meter: input" in free.hint


def test_what_a_bill_has_needs_no_range_and_what_nobody_knows_has_none(book: PriceBook):
    explain = explainer(book)
    for row in (replace(ROW, billed=True), replace(ROW, provider=None, channel="gateway")):
        told = explain(row)
        assert (told.low, told.high, told.range_if) == (None, None, None)
        assert told.hint is not None
