"""Notices for a Microsoft Teams channel: an adaptive card, posted to a workflow ("Post to a channel when a webhook request is received").

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using. All words are text runs of rich text
blocks, in which no Markdown is read (it is in TextBlock and FactSet), so a name is never a link or a mention. A message holds 28 KB.
"""

from dataclasses import dataclass
from typing import Any

from usage_pipeline.alerts.channels.outline import Outline, outline
from usage_pipeline.alerts.channels.post import JSON, Address, json_bytes, post
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.notices import RESOLVED, Notice

COLOURS = {"info": "accent", "warning": "warning", "critical": "attention"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsChannel:
    address: Address

    def send(self, notice: Notice) -> Receipt:
        """Post `notice` once. Raises DeliveryError unless the workflow took it (it answers 202: the card is posted afterwards)."""
        return post(self.address, json_bytes(payload(notice)), {"Content-Type": JSON})


def payload(notice: Notice) -> dict[str, Any]:
    colour = "good" if notice.state == RESOLVED else COLOURS.get(notice.level, "default")
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        **_content(outline(notice), colour),
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}],
    }


def _content(shown: Outline, colour: str) -> dict[str, Any]:
    body = [
        _block(_run(shown.headline, weight="bolder", size="medium", color=colour)),
        *[_block(_run(line)) for line in shown.paragraphs],
        *[_block(_run(f"{label}: "), _run(value, weight="bolder"), spacing="none") for label, value in shown.facts],
        *[_block(_run(line, isSubtle=True)) for line in shown.places],
    ]
    actions = [{"type": "Action.OpenUrl", "title": text, "url": url} for text, url in shown.links]
    return {"body": body} | ({"actions": actions} if actions else {})


def _block(*runs: dict[str, Any], **look: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", **look, "inlines": list(runs)}


def _run(text: str, **look: str | bool) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **look}
