"""What `usage-pipeline reconcile` answers with, and its sums: by channel, by invoice, by cause; exact, nothing is rounded here."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.commands.reconcile_mends import Mend
from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.defs.reconcile_invoices import InvoiceLines
from usage_pipeline.periods import Period
from usage_pipeline.tables.reconciliations import UNEXPLAINED, Reconciliation, ReconciliationCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found, and what would be found with the line that is tried."""

    days: Period
    now: Reconciled
    then: Reconciled | None
    line: str | None
    currency: str
    limit: Decimal
    mends: Sequence[Mend] = ()
    invoices: Mapping[str, InvoiceLines] = field(default_factory=dict)

    @property
    def alone(self) -> Decimal:
        """What is billed and has neither a count nor a log beside it."""
        return alone(self.now.cells, "billed_cost") or money.ZERO

    @property
    def unexplained_percent(self) -> Decimal:
        """Of the money of the highest views."""
        whole = money.total([abs(highest(row)) for row in self.now.cells])
        return money.percent(money.total([abs(row.amount) for row in self.now.causes if row.cause == UNEXPLAINED]), whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """All rows of one channel, step and cause. `moved` is their amount regardless of sign; `largest` the dearest of them."""

    channel: str
    step: str
    cause: str
    amount: Decimal
    moved: Decimal
    places: int
    largest: ReconciliationCause


def highest(row: Reconciliation) -> Decimal:
    return next(iter(row.costs), money.ZERO)


def compared_of(rows: Iterable[Reconciliation]) -> tuple[Decimal, Decimal] | None:
    """The highest and the lowest views of the cells that have two or more: one less the other is their difference. None without such."""
    costs = [row.costs for row in rows if not row.is_alone]
    return (money.total([one[0] for one in costs]), money.total([one[-1] for one in costs])) if costs else None


def alone(rows: Iterable[Reconciliation], name: str) -> Decimal | None:
    """What a view says of cells of which no other speaks; None where there are none."""
    return view_total([row for row in rows if row.is_alone], name)


def sums(causes: Iterable[ReconciliationCause]) -> list[Sum]:
    """By channel, step and cause, the dearest cause of a step first."""
    groups: dict[tuple[str, str, str], list[ReconciliationCause]] = defaultdict(list)
    for row in causes:
        groups[row.channel, row.step, row.cause].append(row)
    found = [
        Sum(
            channel=channel,
            step=step,
            cause=cause,
            amount=money.total([row.amount for row in rows]),
            moved=moved(rows),
            places=len(rows),
            largest=max(rows, key=lambda row: abs(row.amount)),
        )
        for (channel, step, cause), rows in groups.items()
    ]
    return sorted(found, key=lambda one: (one.channel, one.step, -one.moved, one.cause))


def moved(causes: Iterable[ReconciliationCause]) -> Decimal:
    """Their money regardless of sign."""
    return money.total([abs(row.amount) for row in causes])


def by(found: Reconciled, name: Callable[[Reconciliation], str | None]) -> list[tuple[str | None, list[Reconciliation]]]:
    groups: dict[str | None, list[Reconciliation]] = defaultdict(list)
    for row in found.cells:
        groups[name(row)].append(row)
    return sorted(groups.items(), key=lambda one: (one[0] is None, one[0] or ""))


def causes_of(cells: Iterable[Reconciliation], causes: Iterable[ReconciliationCause]) -> dict[str, Decimal]:
    """The amount of each cause in these cells, the dearest first."""
    keys = {cell_of(one) for one in cells}
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for row in causes:
        if cell_of(row) in keys:
            amounts[row.cause].append(row.amount)
    found = {cause: money.total(parts) for cause, parts in amounts.items()}
    return dict(sorted(found.items(), key=lambda one: (-abs(one[1]), one[0])))


def cell_of(row: Reconciliation | ReconciliationCause) -> tuple[object, ...]:
    return row.day, row.channel, row.project, row.model, row.meter


def view_total(rows: Iterable[Reconciliation], name: str) -> Decimal | None:
    """The sum of a view's costs; None where it speaks of none of the rows."""
    amounts = [cost for row in rows if (cost := getattr(row, name)) is not None]
    return money.total(amounts) if amounts else None


def compared(now: Reconciled, then: Reconciled) -> list[tuple[str, str, Decimal, Decimal]]:
    """Money regardless of sign, by channel and cause."""
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [money.ZERO, money.ZERO])
    for place, one in enumerate((now, then)):
        for row in sums(one.causes):
            found[row.channel, row.cause][place] = money.total([found[row.channel, row.cause][place], row.moved])
    return [(channel, cause, before, after) for (channel, cause), (before, after) in sorted(found.items())]
