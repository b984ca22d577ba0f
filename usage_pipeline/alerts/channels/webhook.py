"""Notices as signed JSON for programs. The schema, and how a receiver verifies it: docs/webhook.md.

Signed is `<timestamp>.<body>` (HMAC-SHA256, RFC 2104), so that a body cannot be replayed later under another time.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from usage_pipeline.alerts.channels.post import JSON, Address, json_bytes, post
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.notices import Notice

SCHEMA = "usage_pipeline.alert/1"
TIMESTAMP, SIGNATURE, KEY = "X-Usage-Timestamp", "X-Usage-Signature", "Idempotency-Key"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """Posts to `address`, signed with `secret`, and with the one `before` it where there is one. `clock` says the time that is signed."""

    address: Address
    secret: str = field(repr=False)
    clock: Callable[[], datetime]
    before: str | None = field(default=None, repr=False)

    def send(self, notice: Notice) -> Receipt:
        """Post `notice` once; a 2xx is the receipt. Raises DeliveryError otherwise."""
        return self.post(document(notice), notice.key)

    def post(self, content: Mapping[str, Any], key: str) -> Receipt:
        """Post any document of ours, signed the same way; `key` names it for good."""
        body, timestamp = json_bytes(content), str(int(self.clock().timestamp()))
        headers = {
            "Content-Type": JSON,
            "User-Agent": "usage-pipeline",
            KEY: key,
            TIMESTAMP: timestamp,
            SIGNATURE: ",".join(signature(one, timestamp, body) for one in (self.secret, self.before) if one is not None),
        }
        return post(self.address, body, headers)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC in hex."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def document(notice: Notice) -> dict[str, Any]:
    """`notice` as docs/webhook.md has it. Figures stay the exact texts they are; null is unknown."""
    return {
        "schema": SCHEMA,
        "id": notice.key,
        "rule": notice.rule,
        "level": notice.level,
        "state": notice.state,
        "scope": notice.scope,
        "project": notice.project,
        "subject": notice.subject,
        "text": notice.text,
        "facts": dict(notice.facts),
        "links": [{"text": link.text, "url": link.url} for link in notice.links],
        "occurred_at": notice.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "as_of": notice.as_of.isoformat(),
    }
