"""Asking an admin API: one question until it has an answer, or until it is clear that there will be none. Never shows the key.

requests is the client: it comes with Dagster, knows proxies and certificate authorities of the environment, and tells a body that was
cut off. What is worth asking again is decided here: too many requests, errors of the server, 404 (OpenAI's costs were gone for a day
once), timeouts, cut connections, answers that are not what is documented. Waits grow and are jittered; Retry-After is honoured.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, TypeVar

import requests
from requests.auth import AuthBase

from usage_pipeline.errors import UsageError
from usage_pipeline.storage.records_pages import PAGE_BYTES_MAX, parsed
from usage_pipeline.tables.api import Parameters, WrongAnswerError
from usage_pipeline.tables.retry_after import seconds_asked

T = TypeVar("T")

OK, TOO_MANY, SERVER_ERRORS = 200, 429, 500
REFUSED = (401, 403)
AGAIN = (404, 408, 409, 425, TOO_MANY)
REDIRECTS = range(300, 400)
BLOCK_BYTES = 1 << 16
WORDS_CHARACTERS = 200


class PullError(UsageError):
    """No answer, in words. `is_final`: no other question of this source will have one either (the key is refused, say).

    `may_split`: a question about fewer days may have one.
    """

    def __init__(self, words: str, *, is_final: bool = False, may_split: bool = False) -> None:
        super().__init__(words)
        self.is_final = is_final
        self.may_split = may_split


class _TransientError(Exception):
    """An attempt failed and another may not. `wait_seconds` is what the server asks for; `may_split` as in PullError."""

    def __init__(self, words: str, wait_seconds: int | None = None, *, may_split: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.wait_seconds = wait_seconds
        self.may_split = may_split


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long is waited, in seconds.

    `question` is what one question may take; `give_up` the time without any answer after which nothing more is asked of a source.
    """

    attempts: int = 6
    first_wait: float = 1
    longest_wait: float = 30
    longest_retry_after: int = 120
    connect: float = 10
    read: float = 60
    question: float = 150
    give_up: float = 300


