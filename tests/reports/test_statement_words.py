"""Numbers, days and names as people read them."""

from datetime import date
from decimal import Decimal

import pytest

from usage_pipeline.reports import words
from usage_pipeline.tables.configuration import Project


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234.5", "USD", "$1,234.50"), ("-2", "USD", "−$2.00"), ("0.005", "USD", "$0.00"), ("0.015", "EUR", "€0.02"),
        ("-0.001", "USD", "$0.00"), ("12", "CHF", "CHF\u00a012.00"), ("12345678.9", "GBP", "£12,345,678.90"),
    ],
)  # fmt: skip
def test_amounts(value: str, currency: str, text: str):
    assert words.amount(Decimal(value), currency) == text


def test_an_unknown_amount_is_unpriced_not_zero():
    assert words.amount(None, "USD") == "unpriced"


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0"), ("812", "812"), ("1000", "1.00 k"), ("999999", "1,000 k"), ("5031000", "5.03 m"), ("16110000000", "16.1 bn")],
)
def test_compact_numbers(value: str, text: str):
    assert words.compact(Decimal(value)) == text


@pytest.mark.parametrize(("value", "text"), [("12.34", "12.3%"), ("0.04", "<0.1%"), ("0", "0.0%"), ("-13.46", "−13.5%"), ("100", "100.0%")])
def test_percents(value: str, text: str):
    assert words.percent(Decimal(value)) == text


def test_changes():
    assert words.change(Decimal(110), Decimal(100)) == "+10.0%"
    assert words.change(Decimal(90), Decimal(100), 0) == "−10%"
    assert words.change(Decimal(5), Decimal(0)) == "new"


def test_day_ranges():
    assert words.day_ranges([date(2026, 10, day) for day in (31, 3, 7, 8, 9)]) == "3, 7–9 and 31 October"
    assert words.day_ranges([]) == "none"


def test_points_stand_under_each_other():
    lines = words.aligned(["1.25", "12", "0.5", "unpriced"])
    assert lines == ["1.25", "12\u2008\u2007\u2007", "0.5\u2007", "unpriced"]
    assert [line.split()[0] for line in lines] == ["1.25", "12", "0.5", "unpriced"]


def test_names_lose_what_could_mislead():
    assert words.clean("a\u202egnp.exe\r\n\x00b") == "agnp.exe  b"
    assert words.clean("x" * 100) == "x" * 89 + "…"
    assert words.clean("שלום") == "שלום"


def test_a_name_the_font_lacks_comes_with_its_id():
    assert words.project_name(Project(id="p-1", name="日本語")) == "日本語 (p-1)"
    assert words.project_name(Project(id="p-1", name="Übergrößenträger №1 – “x”")) == "Übergrößenträger №1 – “x”"
    assert words.project_name(Project(id="p-1", name="")) == "p-1"


def test_columns_of_tokens_choose_their_unit():
    assert words.scale_of(Decimal(25_000_000)) == (10**6, "m")
    assert words.scale_of(Decimal(321)) == (1, "")
    assert words.scaled(Decimal(4_000), Decimal(10**6)) == "<0.01"
    assert words.scaled(Decimal(0), Decimal(10**6)) == "–"


def test_a_name_that_fits_is_not_cut():
    assert words.middle_cut("user_support-portal_00") == "user_support-portal_00"
    assert words.middle_cut("user_support-portal_000") == "user_support…rtal_000"
