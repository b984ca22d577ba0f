"""A notice in, the same cut to what a chat message holds out: lines without line breaks, control characters or addresses to click on.
Figures are rounded here, for showing; the webhook has them exactly.

Names in it come from logs, so they may say anything. What each chat would read as markup is the business of its own module.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from urllib.parse import urlsplit

from usage_pipeline.alerts.words import plain_sentence
from usage_pipeline.tables.notices import RESOLVED, Notice

SUBJECT, TEXT, LABEL, VALUE, PLACE, URL = 150, 2000, 40, 80, 200, 1000
LINES_MAX, FACTS_MAX, LINKS_MAX = 20, 12, 4
UNKNOWN = "unknown"
NOTHING = "–"
"""For what is empty: chats refuse a message with an empty text in it."""

ELLIPSIS = "…"
PERCENT = "percent"

_FRACTION = re.compile(r"-?[0-9]{1,40}\.[0-9]{1,40}")
_CENT = Decimal("0.01")
_WIDE = Context(prec=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """`headline` begins with the level. `links` are web addresses; other places are told in `places` as text."""

    headline: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    places: tuple[str, ...]


def outline(notice: Notice) -> Outline:
    links = notice.links[:LINKS_MAX]
    lines = [line for line in map(plain_line, notice.text.splitlines()) if line]
    shown = cut("\n".join([*lines[:LINES_MAX], *([ELLIPSIS] if len(lines) > LINES_MAX else [])]), TEXT)
    return Outline(
        headline=cut(f"{_mark(notice)}: {plain_line(notice.subject)}", SUBJECT),
        paragraphs=tuple(shown.split("\n")) if shown else (),
        facts=tuple((_label(name), _value(name, value)) for name, value in list(notice.facts.items())[:FACTS_MAX]),
        links=tuple((cut(plain_line(one.text), LABEL) or NOTHING, one.url) for one in links if is_web(one.url)),
        places=tuple(cut(f"{plain_line(one.text)}: {plain_line(one.url)}", PLACE) for one in links if not is_web(one.url)),
    )


def plain_line(text: str) -> str:
    """One line in which no program finds an address to click on: those we mean are links of their own."""
    return plain_sentence(text).replace("://", ": //")


def cut(text: str, units_max: int) -> str:
    """`text`, or as much of it as `units_max` UTF-16 units hold, with an ellipsis: chats count as JavaScript does."""
    if units(text) <= units_max:
        return text
    kept = text[: units_max - 1]
    while units(kept) > units_max - 1:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_web(url: str) -> bool:
    """Whether `url` is a web address that may be clicked on: no other scheme, nothing but plain ASCII, of a sane length."""
    if len(url) > URL or not url.isascii() or any(character.isspace() or character in '<>"|\\`' for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname)


def _mark(notice: Notice) -> str:
    return "Resolved" if notice.state == RESOLVED else notice.level.capitalize()


def _label(name: str) -> str:
    return cut(plain_line(name.replace("_", " ")).capitalize(), LABEL) or NOTHING


def _value(name: str, value: str | None) -> str:
    """As people read it: a figure to the cent, or two digits of a smaller one. A percentage is never rounded up to a mark."""
    if value is None:
        return UNKNOWN
    if not _FRACTION.fullmatch(value):
        return cut(plain_line(value), VALUE) or NOTHING
    number = Decimal(value)
    step = _CENT if abs(number) >= _CENT or not number else Decimal(1).scaleb(number.adjusted() - 1)
    rounded = number.quantize(step, rounding=ROUND_FLOOR if name.endswith(PERCENT) else ROUND_HALF_EVEN, context=_WIDE)
    return f"{rounded:f}" if rounded != number else value
