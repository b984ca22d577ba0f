"""Channels, routing and the mail service: what usage.yaml and the environment may say of them, and what is said where it is wrong."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from usage_pipeline.alerts.channels.channel import TemporaryDeliveryError
from usage_pipeline.alerts.channels.ses import SesChannel
from usage_pipeline.alerts.channels.slack import SlackChannel
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Environment, load
from usage_pipeline.settings.shape_channels import ChannelShape, Level, Rule
from usage_pipeline.tables.budgets import LEVELS
from usage_pipeline.tables.channels import KINDS, ChannelSpec, Route
from usage_pipeline.tables.notices import RULES

START = """\
organisation: {name: Example Org}
projects: [{id: portal}, {id: support-portal}]
sources: [{name: bill, kind: openai_costs, path: a}]
"""
CHANNELS = """\
channels:
  - {name: ops-slack, kind: slack, url: OPS_SLACK_URL}
  - {name: pager, kind: webhook, url: PAGER_URL, secret: PAGER_SECRET}
  - name: sms
    kind: sms
    url: SMS_URL
    authorization: SMS_AUTHORIZATION
    to: +41791234567
    format: form
    parts: 2
    fields: {To: '{to}', From: '+15005550006', Body: '{text}'}
routing:
  - {levels: [critical], rules: [budget_threshold, forecast], projects: [support-portal, organisation], channels: [ops-slack, pager]}
  - {channels: [sms]}
"""


def told(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "usage.yaml"
    file.write_text(START + text, "utf-8")
    with pytest.raises(UsageConfigError) as raised:
        load(file)
    return str(raised.value).replace(f"{tmp_path}/", "").split("\n")


def test_they_become_values(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(START + CHANNELS)
    settings = load(file)
    assert settings.channels == (
        ChannelSpec(name="ops-slack", kind="slack", url="OPS_SLACK_URL", line=5),
        ChannelSpec(name="pager", kind="webhook", url="PAGER_URL", secret="PAGER_SECRET", line=6),  # noqa: S106 - a variable's name
        ChannelSpec(
            name="sms", kind="sms", url="SMS_URL", authorization="SMS_AUTHORIZATION", to="+41791234567",
            fields=(("To", "{to}"), ("From", "+15005550006"), ("Body", "{text}")), is_form=True, parts=2, line=7,
        ),
    )  # fmt: skip
    assert settings.routing == (
        Route(
            channels=("ops-slack", "pager"), levels=("critical",), rules=("budget_threshold", "forecast"),
            projects=("support-portal", "organisation"), line=16,
        ),
        Route(channels=("sms",), line=17),
    )  # fmt: skip


def test_they_decide_no_numbers(tmp_path: Path) -> None:
    file, without = tmp_path / "usage.yaml", tmp_path / "without.yaml"
    file.write_text(START + CHANNELS)
    without.write_text(START)
    assert load(file).numbers_fingerprint == load(without).numbers_fingerprint
    assert load(file).fingerprint != load(without).fingerprint
    assert (load(without).channels, load(without).routing) == ((), ())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{name: a, kind: slak, url: A}", "channels[0].kind: 'slak' is none of 'webhook', 'slack', 'teams', 'discord' or 'sms'"),
        ("{name: a, kind: slack}", "channels[0].url: it is missing"),
        ("{name: a, kind: slack, url: A, secret: B}", "channels[0]: a channel of kind slack has no secret"),
        ("{name: a, kind: slack, url: A, budget_state: true}", "channels[0]: budget_state belongs to a channel of kind webhook, not slack"),
        (
            "{name: a, kind: webhook, url: A}",
            "channels[0]: a channel of kind webhook needs a secret to sign with: the name of a variable, such as PAGER_SECRET",
        ),
        ("{name: a, kind: slack, url: A, parts: 2}", "channels[0]: parts belongs to a channel of kind sms, not slack"),
        (
            "{name: a, kind: sms, url: A}",
            "channels[0]: a channel of kind sms needs fields: what its gateway's request holds, such as {To: '{to}', Body: '{text}'}",
        ),
        (
            "{name: a, kind: sms, url: A, fields: {To: '{to}', Body: '{text}'}}",
            "channels[0]: its fields ask for {to}: give the number, such as to: +41791234567",
        ),
        (
            "{name: a, kind: sms, url: A, fields: {Body: x}}",
            "channels[0].fields: no field has the placeholder {text}: nothing would be told",
        ),
        (
            "{name: a, kind: sms, url: A, fields: {Body: '{txt}'}}",
            "channels[0].fields: {txt} is none of the placeholders {to}, {text}, {key}",
        ),
        (
            "{name: a, kind: sms, url: A, to: 079 1, fields: {Body: '{text}'}}",
            "channels[0].to: '079 1' is no telephone number, such as +41791234567: '+', the country and the number, digits only",
        ),
        (
            "{name: a, kind: sms, url: A, parts: 9, fields: {Body: '{text}'}}",
            "channels[0].parts: '9' is none of 1, 2, 3: so many text messages may one alert take",
        ),
        (
            "{name: a, kind: slack, url: A, colour: red}",
            (
                "channels[0].colour: unknown key; known here are name, kind, url, secret, secret_before, budget_state, authorization, to,"
                " format, fields, parts"
            ),
        ),
    ],
)
def test_channels_that_are_wrong(tmp_path: Path, line: str, words: str) -> None:
    assert told(tmp_path, f"channels:\n  - {line}\n") == [f"usage.yaml:5: {words}"]


def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    url = "https://hooks.slack.com/services/T0/B0/hunter2"
    text = f"channels:\n  - {{name: a, kind: webhook, url: '{url}', secret: s3cr3t-value}}\n"
    problems = told(tmp_path, text)
    assert [one.split(": the name of a variable of the environment is needed here, such as")[0] for one in problems] == [
        "usage.yaml:5: channels[0].url",
        "usage.yaml:5: channels[0].secret",
    ]
    assert not [piece for piece in ("hunter2", "s3cr3t", "hooks.slack.com") if piece in "\n".join(problems)]


def test_routes_that_are_wrong(tmp_path: Path) -> None:
    text = """\
