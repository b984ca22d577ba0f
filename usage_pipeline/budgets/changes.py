"""Budgets as they were known and as usage.yaml declares them in, what changed out: versions to add and entries of the audit log."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.tables.audit_log import AuditEntry
from usage_pipeline.tables.budget_versions import BudgetVersion
from usage_pipeline.tables.budgets import Budget

ADDED, CHANGED, REMOVED = "add budget", "change budget", "remove budget"
ACTIONS = (ADDED, CHANGED, REMOVED)

_Key = tuple[str, date | None]


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be recorded: nothing where nothing changed."""

    versions: tuple[BudgetVersion, ...]
    entries: tuple[AuditEntry, ...]


def changes(known: Iterable[BudgetVersion], declared: Sequence[Budget], *, actor: str, now: datetime) -> Changes:
    """What differs between the newest of `known` versions and `declared`. Another `why` alone is no change."""
    newest = newest_of(known)
    here: dict[_Key, Budget] = {(one.budget_id, one.valid_from): one for one in declared}
    versions: list[BudgetVersion] = []
    entries: list[AuditEntry] = []
    for key, budget in here.items():
        before, text = newest.get(key), declared_text(budget)
        stands = before is not None and not before.is_removed
        if before is not None and stands and before.declared == text:
            continue
        version = _version(key, text, budget, before, actor, now)
        versions.append(version)
        entries.append(_entry(CHANGED if stands else ADDED, version, before.declared if before and stands else None, text))
    for key, before in newest.items():
        if key not in here and not before.is_removed:
            version = _removed(before, actor, now)
            versions.append(version)
            entries.append(_entry(REMOVED, version, before.declared, None))
    return Changes(tuple(versions), tuple(entries))


def newest_of(known: Iterable[BudgetVersion]) -> dict[_Key, BudgetVersion]:
    """The last version of each budget, removed ones included."""
    found: dict[_Key, BudgetVersion] = {}
    for one in sorted(known, key=lambda version: version.number):
        found[one.budget_id, one.valid_from] = one
    return found


def declared_text(budget: Budget) -> str:
    """All that is declared of a budget but why: one budget, one text."""
    told: dict[str, Any] = {
        "scope": budget.scope,
        "of": budget.owner,
        "period": budget.period,
        "from": budget.first_day,
        "to": budget.last_day,
        "limit": budget.limit,
        "unit": budget.unit,
        "operation": budget.operation,
        "model": budget.model,
        "channel": budget.channel,
        "thresholds": [one.percent for one in budget.thresholds],
        "valid_from": budget.valid_from,
        "valid_to": budget.valid_to,
        "rollover": budget.rollover or None,
        "raises": [
            {"limit": one.limit, "from": one.first_day, "to": one.last_day} | ({"why": one.why} if one.why else {}) for one in budget.raises
        ],
    }
    return json.dumps({name: value for name, value in told.items() if value not in (None, [])}, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    return money.text(value) if isinstance(value, Decimal) else str(value)


def _version(key: _Key, text: str, budget: Budget, before: BudgetVersion | None, actor: str, now: datetime) -> BudgetVersion:
    return BudgetVersion(
        budget_id=key[0],
        valid_from=key[1],
        number=before.number + 1 if before else 1,
        recorded_at=now,
        actor=actor,
        is_removed=False,
        limit=budget.limit,
        unit=budget.unit,
        declared=text,
        why=budget.why,
    )


def _removed(before: BudgetVersion, actor: str, now: datetime) -> BudgetVersion:
    return BudgetVersion(
        budget_id=before.budget_id,
        valid_from=before.valid_from,
        number=before.number + 1,
        recorded_at=now,
        actor=actor,
        is_removed=True,
        limit=before.limit,
        unit=before.unit,
        declared=before.declared,
        why=None,
    )


def _entry(action: str, version: BudgetVersion, before: str | None, after: str | None) -> AuditEntry:
    since = f" from {version.valid_from}" if version.valid_from else ""
    about = f"{action}\n{version.budget_id}\n{version.valid_from}\n{version.number}"
    return AuditEntry(
        entry_id=hashlib.sha256(about.encode()).hexdigest(),
        at=version.recorded_at,
        actor=version.actor,
        action=action,
        subject=version.budget_id + since,
        before=before,
        after=after,
        why=version.why,
    )
