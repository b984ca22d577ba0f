"""`usage-pipeline price`: one line, one answer, by the cards that price events."""

from decimal import Decimal
from typing import Any

import pytest
from priced_events import Price, event

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.quote import quote
from usage_pipeline.tables.configuration import Agreement


def line(provider: str | None, model: str | None, **fields: Any) -> dict[str, Any]:
    return {
        "id": "a",
        "provider": provider,
        "model": model,
        "at": "2026-11-20T12:00:00Z",
        "context": {},
        "meters": {"input": 1000},
    } | fields


def test_every_meter_is_explained(book: PriceBook):
    usage = {"input": 1200, "cache_read": 3000, "cache_write": 2000, "output": 450}
    [answer] = quote([line("anthropic", "claude-haiku-4-5", at="2026-10-02T09:01:05+00:00", meters=usage)], book)
    assert answer == {
        "id": "a",
        "state": "priced",
        "model_id": "claude-haiku-4-5",
        "cost": "0.00625",
        "meters": {
            "input": {"quantity": "1200", "unit_price": "0.000001", "cost": "0.0012"},
            "cache_read": {"quantity": "3000", "unit_price": "0.0000001", "cost": "0.0003"},
            "cache_write": {"quantity": "2000", "unit_price": "0.00000125", "cost": "0.0025"},
            "output": {"quantity": "450", "unit_price": "0.000005", "cost": "0.00225"},
        },
    }


def test_context_chooses_the_variant(book: PriceBook):
    batch = line("openai", "gpt-4.1", context={"processing": "batch"})
    flex = line("openai", "gpt-5.6-terra", context={"service_tier": "flex"})
    unlisted = line("openai", "gpt-4.1", context={"processing": "overnight"})
    answers = quote([batch, flex, unlisted], book)
    assert [(answer["state"], answer["cost"]) for answer in answers] == [("priced", "0.001"), ("priced", "0.001"), ("no_variant", "0.002")]


def test_a_context_that_events_do_not_have_counts_too(book: PriceBook):
    modes: list[dict[str, str]] = [{"search_type": "fast"}, {"search_type": "web"}, {}, {"search_type": "slow"}]
    answers = quote([line("perplexity", "perplexity/sonar", context=mode, meters={"web_searches": 1000}) for mode in modes], book)
    assert [answer["cost"] for answer in answers] == ["1", "2.5", "2.5", "2.5"]
    assert [answer["state"] for answer in answers] == ["priced", "priced", "priced", "no_variant"]


def test_fees_and_reasoning_have_their_own_lines(book: PriceBook):
    fee, thought = quote(
        [line("perplexity", "sonar"), line("perplexity", "sonar-deep-research", meters={"output": 1000, "reasoning": 400})], book
    )
    assert fee["meters"]["requests"] == {"quantity": "1", "unit_price": "0.012", "cost": "0.012"}
    assert fee["cost"] == "0.013"
    assert thought["meters"] == {
        "output": {"quantity": "600", "unit_price": "0.000008", "cost": "0.0048"},
        "reasoning": {"quantity": "400", "unit_price": "0.000003", "cost": "0.0012"},
    }
    assert thought["cost"] == "0.006"


def test_reasoning_has_its_own_line_where_only_an_agreement_prices_it():
    own = Agreement(provider="openai", model="gpt-5", meter="reasoning", unit_price=Decimal("0.001"))
    [answer] = quote([line("openai", "gpt-5", meters={"output": 1_000_000, "reasoning": 400_000})], build_book([own]))
    assert answer["meters"] == {
        "output": {"quantity": "600000", "unit_price": "0.00001", "cost": "6"},
        "reasoning": {"quantity": "400000", "unit_price": "0.001", "cost": "400"},
    }
    assert (answer["state"], answer["cost"]) == ("priced", "406")


