"""A month's reconciliation in short, for a statement's annex: by channel what each view says, and the causes of all differences. Exact.

In: cells of `reconciliations` and their causes. Out: values that foot: the causes' amounts sum to the channels' differences.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.reconciliations import UNEXPLAINED, Reconciliation, ReconciliationCause
from usage_pipeline.tables.summary import known_total


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledChannel:
    """What bill, count and logs of one channel come to; null where a view does not speak. `alone`: billed with nothing beside it.

    `difference` is of the cells in which two views speak; `unexplained` the part of it that has no cause, regardless of sign.
    """

    channel: str
    billed: Decimal | None
    counted: Decimal | None
    logged: Decimal | None
    alone: Decimal | None
    difference: Decimal
    unexplained: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseTold:
    """`moved` is the money of `amount` regardless of sign."""

    cause: str
    amount: Decimal
    moved: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledTold:
    """All channels by name, and the causes, the dearest first."""

    channels: tuple[ReconciledChannel, ...]
    causes: tuple[CauseTold, ...]


def reconciled_told(cells: Iterable[Reconciliation], causes: Iterable[ReconciliationCause]) -> ReconciledTold | None:
    """None where nothing was reconciled."""
    by_channel: dict[str, list[Reconciliation]] = defaultdict(list)
    for cell in cells:
        by_channel[cell.channel].append(cell)
    if not by_channel:
        return None
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    unexplained: dict[str, list[Decimal]] = defaultdict(list)
    for one in causes:
        amounts[one.cause].append(one.amount)
        if one.cause == UNEXPLAINED:
            unexplained[one.channel].append(abs(one.amount))
    told = [
        CauseTold(cause=cause, amount=money.total(parts), moved=money.total([abs(part) for part in parts]))
        for cause, parts in amounts.items()
    ]
    return ReconciledTold(
        channels=tuple(_channel(name, rows, unexplained[name]) for name, rows in sorted(by_channel.items())),
        causes=tuple(sorted(told, key=lambda one: (-one.moved, one.cause))),
    )


def _channel(name: str, rows: Sequence[Reconciliation], unexplained: Sequence[Decimal]) -> ReconciledChannel:
    return ReconciledChannel(
        channel=name,
        billed=known_total(row.billed_cost for row in rows),
        counted=known_total(row.provider_cost for row in rows),
        logged=known_total(row.logged_cost for row in rows),
        alone=known_total(row.billed_cost for row in rows if row.is_alone),
        difference=money.total([row.difference for row in rows]),
        unexplained=money.total(unexplained),
    )
