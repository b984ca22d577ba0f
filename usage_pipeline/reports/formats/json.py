"""statement.json: the statement for machines. Shape: the public contract; money is a plain decimal string, null where unknown."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports.formats.json_more import more_of
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.unattributed import evidence_of, trend_of
from usage_pipeline.tables.request_limits import Violations
from usage_pipeline.tables.summary import Group
from usage_pipeline.tables.unpriced import Unpriced, total_range

DIMENSIONS = ("day", "project", "provider", "model", "operation", "type", "team", "user", "meter")
"""The `by_` lists, in their order."""

GROUP = ("key", "requests", "tokens", "estimated_cost", "billed_cost", "cost", "percent", "list_cost", "credits")
"""What a row of a `by_` list has, and by meter its quantity after the tokens."""


VIOLATION = ("event_id", "source", "started_at", "project", "operation", "channel", "model", "measure", "amount", "limit")


def json_of(snapshot: Snapshot) -> bytes:
    """The whole statement as UTF-8 JSON, indented, keys in the contract's order."""
    document = {
        "period": snapshot.period,
        "scope": snapshot.scope,
        "revision": snapshot.revision,
        "finality": snapshot.finality,
        "approved": _approved(snapshot),
        "grade": None if snapshot.grade is None else snapshot.grade.letter,
        "grade_reasons": [] if snapshot.grade is None else list(snapshot.grade.reasons),
        "quality": [] if snapshot.grade is None else [_plain(dataclasses.asdict(one)) for one in snapshot.grade.measures],
        "currency": snapshot.currency,
        "totals": _totals(snapshot),
        **{f"by_{name}": _groups(getattr(snapshot, f"by_{name}"), with_quantity=name == "meter") for name in DIMENSIONS},
        "budgets": [_plain(dataclasses.asdict(status)) for status in snapshot.budgets],
        "unpriced": [_unpriced(one) for one in snapshot.unpriced],
        "unattributed": money.text(snapshot.totals.cost_unattributed),
        "unattributed_detail": _unattributed(snapshot),
        "inputs": [{"file": file, "sha256": sha256} for file, sha256 in snapshot.inputs],
        "price_book": snapshot.price_book,
        "agreements": [_plain(dataclasses.asdict(one)) for one in snapshot.agreements],
        "shared": [_plain(dataclasses.asdict(one)) for one in snapshot.shared],
        "exchange": [_plain(dataclasses.asdict(one)) for one in snapshot.exchange],
        "advice": [_plain(dataclasses.asdict(one)) for one in snapshot.advice],
        "limit_violations": _violations(snapshot.violations),
        **more_of(snapshot),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _approved(snapshot: Snapshot) -> dict[str, Any] | None:
    """Who closed the month; null while it is not closed."""
    one = snapshot.approval
    return None if one is None else {"by": one.by, "at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "note": one.note}


def _unattributed(snapshot: Snapshot) -> dict[str, Any] | None:
    """Who looks after cost of no project, how it moved, and whose usage fits it; null where all has a project, and for other projects."""
    found, trend = snapshot.unclaimed, trend_of(snapshot)
    if found is None or trend is None:
        return None
    claimants = [
        _plain({**dataclasses.asdict(one), "percent": money.percent(one.amount, found.amount), "evidence": evidence_of(one)})
        for one in found.claimants
    ]
    return {
        "owners": list(found.owners),
        **_plain(dataclasses.asdict(trend)),
        "claimants": claimants,
        "without_claimant": money.text(found.nobody),
    }


def _violations(found: Violations | None) -> dict[str, Any] | None:
    """Requests over the limit on one request; null where none is set, and in a month closed before statements told of them."""
    if found is None:
        return None
    worst = [_plain({name: getattr(one, name) for name in VIOLATION}) for one in found.worst]
    return {"count": found.count, "requests": found.requests, "worst": worst}


def _totals(snapshot: Snapshot) -> dict[str, Any]:
    complete, previous = snapshot.completeness, snapshot.previous
    low, high = total_range(snapshot.unpriced)
    return {
        **_plain(dataclasses.asdict(snapshot.totals)),
        **_plain({"unpriced_low": low, "unpriced_high": high}),
        "currency": snapshot.currency,
        "previous_cost": None if previous is None else money.text(previous.cost),
        "days_expected": complete.expected,
        "days_present": complete.present,
        "days_missing": [day.isoformat() for day in complete.missing],
        "lines": None if snapshot.accounting is None else dataclasses.asdict(snapshot.accounting),
    }


def _groups(groups: Sequence[Group], *, with_quantity: bool) -> list[dict[str, Any]]:
    return [_group(group, with_quantity=with_quantity) for group in groups]


def _group(group: Group, *, with_quantity: bool) -> dict[str, Any]:
    quantity = ("quantity",) if with_quantity else ()
    return _plain({name: getattr(group, name) for name in (*GROUP[:3], *quantity, *GROUP[3:])})


def _unpriced(one: Unpriced) -> dict[str, Any]:
    quantities = {meter: money.text(quantity) for meter, quantity in one.quantities}
    return _plain({**dataclasses.asdict(one), "quantities": quantities})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return money.text(value)
    return value.isoformat() if isinstance(value, date) else value
