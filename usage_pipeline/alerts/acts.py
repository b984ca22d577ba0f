"""What people do with alerts: acknowledge and snooze. Alerts in, the changed ones out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.tables.alerts import ACKNOWLEDGED, COVERED, OPEN, SENT, SNOOZED, Alert

SHORTEST = 6
ASKING = (OPEN, SENT, COVERED, SNOOZED)
"""States in which an alert still asks for an answer."""


def named(alerts: Sequence[Alert], names: Sequence[str], project: str | None) -> list[Alert]:
    """The alerts with these ids (or beginnings of them), or those of `project` that still ask for an answer.

    Raises UsageConfigError for an id that is none, or the beginning of several.
    """
    found = [_one(alerts, name) for name in names]
    own = [one for one in alerts if project is not None and one.project == project and one.state in ASKING]
    return list({one.alert_id: one for one in (*found, *own)}.values())


def acknowledged(alerts: Sequence[Alert], by: str, now: datetime) -> list[Alert]:
    """They are known: told nobody again. Those acknowledged or resolved already stay as they are."""
    return [replace(one, state=ACKNOWLEDGED, changed_by=by, changed_at=now, snoozed_until=None) for one in alerts if one.state in ASKING]


def snoozed(alerts: Sequence[Alert], until: date, by: str, now: datetime) -> list[Alert]:
    """They are silent until that day, and told again on it if they are still so."""
    return [replace(one, state=SNOOZED, snoozed_until=until, changed_by=by, changed_at=now) for one in alerts if one.state in ASKING]


def _one(alerts: Sequence[Alert], name: str) -> Alert:
    found = [one for one in alerts if one.alert_id.startswith(name)] if len(name) >= SHORTEST else []
    if len(found) == 1:
        return found[0]
    what = "no alert's id begins with it" if not found else f"{len(found)} alerts' ids begin with it: give more of it"
    short = f"give at least {SHORTEST} characters" if len(name) < SHORTEST else what
    raise UsageConfigError(f"alert {name!r}: {short}; `usage-pipeline alerts list` shows the ids")
