"""`reports/current/budget_state.json`: the hard stop feed, written by every check of today, never by one of another day.

Where a state in it is another than before, it is queued as well, whole, for the webhooks that ask for it (docs/webhook.md).
"""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from usage_pipeline.alerts.states import state_delivery, states_of
from usage_pipeline.budgets.feed import KeyUse, feed_of, judged
from usage_pipeline.defs.reports import write_if_changed
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import ONE_DAY, inclusive
from usage_pipeline.tables.alerts import deliveries
from usage_pipeline.tables.budgets import BudgetStatus
from usage_pipeline.tables.usage_events import usage_events

KEY_DAYS = 31
"""Keys that were used within as many days are listed."""

FOLDER, FILE = "current", "budget_state.json"


def write_state(workplace: Workplace, statuses: Sequence[BudgetStatus], as_of: date) -> Path | None:
    """Replace the feed at once, so that a reader sees the old one or the new one; where it is, or None where none is due.

    None for another day than today, and where no budget is declared and none was.
    """
    settings, now = workplace.settings(), workplace.now()
    path = workplace.home.reports / FOLDER / FILE
    if as_of != now.date() or not (settings.budgets or path.exists()):
        return None
    budgets = {budget.budget_id: budget for budget in settings.budgets if budget.in_force(as_of)}
    keys = _keys(workplace, as_of)
    document = feed_of(
        [judged(status, budgets[status.budget_id], settings.grace, now) for status in statuses],
        projects=settings.projects,
        keys=keys,
        grace=settings.grace,
        currency=settings.organisation.currency,
        as_of=as_of,
        data_through=max((use.newest.date() for use in keys), default=None),
        now=now,
    )
    _queue(workplace, path, document)
    write_if_changed(path, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
    return path


def _queue(workplace: Workplace, path: Path, document: dict[str, Any]) -> None:
    """Write down what is to be posted, before the file says that it is known: a crash in between posts it again."""
    channels = [one for one in workplace.settings().channels if one.has_states]
    if not channels or states_of(document) == states_of(json.loads(path.read_text("utf-8")) if path.exists() else {}):
        return
    waiting = [state_delivery(document, one.name, workplace.now()) for one in channels]
    workplace.database().insert(deliveries, waiting, skip_known=True)


def _keys(workplace: Workplace, as_of: date) -> list[KeyUse]:
    """Which keys were used for which projects of late."""
    engine = workplace.engine()
    rows = workplace.lake(engine).read(usage_events, inclusive(as_of - ONE_DAY * (KEY_DAYS - 1), as_of))
    found = engine.to_pyarrow(rows.group_by("api_key", "project").agg(newest=rows.started_at.max())).to_pylist()
    return [KeyUse(**row) for row in found]
