"""A gap: what is left to explain between two views of one cell. Causes take quantity and money out of it until nothing is left."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_lots import Cell, Lot, cost_of, units_of
from usage_pipeline.tables.reconciliations import ReconciliationCause


@dataclass(slots=True)
class Gap:
    """`upper` and `lower` are the two views' lots that no cause has taken yet; `left` is the money that none has."""

    cell: Cell
    step: str
    above: str
    below: str
    upper: list[Lot]
    lower: list[Lot]
    left: Decimal
    difference: Decimal
    logged: list[Lot] = field(default_factory=list)
    """What the logs say of the cell, whichever views are compared."""
    part_of_days: int = 1
    """For how many days the longest of the bill's lines is, of which each day has an even part."""
    had: tuple[list[Lot], list[Lot]] = field(default_factory=lambda: ([], []))
    """Both sides once the bill was read, before any quantity was taken."""
    causes: dict[tuple[str, str, str | None], tuple[Decimal, Decimal | None]] = field(default_factory=dict)

    def take(self, cause: str, amount: Decimal, quantity: Decimal | None, evidence: str, mend: str | None = None) -> None:
        """Name `cause` for `amount`; the same cause of the same evidence is one."""
        self.left -= amount
        key = (cause, evidence, mend)
        before = self.causes.get(key)
        if before is not None:
            amount += before[0]
            quantity = None if quantity is None or before[1] is None else quantity + before[1]
        self.causes[key] = (amount, quantity)

    def note(self) -> None:
        """Remember what both views had."""
        self.had = (list(self.upper), list(self.lower))

    @property
    def surplus(self) -> Decimal:
        """Units that the upper view has more than the lower one; negative where it has less. Lines without a quantity say nothing."""
        return units_of(self.upper) - units_of(self.lower)

    @property
    def rest(self) -> Decimal:
        """What the surplus costs."""
        return cost_of(self.upper) - cost_of(self.lower)

    def rows(self) -> Iterable[ReconciliationCause]:
        """The causes at 15 decimals, which sum to the difference: each is rounded up or down so."""
        cell = self.cell
        amounts = money.round_parts([amount for amount, _ in self.causes.values()], step=money.SMALLEST, whole=self.difference)
        for ((cause, evidence, mend), (_, quantity)), amount in zip(self.causes.items(), amounts, strict=True):
            if amount or mend:
                yield ReconciliationCause(
                    day=cell.day,
                    channel=cell.channel,
                    project=cell.project,
                    model=cell.model,
                    meter=cell.meter,
                    step=self.step,
                    cause=cause,
                    evidence=evidence,
                    amount=amount or money.ZERO,
                    quantity=quantity,
                    mend=mend,
                )
