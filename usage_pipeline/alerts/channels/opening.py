"""A channel of usage.yaml in, the way to send on it out. Its secrets come from the environment, asked for when they are needed."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from usage_pipeline.alerts.channels.channel import NoticeChannel, TemporaryDeliveryError
from usage_pipeline.alerts.channels.discord import DiscordChannel
from usage_pipeline.alerts.channels.post import Address
from usage_pipeline.alerts.channels.slack import SlackChannel
from usage_pipeline.alerts.channels.sms import SmsChannel
from usage_pipeline.alerts.channels.teams import TeamsChannel
from usage_pipeline.alerts.channels.webhook import WebhookChannel
from usage_pipeline.tables.channels import DISCORD, SLACK, SMS, TEAMS, ChannelSpec

SECRET_CHARACTERS_MIN = 16
LOOPBACK = ("localhost", "127.0.0.1", "::1")

Variables = Callable[[str], str | None]
"""What a variable of the environment holds; None where it is not set or empty."""


def opened(spec: ChannelSpec, variables: Variables, clock: Callable[[], datetime]) -> NoticeChannel:
    """The channel that `spec` describes. Nothing is sent by it.

    Raises TemporaryDeliveryError where a variable is missing or holds what cannot be right: what is to be sent waits until it is mended.
    """
    problems = wrong_variables(spec, variables)
    if problems:
        raise TemporaryDeliveryError("; ".join(problems))
    secret, authorization = _value(spec.secret, variables), _value(spec.authorization, variables)
    before = _value(spec.secret_before, variables)
    hidden = tuple(one for one in (secret, before, authorization, spec.to) if one)
    address = Address(name=spec.name, variable=spec.url, url=_value(spec.url, variables) or "", secrets=hidden)
    if spec.kind == SLACK:
        return SlackChannel(address=address)
    if spec.kind == TEAMS:
        return TeamsChannel(address=address)
    if spec.kind == DISCORD:
        return DiscordChannel(address=address)
    if spec.kind == SMS:
        fields, to = spec.fields, spec.to or ""
        return SmsChannel(address=address, to=to, fields=fields, is_form=spec.is_form, parts=spec.parts, authorization=authorization)
    return WebhookChannel(address=address, secret=secret or "", before=before, clock=clock)


def wrong_variables(spec: ChannelSpec, variables: Variables) -> list[str]:
    """A sentence for each variable of `spec` that is missing or wrong; never what it holds."""
    found: list[str] = []
    for key, variable in (
        ("url", spec.url),
        ("secret", spec.secret),
        ("secret_before", spec.secret_before),
        ("authorization", spec.authorization),
    ):
        if variable is None:
            continue
        value = variables(variable)
        words = f"it is not set, and channel {spec.name!r} has it as its {key}" if value is None else _wrong(key, value)
        if words:
            found.append(f"environment: {variable}: {words}")
    return found


def _wrong(key: str, value: str) -> str:
    """What is wrong with a value, without showing it; '' where nothing is."""
    if key in {"secret", "secret_before"} and len(value) < SECRET_CHARACTERS_MIN:
        return f"too short to sign with: give at least {SECRET_CHARACTERS_MIN} random characters, such as `openssl rand -hex 32` prints"
    if key == "authorization" and not re.fullmatch(r"[\x20-\x7e]+", value):
        return "no value for the header Authorization, such as Bearer <token>: one line of plain ASCII"
    return _wrong_url(value) if key == "url" else ""


def _wrong_url(value: str) -> str:
    try:
        url = urlsplit(value)
        host, odd = url.hostname or "", bool(url.username or url.password or url.fragment) or url.port == 0
    except ValueError:
        host, odd = "", True
    if not host or odd or not value.isascii() or any(one.isspace() for one in value):
        return "no address to post to: give the whole https:// address, as the receiver shows it"
    if url.scheme == "https" or (url.scheme == "http" and host in LOOPBACK):
        return ""
    return "not an https:// address: what is told, and the secret, would go over the wire in the clear"


def _value(variable: str | None, variables: Variables) -> str | None:
    return variables(variable) if variable else None
