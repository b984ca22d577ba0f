"""Each kind of agreement, who wins, and what is refused."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from priced_events import Price, event

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.agreements import agree
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.flatten import Price as ListPrice
from usage_pipeline.tables.configuration import Agreement

CONTRACT = Agreement(
    provider="anthropic",
    model="claude-opus-5",
    meter="output",
    unit_price=Decimal("0.000020"),
    valid_from=date(2026, 10, 1),
    source="contract 17",
    line=34,
)
ENTERPRISE = Agreement(provider="openai", discount_percent=Decimal(8), valid_from=date(2026, 7, 1), source="enterprise agreement", line=35)


def costs(price: Price, row: dict[str, Any], *agreements: Agreement) -> tuple[Decimal, Decimal]:
    """(list, net) cost of the event."""
    [priced] = price([row], build_book(agreements))
    return priced["list_cost"], priced["net_cost"]


def test_an_agreed_unit_price_leaves_the_other_meters_and_the_list(price: Price):
    row = event("anthropic", "claude-opus-5", input=1000, output=1000)
    assert costs(price, row, CONTRACT) == (Decimal("0.030"), Decimal("0.025"))


def test_an_agreement_begins_and_ends_at_midnight_utc(price: Price):
    ending = Agreement(provider="anthropic", discount_percent=Decimal(10), valid_from=date(2026, 10, 1), valid_to=date(2026, 11, 1))
    at = ["2026-09-30T23:59:59.999999", "2026-10-01T00:00:00", "2026-10-31T23:59:59.999999", "2026-11-01T00:00:00"]
    nets = [costs(price, event("anthropic", "claude-haiku-4-5", at=one, input=1000), ending)[1] for one in at]
    assert nets == [Decimal("0.001"), Decimal("0.0009"), Decimal("0.0009"), Decimal("0.001")]


def test_a_discount_and_a_markup(price: Price):
    row = event("openai", "gpt-4.1", input=1000, cache_read=1000, web_searches=1)
    assert costs(price, row, ENTERPRISE) == (Decimal("0.0125"), Decimal("0.0115"))
    markup = Agreement(provider="openai", discount_percent=Decimal("-2.5"))
    assert costs(price, row, markup)[1] == Decimal("0.0128125")


def test_discounts_apply_to_the_tier_and_the_mode_in_force(price: Price):
    row = event("openai", "gpt-5.6-terra", input=272_001, service_tier="flex")
    list_cost, net_cost = costs(price, row, ENTERPRISE)
    assert net_cost == list_cost * Decimal("0.92")


def test_another_provider_is_not_touched(price: Price):
    assert len(set(costs(price, event("azure", "gpt-4o", input=1000), ENTERPRISE))) == 1


def test_a_provider_may_be_named_by_a_channel_or_alias(price: Price):
    tenth = Agreement(provider="google.vertex", discount_percent=Decimal(10))
    assert costs(price, event("vertex_ai", "gemini-2.5-pro", input=1000), tenth) == (Decimal("0.00125"), Decimal("0.001125"))


def test_the_most_specific_wins(price: Price):
    everyone = Agreement(provider="openai", discount_percent=Decimal(1))
    model = Agreement(provider="openai", model="gpt-4.1", discount_percent=Decimal(2))
    meter = Agreement(provider="openai", meter="input", discount_percent=Decimal(3))
    both = Agreement(provider="openai", model="gpt-4.1", meter="input", discount_percent=Decimal(4))
    project = Agreement(provider="openai", project="search", discount_percent=Decimal(5))
    row = event("openai", "gpt-4.1", input=1_000_000, project="search")
    all_of_them = [everyone, model, meter, both, project]
    nets = [costs(price, row, *all_of_them[:count])[1] for count in range(1, 6)]
    assert nets == [Decimal("1.98"), Decimal("1.96"), Decimal("1.94"), Decimal("1.92"), Decimal("1.9")]
    assert costs(price, {**row, "project": "chat"}, *all_of_them)[1] == Decimal("1.92")
    assert costs(price, {**row, "project": None}, *all_of_them)[1] == Decimal("1.92")


def test_a_unit_price_wins_over_an_equally_specific_discount(price: Price):
    discount = Agreement(provider="openai", model="gpt-4.1", meter="input", discount_percent=Decimal(50))
    fixed = Agreement(provider="openai", model="gpt-4.1", meter="input", unit_price=Decimal("0.0000015"))
    assert costs(price, event("openai", "gpt-4.1", input=1000), discount, fixed)[1] == Decimal("0.0015")


def test_a_model_is_named_exactly_by_the_catalog_or_as_given(price: Price):
    dated = event("anthropic", "claude-haiku-4-5-20251001", input=1000)
    for name, net in [("claude-haiku-4-5", "0.0005"), ("claude-haiku-4-5-20251001", "0.0005"), ("claude-haiku", "0.001")]:
        half = Agreement(provider="anthropic", model=name, discount_percent=Decimal(50))
        assert costs(price, dated, half)[1] == Decimal(net)


def test_cached_tokens_priced_as_input_follow_inputs_agreement(price: Price):
    fixed = Agreement(provider="openai", model="gpt-4-turbo", meter="input", unit_price=Decimal("0.000005"))
    own = Agreement(provider="openai", model="gpt-4-turbo", meter="cache_read", unit_price=Decimal("0.000001"))
    row = event("openai", "gpt-4-turbo", cache_read=1000)
    assert costs(price, row, fixed) == (Decimal("0.01"), Decimal("0.005"))
    assert costs(price, row, fixed, own) == (Decimal("0.01"), Decimal("0.001"))


def test_a_meter_that_the_catalog_does_not_price_gets_its_agreed_price(price: Price):
    images = Agreement(provider="openai", model="gpt-image-1", meter="images", unit_price=Decimal("0.04"))
    assert costs(price, event("openai", "gpt-image-1", images=2), images) == (Decimal("0.08"), Decimal("0.08"))


def test_an_agreement_is_told_in_words():
    [agreed] = agree([ListPrice("output", Decimal("0.000025"))], [CONTRACT], date(2026, 10, 1))
    assert agreed.agreement == "contract 17: 0.00002 per unit on output, claude-opus-5"
    [listed] = agree([ListPrice("output", Decimal("0.000025"))], [CONTRACT], None)
    assert (listed.net_unit_price, listed.agreement) == (Decimal("0.000025"), None)


def test_a_net_price_is_quantized_once():
    third = Agreement(provider="openai", discount_percent=Decimal("33.333333"))
    [agreed] = agree([ListPrice("input", Decimal("0.000000075"))], [third], date(2026, 1, 1))
    assert agreed.net_unit_price == Decimal("0.000000050000000")


def test_overlapping_agreements_are_refused_by_line():
    later = Agreement(provider="openai", discount_percent=Decimal(9), valid_from=date(2026, 10, 1), source="new terms", line=40)
    with pytest.raises(UsageConfigError, match=r"usage.yaml:40: prices: .*enterprise agreement.*line 35.*new terms.*line 40"):
        build_book([ENTERPRISE, later])
    build_book([Agreement(provider="openai", discount_percent=Decimal(8), valid_to=date(2026, 10, 1)), later])


def test_agreements_that_meet_in_one_model_are_refused_when_used(price: Price):
    by_id = Agreement(provider="anthropic", model="claude-haiku-4-5", discount_percent=Decimal(5), line=1)
    by_text = Agreement(provider="anthropic", model="claude-haiku-4-5-20251001", discount_percent=Decimal(6), line=2)
    assert costs(price, event("anthropic", "claude-haiku-4-5", input=1000), by_id, by_text)[1] == Decimal("0.00095")
    with pytest.raises(UsageConfigError, match=r"line 1\).*line 2\)"):
        costs(price, event("anthropic", "claude-haiku-4-5-20251001", input=1000), by_id, by_text)


@pytest.mark.parametrize(
    ("agreement", "problem"),
    [
        (Agreement(provider="nobody", discount_percent=Decimal(1), line=7), "usage.yaml:7: prices: provider 'nobody' is not in"),
        (Agreement(provider="openai", meter="tokens", discount_percent=Decimal(1)), "meter 'tokens' is none of"),
        (Agreement(provider="openai"), "either a unit_price or a discount_percent"),
        (Agreement(provider="openai", meter="input", unit_price=Decimal(1), discount_percent=Decimal(1)), "either a unit_price or"),
        (Agreement(provider="openai", unit_price=Decimal(1)), "needs a meter"),
        (Agreement(provider="openai", meter="input", unit_price=Decimal(-1)), "is negative"),
        (Agreement(provider="openai", discount_percent=Decimal(101)), "more than 100"),
        (Agreement(provider="openai", discount_percent=Decimal(1), valid_from=date(2026, 2, 1), valid_to=date(2026, 2, 1)), "is not after"),
    ],
)
def test_an_agreement_that_cannot_be_meant_is_refused(agreement: Agreement, problem: str):
    with pytest.raises(UsageConfigError, match=problem):
        build_book([agreement])


def test_all_problems_are_told_at_once():
    with pytest.raises(UsageConfigError) as error:
        build_book([Agreement(provider="nobody", discount_percent=Decimal(1), line=1), Agreement(provider="openai", line=2)])
    assert [line.split(":")[1] for line in str(error.value).splitlines()] == ["1", "2"]
