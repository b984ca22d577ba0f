"""Numbers and days in words, as people read them in a mail. Everything here is for showing; nothing is counted with."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from usage_pipeline.periods import Period
from usage_pipeline.tables.budgets import CREDITS, LONG, WHOLE_UNITS

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
NAME_LENGTH = 60
WHOLE = Decimal(100)
UNCHANGED = "±"

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_CENT = Decimal("0.01")
_EXACT = re.compile(r"(?<![\w.-])\d+\.\d{3,}(?![\w.]*\d)")
_TENTH = Decimal("0.1")


def plain(name: str) -> str:
    """A name from outside as one short line: control, format and line characters (CR, LF, bidi overrides) become spaces."""
    line = plain_sentence(name)
    return line if len(line) <= NAME_LENGTH else line[: NAME_LENGTH - 1].rstrip() + "…"


def plain_sentence(text: str) -> str:
    """The same for a sentence of ours with such names in it: one line, however long."""
    return " ".join("".join(" " if unicodedata.category(character) in _INVISIBLE else character for character in text).split())


def amount(value: Decimal, unit: str, currency: str, *, rounding: str = ROUND_HALF_EVEN, short: bool = False) -> str:
    """'$1,234.50', 'CHF 1,234.50' or '1,843,000 tokens'. `short` leaves out zero cents; less than a cent keeps two digits."""
    if unit in WHOLE_UNITS:
        whole = value.quantize(Decimal(1), rounding=rounding, context=_WIDE)
        return f"{whole:,} {unit}"
    if unit == CREDITS:
        shown = value.quantize(_CENT, rounding=rounding, context=_WIDE)
        return f"{shown:,.0f} {unit}" if shown == shown.to_integral_value() else f"{shown:,f} {unit}"
    sign, size = ("−" if value < 0 else ""), abs(value)
    step = _CENT if size == 0 or size >= _CENT else Decimal(1).scaleb(size.adjusted() - 1)
    shown = size.quantize(step, rounding=rounding, context=_WIDE)
    digits = f"{shown:,.0f}" if short and shown == shown.to_integral_value() else f"{shown:,f}"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{currency} {digits}"


def in_cents(sentence: str, currency: str) -> str:
    """`sentence` with the exact amounts in it as people read them: '1.60110711' is '$1.60'."""
    return _EXACT.sub(lambda found: amount(Decimal(found[0]), currency, currency), sentence)


def figure(value: Decimal, unit: str, currency: str, *, short: bool = False) -> str:
    """The same where the unit is said beside it: '$1,234.50' or '1,843,000'."""
    return amount(value, unit, currency, short=short).removesuffix(f" {unit}")


def rest(limit: Decimal, spent: Decimal, unit: str) -> Decimal:
    """What is left of `limit` as the difference of the two as shown, so that a mail adds up; exact where they show the same."""
    step = Decimal(1) if unit in WHOLE_UNITS else _CENT
    return limit.quantize(step, context=_WIDE) - spent.quantize(step, context=_WIDE) or limit - spent


def percentage(part: Decimal, whole: Decimal, *, marks: Iterable[Decimal] = (), places: int = 0) -> str:
    """'92 %', rounded half-even once, as a statement does; '<1 %' for what would round to nothing.

    A mark (100 is always one) is never shown before it is reached: 89.6 shows as '89.6 %' where 90 is a mark, and 99.96 as '99.9 %'.
    """
    if whole == 0:
        return "over" if part > 0 else "0 %"
    exact = _WIDE.divide(_WIDE.multiply(part, WHOLE), whole)
    return _percent(exact, exact.quantize(Decimal(1).scaleb(-places), context=_WIDE), (*marks, WHOLE))


def share(percent: Decimal, dealt: Decimal) -> str:
    """A share of which `dealt` whole percents are shown (by largest remainder, so that a column sums to 100); `percent` is exact."""
    return _percent(percent, dealt, (WHOLE,))


def _percent(exact: Decimal, shown: Decimal, marks: Iterable[Decimal]) -> str:
    ahead = [mark for mark in marks if exact < mark]
    if any(shown >= mark for mark in ahead):
        shown = exact.quantize(_TENTH, context=_WIDE)
    if any(shown >= mark for mark in ahead):
        shown = exact.quantize(_TENTH, rounding=ROUND_FLOOR, context=_WIDE)
    if exact and not shown:
        smallest = Decimal(1).scaleb(int(shown.as_tuple().exponent))
        return f"{'<' if exact > 0 else '>−'}{smallest:f} %"
    return f"{shown:,f} %".replace("-", "−")


def change(before: Decimal, after: Decimal) -> str:
    """'+71 %', '−30 %', '±0 %', '×12' from ten times on; 'new' where there was nothing before."""
    if before <= 0:
        return "new"
    if after >= before * 10:
        return f"×{_WIDE.divide(after, before).quantize(Decimal(1), context=_WIDE):,f}"
    moved = _WIDE.divide(_WIDE.multiply(_WIDE.subtract(after, before), WHOLE), before).quantize(Decimal(1), context=_WIDE)
    return f"{'+' if moved > 0 else '−' if moved < 0 else UNCHANGED}{abs(moved):f} %"


def day(when: date) -> str:
    """'27 October'."""
    return f"{when.day} {when:%B}"


def short_day(when: date) -> str:
    """'Tue 27 Oct'."""
    return f"{when:%a} {when.day} {when:%b}"


def ordinal(number: int) -> str:
    """'1st', '22nd', '27th'."""
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def short_days(period: Period) -> str:
    """'27 Oct', '1–20 Oct' or '26 Oct – 1 Nov'."""
    first, last = period.start, period.last
    end = f"{last.day} {last:%b}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    return f"{first.day} {first:%b} – {end}"


def period_name(kind: str, start: date, *, year: bool = False) -> str:
    """'October', 'week 43' or '27 October', with the year if asked for."""
    if kind == "weekly":
        calendar = start.isocalendar()
        return f"week {calendar.week} of {calendar.year}" if year else f"week {calendar.week}"
    if kind == "yearly":
        return f"{start.year}"
    if kind == "fixed":
        return f"the days from {day(start)} {start.year}"
    name = f"{start:%B}" if kind == "monthly" else day(start)
    return f"{name} {start.year}" if year else name


def on_day(kind: str, when: date) -> str:
    """'on the 27th' within a month, 'on Tuesday' within a week, 'on 27 October' within a longer one, 'today' within a day."""
    if kind in LONG:
        return f"on {day(when)}"
    return {"monthly": f"on the {ordinal(when.day)}", "weekly": f"on {when:%A}"}.get(kind, "today")
