"""Each kind of agreement, who wins, and what is refused."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from priced_events import Price, event

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.agreements import AgreedPrice, agree, relevant, spans
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.cells import Price as ListPrice
from usage_pipeline.prices.contradictions import contradictions
from usage_pipeline.prices.tiers import Volumes
from usage_pipeline.prices.words import describe
from usage_pipeline.tables.configuration import IN_PROPORTION, LARGEST_UNIT_PRICE, Agreement, Alias, VolumeTier

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


def agreed_on(prices: list[ListPrice], day: date | None, *agreements: Agreement, model_id: str = "m") -> list[AgreedPrice]:
    """What is paid on a day, all agreements being relevant."""
    found = spans(agreements, Volumes())
    [span] = [
        one
        for one in found
        if (day is None and one.valid_from is None) or (day and (one.valid_from or date.min) <= day and day < (one.valid_to or date.max))
    ]
    return agree(prices, span.terms, model_id)


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


def test_a_unit_price_is_the_price_in_every_mode_and_context(price: Price):
    fixed = Agreement(provider="openai", model="gpt-5.6-terra", meter="input", unit_price=Decimal("0.0000015"))
    rows = [event("openai", "gpt-5.6-terra", input=units, **mode) for units in (1000, 300_000) for mode in ({}, {"is_batch": True})]
    priced = price(rows, build_book([fixed]))
    assert [row["list_cost"] for row in priced] == [Decimal("0.002"), Decimal("0.001"), Decimal("1.2"), Decimal("0.6")]
    assert [row["net_cost"] for row in priced] == [Decimal("0.0015"), Decimal("0.0015"), Decimal("0.45"), Decimal("0.45")]


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
    account = Agreement(provider="openai", account="org-7", discount_percent=Decimal(5))
    project = Agreement(provider="openai", project="search", discount_percent=Decimal(6))
    row = event("openai", "gpt-4.1", input=1_000_000, project="search", provider_project_id="org-7")
    all_of_them = [everyone, model, meter, both, account, project]
    nets = [costs(price, row, *all_of_them[:count])[1] for count in range(1, 7)]
    assert nets == [Decimal("1.98"), Decimal("1.96"), Decimal("1.94"), Decimal("1.92"), Decimal("1.9"), Decimal("1.88")]
    assert costs(price, {**row, "project": "chat"}, *all_of_them)[1] == Decimal("1.9")
    assert costs(price, {**row, "project": None, "provider_project_id": None}, *all_of_them)[1] == Decimal("1.92")


def test_only_some_usage_meets_two_agreements_and_the_project_counts_before_the_meter(price: Price):
    of_project = Agreement(provider="openai", project="search", discount_percent=Decimal(10))
    of_meter = Agreement(provider="openai", meter="output", unit_price=Decimal("0.000007"))
    rows = [event("openai", "gpt-4.1", input=1000, output=1000, project=name) for name in ("search", "chat")]
    priced = price(rows, build_book([of_project, of_meter]))
    assert [row["list_cost"] for row in priced] == [Decimal("0.01"), Decimal("0.01")]
    assert [row["net_cost"] for row in priced] == [Decimal("0.009"), Decimal("0.009")]
    rows = [event("openai", "gpt-4.1", output=1000, project=name) for name in ("search", "chat")]
    assert [row["net_cost"] for row in price(rows, build_book([of_project, of_meter]))] == [Decimal("0.0072"), Decimal("0.007")]


@pytest.mark.parametrize("column", ["sub_account_id", "provider_project_id", "workspace_id"])
def test_an_account_is_the_sub_account_the_providers_project_or_the_workspace(price: Price, column: str):
    account = Agreement(provider="aws", account="111122223333", discount_percent=Decimal(20))
    rows = [event("aws.bedrock", "amazon.nova-pro-v1:0", input=1_000_000, **{column: name}) for name in ("111122223333", "444455556666")]
    assert [row["net_cost"] for row in price(rows, build_book([account]))] == [Decimal("0.64"), Decimal("0.8")]


def test_in_proportion_scales_the_other_meters_of_the_card(price: Price):
    half = Agreement(provider="openai", model="gpt-4.1", meter="output", unit_price=Decimal("0.000004"), other_meters=IN_PROPORTION)
    row = event("openai", "gpt-4.1", input=1000, cache_read=1000, output=1000, web_searches=1)
    assert costs(price, row) == (Decimal("0.0205"), Decimal("0.0205"))
    assert costs(price, row, half) == (Decimal("0.0205"), Decimal("0.01025"))
    fixed = Agreement(provider="openai", model="gpt-4.1", meter="input", unit_price=Decimal("0.000003"))
    assert costs(price, row, half, fixed)[1] == Decimal("0.01225"), "a meter that is named itself counts before one in proportion"


def test_in_proportion_is_rounded_once_and_says_so():
    third = Agreement(provider="p", model="m", meter="output", unit_price=Decimal("0.000001"), other_meters=IN_PROPORTION, source="c")
    prices = [ListPrice("input", Decimal("0.000001")), ListPrice("output", Decimal("0.000003"))]
    scaled, named = agreed_on(prices, None, third)
    assert scaled == AgreedPrice(prices[0], Decimal("0.000000333333333"), "c: in proportion to output at 0.000001 per unit on input of p m")
    assert named == AgreedPrice(prices[1], Decimal("0.000001"), "c: 0.000001 per unit on output of p m, other meters in proportion")


def test_there_is_no_proportion_to_a_meter_without_a_price_or_free():
    one = Agreement(provider="p", meter="output", unit_price=Decimal("0.000001"), other_meters=IN_PROPORTION)
    lone = ListPrice("input", Decimal("0.000002"))
    assert [price.net_unit_price for price in agreed_on([lone], None, one)] == [lone.unit_price, Decimal("0.000001")]
    free = [lone, ListPrice("output", Decimal(0))]
    assert [price.net_unit_price for price in agreed_on(free, None, one)] == [lone.unit_price, Decimal("0.000001")]


def test_a_discount_on_a_price_that_only_another_agreement_has(price: Price):
    for_all = Agreement(provider="openai", meter="images", unit_price=Decimal("0.05"))
    for_model = Agreement(provider="openai", model="gpt-image-1", meter="images", unit_price=Decimal("0.04"))
    for_project = Agreement(provider="openai", project="search", discount_percent=Decimal(10))
    row = event("openai", "gpt-image-1", images=2, project="search")
    assert costs(price, row, for_all, for_model, for_project) == (Decimal("0.08"), Decimal("0.072"))


def test_a_model_is_named_exactly_by_the_catalog_or_as_given(price: Price):
    dated = event("anthropic", "claude-haiku-4-5-20251001", input=1000)
    for name, net in [("claude-haiku-4-5", "0.0005"), ("claude-haiku-4-5-20251001", "0.0005"), ("claude-haiku-4-5-latest", "0.001")]:
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


OF_REASONING = Agreement(provider="openai", model="gpt-5", meter="reasoning", unit_price=Decimal("0.001"))
HALF_OF_REASONING = Agreement(provider="openai", model="gpt-5", meter="reasoning", discount_percent=Decimal(50))


@pytest.mark.parametrize(
    ("agreements", "net"),
    [
        ([OF_REASONING], "406"),
        ([HALF_OF_REASONING], "8"),
        ([HALF_OF_REASONING, Agreement(provider="openai", meter="output", discount_percent=Decimal(10))], "7.4"),
        ([HALF_OF_REASONING, Agreement(provider="openai", project="a", meter="output", discount_percent=Decimal(10))], "9"),
        ([HALF_OF_REASONING, Agreement(provider="openai", model="gpt-5", meter="input", unit_price=Decimal(1))], "8"),
        ([replace(OF_REASONING, unit_price=Decimal("0.000020"), other_meters=IN_PROPORTION)], "20"),
        ([replace(OF_REASONING, unit_price=Decimal(0))], "6"),
    ],
    ids=["price", "discount", "beside output", "output of a project", "beside input", "in proportion", "free"],
)
def test_reasoning_that_the_catalog_prices_as_output_may_have_its_own_agreement(price: Price, agreements: list[Agreement], net: str):
    row = event("openai", "gpt-5", output=1_000_000, reasoning_tokens=400_000, project="a")
    [told] = price([row], build_book(agreements))
    assert (told["list_cost"], told["net_cost"], told["price_state"]) == (Decimal(10), Decimal(net), "priced")
    plain = event("openai", "gpt-5", output=1_000_000)
    assert costs(price, plain, OF_REASONING) == (Decimal(10), Decimal(10))


def test_an_agreed_price_of_reasoning_holds_for_quantities_of_any_size(price: Price):
    row = event("openai", "gpt-5", output=10**15, reasoning_tokens=4 * 10**14)
    assert costs(price, row, OF_REASONING) == (Decimal(10**10), Decimal("406e9"))


def test_the_list_price_of_reasoning_is_outputs_in_every_mode(price: Price):
    row = event("openai", "gpt-5", output=1_000_000, reasoning_tokens=400_000, is_batch=True)
    assert costs(price, row, HALF_OF_REASONING) == (Decimal(5), Decimal(4))


def test_reasoning_with_a_list_price_of_its_own_keeps_it(price: Price):
    half = Agreement(provider="perplexity", meter="reasoning", discount_percent=Decimal(50))
    row = event("perplexity", "sonar-deep-research", output=1000, reasoning_tokens=400)
    assert costs(price, row, half) == (Decimal("0.006"), Decimal("0.0054"))


def test_reasoning_of_a_model_without_a_price_of_output_stays_unpriced(price: Price):
    [told] = price(
        [event("openai", "text-embedding-3-small", output=10, reasoning_tokens=4)], build_book([replace(OF_REASONING, model=None)])
    )
    assert (told["price_state"], told["net_cost"]) == ("unpriced_meter", None)


def test_the_largest_unit_price_that_may_be_agreed_is_exact(price: Price):
    dear = Agreement(provider="openai", model="gpt-5", meter="input", unit_price=LARGEST_UNIT_PRICE)
    for units in (1, 3, 10**12):
        assert costs(price, event("openai", "gpt-5", input=units), dear)[1] == LARGEST_UNIT_PRICE * units
    both = [dear, replace(OF_REASONING, unit_price=LARGEST_UNIT_PRICE)]
    assert costs(price, event("openai", "gpt-5", input=1, output=2, reasoning_tokens=2), *both)[1] == Decimal(27_000)


def test_a_rate_carries_its_agreement_in_words():
    [agreed] = agreed_on([ListPrice("output", Decimal("0.000025"))], date(2026, 10, 1), CONTRACT)
    assert agreed.agreement == "contract 17: 0.00002 per unit on output of anthropic claude-opus-5, from 2026-10-01"
    [listed] = agreed_on([ListPrice("output", Decimal("0.000025"))], None, CONTRACT)
    assert (listed.net_unit_price, listed.agreement) == (Decimal("0.000025"), None)


EVERYTHING = Agreement(
    provider="azure",
    model="gpt-5",
    meter="output",
    unit_price=Decimal("0.00001"),
    other_meters=IN_PROPORTION,
    project="portal",
    account="sub-1",
    valid_from=date(2026, 1, 1),
    valid_to=date(2027, 1, 1),
    source="MCA 9",
)
FREE, SOME, MANY = Decimal(0), Decimal(1000), Decimal(10**8)
OFF = (VolumeTier(above=FREE, discount_percent=Decimal(0)), VolumeTier(above=MANY, discount_percent=Decimal(10)))
SEARCHES = (VolumeTier(above=FREE, unit_price=Decimal("0.01")), VolumeTier(above=SOME, unit_price=Decimal("0.008")))


@pytest.mark.parametrize(
    ("agreement", "words"),
    [
        (Agreement(provider="openai", discount_percent=Decimal("7.50")), "agreement: 7.5 % discount on openai"),
        (Agreement(provider="openai", discount_percent=Decimal(-12), source="reseller"), "reseller: 12 % markup on openai"),
        (Agreement(provider="openai", discount_percent=Decimal(0), project="a"), "agreement: list price on openai, project a"),
        (
            EVERYTHING,
            "MCA 9: 0.00001 per unit on output of azure gpt-5, other meters in proportion, project portal, account sub-1,"  # noqa: ISC004
            " from 2026-01-01, before 2027-01-01",
        ),
        (
            Agreement(provider="openai", tiers=OFF, per="quarter", source="scale plan"),
            "scale plan: tiers of tokens a quarter (above 0: list price, above 100,000,000: 10 % discount) on openai",
        ),
        (
            Agreement(provider="openai", meter="web_searches", tiers=SEARCHES),
            "agreement: tiers of web searches a month (above 0: 0.01 per unit, above 1,000: 0.008 per unit)"  # noqa: ISC004
            " on web_searches of openai",
        ),
        (
            Agreement(provider="openai", meter="output", tiers=OFF, per="year"),
            "agreement: tiers of output tokens a year (above 0: list price, above 100,000,000: 10 % discount) on output of openai",
        ),
    ],
    ids=["discount", "markup", "list", "unit price", "token tiers", "tiers of searches", "tiers of a token meter"],
)
def test_the_whole_agreement_is_told_in_words(agreement: Agreement, words: str):
    assert describe(agreement) == words


def test_a_net_price_is_quantized_once():
    third = Agreement(provider="openai", discount_percent=Decimal("33.333333"))
    [agreed] = agreed_on([ListPrice("input", Decimal("0.000000075"))], date(2026, 1, 1), third)
    assert agreed.net_unit_price == Decimal("0.000000050000000")


def test_no_ambient_precision_changes_a_price():
    fine = Agreement(provider="openai", discount_percent=Decimal("1.234567"))
    with localcontext(prec=4):
        [agreed] = agreed_on([ListPrice("input", Decimal("0.000000123456789"))], None, fine)
    assert agreed.net_unit_price == Decimal("0.000000121932632")


def test_overlapping_agreements_are_refused_by_line():
    later = Agreement(provider="openai", discount_percent=Decimal(9), valid_from=date(2026, 10, 1), source="new terms", line=40)
    with pytest.raises(UsageConfigError, match=r"usage.yaml:40: prices: .*enterprise agreement.*line 35.*new terms.*line 40"):
        build_book([ENTERPRISE, later])
    build_book([Agreement(provider="openai", discount_percent=Decimal(8), valid_to=date(2026, 10, 1)), later])


def test_an_alias_counts_before_the_catalogs_id(price: Price):
    by_id = Agreement(provider="anthropic", model="claude-haiku-4-5", discount_percent=Decimal(5))
    by_text = Agreement(provider="anthropic", model="small", discount_percent=Decimal(6))
    rows = [event("anthropic", name, input=1000) for name in ("claude-haiku-4-5", "small")]
    book = build_book([by_id, by_text], [Alias(name="small", model="claude-haiku-4-5")])
    assert [row["net_cost"] for row in price(rows, book)] == [Decimal("0.00095"), Decimal("0.00094")]


HAIKU = Agreement(provider="anthropic", model="claude-haiku-4-5", discount_percent=Decimal(5), line=3)
DATED = Agreement(provider="anthropic", model="claude-haiku-4-5-20251001", discount_percent=Decimal(6), line=9)


@pytest.mark.parametrize("agreements", [(HAIKU, DATED), (replace(HAIKU, line=9), replace(DATED, line=3))], ids=["id first", "id last"])
def test_two_spellings_of_one_model_of_the_catalog_are_refused_with_both_lines(agreements: tuple[Agreement, Agreement]):
    with pytest.raises(UsageConfigError) as error:
        build_book(agreements)
    [line] = str(error.value).splitlines()
    assert line.startswith("usage.yaml:9: prices: ")
    assert all(f"'{describe(one)}' (line {one.line})" in line for one in agreements)
    assert "both name the catalog's model claude-haiku-4-5; give them dates that do not overlap, or make one more specific" in line


@pytest.mark.parametrize(
    "agreements",
    [
        (HAIKU, replace(DATED, project="a")),
        (HAIKU, replace(DATED, meter="input")),
        (replace(HAIKU, valid_to=date(2026, 10, 1)), replace(DATED, valid_from=date(2026, 10, 1))),
        (replace(DATED, model="claude-haiku-4-5@20251001"), DATED),
        (HAIKU, replace(DATED, provider="google", model="claude-haiku-4-5@20251001")),
    ],
    ids=["project", "meter", "dates", "no common usage", "provider"],
)
def test_two_spellings_that_never_hold_with_equal_right_are_kept(agreements: tuple[Agreement, Agreement]):
    assert build_book(agreements).agreements == agreements


def test_what_an_earlier_catalog_makes_of_two_spellings_is_not_asked():
    assert build_book([HAIKU, DATED], is_current=False).agreements == (HAIKU, DATED)


SCALED = Agreement(provider="openai", model="gpt-4.1", meter="output", unit_price=Decimal(1), other_meters=IN_PROPORTION)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Agreement(provider="google.vertex", discount_percent=Decimal(1)), Agreement(provider="google", discount_percent=Decimal(2))),
        (
            Agreement(provider="openai", model="gpt-4.1", meter="input", discount_percent=Decimal(50)),
            Agreement(provider="openai", model="gpt-4.1", meter="input", unit_price=Decimal("0.0000015")),
        ),
        (SCALED, Agreement(provider="openai", model="gpt-4.1", discount_percent=Decimal(5))),
        (SCALED, replace(SCALED, meter="input")),
        (
            Agreement(provider="openai", account="a", discount_percent=Decimal(1), valid_to=date(2026, 2, 2)),
            Agreement(provider="openai", account="a", discount_percent=Decimal(1), valid_from=date(2026, 2, 1)),
        ),
        (
            Agreement(provider="openai", project="p", discount_percent=Decimal(1)),
            Agreement(provider="openai", project="p", tiers=(VolumeTier(above=Decimal(0), discount_percent=Decimal(1)),)),
        ),
    ],
    ids=["channel", "kinds", "proportion and discount", "two proportions", "days", "tiers"],
)
def test_two_that_no_step_tells_apart_are_refused_with_both_lines(first: Agreement, second: Agreement):
    with pytest.raises(UsageConfigError) as error:
        build_book([replace(first, line=3), replace(second, line=9)], file="contracts/usage.yaml")
    [line] = str(error.value).splitlines()
    assert line.startswith("contracts/usage.yaml:9: prices: ")
    assert f"'{describe(first)}' (line 3)" in line
    assert f"'{describe(second)}' (line 9)" in line
    assert "give them dates that do not overlap, or make one more specific" in line


some = st.sampled_from
any_agreement = st.builds(
    Agreement,
    provider=some(["openai"]),
    project=some([None, "p"]),
    account=some([None, "a"]),
    meter=some([None, "input", "output", "cache_read", "reasoning"]),
    model=some([None, "id", "text"]),
    unit_price=some([Decimal(1), Decimal(2), Decimal(3)]),
    other_meters=some(["list", IN_PROPORTION]),
)


@settings(deadline=None)
@given(st.lists(any_agreement, max_size=6))
def test_of_agreements_that_are_not_refused_the_order_in_the_file_says_nothing(agreements: list[Agreement]):
    prices = [ListPrice("input", Decimal(7)), ListPrice("output", Decimal(9)), ListPrice("cache_read", Decimal(7), priced_as="input")]
    if contradictions(agreements, (), "f"):
        return
    held = relevant(agreements, provider_id="openai", model_id="id", model="text", project="p", account="a")
    assert agreed_on(prices, None, *held, model_id="id") == agreed_on(prices, None, *reversed(held), model_id="id")


@pytest.mark.parametrize(
    ("agreement", "problem"),
    [
        (Agreement(provider="nobody", discount_percent=Decimal(1), line=7), "usage.yaml:7: prices: provider 'nobody' is not in"),
        (Agreement(provider="openai", meter="tokens", discount_percent=Decimal(1)), "meter 'tokens' is none of"),
        (Agreement(provider="openai"), "exactly one of a unit_price, a discount_percent"),
        (Agreement(provider="openai", meter="input", unit_price=Decimal(1), discount_percent=Decimal(1)), "exactly one of a unit_price"),
        (Agreement(provider="openai", unit_price=Decimal(1)), "needs a meter"),
        (Agreement(provider="openai", meter="input", unit_price=Decimal(-1)), "is negative"),
        (Agreement(provider="openai", meter="input", unit_price=Decimal(9001)), "unit_price 9001 is too large: at most 9,000 per unit"),
        (
            Agreement(provider="openai", meter="input", tiers=(VolumeTier(above=Decimal(0), unit_price=Decimal(10**4)),)),
            "unit_price 10000 is too large: at most 9,000 per unit",
        ),
        (Agreement(provider="openai", discount_percent=Decimal(101)), "more than 100"),
        (Agreement(provider="opnai", discount_percent=Decimal(1)), "provider 'opnai' is not in the price catalog; near: openai"),
        (
            Agreement(provider="openai", model="gpt-41", discount_percent=Decimal(1)),
            r"no model 'gpt-41' in the price catalog.*; near: .*gpt-4",
        ),
        (Agreement(provider="openai", discount_percent=Decimal(1), other_meters=IN_PROPORTION), "in proportion to what"),
        (
            Agreement(provider="openai", tiers=(VolumeTier(above=Decimal(5), discount_percent=Decimal(1)),)),
            "the first tier has above: 0 and each next one more; these have 5",
        ),
        (Agreement(provider="openai", discount_percent=Decimal(1), per="week"), "per 'week' is none of month, quarter, year"),
        (Agreement(provider="openai", tiers=(VolumeTier(above=Decimal(0)),)), "a tier has either a unit_price or"),
        (Agreement(provider="openai", tiers=(VolumeTier(above=Decimal(0), unit_price=Decimal(1)),)), "needs a meter"),
        (Agreement(provider="openai", meter="input", tiers=(VolumeTier(above=Decimal(0), unit_price=Decimal(-1)),)), "is negative"),
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


def test_an_earlier_catalog_need_not_know_todays_names():
    new = Agreement(provider="openai", model="gpt-99", discount_percent=Decimal(1))
    assert build_book([new], is_current=False).agreements == (new,)
