"""Each kind of credit rule, which one counts, and what is unknown. Prices by hand; the catalog's own at the end."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Context, Decimal
from itertools import permutations
from random import Random
from typing import Any

import ibis
import pyarrow as pa
import pytest
from priced_events import event, events_table

from usage_pipeline import money
from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.costs.usage import usage_rows_of
from usage_pipeline.periods import month_of
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.credits import with_credits, words_of
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.tables.configuration import PER_CURRENCY_UNIT, CreditRule
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.summary import by, totals

Row = dict[str, Any]
Credited = Callable[[Sequence[Row], Sequence[CreditRule]], list[Row]]
FIVE = CreditRule(credits=Decimal(5))
HUNDRED_A_DOLLAR = CreditRule(credits=Decimal(100), per=PER_CURRENCY_UNIT)


def priced(net_cost: str | Decimal | None = "0", **columns: Any) -> Row:
    """A priced event of gpt-4.1 at the net cost, by hand."""
    names = {"at", "status", "request_count", "project", "operation", "channel", "view"}
    given = {name: columns.pop(name) for name in names & columns.keys()}
    model = columns.pop("model", "gpt-4.1-2025-04-14")
    row = event(columns.pop("provider", "openai"), model, **given)
    cost = None if net_cost is None else Decimal(net_cost)
    return row | {"model_id": "gpt-4.1", "price_book": "b", "price_state": "priced", "list_cost": cost, "net_cost": cost} | columns


@pytest.fixture(scope="module")
def credited(price_engine: Any) -> Credited:
    """Priced rows with their credits, in the same order."""

    def answer(rows: Sequence[Row], rules: Sequence[CreditRule]) -> list[Row]:
        numbered = [{**row, "source_line": number} for number, row in enumerate(rows)]
        table = pa.Table.from_pylist(numbered, schema=priced_usage.schema.to_pyarrow())
        found = with_credits(ibis.memtable(table), rules)
        priced_usage.check(found)
        return sorted(price_engine.to_pyarrow(found).to_pylist(), key=lambda row: row["source_line"])

    return answer


def credits_of(rows: Sequence[Row]) -> list[Decimal | None]:
    return [row["credits"] for row in rows]


# -- the kinds


def test_credits_for_each_request(credited: Credited):
    rows = credited([priced(), priced(request_count=1000), priced(request_count=0)], [CreditRule(credits=Decimal("0.1"))])
    assert credits_of(rows) == [Decimal("0.1"), 100, 0]
    assert {row["credit_rule"] for row in rows} == {"0.1 a request"}


def test_credits_for_each_unit_of_net_cost(credited: Credited):
    row = priced("0.0125") | {"list_cost": Decimal(1)}
    assert credits_of(credited([row, priced("0")], [HUNDRED_A_DOLLAR])) == [Decimal("1.25"), 0]


def test_other_columns_stay_as_they_were(credited: Credited):
    [row] = credited([priced("0.0125", operation="chat")], [HUNDRED_A_DOLLAR])
    assert {name: row[name] for name in ("net_cost", "operation", "model_id")} == {
        "net_cost": Decimal("0.0125"), "operation": "chat", "model_id": "gpt-4.1",
    }  # fmt: skip
    assert list(row) == list(priced_usage.names)


@pytest.mark.parametrize(
    ("cost", "rate", "credits_due"),
    [
        ("0.000000000000001", "0.5", "0"),
        ("0.000000000000003", "0.5", "0.000000000000002"),
        ("0.000000000000005", "0.5", "0.000000000000002"),
        ("1.000000000000001", "1.5", "1.500000000000002"),
        ("1.000000000000003", "0.5", "0.500000000000002"),
        ("0.000000000000001", "0.500000000000001", "0.000000000000001"),
        ("12345678.123456789012345", "9999.999999999999999", "123456781234.567890111104322"),
    ],
)
def test_what_needs_more_than_fifteen_decimals_is_rounded_half_even(credited: Credited, cost: str, rate: str, credits_due: str):
    rule = CreditRule(credits=Decimal(rate), per=PER_CURRENCY_UNIT)
    assert credits_of(credited([priced(cost)], [rule])) == [Decimal(credits_due)]


def test_products_are_those_of_exact_decimals(price_engine: Any):
    random, wide = Random(7), Context(prec=100)  # noqa: S311  (the same numbers each time)

    def number(below: int) -> Decimal:
        decimals = random.choice([0, 1, 2, 15, 15])
        return Decimal(random.randrange(-below, below)) + Decimal(random.randrange(10**decimals)).scaleb(-decimals)

    pairs = [(number(10**6), abs(number(10**4))) for _ in range(20_000)]
    pairs += [(Decimal(units).scaleb(-15), rate) for units in range(-200, 200) for rate in (Decimal("0.5"), Decimal("2.5"))]
    exact = pa.decimal128(38, 15)
    columns = {
        "n": range(len(pairs)),
        "a": pa.array([amount for amount, _ in pairs], exact),
        "whole": pa.array([int(rate) for _, rate in pairs], pa.int64()),
        "fraction": pa.array([rate % 1 for _, rate in pairs], exact),
    }
    table = ibis.memtable(pa.table(columns))
    found = price_engine.to_pyarrow(table.select("n", product=money.product(table.a, table.whole, table.fraction)).order_by("n"))
    assert found["product"].to_pylist() == [money.exact(wide.multiply(one, other)) for one, other in pairs]


# -- which rule counts


def test_a_rule_begins_and_ends_at_midnight_utc(credited: Credited):
    october = CreditRule(credits=Decimal(1), valid_from=date(2026, 10, 1), valid_to=date(2026, 11, 1))
    later = CreditRule(credits=Decimal(2), valid_from=date(2026, 11, 1))
    at = ["2026-09-30T23:59:59.999999", "2026-10-01T00:00:00", "2026-10-31T23:59:59.999999", "2026-11-01T00:00:00"]
    assert credits_of(credited([priced(at=one) for one in at], [later, october])) == [None, 1, 1, 2]


MOST_SPECIFIC_FIRST = [
    CreditRule(credits=Decimal(20), project="search", operation="chat"),
    CreditRule(credits=Decimal(19), project="search", model="gpt-4.1"),
    CreditRule(credits=Decimal(18), project="search", provider="openai"),
    CreditRule(credits=Decimal(17), project="search"),
    CreditRule(credits=Decimal(16), operation="chat", model="gpt-4.1-2025-04-14"),
    CreditRule(credits=Decimal(15), operation="chat", model="gpt-4.1"),
    CreditRule(credits=Decimal(14), operation="chat", provider="openai"),
    CreditRule(credits=Decimal(13), operation="chat"),
    CreditRule(credits=Decimal(12), model="gpt-4.1-2025-04-14", provider="openai"),
    CreditRule(credits=Decimal(11), model="gpt-4.1-2025-04-14"),
    CreditRule(credits=Decimal(10), model="gpt-4.1", provider="openai"),
    CreditRule(credits=Decimal(9), model="gpt-4.1"),
    CreditRule(credits=Decimal(8), provider="openai"),
    CreditRule(credits=Decimal(7), provider="azure.openai"),
    CreditRule(credits=Decimal(6)),
]


@pytest.mark.parametrize("place", range(len(MOST_SPECIFIC_FIRST)))
def test_the_most_specific_rule_counts_in_one_order(credited: Credited, place: int):
    row = priced(project="search", operation="chat", channel="azure.openai")
    rules = MOST_SPECIFIC_FIRST[place:]
    [last_first], [first_last] = credited([row], rules[::-1]), credited([row], rules)
    assert last_first["credits"] == first_last["credits"] == rules[0].credits
    assert first_last["credit_rule"] == words_of(rules[0])


def test_rules_for_other_usage_are_not_for_this(credited: Credited):
    rules = [
        CreditRule(credits=Decimal(1), project="search"),
        CreditRule(credits=Decimal(2), operation="chat"),
        CreditRule(credits=Decimal(3), model="gpt-4"),
        CreditRule(credits=Decimal(4), provider="open"),
    ]
    rows = credited([priced(), priced(project="Search", operation="chats"), priced(provider=None, model=None, model_id=None)], rules)
    assert [(row["credits"], row["credit_rule"]) for row in rows] == [(None, None)] * 3


def test_no_order_of_the_rules_in_the_file_changes_anything(credited: Credited):
    rules = [
        CreditRule(credits=Decimal(1), operation="chat"),
        CreditRule(credits=Decimal(2), model="gpt-4.1"),
        CreditRule(credits=Decimal(3), provider="openai", per=PER_CURRENCY_UNIT),
    ]
    rows = [priced("2", operation="chat"), priced("2"), priced("2", model_id=None)]
    assert {tuple(credits_of(credited(rows, order))) for order in permutations(rules)} == {(1, 2, 6)}


# -- what gets none, and what is unknown


@pytest.mark.parametrize("rule", [FIVE, HUNDRED_A_DOLLAR], ids=["request", "currency"])
def test_failures_and_cache_hits_get_none(credited: Credited, rule: CreditRule):
    rows = [priced("0.5", status=status, request_count=3) for status in ("success", "failure", "cache_hit")]
    rows.append(priced(None, status="failure"))
    assert credits_of(credited(rows, [rule])) == [15 if rule is FIVE else 50, 0, 0, 0]


def test_unpriced_usage_has_unknown_credits_by_currency_and_known_ones_by_request(credited: Credited):
    assert credits_of(credited([priced(None)], [FIVE])) == [5]
    [row] = credited([priced(None)], [HUNDRED_A_DOLLAR])
    assert (row["credits"], row["credit_rule"]) == (None, "100 a unit of net cost")


def test_requests_that_are_not_counted_have_unknown_credits(credited: Credited):
    rows = [priced("0.5", request_count=None), priced("0.5", request_count=-1)]
    assert [(row["credits"], row["credit_rule"]) for row in credited(rows, [FIVE])] == [(None, "5 a request")] * 2
    assert credits_of(credited(rows[:1], [HUNDRED_A_DOLLAR])) == [50]


def test_without_rules_nothing_has_credits(credited: Credited):
    assert [(row["credits"], row["credit_rule"]) for row in credited([priced("1")], [])] == [(None, None)]


def test_credits_made_again_by_other_rules_are_the_others(price_engine: Any):
    table = pa.Table.from_pylist([priced() | {"source_line": 0}], schema=priced_usage.schema.to_pyarrow())
    again = with_credits(with_credits(ibis.memtable(table), [FIVE]), [CreditRule(credits=Decimal(1))])
    assert price_engine.to_pyarrow(again)["credits"].to_pylist() == [1]


def test_a_rule_in_words():
    rule = CreditRule(
        credits=Decimal("2.50"), per=PER_CURRENCY_UNIT, operation="chat", model="gpt-4.1", provider="openai", project="search",
        valid_from=date(2026, 10, 1), valid_to=date(2026, 11, 1),
    )  # fmt: skip
    assert words_of(rule) == (
        "2.5 a unit of net cost: project search, operation chat, model gpt-4.1, provider openai, from 2026-10-01, before 2026-11-01"
    )


# -- events, days and months


RULES = [
    CreditRule(credits=Decimal("1.5")),
    CreditRule(credits=Decimal("12.345678901234567"), per=PER_CURRENCY_UNIT, model="gpt-5.5"),
    CreditRule(credits=Decimal("0.333333333333333"), operation="chat", project="project-1", valid_from=date(2026, 11, 21)),
    CreditRule(credits=Decimal(100), per=PER_CURRENCY_UNIT, model="gpt-9"),
]
DIMENSIONS = ("view", "project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status")


def test_events_days_and_months_sum_to_the_last_digit(price_engine: Any, book: PriceBook):
    events = [
        event(provider, model, at=f"2026-11-{day}T12:00:00", project=f"project-{number % 3}", user=f"user-{number % 2}", **usage)
        for number in range(6)
        for day in (20, 21)
        for provider, model, usage in [
            ("openai", "gpt-5.5", {"input": 200_000 + 30_001 * number, "cache_read": 10_007, "output": 1000}),
            ("openai", "gpt-5.5", {"input": 17, "output": 3, "is_batch": True, "operation": "chat"}),
            ("openai", "gpt-4.1", {"input": 17, "operation": "chat"}),
            ("openai", "gpt-4.1", {"input": 17, "status": "failure"}),
            ("openai", "gpt-4.1", {"input": 17, "status": "cache_hit"}),
            ("groq", "whisper-large-v3", {"audio_seconds": Decimal("1.234567") * (1 + 9 * number)}),
            ("openai", "gpt-9", {"input": 1000, "output": 5}),
        ]
    ]
    table = ibis.memtable(events_table(events))
    keys = book.resolve(price_engine.to_pyarrow(keys_of(table, book.scopes)))
    tables = [ibis.memtable(one) for one in (keys.resolutions, keys.rate_cards, keys.rates)]
    found = with_credits(price_events(table, *tables, price_book=book.version, scopes=book.scopes), RULES)
    rows = price_engine.to_pyarrow(found)

    priced_rows = ibis.memtable(rows)
    named = priced_rows.mutate(day=priced_rows.started_at.date(), model=priced_rows.model_id.fill_null(priced_rows.model))
    answer = price_engine.to_pyarrow(usage_costs(named, tables[2], ("day", *DIMENSIONS)))
    days: dict[date, list[Any]] = {}
    for day, row in zip(answer["day"].to_pylist(), usage_rows_of(answer), strict=True):
        days.setdefault(day, []).append(row)
    daily: list[DailyCost] = [row for day, usage in days.items() for row in daily_costs_of(day, usage, [])]
    monthly = monthly_costs_of(month_of(date(2026, 11, 1)), daily)

    known = rows.to_pylist()
    for model in ("gpt-5.5", "gpt-4.1", "whisper-large-v3", "gpt-9"):
        own = [row["credits"] for row in known if (row["model_id"] or row["model"]) == model]
        expected = sum((one for one in own if one is not None), Decimal(0)) if any(one is not None for one in own) else None
        for sums in (by(daily, "model"), by(monthly, "model")):
            assert {group.key: group.credits for group in sums}[model] == expected
    assert totals(daily).credits == totals(monthly).credits == sum(row["credits"] or 0 for row in known)
    assert totals(daily).uncredited_events == totals(monthly).uncredited_events == 12
