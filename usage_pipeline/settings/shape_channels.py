"""The shapes of usage.yaml's `channels` and `routing`. Addresses and secrets are named as variables of the environment, never written."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from usage_pipeline.settings.shape import Identifier, Section, Word
from usage_pipeline.settings.shape_words import word, wrong
from usage_pipeline.tables.channels import SMS, WEBHOOK

PARTS = ("1", "2", "3")
TEXT, TO = "{text}", "{to}"

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")
_NUMBER = re.compile(r"\+[1-9][0-9]{5,14}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_KNOWN = (TO, TEXT, "{key}")


def _variable(value: Any) -> str:
    text = word(value)
    if not _VARIABLE.fullmatch(text):  # never shown: it may be the secret itself
        raise wrong(
            "the name of a variable of the environment is needed here, such as OPS_SLACK_URL: capital letters, digits and '_'; what it"
            " holds is a secret, and stays out of this file"
        )
    return text


def _number(value: Any) -> str:
    text = word(value)
    if not _NUMBER.fullmatch(text):
        raise wrong(f"{text!r} is no telephone number, such as +41791234567: '+', the country and the number, digits only")
    return text


def _parts(value: Any) -> int:
    text = word(value)
    if text not in PARTS:
        raise wrong(f"{text!r} is none of {', '.join(PARTS)}: so many text messages may one alert take")
    return int(text)


def _fields(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not value:
        raise wrong(f"say what the gateway's request holds, such as {{To: '{TO}', Body: '{TEXT}'}}")
    fields = {word(name): word(template) for name, template in value.items()}
    unknown = [one for template in fields.values() for one in _PLACEHOLDER.findall(template) if one not in _KNOWN]
    if unknown:
        raise wrong(f"{unknown[0]} is none of the placeholders {', '.join(_KNOWN)}")
    if not any(TEXT in template for template in fields.values()):
        raise wrong(f"no field has the placeholder {TEXT}: nothing would be told")
    return fields


def _flag(value: Any) -> bool:
    if (text := word(value)) not in {"true", "false"}:
        raise wrong(f"{text!r} is neither true nor false")
    return text == "true"


def _some(value: Any) -> Any:
    if value == []:
        raise wrong("it is empty; leave it out for all of them")
    return value


def _somewhere(value: Any) -> Any:
    if value == []:
        raise wrong("it is empty; name the channels that hear of it")
    return value


Variable = Annotated[str, BeforeValidator(_variable)]
Level = Literal["info", "warning", "critical"]
Rule = Literal["budget_threshold", "forecast", "anomaly", "unpriced", "stale_source", "reconciliation_gap", "wallet_low", "request_limit"]


class ChannelShape(Section):
    """A way to people beside the mail to owners. `secret_before` and `budget_state` are a webhook's.

    `to`, `format`, `fields`, `parts` and `authorization` are a text message gateway's.
    """

    name: Identifier
    kind: Literal["webhook", "slack", "teams", "discord", "sms"]
    url: Variable
    secret: Variable | None = None
    secret_before: Variable | None = None
    budget_state: Annotated[bool, BeforeValidator(_flag)] = False
    authorization: Variable | None = None
    to: Annotated[str, BeforeValidator(_number)] | None = None
    format: Literal["json", "form"] | None = None
    fields: Annotated[dict[str, str], BeforeValidator(_fields)] | None = None
    parts: Annotated[int, BeforeValidator(_parts)] | None = None

    @model_validator(mode="after")
    def _what_belongs_to_the_kind(self) -> "ChannelShape":
        if (self.secret is None) == (self.kind == WEBHOOK):
            words = "needs a secret to sign with: the name of a variable, such as PAGER_SECRET" if self.kind == WEBHOOK else "has no secret"
            raise wrong(f"a channel of kind {self.kind} {words}")
        if self.kind != WEBHOOK and (self.secret_before is not None or self.budget_state):
            name = "budget_state" if self.budget_state else "secret_before"
            raise wrong(f"{name} belongs to a channel of kind {WEBHOOK}, not {self.kind}")
        others = [name for name in ("authorization", "to", "format", "fields", "parts") if getattr(self, name) is not None]
        if others and self.kind != SMS:
            raise wrong(f"{others[0]} belongs to a channel of kind {SMS}, not {self.kind}")
        if self.kind == SMS and self.fields is None:
            raise wrong(f"a channel of kind {SMS} needs fields: what its gateway's request holds, such as {{To: '{TO}', Body: '{TEXT}'}}")
        if self.to is None and any(TO in template for template in (self.fields or {}).values()):
            raise wrong(f"its fields ask for {TO}: give the number, such as to: +41791234567")
        return self


class RouteShape(Section):
    """Who hears of what. What is left out holds for everything."""

    channels: Annotated[list[Word], BeforeValidator(_somewhere)]
    levels: Annotated[list[Level], BeforeValidator(_some)] | None = None
    rules: Annotated[list[Rule], BeforeValidator(_some)] | None = None
    projects: Annotated[list[Word], BeforeValidator(_some)] | None = None
