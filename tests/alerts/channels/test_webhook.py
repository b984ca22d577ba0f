"""Signed webhooks: a real receiver that verifies with the very code of docs/webhook.md, answers of every kind, secrets shown nowhere."""

import json
import logging
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hook_receiver import PATH, Receiver, Reply, receiving
from notice_samples import HOSTILE, NOTICE

from usage_pipeline.alerts.channels.channel import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.channels.post import Address
from usage_pipeline.alerts.channels.webhook import WebhookChannel, document
from usage_pipeline.alerts.states import state_delivery
from usage_pipeline.tables.alerts import Receipt

SECRET = "0123456789abcdef-signing"  # noqa: S105
NOW = datetime(2026, 10, 23, 6, 0, 5, tzinfo=UTC)
DOCUMENTED = (Path(__file__).parents[3] / "docs" / "webhook.md").read_text("utf-8")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def verified() -> Callable[..., bool]:
    """The code that docs/webhook.md gives to receivers."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENTED, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102
    return names["verified"]


def channel(url: str, **changes: Any) -> WebhookChannel:
    address = Address(name="pager", variable="PAGER_URL", url=url, secrets=(SECRET,), read_seconds=changes.pop("read_seconds", 10))
    return WebhookChannel(address=address, secret=SECRET, clock=lambda: NOW, **changes)


def failure(url: str, **changes: Any) -> DeliveryError:
    """The error, after a look whether it gives anything away."""
    with pytest.raises(DeliveryError) as raised:
        channel(url, **changes).send(NOTICE)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert_nothing_shown(f"{raised.value!r} {raised.value}")
    return raised.value


def assert_nothing_shown(text: str) -> None:
    for piece in (SECRET, PATH, *PATH.strip("/").split("/")[1:], "127.0.0.1"):
        assert piece not in text


def test_a_receiver_verifies_what_it_gets(receiver: Receiver, verified: Callable[..., bool]) -> None:
    receiver.judge = lambda post: Reply(204 if verified(SECRET, post.headers, post.body, now=NOW.timestamp()) else 401)
    assert channel(receiver.url).send(NOTICE) == Receipt(channel="pager", text="accepted (204)")
    (post,) = receiver.received
    assert post.path == PATH
    assert post.headers["content-type"] == "application/json; charset=utf-8"
    assert (post.headers["idempotency-key"], post.headers["x-usage-timestamp"]) == (NOTICE.key, "1792735205")
    assert post.document == document(NOTICE)
    assert not verified(SECRET, post.headers, post.body.replace(b"92", b"12"), now=NOW.timestamp())
    assert not verified(SECRET, post.headers | {"x-usage-timestamp": "1792735206"}, post.body, now=NOW.timestamp())
    assert not verified("another secret, as long", post.headers, post.body, now=NOW.timestamp())
    assert not verified(SECRET, post.headers, post.body, now=NOW.timestamp() + 301)
    assert not verified(SECRET, {}, post.body, now=NOW.timestamp())


def test_the_same_notice_is_the_same_body_at_every_retry(receiver: Receiver) -> None:
    receiver.replies = [Reply(503), Reply(200)]
    with pytest.raises(TemporaryDeliveryError):
        channel(receiver.url).send(NOTICE)
    channel(receiver.url).send(NOTICE)
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_the_document_is_as_documented() -> None:
    sample, feed = re.findall(r"```json\n(.*?)```", DOCUMENTED, re.DOTALL)
    assert json.loads(sample) == document(NOTICE)
    assert json.loads(state_delivery(json.loads(feed), "gate", NOW).message or "") == json.loads(feed)
    told = re.findall(r"^\| `(\w+)` \|", DOCUMENTED, re.MULTILINE)
    assert told == list(document(NOTICE))
    assert Decimal(document(NOTICE)["facts"]["spent"]) == Decimal("460.100000000001")


def test_hostile_names_arrive_as_they_are(receiver: Receiver) -> None:
    channel(receiver.url).send(HOSTILE)
    assert receiver.received[0].document["project"] == HOSTILE.project
    assert "\n" not in "".join(receiver.received[0].headers.values())


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_later(receiver: Receiver, status: int) -> None:
    receiver.replies = [Reply(status, "busy, try later", {"Retry-After": "120"})]
    error = failure(receiver.url)
    assert isinstance(error, TemporaryDeliveryError)
    assert error.retry_after_seconds == 120
    assert str(error) == f"channel 'pager' (PAGER_URL) answered {status}: busy, try later; it is sent again"


def test_how_long_to_wait_as_a_date(receiver: Receiver) -> None:
    dated = {"Date": "Fri, 23 Oct 2026 06:00:00 GMT", "Retry-After": "Fri, 23 Oct 2026 06:05:00 GMT"}
    receiver.replies = [Reply(503, headers=dated), Reply(503, headers={"Retry-After": "soon"}), Reply(503)]
    asked = [failure(receiver.url) for _ in range(3)]
    assert [one.retry_after_seconds for one in asked if isinstance(one, TemporaryDeliveryError)] == [300, None, None]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_never(receiver: Receiver, status: int) -> None:
    receiver.replies = [Reply(status, "no_service")]
    error = failure(receiver.url)
    assert isinstance(error, PermanentDeliveryError)
    assert f"answered {status}: no_service; check that the address still holds" in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.replies = [Reply(status, headers={"Location": receiver.url + "/elsewhere"})]
    error = failure(receiver.url)
    assert isinstance(error, PermanentDeliveryError)
    assert f"answered {status}, a redirection" in str(error)
    assert [post.path for post in receiver.received] == [PATH]


def test_silence_and_a_cut_connection(receiver: Receiver) -> None:
    receiver.replies = [Reply(after=0.5), Reply(is_cut=True)]
    silent, cut = failure(receiver.url, read_seconds=0.1), failure(receiver.url)
    assert isinstance(silent, TemporaryDeliveryError)
    assert str(silent) == "channel 'pager' (PAGER_URL) did not answer in time; it is sent again"
    assert isinstance(cut, TemporaryDeliveryError)
    assert "cannot be reached, or cut the connection" in str(cut)


def test_nobody_there(receiver: Receiver) -> None:
    gone = receiver.url.replace(PATH, "").rsplit(":", 1)[0] + ":9" + PATH
    assert isinstance(failure(gone), TemporaryDeliveryError)


def test_an_address_that_is_none() -> None:
    error = failure("https://[" + PATH)
    assert isinstance(error, PermanentDeliveryError)
    assert "check the address in PAGER_URL" in str(error)


def test_what_the_receiver_repeats_is_not_shown(receiver: Receiver) -> None:
    receiver.replies = [Reply(400, f"bad token hunter2-token at {receiver.url}; key={SECRET}!"), Reply(400, "x" * 100_000)]
    assert "answered 400: bad token … at … …; check" in str(failure(receiver.url))
    assert len(str(failure(receiver.url))) < 300


def test_nothing_is_logged_nor_represented(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.replies = [Reply(), Reply(500, "no")]
    assert_nothing_shown(repr(channel(receiver.url)) + str(channel(receiver.url)))
    channel(receiver.url).send(NOTICE)
    failure(receiver.url)
    assert len(receiver.received) == 2
    assert caplog.records == []
    logging.getLogger("urllib3.connectionpool").debug("of another")
    assert caplog.messages == ["of another"]


def test_tls_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(tmp_path / "key.pem"), "-out", str(certificate)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    with receiving(certificate) as receiver:
        error = failure(receiver.url)
        assert isinstance(error, PermanentDeliveryError)
        assert "no trusted TLS connection could be made" in str(error)
        assert receiver.received == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert channel(receiver.url).send(NOTICE).text == "accepted (200)"
        other = failure(receiver.url.replace("localhost", "127.0.0.1"))
    assert isinstance(other, PermanentDeliveryError)


def test_any_document_is_signed_the_same_way(receiver: Receiver, verified: Callable[..., bool]) -> None:
    channel(receiver.url).post({"schema": "usage_pipeline.budget_state/1", "projects": []}, key="k1")
    (post,) = receiver.received
    assert verified(SECRET, post.headers, post.body, now=NOW.timestamp())
    assert post.headers["idempotency-key"] == "k1"


def test_while_a_secret_is_changed_both_verify(receiver: Receiver, verified: Callable[..., bool]) -> None:
    replace(channel(receiver.url), before="the old secret, as long").send(NOTICE)
    (post,) = receiver.received
    tried = (SECRET, "the old secret, as long", "neither of them")
    assert [verified(one, post.headers, post.body, now=NOW.timestamp()) for one in tried] == [True, True, False]


def test_a_login_of_the_users_netrc_is_not_sent(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    channel(receiver.url).send(replace(NOTICE, key="k2"))
    assert "authorization" not in receiver.received[0].headers