class Pace:
    """Lets `burst` requests through at once, then one each `seconds_apart`."""

    def __init__(self, burst: int, seconds_apart: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._slack = burst * seconds_apart
        self._apart = seconds_apart
        self._clock = clock
        self._sleep = sleep
        self._through = clock() - self._slack

    def wait(self) -> None:
        now = self._clock()
        self._through = max(self._through, now - self._slack) + self._apart
        if self._through > now:
            self._sleep(self._through - now)


class _AsItIs(AuthBase):
    """Keeps the client from putting a login of the user's .netrc in the place of the key."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Client:
    """Asks one API with one key. `refused` says which key is needed, for the case that it is not taken."""

    def __init__(
        self,
        headers: Mapping[str, str],
        *,
        refused: str,
        pace: Pace,
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._headers = dict(headers)
        self._refused = refused
        self._pace = pace
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._jitter = SystemRandom()
        self._session = requests.Session()
        self._answered_at = clock()

    def close(self) -> None:
        self._session.close()

    def ask(self, url: str, parameters: Parameters, read: Callable[[Any], T], *, attempts: int | None = None) -> T:
        """What `read` makes of the JSON document; it raises WrongAnswerError where that is not what is documented.

        Raises PullError after the last attempt (of `attempts`, if not all), or once nothing has answered for `give_up` seconds.
        """
        last, attempt = attempts or self._patience.attempts, 0
        until = self._clock() + self._patience.question
        while True:
            attempt += 1
            try:
                answer = self._once(url, parameters, read)
            except _TransientError as fault:
                self._sleep(self._pause(fault, attempt, last, until))
            else:
                self._answered_at = self._clock()
                return answer

    def _pause(self, fault: _TransientError, attempt: int, last: int, until: float) -> float:
        """Seconds until the next attempt: what the server asks for, else doubled each time and jittered. Raises PullError for the last."""
        if fault.wait_seconds is not None and fault.wait_seconds > self._patience.longest_retry_after:
            raise PullError(f"{fault.words}, and asks to wait {fault.wait_seconds:,} seconds") from None
        if attempt >= last:
            raise PullError(f"{fault.words}, {attempt} times" if attempt > 1 else fault.words, may_split=fault.may_split) from None
        grown = min(self._patience.first_wait * 2 ** (attempt - 1), self._patience.longest_wait)
        pause = grown * (0.5 + self._jitter.random() / 2) if fault.wait_seconds is None else fault.wait_seconds
        if pause > self._left():
            raise PullError(f"{fault.words}; nothing has answered for {self._patience.give_up:.0f} seconds", is_final=True) from None
        if self._clock() + pause > until:
            raise PullError(f"{fault.words}, {attempt} times in {self._patience.question:.0f} seconds") from None
        return pause

    def _left(self) -> float:
        """Seconds until nothing more is asked."""
        return self._answered_at + self._patience.give_up - self._clock()

    def _once(self, url: str, parameters: Parameters, read: Callable[[Any], T]) -> T:
        self._pace.wait()
        timeout = (self._patience.connect, max(min(self._patience.read, self._left()), 1))
        try:
            with self._session.get(
                url, params=parameters, headers=self._headers, auth=_AsItIs(), timeout=timeout, allow_redirects=False, stream=True
            ) as response:
                body = self._body(response)
        except requests.exceptions.SSLError:
            raise _TransientError("no trusted TLS connection could be made") from None
        except requests.Timeout:
            raise _TransientError("did not answer in time") from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise _TransientError("broke off in the middle of an answer") from None
        except requests.ConnectionError:
            raise _TransientError("cannot be reached, or cut the connection") from None
        except requests.RequestException as error:
            raise PullError(f"cannot be asked ({type(error).__name__}): check the url in usage.yaml") from None
        self._judge(response, body)
        try:
            return read(parsed(body.decode()))
        except WrongAnswerError as error:
            raise _TransientError(str(error), may_split=True) from None
        except (ValueError, RecursionError):
            raise _TransientError("answered with something that is not JSON", may_split=True) from None

    def _body(self, response: requests.Response) -> bytes:
        """All of it, or an error: a slow trickle is not waited for longer than any answer, an endless one is cut."""
        started, parts, size = self._clock(), [], 0
        for part in response.iter_content(BLOCK_BYTES):
            parts.append(part)
            size += len(part)
            if size > PAGE_BYTES_MAX:
                raise PullError(f"an answer is larger than {PAGE_BYTES_MAX >> 20} MiB")
            if self._clock() - started > self._patience.read:
                raise requests.Timeout
        return b"".join(parts)

    def _judge(self, response: requests.Response, body: bytes) -> None:
        """Raises unless the answer is good."""
        status = response.status_code
        if status == OK:
            return
        if status in REFUSED:
            raise PullError(f"the key is refused ({status}): {self._refused}", is_final=True)
        if status in AGAIN or status >= SERVER_ERRORS:
            asked = seconds_asked(response.headers.get("Retry-After", ""), response.headers.get("Date", ""))
            raise _TransientError(f"answered {status}", asked, may_split=status != TOO_MANY)
        if status in REDIRECTS:
            raise PullError(f"answered {status}, a redirection, and the key goes nowhere else: check the url in usage.yaml")
        raise PullError(f"answered {status}{self._message(body)}")

    def _message(self, body: bytes) -> str:
        """What the server says is wrong with the question; nothing that could be the key or an address."""
        try:
            message = parsed(body.decode())["error"]["message"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return ""
        words = re.sub(r"\S*(?:sk-|@)\S*", "…", " ".join(str(message).split()))
        for value in self._headers.values():
            words = words.replace(value.removeprefix("Bearer "), "…")
        return f": {words[:WORDS_CHARACTERS]}"
