"""Numbers and days as people read them, and names that cannot break a line."""

from datetime import date
from decimal import ROUND_DOWN, Decimal

import pytest

from usage_pipeline.alerts import words
from usage_pipeline.periods import Period


@pytest.mark.parametrize(
    ("value", "unit", "currency", "short", "text"),
    [
        ("1234.5", "USD", "USD", False, "$1,234.50"),
        ("500", "USD", "USD", True, "$500"),
        ("500.5", "USD", "USD", True, "$500.50"),
        ("0", "USD", "USD", False, "$0.00"),
        ("0.00418", "USD", "USD", False, "$0.0042"),
        ("0.009", "USD", "USD", False, "$0.0090"),
        ("-2.5", "USD", "EUR", False, "−€2.50"),
        ("12", "USD", "CHF", False, "CHF 12.00"),
        ("2000000", "tokens", "USD", False, "2,000,000 tokens"),
        ("99999999999999999999999.995", "USD", "USD", False, "$100,000,000,000,000,000,000,000.00"),
    ],
)
def test_amounts(value: str, unit: str, currency: str, short: bool, text: str) -> None:  # noqa: FBT001
    assert words.amount(Decimal(value), unit, currency, short=short) == text


def test_an_allowance_is_rounded_down() -> None:
    assert words.amount(Decimal("3.299"), "USD", "USD", rounding=ROUND_DOWN) == "$3.29"


@pytest.mark.parametrize(
    ("part", "whole", "text", "finer"),
    [
        ("460", "500", "92 %", "92.0 %"),
        ("96.9", "100", "97 %", "96.9 %"),
        ("96.5", "100", "96 %", "96.5 %"),
        ("97.5", "100", "98 %", "97.5 %"),
        ("13.49996", "100", "13 %", "13.5 %"),
        ("100.5", "100", "100 %", "100.5 %"),
        ("500", "500", "100 %", "100.0 %"),
        ("7000", "5", "140,000 %", "140,000.0 %"),
        ("0.5", "100", "<1 %", "0.5 %"),
        ("0.51", "100", "1 %", "0.5 %"),
        ("0.0001", "100", "<1 %", "<0.1 %"),
        ("-0.0001", "100", ">−1 %", ">−0.1 %"),
        ("-3.2", "100", "−3 %", "−3.2 %"),
        ("0", "500", "0 %", "0.0 %"),
        ("0", "0", "0 %", "0 %"),
    ],
)
def test_percentages_are_rounded_half_even_once(part: str, whole: str, text: str, finer: str) -> None:
    assert words.percentage(Decimal(part), Decimal(whole)) == text
    assert words.percentage(Decimal(part), Decimal(whole), places=1) == finer


@pytest.mark.parametrize(
    ("part", "text", "finer"),
    [
        ("99.96", "99.9 %", "99.9 %"),
        ("99.6", "99.6 %", "99.6 %"),
        ("99.999999999999999", "99.9 %", "99.9 %"),
        ("89.5", "89.5 %", "89.5 %"),
        ("89.97", "89.9 %", "89.9 %"),
        ("90", "90 %", "90.0 %"),
        ("90.4", "90 %", "90.4 %"),
        ("33.32", "33 %", "33.3 %"),
        ("149.7", "149.7 %", "149.7 %"),
    ],
)
def test_no_mark_is_shown_before_it_is_reached(part: str, text: str, finer: str) -> None:
    marks = [Decimal("33.33"), Decimal(90), Decimal(150)]
    assert words.percentage(Decimal(part), Decimal(100), marks=marks) == text
    assert words.percentage(Decimal(part), Decimal(100), marks=marks, places=1) == finer


@pytest.mark.parametrize(
    ("percent", "dealt", "text"),
    [("33.4", "34", "34 %"), ("0.6", "0", "<1 %"), ("99.98", "100", "99.9 %"), ("100", "100", "100 %"), ("-0.2", "0", ">−1 %")],
)
def test_shares_show_what_was_dealt(percent: str, dealt: str, text: str) -> None:
    assert words.share(Decimal(percent), Decimal(dealt)) == text


@pytest.mark.parametrize(
    ("limit", "spent", "unit", "left"),
    [
        ("500", "460.125", "USD", "39.88"),
        ("50.005", "45.015", "USD", "4.98"),
        ("500", "499.998", "USD", "0.002"),
        ("26", "26.895", "USD", "-0.90"),
        ("100", "0.5", "tokens", "100"),
    ],
)
def test_the_rest_is_the_difference_of_what_is_shown(limit: str, spent: str, unit: str, left: str) -> None:
    assert words.rest(Decimal(limit), Decimal(spent), unit) == Decimal(left)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("100", "171", "+71 %"),
        ("100", "70", "−30 %"),
        ("5", "5", "±0 %"),
        ("0", "5", "new"),
        ("1", "12.5", "×12"),
        ("1", "12.7", "×13"),
        ("200", "201", "±0 %"),
        ("1000000", "1134999.6", "+13 %"),
        ("3", "0", "−100 %"),
    ],
)
def test_changes(before: str, after: str, text: str) -> None:
    assert words.change(Decimal(before), Decimal(after)) == text


def test_ordinals() -> None:
    assert [words.ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st",
    ]  # fmt: skip


def test_days_and_periods() -> None:
    assert words.short_days(Period(date(2026, 10, 1), date(2026, 10, 21))) == "1–20 Oct"
    assert words.short_days(Period(date(2026, 10, 26), date(2026, 11, 2))) == "26 Oct – 1 Nov"
    assert words.short_days(Period(date(2026, 10, 26), date(2026, 10, 27))) == "26 Oct"
    assert words.period_name("weekly", date(2026, 12, 28), year=True) == "week 53 of 2026"
    assert words.period_name("monthly", date(2026, 10, 1)) == "October"
    assert words.period_name("daily", date(2026, 10, 2), year=True) == "2 October 2026"
    assert words.on_day("weekly", date(2026, 10, 27)) == "on Tuesday"


def test_names_stay_on_one_short_line() -> None:
    assert words.plain("a\r\nBcc: b@example.com") == "a Bcc: b@example.com"
    assert words.plain("right\u202eleft\u0000\u2028 zero\u200bwidth") == "right left zero width"
    assert words.plain("x" * 61) == "x" * 59 + "…"
    assert words.plain("名前 é") == "名前 é"