channels:
  - {name: ops, kind: slack, url: A}
  - {name: ops, kind: teams, url: B}
routing:
  - {channels: [opps]}
  - {channels: [ops], projects: [support-porta]}
  - {channels: [ops], levels: [high]}
  - {channels: [ops], rules: [budget]}
  - {channels: []}
  - {channels: [ops], levels: []}
"""
    rules = "'budget_threshold', 'forecast', 'anomaly', 'unpriced', 'stale_source', 'reconciliation_gap', 'wallet_low' or 'request_limit'"
    assert told(tmp_path, text) == [
        "usage.yaml:6: channels[1].name: 'ops' is declared twice; the first is on line 5",
        "usage.yaml:8: routing[0].channels: no channel 'opps' is declared; did you mean 'ops'?",
        "usage.yaml:9: routing[1].projects: no project 'support-porta' is declared; did you mean 'support-portal'?",
        "usage.yaml:10: routing[2].levels[0]: 'high' is none of 'info', 'warning' or 'critical'",
        f"usage.yaml:11: routing[3].rules[0]: 'budget' is none of {rules}",
        "usage.yaml:12: routing[4].channels: it is empty; name the channels that hear of it",
        "usage.yaml:13: routing[5].levels: it is empty; leave it out for all of them",
    ]


def test_the_shape_knows_what_the_tables_know() -> None:
    assert (Level.__args__, Rule.__args__) == (LEVELS, RULES)
    assert ChannelShape.model_fields["kind"].annotation.__args__ == KINDS


def test_a_workplace_opens_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace = Workplace(home_folder=str(tmp_path / "home"), config_file=str(tmp_path / "usage.yaml"))
    spec = ChannelSpec(name="ops-slack", kind="slack", url="OPS_SLACK_URL", line=5)
    monkeypatch.delenv("OPS_SLACK_URL", raising=False)
    with pytest.raises(TemporaryDeliveryError, match="OPS_SLACK_URL: it is not set, and channel 'ops-slack' has it as its url"):
        workplace.notice_channel(spec)
    monkeypatch.setenv("OPS_SLACK_URL", " https://hooks.example.org/services/T0/hunter2\n")
    assert isinstance(workplace.notice_channel(spec), SlackChannel)
    assert workplace.now() <= datetime.now(UTC)


def test_mail_through_ses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USAGE_SMTP_HOST", "USAGE_SES_REGION", "USAGE_SES_ENDPOINT", "USAGE_SES_CONFIGURATION_SET"):
        monkeypatch.delenv(name, raising=False)
    assert Environment().mail_service is None
    monkeypatch.setenv("USAGE_SES_CONFIGURATION_SET", "alerts")
    with pytest.raises(UsageConfigError, match="environment: USAGE_SES_CONFIGURATION_SET: it is for SES, which USAGE_SES_REGION turns on"):
        Environment()
    monkeypatch.setenv("USAGE_SES_REGION", "eu-west-1")
    workplace = Workplace(home_folder=str(tmp_path / "home"), config_file=str(tmp_path / "usage.yaml"))
    assert workplace.channel() == SesChannel(region="eu-west-1", configuration_set="alerts")
    monkeypatch.setenv("USAGE_SMTP_HOST", "mail.example.org")
    with pytest.raises(
        UsageConfigError, match="environment: USAGE_SES_REGION: mails go out by one way: unset it, or USAGE_SMTP_HOST"
    ) as two:
        Environment()
    assert "\n" not in str(two.value)
