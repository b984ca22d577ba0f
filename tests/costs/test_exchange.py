"""Amounts converted by reference rates: exact to the last digit, the rate and its day on the row, and nothing without a rate."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from cost_rows import charge_row
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline.costs.exchange import converted, rates_in_words
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.exchange_rates import ExchangeRates

FRIDAY, MONDAY = date(2026, 10, 2), date(2026, 10, 5)
RATES = ExchangeRates(
    {
        FRIDAY: {"USD": Decimal("1.1712"), "GBP": Decimal("0.8731"), "JPY": Decimal("172.45")},
        MONDAY: {"USD": Decimal("1.1698"), "JPY": Decimal("172.01")},
    }
)


def line(amount: str, currency: str, day: date = FRIDAY, **columns: object):
    return charge_row(amount, currency=currency, period_start=datetime(day.year, day.month, day.day, 9, tzinfo=UTC), **columns)


def told(*lines, into: str = "USD", rates: ExchangeRates = RATES):
    known, unknown = converted(charges.arrow(lines), into, rates)
    return known.to_pylist(), unknown.to_pylist()


@pytest.mark.parametrize(
    ("amount", "currency", "into", "cost", "rate"),
    [
        ("100", "EUR", "USD", "117.12", "1.1712"),
        ("0.000000000000001", "EUR", "USD", "0.000000000000001", "1.1712"),
        ("117.12", "USD", "EUR", "100", "0.853825136612022"),
        ("100", "GBP", "USD", "134.142709884320238", "1.341427098843202"),
        ("-2.5", "GBP", "USD", "-3.353567747108006", "1.341427098843202"),
        ("1000", "JPY", "GBP", "5.062916787474630", "0.005062916787475"),
    ],
    ids=["euro", "smallest", "into euro", "cross", "credit", "cross without dollar"],
)
def test_an_amount_is_converted_exactly_and_rounded_once(amount, currency, into, cost, rate):
    (row,), rest = told(line(amount, currency), into=into)
    assert (row["billed_cost"], row["currency"], row["exchange_rate"], row["exchange_day"]) == (Decimal(cost), into, Decimal(rate), FRIDAY)
    assert (row["original_cost"], row["original_currency"], rest) == (Decimal(amount), currency, [])


def test_list_and_effective_costs_are_converted_too_and_unknown_ones_stay_unknown():
    (row,), _ = told(line("10", "EUR", list_cost=Decimal(20), effective_cost=None))
    assert (row["list_cost"], row["billed_cost"], row["effective_cost"]) == (Decimal("23.424"), Decimal("11.712"), None)


@pytest.mark.parametrize(
    ("day", "currency", "used"),
    [
        (FRIDAY, "EUR", FRIDAY),
        (date(2026, 10, 4), "EUR", FRIDAY),
        (MONDAY, "EUR", MONDAY),
        (MONDAY, "GBP", FRIDAY),
        (date(2026, 10, 9), "GBP", FRIDAY),
        (date(2026, 10, 10), "GBP", None),
        (date(2026, 10, 12), "EUR", MONDAY),
        (date(2026, 10, 13), "EUR", None),
        (date(2026, 10, 1), "EUR", None),
        (FRIDAY, "XTS", None),
    ],
    ids=["the day", "sunday", "monday", "a hole", "7 days", "8 days", "7 days later", "too old", "before the first", "no such currency"],
)
def test_the_rate_is_that_of_the_day_or_of_the_last_one_before_it(day, currency, used):
    known, unknown = told(line("1", currency, day))
    assert [row["exchange_day"] for row in known] == ([] if used is None else [used])
    assert [(row["billed_cost"], row["currency"]) for row in unknown] == ([(1, currency)] if used is None else [])


def test_nothing_is_lost_and_what_has_no_rate_stays_as_it_was():
    lines = [line("1", "EUR"), line("2", "CHF", charge_id="b"), line("3", "GBP", charge_id="c")]
    known, unknown = told(*lines)
    assert unknown == charges.arrow([lines[1]]).to_pylist()
    assert [row["original_cost"] for row in known] == [1, 3]
    left = ("list_cost", "billed_cost", "effective_cost", "currency", "original_cost", "original_currency", "exchange_rate", "exchange_day")
    assert {name: value for name, value in known[0].items() if name not in left} == {
        name: value for name, value in asdict(lines[0]).items() if name not in left
    }


@settings(max_examples=200, deadline=None)
@given(st.decimals(-(10**9), 10**9, places=15), st.decimals("0.0001", 20000, places=4), st.decimals("0.0001", 20000, places=4))
def test_a_conversion_is_within_half_a_last_digit_of_the_true_amount(amount, into, out_of):
    rates = ExchangeRates({FRIDAY: {"USD": into, "GBP": out_of}})
    rate = rates.rate("GBP", "USD", FRIDAY)
    assert rate is not None
    true = Fraction(amount) * Fraction(into) / Fraction(out_of)
    assert abs(Fraction(rate.convert(amount)) - true) <= Fraction(1, 2 * 10**15)


def test_rates_are_said_in_words():
    assert rates_in_words({"GBP": None, "EUR": (Decimal("1.171200000000000"), FRIDAY)}) == "EUR 1.1712 (2026-10-02), GBP none"
