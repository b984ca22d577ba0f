"""The hard stop feed by webhook: posted whole when a state changes, signed, in order, sent again where the receiver was away."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hook_receiver import Receiver, Reply, receiving
from sample_world import World
from tracker_world import CONFIG, request, tracker_world, write

from usage_pipeline.alerts.channels.channel import DeliveryError
from usage_pipeline.alerts.channels.webhook import signature
from usage_pipeline.defs.alerts import deliver, judge
from usage_pipeline.defs.budget_state import write_state
from usage_pipeline.periods import inclusive
from usage_pipeline.tables.alerts import deliveries

SECRET, OLD = "a-secret-of-the-gate", "the-secret-before-it"
CHANNELS = (
    "channels: [{name: gate, kind: webhook, url: GATE_URL, secret: GATE_SECRET, secret_before: GATE_SECRET_OLD, budget_state: true}]\n"
)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as found:
        monkeypatch.setenv("GATE_URL", found.url)
        monkeypatch.setenv("GATE_SECRET", SECRET)
        monkeypatch.setenv("GATE_SECRET_OLD", OLD)
        yield found


def told(world: World) -> None:
    """One check of today."""
    today = datetime.now(UTC).date()
    found = judge(world.workplace, today)
    write_state(world.workplace, found.statuses, today)
    deliver(world.workplace, found)


def test_posted_when_a_state_changes_and_again_until_it_is_taken(tmp_path: Path, receiver: Receiver) -> None:
    today = datetime.now(UTC).date()
    world = tracker_world(tmp_path, CONFIG + CHANNELS)
    write(world, "a.jsonl", [request("1", today, dollars="9.5", api_key="key_1"), request("2", today, project="ranker", dollars="1")])
    assert world.job("daily", inclusive(today, today)).success
    told(world)
    told(world)
    (first,) = receiver.received
    assert first.document["schema"] == "usage_pipeline.budget_state/1"
    assert {one["project"]: one["state"] for one in first.document["projects"]} == {"portal": "warning", "ranker": "ok"}
    moment, given = first.headers["x-usage-timestamp"], first.headers["x-usage-signature"]
    assert given == f"{signature(SECRET, moment, first.body)},{signature(OLD, moment, first.body)}"

    world.config.write_text((CONFIG + CHANNELS).replace("limit: 10}", "limit: 5}", 1))
    receiver.replies = [Reply(503)]
    with pytest.raises(DeliveryError, match="gate"):
        told(world)
    (waits,) = [one for one in world.database.select(deliveries) if one.kind == "state" and one.state == "retrying"]
    assert waits.subject == "States of budgets: 1 ok, 1 stop"
    world.database.upsert(deliveries, [replace(waits, next_attempt_at=None)])
    told(world)
    _, lost, again = receiver.received
    assert lost.body == again.body
    assert again.headers["idempotency-key"] == waits.delivery_id != first.headers["idempotency-key"]
    assert {one["project"]: one["state"] for one in again.document["projects"]} == {"portal": "stop", "ranker": "ok"}
