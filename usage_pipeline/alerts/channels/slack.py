"""Notices for a Slack channel, by an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

Everything is `plain_text` or a `text` element of a rich text block (which webhooks take: https://github.com/slackapi/bolt-js/issues/1324),
in which Slack reads no markup; only the line shown in notifications is parsed, so its three control characters are escaped: `<!channel>`
in a name calls nobody.
"""

from dataclasses import dataclass
from typing import Any

from usage_pipeline.alerts.channels.outline import Outline, outline
from usage_pipeline.alerts.channels.post import JSON, Address, json_bytes, post
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    address: Address

    def send(self, notice: Notice) -> Receipt:
        """Post `notice` once. Raises DeliveryError unless Slack took it."""
        return post(self.address, json_bytes(payload(notice)), {"Content-Type": JSON})


def payload(notice: Notice) -> dict[str, Any]:
    shown = outline(notice)
    return {
        "text": _escaped(shown.headline),
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": shown.headline, "emoji": False}},
            *[{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": runs}]} for runs in _sections(shown) if runs],
        ],
    }


def _sections(shown: Outline) -> list[list[dict[str, Any]]]:
    facts = [run for label, value in shown.facts for run in (_text(f"{label}: "), _text(value, bold=True), _text("\n"))]
    links = [run for text, url in shown.links for run in ({"type": "link", "url": url, "text": text}, _text("\n"))]
    return [
        [_text("\n".join(shown.paragraphs))] if shown.paragraphs else [],
        facts[:-1],
        [*links, *[_text(f"{one}\n") for one in shown.places]],
    ]


def _text(text: str, *, bold: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": {"bold": True}} if bold else {})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
