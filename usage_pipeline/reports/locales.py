"""Numbers and dates as a locale writes them (CLDR, through Babel). In: exact values, rounded already. Out: text; no locale, no change."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import NumberPattern, parse_pattern

MINUS = "−"
MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u061c"))
"""Direction marks that some locales put beside a minus: the page's own direction is enough."""


def number_in(locale: str, value: Decimal | int, places: int) -> str:
    """'1.234,50'."""
    return _tidy(_pattern(locale, "number", places).apply(Decimal(value), Locale.parse(locale)))


def amount_in(locale: str, value: Decimal, currency: str, places: int) -> str:
    """'1.234,50 $'."""
    return _tidy(_pattern(locale, "currency", places).apply(value, Locale.parse(locale), currency=currency, currency_digits=False))


def percent_in(locale: str, value: Decimal, places: int) -> str:
    """'12,3 %' for 12.3."""
    return _tidy(_pattern(locale, "percent", places).apply(value / 100, Locale.parse(locale)))


def day_in(locale: str, day: date) -> str:
    """'31. Oktober 2026'."""
    return str(format_date(day, "long", locale))


def short_day_in(locale: str, day: date) -> str:
    """'31. Okt.'."""
    return str(format_skeleton("MMMd", day, locale=locale))


def month_in(locale: str, day: date) -> str:
    """'Oktober 2026'."""
    return str(format_skeleton("yMMMM", day, locale=locale))


def month_word_in(locale: str, day: date) -> str:
    """'Oktober'."""
    return str(format_date(day, "LLLL", locale))


@lru_cache(maxsize=128)
def _pattern(locale: str, kind: str, places: int) -> NumberPattern:
    """The locale's own pattern with so many decimals."""
    known = Locale.parse(locale)
    found = {"number": known.decimal_formats[None], "currency": known.currency_formats["standard"], "percent": known.percent_formats[None]}
    pattern = parse_pattern(found[kind].pattern)
    pattern.frac_prec = (places, places)
    return pattern


def _tidy(text: str) -> str:
    return text.translate(MARKS).replace("-", MINUS)
