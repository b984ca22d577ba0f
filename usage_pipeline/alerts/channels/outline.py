"""A notice in, the same cut to what a chat message holds out: lines without line breaks, control characters or addresses to click on.

Names in it come from logs, so they may say anything. What each chat would read as markup is the business of its own module.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from usage_pipeline.alerts.words import plain_sentence
from usage_pipeline.tables.notices import RESOLVED, Notice

SUBJECT, TEXT, LABEL, VALUE, URL = 150, 2000, 40, 80, 1000
FACTS_MAX, LINKS_MAX = 12, 4
UNKNOWN = "unknown"
ELLIPSIS = "…"


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
    shown = cut("\n".join(filter(None, (plain_line(line) for line in notice.text.splitlines()))), TEXT)
    return Outline(
        headline=cut(f"{_mark(notice)}: {plain_line(notice.subject)}", SUBJECT),
        paragraphs=tuple(shown.split("\n")) if shown else (),
        facts=tuple((_label(name), _value(value)) for name, value in list(notice.facts.items())[:FACTS_MAX]),
        links=tuple((cut(plain_line(one.text), LABEL), one.url) for one in links if is_web(one.url)),
        places=tuple(cut(f"{plain_line(one.text)}: {plain_line(one.url)}", URL) for one in links if not is_web(one.url)),
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
    return cut(plain_line(name.replace("_", " ")).capitalize(), LABEL)


def _value(value: str | None) -> str:
    return UNKNOWN if value is None else cut(plain_line(value), VALUE)
