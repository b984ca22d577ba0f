"""The hard stop feed as a message to a program: the feed's document in, what is to be posted out."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from usage_pipeline.tables.alerts import PENDING, STATE_KIND, Delivery

SCHEMA = "usage_pipeline.budget_state/1"
NAMES = {"projects": "project", "keys": "api_key", "budgets": "budget_id"}
"""What each list of the feed is named by."""


def states_of(feed: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The state of each project, key and budget."""
    return {(kind, one[name]): one["state"] for kind, name in NAMES.items() for one in feed.get(kind, [])}


def state_delivery(feed: Mapping[str, Any], channel: str, now: datetime) -> Delivery:
    """The whole feed for one channel, still to be posted; named by what it says."""
    content = json.dumps({"schema": SCHEMA, **feed})
    counted = Counter(one["state"] for one in feed["projects"])
    return Delivery(
        delivery_id=hashlib.sha256(f"{channel}\n{content}".encode()).hexdigest(),
        kind=STATE_KIND,
        project=None,
        level=None,
        recipients=channel,
        subject="States of budgets: " + (", ".join(f"{count} {state}" for state, count in sorted(counted.items())) or "no project"),
        channel="",
        about="",
        as_of=date.fromisoformat(feed["as_of"]),
        sent_at=now,
        receipt="",
        state=PENDING,
        queued_at=now,
        message=content,
    )
