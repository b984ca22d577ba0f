"""Slack, Teams and Discord: what they get, that names in it are neither markup nor mentions, and that it fits whatever the notice holds."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hook_receiver import PATH, Receiver, Reply, receiving
from notice_samples import HOSTILE, HUGE, MANY_LINES, NOTICE

from usage_pipeline.alerts.channels import discord, slack, teams
from usage_pipeline.alerts.channels.channel import NoticeChannel, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.channels.discord import DiscordChannel
from usage_pipeline.alerts.channels.outline import cut, is_web, outline, units
from usage_pipeline.alerts.channels.post import Address, json_bytes
from usage_pipeline.alerts.channels.slack import SlackChannel
from usage_pipeline.alerts.channels.teams import TeamsChannel
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.notices import RESOLVED, Link

CHATS = (SlackChannel, TeamsChannel, DiscordChannel)
TEAMS_BYTES_MAX = 28 * 1024
SUBJECT = "Critical: support-portal at 92 % of $500 for October, crosses on the 27th"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def walk(value: Any) -> Iterator[Any]:
    yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(one)


def of_type(document: Any, name: str) -> list[dict[str, Any]]:
    return [one for one in walk(document) if isinstance(one, dict) and one.get("type") == name]


def test_slack() -> None:
    payload = slack.payload(NOTICE)
    assert (payload["text"], payload["unfurl_links"], payload["unfurl_media"]) == (SUBJECT, False, False)
    header, text, facts, links = payload["blocks"]
    assert header == {"type": "header", "text": {"type": "plain_text", "text": SUBJECT, "emoji": False}}
    assert [one["text"] for one in of_type(text, "text")] == [NOTICE.text]
    assert "".join(one["text"] for one in of_type(facts, "text")) == (
        "Spent: 460.10\nLimit: 500\nUnit: USD\nPercent: 92.02\nForecast: unknown"
    )
    assert of_type(links, "link") == [{"type": "link", "url": "https://dagster.example.org/runs/1f2e", "text": "Run"}]
    assert of_type(links, "text")[-1]["text"] == "Statement: reports/2026-10/projects/support-portal/statement.pdf\n"


def test_teams() -> None:
    payload = teams.payload(NOTICE)
    (attached,) = payload["attachments"]
    card = attached["content"]
    assert (payload["type"], attached["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert (card["type"], card["version"], card["msteams"]) == ("AdaptiveCard", "1.4", {"width": "Full"})
    headline = of_type(card, "TextRun")[0]
    assert (headline["text"], headline["color"]) == (SUBJECT, "attention")
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Run", "url": "https://dagster.example.org/runs/1f2e"}]
    resolved = teams.payload(replace(NOTICE, state=RESOLVED))
    assert of_type(resolved, "TextRun")[0]["color"] == "good"
    assert of_type(resolved, "TextRun")[0]["text"].startswith("Resolved: support-portal")


def test_discord() -> None:
    payload = discord.payload(NOTICE)
    assert (payload["allowed_mentions"], payload["flags"]) == ({"parse": []}, 4)
    assert payload["content"].splitlines() == [
        r"**Critical\: support\-portal at 92 % of $500 for October, crosses on the 27th**",
        "Spent $460.10 of $500.00, 23 of 31 days.",
        r"Most of it\: gpt\-5 for summaries, +71 % against the week before.",
        "Run: <https://dagster.example.org/runs/1f2e>",
        "Spent: **460.10**",
        "Limit: **500**",
        "Unit: **USD**",
        "Percent: **92.02**",
        "Forecast: **unknown**",
        r"Statement\: reports\/2026\-10\/projects\/support\-portal\/statement.pdf",
    ]


def test_slack_reads_no_markup_in_names() -> None:
    payload = slack.payload(HOSTILE)
    parsed = {one["type"] for one in walk(payload) if isinstance(one, dict) and "text" in one and "type" in one}
    assert parsed <= {"header", "plain_text", "text", "link"}  # none of which is mrkdwn
    assert not set("<>") & set(payload["text"])
    assert payload["text"].startswith("Critical: &lt;!channel&gt; @everyone")
    assert [one["url"] for one in of_type(payload, "link")] == ["https://example.org/a"]


def test_teams_reads_no_markup_in_names() -> None:
    card = teams.payload(HOSTILE)["attachments"][0]["content"]
    kinds = {one["type"] for one in walk(card) if isinstance(one, dict) and "type" in one}
    assert kinds == {"AdaptiveCard", "RichTextBlock", "TextRun", "Action.OpenUrl"}  # neither TextBlock nor FactSet, which read Markdown
    assert "entities" not in card["msteams"]
    assert [one["url"] for one in card["actions"]] == ["https://example.org/a"]


def test_discord_reads_no_markup_in_names() -> None:
    content = discord.payload(HOSTILE)["content"]
    ours = re.sub(r"^\*\*(.*)\*\*$|(?<=: )\*\*(.*)\*\*$|(?<=: )<https://example\.org/a>$", r"\1\2", content, flags=re.MULTILINE)
    bare = re.sub(r"\\[^0-9A-Za-z\s]", "", ours).replace(": ", "")
    assert not set("*_~`|<>[]()@") & set(bare)
    assert all(not line.startswith(("#", "-", ">")) for line in bare.splitlines())
    assert "://" not in ours


@pytest.mark.parametrize("notice", [NOTICE, HOSTILE, HUGE, MANY_LINES], ids=["usual", "hostile", "huge", "many lines"])
def test_it_fits(notice: Any) -> None:
    posted = slack.payload(notice)
    assert units(posted["blocks"][0]["text"]["text"]) <= 150
    assert len(posted["blocks"]) <= 50
    assert all(sum(units(run.get("text", "")) for run in walk(block) if isinstance(run, dict) and isinstance(run.get("text"), str)) <= 3000
               for block in posted["blocks"])  # fmt: skip
    assert len(json_bytes(teams.payload(notice))) <= TEAMS_BYTES_MAX
    content = discord.payload(notice)["content"]
    assert units(content) <= 2000
    assert len(re.findall(r"\\*$", content)[0]) % 2 == 0  # no escape is cut in two
    for payload in (posted, teams.payload(notice), discord.payload(notice)):
        json_bytes(payload)
        texts = "".join(one for one in walk(payload) if isinstance(one, str))
        assert not set("\u202e\r\x00") & set(texts)


def test_an_empty_text_leaves_no_empty_block() -> None:
    bare = replace(NOTICE, text="\n\n", facts={}, links=())
    assert [block["type"] for block in slack.payload(bare)["blocks"]] == ["header"]
    assert len(teams.payload(bare)["attachments"][0]["content"]["body"]) == 1
    assert "actions" not in teams.payload(bare)["attachments"][0]["content"]
    assert "\n" not in discord.payload(bare)["content"]


def test_web_addresses() -> None:
    good = ("https://example.org", "http://127.0.0.1:3000/runs/1?a=b&c=d")
    bad = ("javascript:alert(1)", "file:///etc/passwd", "https://", "https://e.org/ x", "https://e.org/>x", "https://e.org/é", "https://[",
           "reports/a.pdf", "https://e.org/" + "a" * 1000, "")  # fmt: skip
    assert [is_web(one) for one in (*good, *bad)] == [True] * len(good) + [False] * len(bad)


def test_figures_are_rounded_for_reading() -> None:
    big = "1" + "0" * 30
    given = {"a": "0.000123456", "b": "-0.005", "c": "0.00", "d": "99.9999", "e_percent": "99.9999", "f": "0.5", "g": f"{big}.129",
             "h": "2026-10-27", "i": "1.2.3", "j": "0.125", "k": "1234"}  # fmt: skip
    shown = [value for _, value in outline(replace(NOTICE, facts=given)).facts]
    assert shown == ["0.00012", "-0.005", "0.00", "100.00", "99.99", "0.5", f"{big}.13", "2026-10-27", "1.2.3", "0.12", "1234"]


def test_cut_counts_as_chats_do() -> None:
    assert (units("a🚀"), cut("a🚀", 3), cut("abcd", 3), cut("🚀🚀", 3)) == (3, "a🚀", "ab…", "🚀…")
    assert outline(replace(NOTICE, links=(Link(text="x", url="javascript:x"),))).links == ()


@pytest.mark.parametrize("made", CHATS, ids=lambda made: made.__name__)
def test_delivered_and_refused(made: Any, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel: NoticeChannel = made(address=Address(name="ops", variable="OPS_URL", url=receiver.url + "?api-version=1&sig=s3cr3t-sig"))
    receiver.replies = [
        Reply(429, '{"message": "You are being rate limited."}', {"Retry-After": "2"}),
        Reply(404, f"no_service at {receiver.url} with s3cr3t-sig"),
        Reply(202),
    ]
    with pytest.raises(TemporaryDeliveryError, match="rate limited") as later:
        channel.send(NOTICE)
    assert later.value.retry_after_seconds == 2
    with pytest.raises(PermanentDeliveryError, match=r"channel 'ops' \(OPS_URL\) answered 404: no_service at … with …") as never:
        channel.send(NOTICE)
    assert channel.send(NOTICE) == Receipt(channel="ops", text="accepted (202)")
    shown = f"{channel!r} {later.value!r} {never.value!r} {caplog.text}"
    assert not [piece for piece in (PATH, "hunter2", "s3cr3t", "T0SECRET", "127.0.0.1") if piece in shown]
    query = urlsplit(receiver.received[2].path).query
    assert query == "api-version=1&sig=s3cr3t-sig" + ("&wait=true" if made is DiscordChannel else "")
    assert receiver.received[0].headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(receiver.received[0].body) == receiver.received[2].document
