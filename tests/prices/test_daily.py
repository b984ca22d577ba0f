"""Sums by dimensions and meter: nothing is lost, nothing is invented."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest
from priced_events import event, events_table

from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.credits import with_credits
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.tables.configuration import PER_CURRENCY_UNIT, Agreement, CreditRule
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.usage_costs import usage_costs as declared

Row = dict[str, Any]


def summed(
    engine: Any, book: PriceBook, rows: list[Row], dimensions: list[str], credit_rules: Sequence[CreditRule] = ()
) -> tuple[list[Row], list[Row]]:
    """(priced events, their sums)."""
    events = ibis.memtable(events_table(rows))
    keys = book.resolve(engine.to_pyarrow(keys_of(events, book.scopes)))
    tables = [ibis.memtable(one) for one in (keys.resolutions, keys.rate_cards, keys.rates)]
    prices = price_events(events, *tables, price_book=book.version, scopes=book.scopes)
    priced = engine.to_pyarrow(with_credits(prices, credit_rules))
    return priced.to_pylist(), engine.to_pyarrow(usage_costs(ibis.memtable(priced), tables[2], dimensions)).to_pylist()


@pytest.fixture(scope="module")
def many(price_engine: Any) -> tuple[list[Row], list[Row]]:
    """Requests of several models, tiers, projects and states, under an agreement, and their sums by project and model."""
    book = build_book([Agreement(provider="openai", discount_percent=Decimal("7.77"))])
    rows = [
        event(provider, model, project=f"project-{number % 3}", **usage)
        for number in range(6)
        for provider, model, usage in [
            ("openai", "gpt-5.5", {"input": 200_000 + 30_000 * number, "cache_read": 10_000, "output": 1000, "reasoning_tokens": 300}),
            ("openai", "gpt-5.5", {"input": 10, "output": 7, "is_batch": True}),
            ("openai", "gpt-4.1", {"input": 17, "output": 3, "web_searches": 2, "status": "failure"}),
            ("openai", "gpt-4.1", {"input": 17, "status": "failure"}),
            ("openai", "gpt-4.1", {"input": 17, "images": 1}),
            ("groq", "whisper-large-v3", {"audio_seconds": Decimal("1.234567") * (1 + 9 * number)}),
            ("perplexity", "sonar-deep-research", {"input": 31, "output": 100, "reasoning_tokens": 40, "output_citation": 5}),
            ("perplexity", "sonar", {"input": 31, "output": 100, "request_count": 1 + number}),
            ("openai", "gpt-9", {"input": 1000, "output": 5}),
            ("openai", "gpt-4.1", {"input": -5}),
        ]
    ]
    return summed(price_engine, book, rows, ["project", "model"])


def test_meters_of_a_group_sum_to_its_events_exactly(many: tuple[list[Row], list[Row]]):
    events: dict[Any, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    sums: dict[Any, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for rows, totals in zip(many, (events, sums), strict=True):
        for row in rows:
            if row["model"] not in {"gpt-4.1", "gpt-9"}:
                total = totals[row["project"], row["model"]]
                totals[row["project"], row["model"]] = [total[0] + row["list_cost"], total[1] + row["net_cost"]]
    assert len(events) == 12
    assert events == sums
    assert all(list_cost > net_cost for (_, model), (list_cost, net_cost) in sums.items() if model == "gpt-5.5")


def test_quantities_and_requests_are_all_there(many: tuple[list[Row], list[Row]]):
    priced, sums = many
    for meter in ("input", "cache_read", "output", "audio_seconds", "web_searches", "images", "output_citation"):
        assert sum(row[meter] or 0 for row in priced) == sum(row["quantity"] for row in sums if row["meter"] == meter)
    assert sum(row["request_count"] for row in priced) == sum(row["requests"] or 0 for row in sums)
    assert sum(row["events"] for row in sums) == len(priced)
    unpriced = [row for row in priced if row["net_cost"] is None]
    assert sum(row["unpriced_events"] for row in sums) == len(unpriced) == 18


def test_known_meters_of_an_unpriced_event_keep_their_cost(many: tuple[list[Row], list[Row]]):
    rows = {(row["meter"], row["unpriced_reason"]): row for row in many[1] if (row["project"], row["model"]) == ("project-0", "gpt-4.1")}
    images = rows["images", "unpriced_meter"]
    assert (images["net_cost"], images["unpriced_quantity"], images["quantity"]) == (None, 2, 2)
    assert (rows["input", None]["quantity"], rows["input", None]["list_cost"]) == (17 * 6, 17 * 4 * Decimal("0.000002"))
    assert (rows["input", "inconsistent_usage"]["quantity"], rows["input", "inconsistent_usage"]["list_cost"]) == (-10, None)
    requests = rows["requests", "unpriced_meter"]
    assert (requests["net_cost"], requests["unpriced_events"], requests["unpriced_quantity"], requests["requests"]) == (0, 2, 0, 2)


def test_an_unknown_model_is_unpriced_in_every_row(many: tuple[list[Row], list[Row]]):
    rows = [row for row in many[1] if row["model"] == "gpt-9"]
    assert {row["meter"] for row in rows} == {"input", "output", "requests"}
    for row in rows:
        assert (row["list_cost"], row["net_cost"], row["unpriced_reason"]) == (None, None, "unresolved_model")
        assert row["unpriced_quantity"] == row["quantity"]


@pytest.mark.parametrize(
    ("agreed", "net"),
    [({"unit_price": Decimal("0.001")}, Decimal(416)), ({"discount_percent": Decimal(50)}, Decimal(18))],
    ids=["price", "discount"],
)
def test_reasoning_that_only_an_agreement_prices_is_apart_in_sums_too(price_engine: Any, agreed: dict[str, Decimal], net: Decimal):
    book = build_book([Agreement(provider="openai", model="gpt-5", meter="reasoning", **agreed)])
    rows = [event("openai", "gpt-5", output=1_000_000, reasoning_tokens=thought) for thought in (400_000, None)]
    priced, sums = summed(price_engine, book, rows, ["model"])
    [output] = [row for row in sums if row["meter"] == "output"]
    assert (output["quantity"], output["list_cost"], output["net_cost"]) == (2_000_000, Decimal(20), net)
    assert [sum(row[name] for row in priced) for name in ("list_cost", "net_cost")] == [Decimal(20), net]


def test_uncounted_requests_are_null_not_zero(price_engine: Any, book: PriceBook):
    _, sums = summed(price_engine, book, [event("openai", "gpt-4.1", input=5, view="provider", request_count=None)], ["view"])
    rows = {row["meter"]: row for row in sums}
    assert (rows["requests"]["requests"], rows["requests"]["quantity"], rows["requests"]["events"]) == (None, 0, 1)
    assert (rows["input"]["requests"], rows["input"]["events"]) == (None, 0)


def test_credits_stand_on_the_rows_of_requests_and_sum_to_the_events(price_engine: Any, book: PriceBook):
    rules = [
        CreditRule(credits=Decimal(3), model="gpt-4.1"),
        CreditRule(credits=Decimal("0.123456789012345"), model="gpt-5.5", per=PER_CURRENCY_UNIT),
        CreditRule(credits=Decimal(100), model="gpt-9", per=PER_CURRENCY_UNIT),
    ]
    rows = [
        event("openai", model, input=1000 * count, cache_read=7, output=count, request_count=count, status=status)
        for model in ("gpt-4.1", "gpt-5.5", "gpt-9", "gpt-4o")
        for count in (1, 2, 300)
        for status in ("success", "failure")
    ]
    priced, sums = summed(price_engine, book, [*rows, event("openai", "gpt-4.1", input=5, request_count=None)], ["model"], rules)
    assert {row["credits"] for row in sums if row["meter"] != "requests"} == {None}
    found = {model: [row for row in sums if row["meter"] == "requests" and row["model"] == model] for model in ("gpt-4.1", "gpt-5.5")}
    for model, of_requests in found.items():
        due = sum(row["credits"] for row in priced if row["model"] == model and row["credits"] is not None)
        assert sum(row["credits"] for row in of_requests if row["credits"] is not None) == due > 0
    assert sum(row["credits"] for row in found["gpt-4.1"]) == 3 * 303
    counts = {model: sum(row["uncredited_events"] for row in sums if row["model"] == model) for model in ("gpt-4.1", "gpt-9", "gpt-4o")}
    assert counts == {"gpt-4.1": 1, "gpt-9": 3, "gpt-4o": 0}
    assert {row["credits"] for row in sums if row["model"] == "gpt-4o"} == {None}


def test_rows_are_unique_and_as_declared(many: tuple[list[Row], list[Row]], price_engine: Any, book: PriceBook):
    names = [tuple(row[name] for name in ("project", "model", "meter", "unpriced_reason")) for row in many[1]]
    assert len(names) == len(set(names))
    dimensions = [name for name in declared.key if name != "meter"]
    _, sums = summed(price_engine, book, [event("openai", "gpt-4.1", input=5)], dimensions)
    types = pa.Table.from_pylist(sums, schema=declared.schema.to_pyarrow())
    declared.check(ibis.memtable(types))


def test_a_card_that_is_not_in_the_book_prices_nothing(price_engine: Any, book: PriceBook):
    priced, _ = summed(price_engine, book, [event("openai", "gpt-4.1", input=5)], ["model"])
    other = events_table([event("openai", "gpt-4o", input=5)])
    rates = book.resolve(price_engine.to_pyarrow(keys_of(ibis.memtable(other), book.scopes))).rates
    rows = ibis.memtable(pa.Table.from_pylist(priced, schema=priced_usage.schema.to_pyarrow()))
    sums = price_engine.to_pyarrow(usage_costs(rows, ibis.memtable(rates), ["model"])).to_pylist()
    assert {(row["meter"], row["net_cost"], row["unpriced_reason"]) for row in sums} == {
        ("input", None, "unpriced_meter"),
        ("requests", None, "unpriced_meter"),
    }
