"""Budget status in, the hard stop feed out: may a project, or a key, go on? For gateways that stop calls before they are made.

A project's state is the worst of the budgets that bound all it does: its own, its team's, its client's, the organisation's. Budgets that
are narrowed (to an operation, model or channel) and those of users are listed, and are no project's state. A key that serves several
projects is in the mildest of their states: it is not stopped for another's sake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import ONE_DAY, start_of
from usage_pipeline.tables.budgets import CLIENT, ORGANISATION, PROJECT, TEAM, Budget, BudgetStatus
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.request_limits import Grace

VERSION = 1
OK, WARNING, GRACE, STOP = "ok", "warning", "grace", "stop"
STATES = (OK, WARNING, GRACE, STOP)
"""From the mildest to the worst."""

FULL = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """That a key was used for a project (None: for none that is known), and when last."""

    api_key: str | None
    project: str | None
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One budget's state, and until when its grace lasts."""

    status: BudgetStatus
    state: str
    grace_ends: datetime | None


def judged(status: BudgetStatus, budget: Budget, grace: Grace | None, now: datetime) -> Judged:
    """`warning` from the highest threshold below 100 % on; at the limit `grace` while there is any, else `stop`."""
    if not 0 < status.spent >= status.limit:
        marks = [one.percent for one in budget.thresholds if one.percent < FULL]
        warned = marks and status.spent > 0 and money.reaches(status.spent, status.limit, max(marks))
        return Judged(status=status, state=WARNING if warned else OK, grace_ends=None)
    ends = _grace_ends(status, grace)
    holds = grace is not None and (ends is None or now < ends)
    if grace is not None and grace.percent is not None:
        holds = holds and not money.reaches(status.spent, status.limit, FULL + grace.percent)
    return Judged(status=status, state=GRACE if holds else STOP, grace_ends=ends if holds else None)


def feed_of(
    found: Sequence[Judged],
    *,
    projects: Sequence[Project],
    keys: Sequence[KeyUse],
    grace: Grace | None,
    currency: str,
    as_of: date,
    data_through: date | None,
    now: datetime,
) -> dict[str, Any]:
    """The document: exact numbers as text, times in UTC."""
    newest: dict[str, datetime] = {}
    for use in keys:
        name = use.project or UNATTRIBUTED
        newest[name] = max(use.newest, newest.get(name, use.newest))
    known = {one.id: one for one in projects}
    names = [*known, *([UNATTRIBUTED] if UNATTRIBUTED in newest else [])]
    by_project = {name: _worst([one for one in found if _bounds(one.status, name, known.get(name))]) for name in names}
    return {
        "version": VERSION,
        "as_of": as_of.isoformat(),
        "computed_at": _moment(now),
        "currency": currency,
        "grace": None if grace is None else {"hours": grace.hours, "percent": _text(grace.percent)},
        "data_through": None if data_through is None else data_through.isoformat(),
        "data_lag_days": None if data_through is None else max(0, (as_of - data_through).days),
        "projects": [{"project": name, **_entry(by_project[name], newest.get(name), now)} for name in names],
        "keys": _keys(keys, by_project, now),
        "budgets": [_budget(one) for one in found],
    }


def _keys(keys: Sequence[KeyUse], by_project: Mapping[str, Judged | None], now: datetime) -> list[dict[str, Any]]:
    uses: dict[str, list[KeyUse]] = {}
    for use in keys:
        if use.api_key is not None:
            uses.setdefault(use.api_key, []).append(use)
    listed = []
    for key, of_key in sorted(uses.items()):
        served = sorted({use.project or UNATTRIBUTED for use in of_key})
        mildest = min((by_project.get(name) for name in served), key=_rank)
        listed.append({"api_key": key, "projects": served, **_entry(mildest, max(use.newest for use in of_key), now)})
    return listed


def _bounds(status: BudgetStatus, name: str, project: Project | None) -> bool:
    """Whether the budget bounds all that the project does."""
    if status.only:
        return False
    if status.scope == PROJECT:
        return status.project == name
    if status.scope == TEAM:
        return project is not None and project.team == status.holder
    if status.scope == CLIENT:
        return project is not None and project.client == status.holder
    return status.scope == ORGANISATION


def _worst(found: Sequence[Judged]) -> Judged | None:
    return max(found, key=_rank, default=None)


def _rank(one: Judged | None) -> tuple[int, Decimal]:
    return (-1, money.ZERO) if one is None else (STATES.index(one.state), one.status.percent)


def _entry(one: Judged | None, newest: datetime | None, now: datetime) -> dict[str, Any]:
    """What decides, and how old the usage is that it was decided by."""
    lag = None if newest is None else max(0, int((now - newest).total_seconds()))
    seen = {"newest_usage_at": None if newest is None else _moment(newest), "data_lag_seconds": lag}
    if one is None:
        return {"state": OK, "budget_id": None, "unit": None, "remaining": None, "resets_at": None, "grace_ends_at": None} | seen
    told = _budget(one)
    return {name: told[name] for name in ("state", "budget_id", "unit", "remaining", "resets_at", "grace_ends_at")} | seen


def _budget(one: Judged) -> dict[str, Any]:
    status = one.status
    return {
        "budget_id": status.budget_id,
        "scope": status.scope,
        "of": status.owner,
        "operation": status.operation,
        "model": status.model,
        "channel": status.channel,
        "state": one.state,
        "unit": status.unit,
        "limit": money.text(status.limit),
        "spent": money.text(status.spent),
        "remaining": money.text(status.remaining),
        "resets_at": _moment(start_of(status.period_end)),
        "grace_ends_at": None if one.grace_ends is None else _moment(one.grace_ends),
    }


def _grace_ends(status: BudgetStatus, grace: Grace | None) -> datetime | None:
    """Hours are counted from the end of the UTC day on which the limit was reached: the hour of the day is not known."""
    if grace is None or grace.hours is None:
        return None
    return start_of((status.crossing_date or status.as_of) + ONE_DAY) + timedelta(hours=grace.hours)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else money.text(value)
