"""Notices for a Discord channel, by a webhook (https://discord.com/developers/docs/resources/webhook#execute-webhook).

A message is Markdown of at most 2,000 characters: whatever could be markup is escaped, nobody is mentioned whatever a name says
(`allowed_mentions`), and no preview is fetched. `wait=true` has Discord answer once the message is kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from usage_pipeline.alerts.channels.outline import ELLIPSIS, Outline, outline, units
from usage_pipeline.alerts.channels.post import JSON, Address, json_bytes, post
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.notices import Notice

CHARACTERS_MAX = 2000
SUPPRESS_EMBEDS = 1 << 2

_MARKUP = re.compile(r"[\\*_~`|>#\-\[\]()<:@/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordChannel:
    address: Address

    def send(self, notice: Notice) -> Receipt:
        """Post `notice` once. Raises DeliveryError unless Discord kept it."""
        return post(self.address, json_bytes(payload(notice)), {"Content-Type": JSON}, {"wait": "true"})


def payload(notice: Notice) -> dict[str, Any]:
    return {"content": _content(outline(notice)), "allowed_mentions": {"parse": []}, "flags": SUPPRESS_EMBEDS}


def _content(shown: Outline) -> str:
    """Whole lines as long as they fit: the headline, where more is, the figures, then as much of the text as is left."""
    lines = [f"**{_escaped(shown.headline)}**"]
    left = CHARACTERS_MAX - units(lines[0]) - 1
    more = []
    for line in _more(shown):
        if units(line) + 1 <= left:
            more.append(line)
            left -= units(line) + 1
    text = _fitting("\n".join(shown.paragraphs), left)
    return "\n".join([*lines, *([text] if text else []), *more])


def _more(shown: Outline) -> Iterator[str]:
    yield from (f"{_escaped(text)}: <{url}>" for text, url in shown.links)
    yield from (f"{_escaped(label)}: **{_escaped(value)}**" for label, value in shown.facts)
    yield from map(_escaped, shown.places)


def _fitting(text: str, units_max: int) -> str:
    """`text` escaped, cut where it would become longer than `units_max`; never in the middle of an escape."""
    whole = _escaped(text)
    if units(whole) <= units_max:
        return whole
    kept, size = "", len(ELLIPSIS) + 1
    for character in text:
        piece = _escaped(character)
        size += units(piece)
        if size > units_max:
            break
        kept += piece
    return kept + ELLIPSIS if kept else ""


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)
