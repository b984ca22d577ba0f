"""Where an API is and which variable of the environment holds its key. A key in the file itself is refused, and never shown."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from usage_pipeline.settings.shape_words import word, wrong

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")


def _url(value: Any) -> str:
    text = word(value).rstrip("/")
    try:
        url = urlsplit(text)
        host = url.hostname or ""
        has_more = bool(url.username or url.password or url.query or url.fragment) or url.port == 0
    except ValueError:
        raise wrong(f"{text!r} is no url, such as https://api.example.com/v1") from None
    if has_more:
        raise wrong("a url here has no user, password, query or fragment; the key comes from the environment")
    if not host or not (url.scheme == "https" or (url.scheme == "http" and host in LOOPBACK)):
        raise wrong(f"{text!r} is no https url, such as https://api.example.com/v1: a key is sent there")
    return text


def _variable(value: Any) -> str:
    text = word(value)
    if not _VARIABLE.fullmatch(text):  # never shown: it may be the key itself
        raise wrong("key is the name of a variable of the environment, such as OPENAI_ADMIN_KEY: capital letters, digits and '_'")
    return text


Url = Annotated[str, BeforeValidator(_url)]
Variable = Annotated[str, BeforeValidator(_variable)]
