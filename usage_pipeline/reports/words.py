"""How numbers, days and names read on paper. Text only: nothing here changes what a number is, and nothing is added up afterwards."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import Decimal

from usage_pipeline.money import CENT, ZERO
from usage_pipeline.periods import ONE_DAY, Period, month_of
from usage_pipeline.reports import locales
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.meters import LABELS

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
PROVIDERS = {
    "openai": "OpenAI", "anthropic": "Anthropic", "google": "Google", "aws": "Amazon Bedrock", "azure": "Azure", "openrouter": "OpenRouter",
    "mistral": "Mistral", "cohere": "Cohere", "deepseek": "DeepSeek", "groq": "Groq", "x-ai": "xAI", "together": "Together AI",
    "fireworks": "Fireworks", "perplexity": "Perplexity", "voyageai": "Voyage AI", "elevenlabs": "ElevenLabs",
}  # fmt: skip
UNKNOWN = {
    "provider": "Provider not stated",
    "model": "Charges without a model",
    "operation": "No operation known",
    "type": "Type not stated",
    "team": "No team",
    "user": "No user known",
    "meter": "Other charges",
    "project": "Unattributed",
}
"""What a null key of each dimension is called."""
BILLIONS, MILLIONS, THOUSANDS = Decimal(10**9), Decimal(10**6), Decimal(1000)
NONE = "–"
WHOLE_FROM = Decimal(100)
NAME_MOST = 90
ONE_LINE, HEAD, TAIL = 22, 12, 8
"""A name in a narrow column: up to so many characters it fits on one line, else its first and last ones do."""
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs"})
ZERO_WIDTH_JOINER = "\u200d"
LATIN_GREEK_CYRILLIC = 0x052F
PUNCTUATION = range(0x1E00, 0x2200)
"""Latin and Greek additions, punctuation, currency signs and letter-like symbols: in the font too."""


_LOCALE: ContextVar[str | None] = ContextVar("locale of what is written", default=None)


@contextmanager
def written_in(locale: str | None) -> Iterator[None]:
    """Within it, numbers and dates are as `locale` writes them; None is our own way."""
    token = _LOCALE.set(locale)
    try:
        yield
    finally:
        _LOCALE.reset(token)


def number(value: Decimal | int, places: int = 0) -> str:
    """'1,234.50', '−2'."""
    locale = _LOCALE.get()
    return f"{value:,.{places}f}".replace("-", "−") if locale is None else locales.number_in(locale, value, places)


def _figure(value: Decimal, places: int) -> str:
    """Like `number`, a minus of our own way being a hyphen: for units that are hardly ever negative."""
    return f"{value:,.{places}f}" if _LOCALE.get() is None else number(value, places)


def amount(value: Decimal | None, currency: str, places: int = 2) -> str:
    """'$1,234.50', '−$2.00', 'CHF 12.00'; 'unpriced' where the amount is not known."""
    if value is None:
        return "unpriced"
    rounded = value.quantize(Decimal(1).scaleb(-places))
    if locale := _LOCALE.get():
        return locales.amount_in(locale, rounded, currency, places)
    symbol = SYMBOLS.get(currency, currency + "\u00a0")
    return ("−" if rounded < 0 else "") + f"{symbol}{abs(rounded):,.{places}f}"


def total_amount(value: Decimal, currency: str) -> str:
    """The headline: like `amount`, and '<$0.01' for a total that is not nothing but less than half a cent."""
    return "<" + amount(CENT, currency) if ZERO < value < CENT / 2 else amount(value, currency)


def short_amount(value: Decimal, currency: str) -> str:
    """An amount for a chart: without cents from 100 up."""
    return amount(value, currency, 0 if abs(value) >= WHOLE_FROM else 2)


def column_width(texts: Iterable[str], least: int) -> int:
    """The millimetres that a column of such amounts needs, at least `least`."""
    return max(least, 3 + max((len(text) for text in texts), default=0) * 7 // 4)


def aligned(numbers: Sequence[str]) -> list[str]:
    """Numbers filled with figure spaces, so that their points stand under each other in a column set flush right; words stay."""
    fractions = [len(number.partition(".")[2]) for number in numbers]
    widest = max(fractions, default=0)
    return [
        number + ("\u2008" if widest and not fraction else "") + "\u2007" * (widest - fraction) if number[-1:].isdigit() else number
        for number, fraction in zip(numbers, fractions, strict=True)
    ]


def percent(value: Decimal | None, places: int = 1) -> str:
    """'12.3%'; '<0.1%' for what would round to nothing."""
    if value is None:
        return NONE
    smallest = Decimal(1).scaleb(-places)
    if ZERO < value < smallest / 2:
        return "<" + _percent(smallest, places)
    return _percent(value.quantize(smallest), places)


def _percent(value: Decimal, places: int) -> str:
    locale = _LOCALE.get()
    return f"{value:,.{places}f}%".replace("-", "−") if locale is None else locales.percent_in(locale, value, places)


def change(now: Decimal, before: Decimal, places: int = 1) -> str:
    """'+9.8%', '−3.0%'; 'new' where there was nothing before."""
    if before == 0:
        return "new" if now else NONE
    moved = ((now - before) * 100 / abs(before)).quantize(Decimal(1).scaleb(-places))
    return ("−" if moved < 0 else "+") + _percent(abs(moved), places)


def count(value: Decimal | int) -> str:
    """'12,345'; fractions of a unit (seconds) at up to 2 decimals."""
    whole = Decimal(value)
    if whole == whole.to_integral_value():
        return number(whole)
    return number(whole.quantize(CENT), 2)


def compact(value: Decimal | int) -> str:
    """'16.1 bn', '5.03 m', '8.4 k', '812': three digits, for headlines."""
    whole = Decimal(value)
    for unit, size in (("bn", BILLIONS), ("m", MILLIONS), ("k", THOUSANDS)):
        if abs(whole) >= size:
            return f"{_three_digits(whole / size)} {unit}"
    return count(whole)


def _three_digits(value: Decimal) -> str:
    places = max(0, 2 - max(0, value.adjusted()))
    return _figure(value.quantize(Decimal(1).scaleb(-places)), places)


def scale_of(largest: Decimal) -> tuple[Decimal, str]:
    """The unit in which a column of tokens reads best: (divisor, what to write in its head)."""
    if largest >= 10 * MILLIONS:
        return MILLIONS, "m"
    return (THOUSANDS, "k") if largest >= 10 * THOUSANDS else (Decimal(1), "")


def scaled(value: Decimal, divisor: Decimal) -> str:
    """A token count in the column's unit: '12.34', '<0.01', '–' for none."""
    if value == 0:
        return NONE
    if divisor == 1:
        return count(value)
    shown = (value / divisor).quantize(CENT)
    return "<" + _figure(CENT, 2) if shown == 0 else _figure(shown, 2)


