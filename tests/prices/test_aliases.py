"""Aliases come before the catalog, letter for letter, on their days; without one there is a hint how to add it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from priced_events import Price, event

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.aliases import sold
from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.catalog import installed_catalog
from usage_pipeline.prices.hint import hint_for
from usage_pipeline.tables.configuration import Agreement, Alias

CATALOG = installed_catalog()
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
DEPLOYMENT = Alias(name="chat-prod-eu", provider="azure", model="gpt-5", line=40)
BEDROCK = Alias(name=PROFILE, provider="aws.bedrock", model="us.anthropic.claude-sonnet-4-5-20250929-v1:0", line=41)
MONTHS = (date(2026, 10, 1), date(2026, 11, 1))


def told(
    price: Price, row: dict[str, Any], *aliases: Alias, agreements: Sequence[Agreement] = ()
) -> tuple[str, str | None, Decimal | None]:
    """State, model and net cost of the event."""
    [priced] = price([row], build_book(agreements, aliases))
    return priced["price_state"], priced["model_id"], priced["net_cost"]


@pytest.mark.parametrize(
    ("alias", "provider", "model_id", "cost"),
    [
        (DEPLOYMENT, "azure.openai", "gpt-5", "0.00125"),
        (BEDROCK, "aws.bedrock", "regional.anthropic.claude-sonnet-4-5-20250929-v1:0", "0.0033"),
    ],
    ids=["azure deployment", "bedrock profile"],
)
def test_an_alias_says_what_a_name_of_our_own_means(price: Price, alias: Alias, provider: str, model_id: str, cost: str):
    row = event(provider, alias.name, input=1000)
    assert told(price, row) == ("unresolved_model", None, None)
    assert told(price, row, alias) == ("priced", model_id, Decimal(cost))


@pytest.mark.parametrize("word", ["azure", "azure.openai", "Azure_AI"])
def test_its_provider_may_be_any_word_for_it(price: Price, word: str):
    assert told(price, event(word, "chat-prod-eu", input=1000), DEPLOYMENT)[1] == "gpt-5"


OTHERS = {
    "case": ("azure", "Chat-Prod-EU"),
    "longer": ("azure", "chat-prod-eu-2"),
    "prefix": ("azure", "x/chat-prod-eu"),
    "provider": ("openai", "chat-prod-eu"),
}


@pytest.mark.parametrize(("provider", "model"), OTHERS.values(), ids=OTHERS.keys())
def test_only_exactly_that_name_of_that_provider_is_it(price: Price, provider: str, model: str):
    assert told(price, event(provider, model, input=1000), DEPLOYMENT)[0] == "unresolved_model"


def test_an_alias_comes_before_the_catalog_and_one_for_a_provider_before_one_for_all(price: Price):
    for_all = Alias(name="gpt-4o", model="gpt-5")
    for_azure = Alias(name="gpt-4o", provider="azure", model="gpt-5-mini")
    found = [told(price, event(name, "gpt-4o", input=1000), for_all, for_azure)[1] for name in ("openai", "azure", "openrouter")]
    assert found == ["gpt-5", "gpt-5-mini", None], "openrouter sells openai/gpt-5, and no gpt-5"


def test_an_alias_may_name_another_providers_model(price: Price):
    group = Alias(name="fast", provider="our gateway", model="claude-haiku-4-5", model_provider="anthropic")
    book = build_book([Agreement(provider="anthropic", discount_percent=Decimal(10))], [group])
    [row] = price([event("our gateway", "fast", input=1000)], book)
    assert (row["provider"], row["model_id"], row["net_cost"]) == ("our gateway", "claude-haiku-4-5", Decimal("0.0009"))
    assert row["rate_card"].startswith("anthropic/claude-haiku-4-5@")


@pytest.mark.parametrize("model", ["gpt-5", "chat-prod-eu"], ids=["the catalog's id", "as given"])
def test_an_agreement_may_name_either(price: Price, model: str):
    row = event("azure", "chat-prod-eu", input=1000)
    agreements = [Agreement(provider="azure", model=model, discount_percent=Decimal(20))]
    assert told(price, row, DEPLOYMENT, agreements=agreements)[2] == Decimal("0.001")


def test_a_name_pointed_at_another_model_is_priced_by_the_day(price: Price):
    first = Alias(name="chat", provider="azure", model="gpt-4o", valid_from=MONTHS[0], valid_to=MONTHS[1])
    then = Alias(name="chat", provider="azure", model="gpt-5", valid_from=MONTHS[1], valid_to=date(2026, 11, 20))
    moments = ["2026-09-30T23:59:59", "2026-10-01T00:00:00", "2026-10-31T23:59:59.999999", "2026-11-01T00:00:00", "2026-11-20T00:00:00"]
    rows = price([event("azure", "chat", at=at, input=1000) for at in moments], build_book((), [then, first]))
    assert [row["model_id"] for row in rows] == [None, "gpt-4o", "gpt-4o", "gpt-5", None]
    assert [row["net_cost"] for row in rows] == [None, Decimal("0.0025"), Decimal("0.0025"), Decimal("0.00125"), None]


def test_on_days_without_an_alias_the_catalog_says(price: Price):
    swapped = Alias(name="gpt-4o", provider="openai", model="gpt-5", valid_from=MONTHS[0], valid_to=MONTHS[1])
    moments = ["2026-09-30T12:00:00", "2026-10-15T12:00:00", "2026-11-01T00:00:00"]
    rows = price([event("openai", "gpt-4o", at=at, input=1000) for at in moments], build_book((), [swapped]))
    assert [row["model_id"] for row in rows] == ["gpt-4o", "gpt-5", "gpt-4o"]
    assert [row["net_cost"] for row in rows] == [Decimal("0.0025"), Decimal("0.00125"), Decimal("0.0025")]


def test_every_model_of_the_catalog_can_be_meant_by_its_id():
    for provider in CATALOG.providers:
        for info in provider.models:
            found = sold(CATALOG, provider.id, info.id)
            assert found is not None
            assert (found.owner, found.info.id) == (provider.id, info.id)


def test_a_model_that_no_usage_can_name_is_meant_by_alias_and_agreement(price: Price):
    regional = "regional.anthropic.claude-haiku-4-5-20251001-v1:0"
    book = build_book([Agreement(provider="aws", model=regional, discount_percent=Decimal(50))], [replace(BEDROCK, model=regional)])
    [row] = price([event("aws.bedrock", PROFILE, input=1000)], book)
    assert (row["model_id"], row["list_cost"], row["net_cost"]) == (regional, Decimal("0.0011"), Decimal("0.00055"))


def test_readings_that_mean_the_same_are_one():
    halves = [
        Alias(name="chat", provider="azure", model="gpt-5", valid_to=MONTHS[0]),
        Alias(name="chat", provider="azure", model="gpt-5", valid_from=MONTHS[0], valid_to=MONTHS[1]),
    ]
    spans = [(one.valid_from, one.valid_to) for one in build_book((), halves).readings("azure", "chat")]
    assert spans == [(None, MONTHS[1]), (MONTHS[1], None)]


def test_model_ids_are_of_a_day_or_of_the_last_alias():
    chat = [
        Alias(name="chat", provider="azure", model="gpt-4o", valid_to=MONTHS[0]),
        Alias(name="chat", provider="azure", model="gpt-5", valid_from=MONTHS[0]),
    ]
    book, asked = build_book((), chat), {("azure", "chat"), ("azure", "gpt-4o"), ("openai", "chat")}
    assert book.model_ids(asked) == {("azure", "chat"): "gpt-5", ("azure", "gpt-4o"): "gpt-4o"}
    assert book.model_ids(asked, date(2026, 9, 30)) == {("azure", "chat"): "gpt-4o", ("azure", "gpt-4o"): "gpt-4o"}


def test_the_catalog_itself_knows_system_defined_profiles(price: Price):
    names = ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "eu.amazon.nova-pro-v1:0"]
    arn = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{names[0]}"
    rows = price([event("aws.bedrock", name, input=1000) for name in (*names, arn)], build_book((), [BEDROCK]))
    assert [row["price_state"] for row in rows] == ["priced"] * 3


@pytest.mark.parametrize(
    ("alias", "problem"),
    [
        (Alias(name="a", provider="azure", model="gpt-55"), "azure has no model 'gpt-55' in the price catalog; near: gpt-5"),
        (Alias(name="a", provider="azure", model="nothing like it"), "azure has no model 'nothing like it' in the price catalog"),
        (Alias(name="a", model="gpt-55x"), "the price catalog has no model 'gpt-55x'; near: gpt-5"),
        (Alias(name="a", provider="gateway", model="gpt-5"), "provider 'gateway' is not in the price catalog.*: say with model_provider"),
        (Alias(name="a", model="gpt-5", model_provider="opnai"), "provider 'opnai' is not in the price catalog; near: openai"),
        (Alias(name="a", provider="azure", model="gemini-2.5-pro"), "azure has no model 'gemini-2.5-pro'"),
    ],
    ids=["near", "nothing near", "any provider", "unknown provider", "unknown model provider", "not sold there"],
)
def test_an_alias_for_what_the_catalog_does_not_know_is_refused(alias: Alias, problem: str):
    with pytest.raises(UsageConfigError, match=f"^f.yaml: aliases: {problem}"):
        build_book((), [alias], file="f.yaml")


def test_under_an_earlier_catalog_it_leaves_usage_unresolved(price: Price):
    book = build_book((), [Alias(name="a", provider="azure", model="gpt-99")], is_current=False)
    [row] = price([event("azure", "a", input=1)], book)
    assert row["price_state"] == "unresolved_model"


def test_two_of_one_name_at_one_time_are_refused_with_both_lines():
    other = Alias(name="chat-prod-eu", provider="azure.openai", model="gpt-4o", valid_from=MONTHS[0], line=44)
    wrong = Agreement(provider="nobody", discount_percent=Decimal(1), line=7)
    with pytest.raises(UsageConfigError) as error:
        build_book([wrong], [other, DEPLOYMENT], file="usage.yaml")
    assert str(error.value).splitlines() == [
        "usage.yaml:7: prices: provider 'nobody' is not in the price catalog",
        "usage.yaml:44: aliases: 'chat-prod-eu is gpt-5' (line 40) and 'chat-prod-eu is gpt-4o' (line 44) hold for the same usage at"  # noqa: ISC004
        " the same time and are equally specific: give them dates apart",
    ]
    build_book((), [Alias(name="chat-prod-eu", provider="azure", model="gpt-4o", valid_to=MONTHS[0]), other])


@pytest.mark.parametrize(
    ("provider", "model", "line"),
    [
        ("azure", "chat-prod-eu", '{name: "chat-prod-eu", provider: azure, model: <catalog model>}'),
        ("azure.openai", "prod-gpt-5-mini-eu", '{name: "prod-gpt-5-mini-eu", provider: azure.openai, model: gpt-5-mini}'),
        ("azure", "gpt-4.1 or gpt-5", '{name: "gpt-4.1 or gpt-5", provider: azure, model: <one of gpt-4.1, gpt-5>}'),
        ("aws.bedrock", PROFILE, f'{{name: "{PROFILE}", provider: aws.bedrock, model: <catalog model>}}'),
        (
            "aws",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
            '{name: "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", provider: aws, model: amazon.nova-pro-v1:0}',
        ),
        ("openai", "gpt-9-foo", '{name: "gpt-9-foo", provider: openai, model: <catalog model>}'),
        (
            "anthropic",
            "claude-opus5",
            '{name: "claude-opus5", provider: anthropic, model: <one of claude-opus-5, claude-opus-5-5, claude-opus-4-5>}',
        ),
        (
            "our gateway",
            'the "big" one',
            r'{name: "the \"big\" one", provider: "our gateway", model_provider: <catalog provider>, model: <catalog model>}',
        ),
        (None, "chat", '{name: "chat", model_provider: <catalog provider>, model: <catalog model>}'),
    ],
)
def test_the_hint_is_a_line_for_usage_yaml(provider: str | None, model: str, line: str):
    hint = hint_for(provider, model, CATALOG)
    assert hint == f"add to usage.yaml, under aliases: - {line}"
    [entry] = yaml.safe_load(line.replace("<one of ", '"').replace("<", '"').replace(">", '"').join(["[", "]"]))
    assert (entry["name"], entry.get("provider")) == (model, provider)


HAIKU = "<one of global.anthropic.claude-haiku-4-5-20251001-v1:0, regional.anthropic.claude-haiku-4-5-20251001-v1:0>"


def test_a_name_inside_the_catalogs_ids_comes_near_them():
    assert hint_for("aws", "claude-haiku-4-5", CATALOG).endswith(f'{{name: "claude-haiku-4-5", provider: aws, model: {HAIKU}}}')
    with pytest.raises(UsageConfigError, match=r"near: global\.anthropic\.claude-haiku-4-5-20251001-v1:0"):
        build_book((), [Alias(name="a", provider="aws", model="claude-haiku-4-5")])


def test_an_alias_that_does_not_help_is_said_to_be_wrong():
    for_all = Alias(name="haiku", model="claude-haiku-4-5", line=9)
    assert hint_for("aws.bedrock", "haiku", CATALOG, [for_all]) == (
        "the alias of 'haiku' in line 9 of usage.yaml says 'claude-haiku-4-5', which aws.bedrock does not sell:"
        f" say model: {HAIKU}, or add model_provider"
    )
    late = replace(for_all, provider="anthropic", valid_from=MONTHS[0])
    assert "line 9 of usage.yaml does not hold on that day" in hint_for("anthropic", "haiku", CATALOG, [late])
    assert hint_for("aws", "haiku", CATALOG, [late]).startswith("add to usage.yaml")


def test_no_alias_helps_usage_without_a_model():
    assert "names no model" in hint_for("openai", None, CATALOG)


def test_the_hint_mends_what_it_is_about(price: Price, book: PriceBook):
    row = event("azure", "prod-gpt-5-mini-eu", input=1000)
    [entry] = yaml.safe_load("[" + hint_for("azure", row["model"], book.prices).partition(" - ")[2] + "]")
    assert told(price, row, Alias(**entry)) == ("priced", "gpt-5-mini", Decimal("0.00025"))
