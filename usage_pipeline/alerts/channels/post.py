"""One HTTP POST in, done or one of our two errors out: what webhooks, chats and text message gateways have in common.

The address is itself a secret (who has it can post), so nothing here shows it: not an error, not a repr, not the client's own log. The
certificate is verified against the system's authorities as requests knows them (REQUESTS_CA_BUNDLE for one's own); redirections are not
followed, as a secret would go where nobody sent it. Status codes: RFC 9110 §15; 425: RFC 8470; 429: RFC 6585.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.auth import AuthBase

from usage_pipeline.alerts.channels.channel import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.words import plain_sentence
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.retry_after import seconds_asked

JSON = "application/json; charset=utf-8"
CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0

_DONE, _REDIRECTS, _SERVER = range(200, 300), range(300, 400), range(500, 600)
_LATER = (408, 425, 429)
_WORDS = 160
_ANSWER_BYTES = 4096
_PIECE = 4
_CLIENT_LOG = "urllib3.connectionpool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a channel posts: its `name` in usage.yaml, the `variable` that holds the `url`, and what else must never be shown."""

    name: str
    variable: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    read_seconds: float = READ_SECONDS

    def __str__(self) -> str:
        return f"channel {self.name!r} ({self.variable})"


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """The same bytes for the same document; half a character, as broken logs have them, is a question mark."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def post(address: Address, body: bytes, headers: Mapping[str, str], parameters: Mapping[str, str] | None = None) -> Receipt:
    """Post `body` once. Raises TemporaryDeliveryError or PermanentDeliveryError unless the answer is 2xx."""
    fault: DeliveryError
    try:
        with _unlogged(), requests.Session() as session, session.post(
            address.url,
            data=body,
            headers=dict(headers),
            params=parameters,
            auth=_AsItIs(),
            timeout=(CONNECT_SECONDS, address.read_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:  # fmt: skip
            if response.status_code in _DONE:
                return Receipt(channel=address.name, text=f"accepted ({response.status_code})")
            fault = _fault(address, response, _words(address, response))
    except requests.exceptions.SSLError:
        mend = "check the address, and set REQUESTS_CA_BUNDLE if an authority of your own signed its certificate"
        fault = PermanentDeliveryError(f"{address}: no trusted TLS connection could be made: {mend}")
    except requests.Timeout:
        fault = TemporaryDeliveryError(f"{address} did not answer in time; it is sent again")
    except requests.ConnectionError:
        fault = TemporaryDeliveryError(f"{address} cannot be reached, or cut the connection; it is sent again")
    except (requests.RequestException, UnicodeError) as error:
        fault = PermanentDeliveryError(f"{address} cannot be asked ({type(error).__name__}): check the address in {address.variable}")
    raise fault  # outside the handlers: the client's own error repeats the address


def _fault(address: Address, response: requests.Response, words: str) -> DeliveryError:
    status = response.status_code
    if status in _LATER or status in _SERVER:
        asked = seconds_asked(response.headers.get("Retry-After", ""), response.headers.get("Date", ""))
        return TemporaryDeliveryError(f"{address} answered {status}{words}; it is sent again", asked)
    if status in _REDIRECTS:
        return PermanentDeliveryError(f"{address} answered {status}, a redirection, and a secret goes nowhere else: check the address")
    return PermanentDeliveryError(f"{address} answered {status}{words}; check that the address still holds, and what it expects")


def _words(address: Address, response: requests.Response) -> str:
    """What the answer says, on one line, without anything of the address or the secrets."""
    until, body = time.monotonic() + address.read_seconds, b""
    try:
        for part in response.iter_content(_ANSWER_BYTES):
            body += part
            if len(body) >= _ANSWER_BYTES or time.monotonic() > until:
                break
    except requests.RequestException:
        return ""
    text = plain_sentence(body[:_ANSWER_BYTES].decode(errors="replace"))
    for piece in _pieces(address):
        text = re.sub(rf"\S*{re.escape(piece)}\S*", "…", text)
    return f": {text[:_WORDS]}" if text else ""


def _pieces(address: Address) -> list[str]:
    """Whatever of the address may be the secret of it, longest first."""
    url = urlsplit(address.url)
    parts = [*address.secrets, address.url, url.netloc, url.hostname or "", *url.path.split("/")]
    parts += [value for _, value in parse_qsl(url.query)] + re.split("[&=]", url.query)
    parts += [word for secret in address.secrets for word in secret.split()]
    return sorted({one for part in parts for one in (part, unquote(part)) if len(one) >= _PIECE}, key=lambda one: (-len(one), one))


@contextmanager
def _unlogged() -> Iterator[None]:
    """The client writes every address that it asks into its log: not what this thread asks for now."""
    log, mine = logging.getLogger(_CLIENT_LOG), _OthersOnly(threading.get_ident())
    log.addFilter(mine)
    try:
        yield
    finally:
        log.removeFilter(mine)


class _OthersOnly(logging.Filter):
    """Lets through what other threads say."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread


class _AsItIs(AuthBase):
    """Keeps the client from adding a login of the user's .netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request
