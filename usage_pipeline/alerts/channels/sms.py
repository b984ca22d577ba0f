r"""Notices as text messages, through any gateway that takes an HTTP POST: its request is a template in usage.yaml.

A message is the headline alone, in as few parts as are allowed. A part holds 160 characters of the GSM 7-bit alphabet (153 of
several), where `^{}\[~]|€` count twice, or 70 of Unicode (67): 3GPP TS 23.038. Signs with a plain equivalent are written so; a
name in another alphabet has the whole message go out in Unicode.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from usage_pipeline.alerts.channels.outline import plain_line, units
from usage_pipeline.alerts.channels.post import JSON, Address, json_bytes, post
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.notices import RESOLVED, Notice

FORM = "application/x-www-form-urlencoded"
TO, TEXT, KEY = "{to}", "{text}", "{key}"
PARTS_MAX = 3

_PLAIN = str.maketrans({
    "\u00a0": " ", "\u202f": " ", "–": "-", "—": "-", "−": "-", "…": "...", "×": "x", "±": "+/-", "’": "'", "‘": "'", "“": '"', "”": '"',
    "`": "'", "á": "a", "â": "a", "ê": "e", "ë": "e", "í": "i", "î": "i", "ï": "i", "ó": "o", "ô": "o", "ú": "u", "û": "u", "ç": "c",
})  # fmt: skip
_SINGLE = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE = frozenset("^{}\\[~]|€")
_GSM, _UNICODE = (160, 153), (70, 67)
_PLACEHOLDER = re.compile(r"\{(?:to|text|key)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsChannel:
    """Posts the `fields` to the gateway, as a form or as JSON, for one number. `authorization` is the header of that name."""

    address: Address
    to: str = field(repr=False)
    fields: tuple[tuple[str, str], ...]
    is_form: bool = False
    parts: int = 1
    authorization: str | None = field(default=None, repr=False)

    def send(self, notice: Notice) -> Receipt:
        """Post `notice` once. Raises DeliveryError unless the gateway took it."""
        values = {TO: self.to, TEXT: words(notice, self.parts), KEY: notice.key}
        filled = {name: _filled(template, values) for name, template in self.fields}
        headers = {"Content-Type": FORM if self.is_form else JSON, "Idempotency-Key": notice.key}
        if self.authorization:
            headers["Authorization"] = self.authorization
        return post(self.address, urlencode(filled).encode() if self.is_form else json_bytes(filled), headers)


def words(notice: Notice, parts: int = 1) -> str:
    """'CRITICAL support-portal at 92 % of $500 …', cut to `parts` parts."""
    mark = RESOLVED if notice.state == RESOLVED else notice.level
    text = f"{mark.upper()} {plain_line(notice.subject)}".translate(_PLAIN)
    sizes = _GSM if all(one in _SINGLE or one in _DOUBLE for one in text) else _UNICODE
    most = sizes[0] if parts == 1 else sizes[1] * parts - (parts - 1)  # a sign that counts twice is not split over two parts
    if _size(text, sizes) <= most:
        return text
    text = text[:most]
    while _size(text, sizes) > most - 3:
        text = text[:-1]
    return text.rstrip() + "..."


def _size(text: str, sizes: tuple[int, int]) -> int:
    """Characters as the alphabet of `sizes` counts them."""
    return units(text) if sizes == _UNICODE else len(text) + sum(one in _DOUBLE for one in text)


def _filled(template: str, values: dict[str, str]) -> str:
    """Every placeholder at once, so that what stands in a name is never taken for one."""
    return _PLACEHOLDER.sub(lambda found: values[found[0]], template)