@pytest.mark.parametrize(
    ("asked", "state"),
    [
        (line("openai", "gpt-9"), "unresolved_model"),
        (line(None, None), "unresolved_model"),
        (line("openai", "gpt-4.1", meters={"input": 1, "images": 1}), "unpriced_meter"),
        (line("openai", "gpt-4.1", meters={"input": 1, "thoughts": 2}), "unpriced_meter"),
        (line("openai", "gpt-9", meters={"thoughts": 2}), "unresolved_model"),
        (line("openai", "gpt-4.1", meters={"input": -1}), "inconsistent_usage"),
        (line("openai", "gpt-4.1", meters={}), "inconsistent_usage"),
        (line("openai", "gpt-4.1", meters={"requests": 0, "input": 1_000_000}), "inconsistent_usage"),
        (line("openai", "gpt-9", meters={"requests": 0, "input": 1_000_000}), "unresolved_model"),
        (line("google", "gemma-3"), "free_or_unknown"),
    ],
)
def test_what_is_unknown_is_null_and_named(book: PriceBook, asked: dict[str, Any], state: str):
    [answer] = quote([asked], book)
    assert (answer["state"], answer["cost"]) == (state, None)


def test_a_meter_that_is_not_known_is_named(book: PriceBook):
    [answer] = quote([line("openai", "gpt-4.1", meters={"input": 1000, "thoughts": 2})], book)
    assert answer["meters"] == {
        "input": {"quantity": "1000", "unit_price": "0.000002", "cost": "0.002"},
        "thoughts": {"quantity": "2", "unit_price": None, "cost": None},
    }


def test_quotes_are_after_agreements_and_equal_to_row_prices(price: Price):
    agreed = build_book([Agreement(provider="openai", discount_percent=Decimal(8))])
    usage = {"input": 271_000, "cache_read": 1001, "output": 77}
    [answer] = quote([line("openai", "gpt-5.5", meters=usage)], agreed)
    [row] = price([event("openai", "gpt-5.5", **usage)], agreed)
    assert Decimal(answer["cost"]) == row["net_cost"] < row["list_cost"]
    assert sum(Decimal(one["cost"]) for one in answer["meters"].values()) == row["net_cost"]


def test_answers_come_in_order_with_their_ids(book: PriceBook):
    asked = [line("openai", "gpt-4.1", id=number, context={"search_type": "x"} if number % 2 else {}) for number in (3, 1, 2)]
    assert [answer["id"] for answer in quote(asked, book)] == [3, 1, 2]
    assert quote([], book) == []


def test_every_bad_line_is_told(book: PriceBook):
    bad = [
        line("openai", "gpt-4.1", at=None),
        line("openai", "gpt-4.1", at="yesterday"),
        line("openai", "gpt-4.1", meters={"input": 1.5}),
        line("openai", "gpt-4.1", meters={"input": "many"}),
        line("openai", "gpt-4.1", meters=[1]),
        line("openai", "gpt-4.1", prompt="hello"),
        line(5, "gpt-4.1"),  # type: ignore[arg-type]
        line("openai", ["gpt-4.1"]),  # type: ignore[arg-type]
        line("openai", "\ud800"),
        line("openai", "gpt-4.1", context={"processing": ["batch"]}),
        line("openai", "gpt-4.1", at="0001-01-01T00:00:00+05:00"),
        line("openai", "gpt-4.1", at="9999-12-31T23:00:00Z"),
        line("openai", "gpt-4.1", at="1999-12-31T23:00:00Z"),
    ]
    with pytest.raises(UsageConfigError) as error:
        quote([line("openai", "gpt-4.1"), *bad], book)
    assert [text.split(":")[0] for text in str(error.value).splitlines()] == [f"line {number}" for number in range(2, 2 + len(bad))]
    words = str(error.value)
    for said in ('provider is a text such as "openai", not 5', "give one from 2000 to 2099", "write it as '2026-10-02T11:20:00Z'"):
        assert said in words


def test_the_first_and_the_last_moment_are_priced(book: PriceBook):
    answers = quote([line("openai", "gpt-4.1", at=at) for at in ("2000-01-01T00:00:00Z", "2099-12-31T23:59:59Z")], book)
    assert [answer["state"] for answer in answers] == ["priced", "priced"]
