"""Channels of usage.yaml and the environment's variables become ways to send; what is missing is said without what is there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hook_receiver import receiving
from notice_samples import NOTICE

from usage_pipeline.alerts.channels.backoff import wait_before
from usage_pipeline.alerts.channels.channel import NoticeChannel, TemporaryDeliveryError
from usage_pipeline.alerts.channels.discord import DiscordChannel
from usage_pipeline.alerts.channels.opening import opened, wrong_variables
from usage_pipeline.alerts.channels.routing import channels_for
from usage_pipeline.alerts.channels.slack import SlackChannel
from usage_pipeline.alerts.channels.sms import SmsChannel
from usage_pipeline.alerts.channels.teams import TeamsChannel
from usage_pipeline.alerts.channels.webhook import WebhookChannel
from usage_pipeline.tables.channels import KINDS, ChannelSpec, Route

VARIABLES = {"URL": "https://hooks.example.org/services/T0/hunter2", "KEY": "0123456789abcdef", "TOKEN": "Bearer s3cr3t"}
NOW = datetime(2026, 10, 23, 6, tzinfo=UTC)
SMS = ChannelSpec(
    name="sms", kind="sms", url="URL", authorization="TOKEN", to="+41791234567", fields=(("to", "{to}"), ("text", "{text}")), line=7
)
PAGER = ChannelSpec(name="pager", kind="webhook", url="URL", secret="KEY")  # noqa: S106 - the variable's name


def open_it(spec: ChannelSpec, variables: Mapping[str, str] = VARIABLES) -> NoticeChannel:
    return opened(spec, variables.get, lambda: NOW)


def test_every_kind_is_opened() -> None:
    made = {kind: open_it(replace(PAGER if kind == "webhook" else SMS, kind=kind)) for kind in KINDS}
    assert [type(made[kind]) for kind in KINDS] == [WebhookChannel, SlackChannel, TeamsChannel, DiscordChannel, SmsChannel]
    shown = repr(made)
    assert not [piece for piece in ("hunter2", "0123456789abcdef", "s3cr3t", "+4179", "hooks.example.org") if piece in shown]


def test_it_sends() -> None:
    with receiving() as receiver:
        made = open_it(PAGER, VARIABLES | {"URL": receiver.url})
        assert made.send(NOTICE).channel == "pager"
        assert receiver.received[0].document["id"] == NOTICE.key


def test_missing_variables_are_told_together() -> None:
    with pytest.raises(TemporaryDeliveryError) as raised:
        open_it(PAGER, {})
    assert str(raised.value) == (
        "environment: URL: it is not set, and channel 'pager' has it as its url; "
        "environment: KEY: it is not set, and channel 'pager' has it as its secret"
    )
    assert wrong_variables(PAGER, VARIABLES.get) == []


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("URL", "hooks.example.org/hunter2", "no address to post to"),
        ("URL", "https://user:hunter2@example.org/", "no address to post to"),
        ("URL", "https://example.org/hunter2 x", "no address to post to"),
        ("URL", "https://[hunter2", "no address to post to"),
        ("URL", "http://hooks.example.org/hunter2", "not an https:// address"),
        ("URL", "file:///hunter2", "no address to post to"),
        ("KEY", "hunter2", "too short to sign with: give at least 16"),
    ],
)
def test_what_cannot_be_right_is_not_shown(variable: str, value: str, words: str) -> None:
    (told,) = wrong_variables(PAGER, (VARIABLES | {variable: value}).get)
    assert told.startswith(f"environment: {variable}: {words}")
    assert "hunter2" not in told


def test_a_header_of_two_lines_is_none() -> None:
    (told,) = wrong_variables(SMS, (VARIABLES | {"TOKEN": "Bearer s3cr3t\r\nX: y"}).get)
    assert told.startswith("environment: TOKEN: no value for the header Authorization")
    assert "s3cr3t" not in told


def test_routes() -> None:
    routes = (
        Route(channels=("pager", "ops"), levels=("critical",), rules=("budget_threshold", "forecast"), projects=("portal",)),
        Route(channels=("ops",), levels=("warning", "critical")),
        Route(channels=("finance",), projects=("organisation",)),
    )
    heard = {
        (level, rule, project): channels_for(routes, level=level, rule=rule, project=project)
        for level, rule, project in [
            ("critical", "forecast", "portal"),
            ("critical", "anomaly", "portal"),
            ("info", "forecast", "portal"),
            ("critical", "forecast", None),
            ("info", "unpriced", None),
        ]
    }
    assert list(heard.values()) == [("pager", "ops"), ("ops",), (), ("ops", "finance"), ("finance",)]
    assert channels_for((), level="critical", rule="forecast", project=None) == ()


def test_waits_grow_are_spread_and_honour_what_is_asked() -> None:
    waits = [wait_before(attempt, "key") for attempt in range(2, 14)]
    bounds = [min(timedelta(minutes=2**number), timedelta(hours=6)) for number in range(12)]
    assert all(bound <= wait < bound * 1.25 for wait, bound in zip(waits, bounds, strict=True))
    assert wait_before(3, "key") == wait_before(3, "key")
    assert len({wait_before(3, str(number)) for number in range(100)}) > 50
    assert timedelta(seconds=900) <= wait_before(2, "key", 900) < timedelta(seconds=915)
    assert wait_before(9, "key", 1) >= timedelta(minutes=128)
    assert wait_before(2, "key", 10**9) < timedelta(hours=25)
    assert wait_before(1000, "key") < timedelta(hours=7.5)
    with pytest.raises(ValueError, match="attempt 1 waits for nothing"):
        wait_before(1, "key")
