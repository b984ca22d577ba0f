"""What is told a second time: what nobody acknowledged goes to the next people, and what was snoozed is told again on its day."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from usage_pipeline.alerts.rules import HELD
from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.alerts import SENT, SNOOZED, Alert

LEVELS = ("warning", "critical")
"""What is worth asking others for."""


def told_again(true: Sequence[Alert], policy: AlertPolicy, last_steps: Mapping[str | None, int], now: datetime, as_of: date) -> list[Alert]:
    """Those of `true` (recorded, and still so) to be told again, as open ones. `last_steps`: the last step of each project's people."""
    found = [replace(one, state=HELD, snoozed_until=None) for one in true if _is_awake(one, as_of)]
    if policy.escalate_after_hours is None:
        return found
    patience = timedelta(hours=policy.escalate_after_hours)
    return found + [
        replace(one, state=HELD, step=one.step + 1)
        for one in true
        if one.state == SENT
        and one.level in LEVELS
        and one.told_at is not None
        and now - one.told_at >= patience
        and one.step < last_steps.get(one.project, 0)
    ]


def _is_awake(alert: Alert, as_of: date) -> bool:
    return alert.state == SNOOZED and alert.snoozed_until is not None and alert.snoozed_until <= as_of