def day_text(day: date) -> str:
    if locale := _LOCALE.get():
        return locales.day_in(locale, day)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    if locale := _LOCALE.get():
        return locales.short_day_in(locale, day)
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def month_text(month: Period) -> str:
    if locale := _LOCALE.get():
        return locales.month_in(locale, month.start)
    return f"{MONTHS[month.start.month - 1]} {month.start.year}"


def month_word(month: Period) -> str:
    locale = _LOCALE.get()
    return MONTHS[month.start.month - 1] if locale is None else locales.month_word_in(locale, month.start)


def period_text(month: Period) -> str:
    """'1–31 October 2026'."""
    if _LOCALE.get():
        return f"{day_text(month.start)} – {day_text(month.last)}"
    return f"1–{month.last.day} {month_text(month)}"


def day_ranges(days: Sequence[date]) -> str:
    """'3, 7–9 and 31 October': the days of one month, runs joined."""
    if not days:
        return "none"
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][-1] == ONE_DAY:
            runs[-1].append(day)
        else:
            runs.append([day])
    texts = [str(run[0].day) if len(run) == 1 else f"{run[0].day}–{run[-1].day}" for run in runs]
    return f"{listed(texts)} {month_word(month_of(min(days)))}"


def listed(texts: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]


def plural(number: int, one: str, many: str | None = None) -> str:
    """'1 request', '1,204 requests'."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def clean(name: str, most: int = NAME_MOST) -> str:
    """A name from outside, fit to print: not too long, no characters that control or turn direction (a line could read differently)."""
    kept = (" " if character in "\t\r\n" else character for character in name)
    printable = "".join(one for one in kept if unicodedata.category(one) not in UNPRINTABLE or one == ZERO_WIDTH_JOINER).strip()
    return printable if len(printable) <= most else printable[: most - 1].rstrip() + "…"


def middle_cut(name: str) -> str:
    """'user-C3ScSkq…G6QVq9VC': a long id on one line, its middle left out."""
    return name if len(name) <= ONE_LINE else f"{name[:HEAD]}…{name[-TAIL:]}"


def needs_other_font(name: str) -> bool:
    """Whether `name` has characters that the shipped font lacks: those print only where the machine has a font for them."""
    return any(ord(character) > LATIN_GREEK_CYRILLIC and ord(character) not in PUNCTUATION for character in name)


def project_name(project: Project) -> str:
    """The project's name; with its id where the name may not print, its id where it has no name."""
    name, key = clean(project.name), clean(project.id)
    if name and name != key and needs_other_font(name):
        return f"{name} ({key})"
    return name or key or repr(project.id)


def name_of(dimension: str, key: str | None) -> str:
    """What people call a group's key."""
    if key is None or key == "":
        return UNKNOWN[dimension]
    if dimension == "provider":
        return PROVIDERS.get(key, clean(key))
    if dimension == "meter":
        return LABELS.get(key, clean(key))
    if dimension in {"operation", "type"}:
        words = clean(key).replace("_", " ")
        return words[:1].upper() + words[1:]
    return clean(key) or repr(key)
