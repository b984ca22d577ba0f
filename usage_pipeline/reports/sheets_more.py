"""More sheets of statement.xlsx: what changed and why, unit costs, wallets, requests over their limit, and the reconciliation.

Only those that there is something for. Amounts are numbers; every digit of them stands in statement.json.
"""

from collections.abc import Sequence

from usage_pipeline.reports import words
from usage_pipeline.reports.formats.json_more import CAUSES, UNIT_DIMENSIONS
from usage_pipeline.reports.sheets import DAY, MOMENT, MONEY, NUMBER, PERCENT, Column, Sheet, Value
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.unit_costs import unit_costs

CHANGES, UNIT_COSTS, WALLETS, VIOLATIONS, RECONCILIATION = "Changes", "Unit costs", "Wallets", "Over request limits", "Reconciliation"


def more_sheets(snapshot: Snapshot) -> list[Sheet]:
    found = (_changes(snapshot), _unit_costs(snapshot), _wallets(snapshot), _violations(snapshot), _reconciliation(snapshot))
    return [one for one in found if one is not None]


def _changes(snapshot: Snapshot) -> Sheet | None:
    """One line a mover of each dimension, to be filtered by it: each dimension's lines sum to the total."""
    changes = snapshot.changes
    if changes is None:
        return None
    amounts = [Column(head=f"{name} ({snapshot.currency})", kind=MONEY, width=18) for name in ("before", "now", "change", *CAUSES)]
    columns = (Column(head="by", width=12), Column(head="key", width=34), *amounts, Column(head="percent", kind=PERCENT))
    rows: list[tuple[Value, ...]] = []
    for dimension, movers in changes.movers:
        for one in movers:
            parts = [amount for _, amount in one.causes.parts]
            percent = one.percent if changes.is_whole else None
            rows.append(
                (dimension, words.UNKNOWN[dimension] if one.key is None else one.key, one.before, one.now, one.change, *parts, percent)
            )
    whole = changes.causes
    total = ("Total", None, whole.before, whole.now, whole.change, *(amount for _, amount in whole.parts))
    return Sheet(name=CHANGES, columns=columns, rows=rows, total=total)


def _unit_costs(snapshot: Snapshot) -> Sheet | None:
    before = () if snapshot.changes is None else snapshot.changes.rows
    rows: list[tuple[Value, ...]] = [
        (name, words.UNKNOWN[name] if one.key is None else one.key,
         one.per_thousand, one.per_thousand_before, one.per_million, one.per_million_before)
        for name in UNIT_DIMENSIONS
        for one in unit_costs(snapshot.rows, before, name)
    ]  # fmt: skip
    heads = ("1,000 requests", "1,000 requests before", "1 m tokens", "1 m tokens before")
    amounts = [Column(head=f"{head} ({snapshot.currency})", kind=MONEY, width=30) for head in heads]
    return (
        Sheet(name=UNIT_COSTS, columns=(Column(head="by", width=12), Column(head="key", width=34), *amounts), rows=rows) if rows else None
    )


def _wallets(snapshot: Snapshot) -> Sheet | None:
    """In each wallet's own unit, so without a total."""
    if not snapshot.wallets:
        return None
    amounts = [Column(head=name, kind=NUMBER, width=18) for name in ("opening", "given", "consumed", "expired", "closing", "low")]
    columns = (
        Column(head="wallet", width=28), Column(head="scope"), Column(head="holder", width=28), Column(head="unit"),
        Column(head="as of", kind=DAY), *amounts, Column(head="is low"),
        Column(head="next expiry", kind=DAY), Column(head="next expiring", kind=NUMBER, width=18),
    )  # fmt: skip
    rows: Sequence[tuple[Value, ...]] = [
        (one.wallet, one.scope, one.holder, one.unit, one.as_of, one.opening, one.given, one.consumed, one.expired, one.closing, one.low,
         "yes" if one.is_low else "no", one.next_expiry, one.next_expiring)
        for one in snapshot.wallets
    ]  # fmt: skip
    return Sheet(name=WALLETS, columns=columns, rows=rows)


def _violations(snapshot: Snapshot) -> Sheet | None:
    """The worst, under how many there are."""
    found = snapshot.violations
    if found is None or not found.count:
        return None
    columns = (
        Column(head="started, UTC", kind=MOMENT, width=20), Column(head="project", width=28), Column(head="operation", width=18),
        Column(head="channel"),
        Column(head="model", width=34), Column(head="measure"), Column(head="amount", kind=NUMBER, width=18),
        Column(head="limit", kind=NUMBER, width=18), Column(head="request", width=38), Column(head="source", width=18),
    )  # fmt: skip
    rows: Sequence[tuple[Value, ...]] = [
        (one.started_at, one.project, one.operation, one.channel, one.model, one.measure, one.amount, one.limit,
         one.event_id, one.source)
        for one in found.worst
    ]  # fmt: skip
    above = (("Violations", str(found.count)), ("Requests", str(found.requests)), ("Listed here", str(len(found.worst))))
    return Sheet(name=VIOLATIONS, columns=columns, rows=rows, above=above)


def _reconciliation(snapshot: Snapshot) -> Sheet | None:
    """Channels, then causes: the difference of each kind of line sums to the same."""
    found = snapshot.reconciled
    if found is None:
        return None
    amounts = ("billed", "counted", "logged", "alone", "difference", "unexplained")
    columns = (
        Column(head="by", width=12),
        Column(head="key", width=28),
        *(Column(head=f"{name} ({snapshot.currency})", kind=MONEY, width=18) for name in amounts),
    )
    rows: list[tuple[Value, ...]] = [
        ("channel", one.channel, one.billed, one.counted, one.logged, one.alone, one.difference, one.unexplained) for one in found.channels
    ]
    rows += [("cause", one.cause, None, None, None, None, one.amount, None) for one in found.causes]
    return Sheet(name=RECONCILIATION, columns=columns, rows=rows)
