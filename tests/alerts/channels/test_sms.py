"""Text messages: a gateway's request from a template, one message in as many parts as are allowed, nothing of a name taken for more."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from hook_receiver import Receiver, Reply, receiving
from notice_samples import HOSTILE, HUGE, NOTICE

from usage_pipeline.alerts.channels.channel import PermanentDeliveryError
from usage_pipeline.alerts.channels.post import Address
from usage_pipeline.alerts.channels.sms import SmsChannel, words
from usage_pipeline.tables.notices import RESOLVED

TOKEN = "Basic QUNjb3VudDpzM2NyM3Q="  # noqa: S105
NUMBER = "+41791234567"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def channel(receiver: Receiver, **changes: Any) -> SmsChannel:
    address = Address(name="sms", variable="SMS_URL", url=receiver.url, secrets=(TOKEN, NUMBER))
    fields = (("To", "{to}"), ("From", "+15005550006"), ("Body", "{text}"))
    return SmsChannel(**{"address": address, "to": NUMBER, "fields": fields, "is_form": True, "authorization": TOKEN} | changes)


def test_as_a_form(receiver: Receiver) -> None:
    channel(receiver).send(NOTICE)
    (post,) = receiver.received
    assert (post.headers["content-type"], post.headers["authorization"]) == ("application/x-www-form-urlencoded", TOKEN)
    assert post.headers["idempotency-key"] == NOTICE.key
    assert parse_qs(post.body.decode()) == {
        "To": [NUMBER],
        "From": ["+15005550006"],
        "Body": ["CRITICAL support-portal at 92 % of $500 for October, crosses on the 27th"],
    }


def test_as_json(receiver: Receiver) -> None:
    fields = (("recipients", "{to}"), ("message", "Costs: {text}"), ("reference", "{key}"))
    channel(receiver, fields=fields, is_form=False, authorization=None).send(HOSTILE)
    (post,) = receiver.received
    assert "authorization" not in post.headers
    assert post.document["recipients"] == NUMBER
    assert post.document["reference"] == HOSTILE.key
    assert "{to}" in post.document["message"]  # of the name: it is no placeholder


def test_refused_without_showing_the_number(receiver: Receiver) -> None:
    receiver.replies = [Reply(400, f"'To' number {NUMBER} is not valid for QUNjb3VudDpzM2NyM3Q=")]
    with pytest.raises(PermanentDeliveryError, match="number … is not valid for …") as refused:
        channel(receiver).send(NOTICE)
    shown = f"{refused.value!r} {channel(receiver)!r}"
    assert not [piece for piece in (NUMBER, "QUNjb3", "hunter2") if piece in shown]


def test_parts() -> None:
    assert words(replace(NOTICE, subject="x" * 151)) == "CRITICAL " + "x" * 151
    assert words(replace(NOTICE, subject="x" * 152)) == "CRITICAL " + "x" * 148 + "..."
    assert len(words(replace(NOTICE, subject="x" * 1000), 3)) == 3 * 153 - 2
    assert words(replace(NOTICE, subject="[" * 151)) == "CRITICAL " + "[" * 74 + "..."
    assert words(replace(NOTICE, subject="Ж" * 61)) == "CRITICAL " + "Ж" * 61
    assert words(replace(NOTICE, subject="Ж" * 62)) == "CRITICAL " + "Ж" * 58 + "..."
    assert words(replace(NOTICE, state=RESOLVED, subject="a – b’s “c” …\u00a0×2 €5")) == 'RESOLVED a - b\'s "c" ... x2 €5'


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("notice", [HOSTILE, HUGE], ids=["hostile", "huge"])
def test_it_fits(notice: Any, parts: int) -> None:
    text = words(notice, parts)
    assert len(text.encode("utf-16-le")) // 2 <= {1: 160, 2: 306, 3: 459}[parts]
    assert "\n" not in text
    assert "://" not in text
