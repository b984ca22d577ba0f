"""What changed, unit costs, wallets and the reconciliation as statement.json has them: exact; null where a statement has none of it."""

import dataclasses
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports.changes import Changes
from usage_pipeline.reports.movers import Mover
from usage_pipeline.reports.plain import plain
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.unit_costs import unit_costs

UNIT_DIMENSIONS = ("project", "operation", "model")
CAUSES = ("volume", "price", "mix", "cache", "charges")


def more_of(snapshot: Snapshot) -> dict[str, Any]:
    """The last keys of statement.json, in their order."""
    return {
        "changes": _changes(snapshot.changes),
        "unit_costs": _unit_costs(snapshot),
        "wallets": [plain(dataclasses.asdict(one) | {"is_low": one.is_low}) for one in snapshot.wallets],
        "reconciliation": snapshot.reconciled and plain(dataclasses.asdict(snapshot.reconciled)),
    }


def _changes(found: Changes | None) -> dict[str, Any] | None:
    """Each mover's causes sum to its change; the changes of each list, as the causes, sum to the whole change."""
    if found is None:
        return None
    causes = found.causes
    return {
        "from": found.days.start.isoformat(),
        "through": found.days.last.isoformat(),
        "compared_from": found.compared.start.isoformat(),
        "compared_through": found.compared.last.isoformat(),
        "is_whole": found.is_whole,
        "before": money.text(causes.before),
        "now": money.text(causes.now),
        "change": money.text(causes.change),
        "causes": {name: money.text(amount) for name, amount in causes.parts},
        **{f"by_{name}": [_mover(one) for one in movers] for name, movers in found.movers},
    }


def _mover(one: Mover) -> dict[str, Any]:
    told = {"key": one.key, "before": one.before, "now": one.now, "change": one.change, "percent": one.percent}
    return {**plain(told), **{name: money.text(amount) for name, amount in one.causes.parts}}


def _unit_costs(snapshot: Snapshot) -> dict[str, Any]:
    """Per thousand requests and per million tokens, in the statement's currency."""
    before = () if snapshot.changes is None else snapshot.changes.rows
    return {f"by_{name}": [plain(dataclasses.asdict(one)) for one in unit_costs(snapshot.rows, before, name)] for name in UNIT_DIMENSIONS}
