"""Numbers and days in words, as people read them in a mail. Everything here is for showing; nothing is counted with."""

import unicodedata
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

from usage_pipeline import money
from usage_pipeline.periods import Period

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
TOKENS = "tokens"
NAME_LENGTH = 60
WHOLE = Decimal(100)

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_CENT = Decimal("0.01")


def plain(name: str) -> str:
    """A name from outside as one short line: control, format and line characters (CR, LF, bidi overrides) become spaces."""
    line = plain_sentence(name)
    return line if len(line) <= NAME_LENGTH else line[: NAME_LENGTH - 1].rstrip() + "…"


def plain_sentence(text: str) -> str:
    """The same for a sentence of ours with such names in it: one line, however long."""
    return " ".join("".join(" " if unicodedata.category(character) in _INVISIBLE else character for character in text).split())


def amount(value: Decimal, unit: str, currency: str, *, rounding: str = ROUND_HALF_EVEN, short: bool = False) -> str:
    """'$1,234.50', 'CHF 1,234.50' or '1,843,000 tokens'. `short` leaves out zero cents; less than a cent keeps two digits."""
    if unit == TOKENS:
        whole = value.quantize(Decimal(1), rounding=rounding, context=_WIDE)
        return f"{whole:,} {TOKENS}"
    sign, size = ("−" if value < 0 else ""), abs(value)
    step = _CENT if size == 0 or size >= _CENT else Decimal(1).scaleb(size.adjusted() - 1)
    shown = size.quantize(step, rounding=rounding, context=_WIDE)
    digits = f"{shown:,.0f}" if short and shown == shown.to_integral_value() else f"{shown:,f}"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{currency} {digits}"


def figure(value: Decimal, unit: str, currency: str, *, short: bool = False) -> str:
    """The same where the unit is said beside it: '$1,234.50' or '1,843,000'."""
    return amount(value, unit, currency, short=short).removesuffix(f" {TOKENS}")


def percentage(part: Decimal, whole: Decimal, *, places: int = 0) -> str:
    """'92 %', rounded down, so that 100 % is never shown before it is reached."""
    if whole == 0:
        return "over" if part > 0 else "0 %"
    share = _WIDE.divide(part * 100, whole).quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN, context=_WIDE)
    return f"{share:,f} %"


def change(before: Decimal, after: Decimal) -> str:
    """'+71 %', '−30 %', '±0 %', '×12' from ten times on; 'new' where there was nothing before."""
    if before <= 0:
        return "new"
    if after >= before * 10:
        return f"×{_WIDE.divide(after, before).quantize(Decimal(1), rounding=ROUND_DOWN):,f}"
    share = money.percent(after - before, before).quantize(Decimal(1), context=_WIDE)
    return f"{'+' if share > 0 else '−' if share < 0 else '±'}{abs(share):f} %"


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
    name = f"{start:%B}" if kind == "monthly" else day(start)
    return f"{name} {start.year}" if year else name


def on_day(kind: str, when: date) -> str:
    """'on the 27th' within a month, 'on Tuesday' within a week, 'on the day' within a day."""
    return {"monthly": f"on the {ordinal(when.day)}", "weekly": f"on {when:%A}"}.get(kind, "today")
