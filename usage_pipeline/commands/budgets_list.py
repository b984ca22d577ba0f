"""`usage-pipeline budgets list`: the budgets as they were last seen, and every change of them with who, when and why."""

import json
from typing import Any

from usage_pipeline.budgets.changes import ACTIONS, newest_of
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.budget_versions import BudgetVersion, budget_versions


def run_budgets_list(environment: Environment, output: Output, *, history: bool) -> int:
    """Show what the database knows; nothing is recorded by looking."""
    home = prepare(Home(environment.home))
    database = Workplace(home_folder=str(home.root), config_file=str(environment.config_file)).database()
    versions = newest_of(database.select(budget_versions))
    current = sorted((one for one in versions.values() if not one.is_removed), key=lambda one: (one.budget_id, str(one.valid_from or "")))
    entries = database.select(audit_log, where={"action": ACTIONS}, order=("at", "subject", "entry_id")) if history else []
    if output.as_json:
        told = {"history": [_entry(one) for one in entries]} if history else {}
        output.document({"budgets": [_version(one) for one in current]} | told)
    else:
        _show(current, output)
        if history:
            _show_history(entries, output)
    return 0


def whose(scope: str, project: str | None, holder: str | None) -> str:
    """'support-portal', 'team support', 'organisation'."""
    return project or (f"{scope} {holder}" if holder else "organisation")


def _version(one: BudgetVersion) -> dict[str, Any]:
    return {
        "budget_id": one.budget_id,
        "declared": json.loads(one.declared),
        "since": one.recorded_at.isoformat(),
        "by": one.actor,
        "why": one.why,
    }


def _entry(one: AuditEntry) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "by": one.actor,
        "action": one.action,
        "budget": one.subject,
        "why": one.why,
        "before": None if one.before is None else json.loads(one.before),
        "after": None if one.after is None else json.loads(one.after),
    }


def _show(versions: list[BudgetVersion], output: Output) -> None:
    output.heading("Budgets as last seen by a run or a check")
    if not versions:
        output.say("none yet: `usage-pipeline budgets check` looks at usage.yaml and records them")
        return
    output.table(
        ("budget", "limit", "unit", "valid", "more", "since", "by", "why"),
        [
            (
                one.budget_id,
                f"{one.limit:,f}",
                one.unit,
                _valid(declared),
                _more(declared),
                f"{one.recorded_at:%Y-%m-%d}",
                one.actor,
                one.why,
            )
            for one, declared in ((one, json.loads(one.declared)) for one in versions)
        ],
        numbers=("limit",),
    )


def _show_history(entries: list[AuditEntry], output: Output) -> None:
    output.heading("Changes")
    output.table(
        ("when", "by", "what", "budget", "before", "after", "why"),
        [(f"{one.at:%Y-%m-%d %H:%M}", one.actor, one.action, one.subject, *_difference(one.before, one.after), one.why) for one in entries],
    )


def _difference(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """What of each side the other has not; all of it where there is no other."""
    sides = [{} if text is None else json.loads(text) for text in (before, after)]
    if before is None or after is None:
        shown = [{name: side[name] for name in ("limit", "unit") if name in side} for side in sides]
    else:
        shown = [{name: value for name, value in side.items() if other.get(name) != value} for side, other in (sides, sides[::-1])]
    first, second = (None if not side else ", ".join(f"{name} {_plain(value)}" for name, value in side.items()) for side in shown)
    return first, second


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _valid(declared: dict[str, Any]) -> str | None:
    if "from" in declared:
        return f"{declared['from']} to {declared['to']}"
    start, end = declared.get("valid_from"), declared.get("valid_to")
    return " ".join([*([f"from {start}"] if start else []), *([f"until {end}"] if end else [])]) or None


def _more(declared: dict[str, Any]) -> str | None:
    told = ["rolls over"] if declared.get("rollover") else []
    told += [f"{one['limit']} from {one['from']} to {one['to']}" for one in declared.get("raises", [])]
    return "; ".join(told) or None
