"""`reconciliations` and `reconciliation_causes`: where the views of one dollar differ, by how much, and why. In the database.

A cell is one meter of one model of one project on one day and channel. Its views, from the top: the bill, the provider's count of usage at
our rates, logs at our rates. Each two neighbours that are there make a step; the amounts of a step's causes sum to its difference exactly.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import Table, column

BILL_STEP = "bill"
"""From the bill down to the provider's count, or to the logs where there is no count."""

USAGE_STEP = "usage"
"""From the provider's count down to the logs."""

UNLOGGED = "unlogged"
UNBILLED = "unbilled"
PRICE = "price"
TIER = "tier"
CACHE = "cache"
PROCESSING = "processing"
BOUNDARY = "boundary"
ROUNDING = "rounding"
CREDIT = "credit"
TAX = "tax"
ADJUSTMENT = "adjustment"
NOT_FINAL = "not_final"
UNEXPLAINED = "unexplained"

CAUSES: dict[str, str] = {
    UNLOGGED: "used without a log, or billed without a count",
    UNBILLED: "logged or counted, and not billed",
    PRICE: "the same quantity at another unit price: list or contracted, a stale price book, a missing rate",
    TIER: "the same quantity at another tier of context length",
    CACHE: "the same tokens as another kind: cached or not, written for 5 minutes or an hour",
    PROCESSING: "the same quantity processed otherwise: batch, flex, priority",
    BOUNDARY: "requests over midnight: one view has them on the day before, or after",
    ROUNDING: "amounts rounded by the provider",
    CREDIT: "credits and refunds on the bill",
    TAX: "taxes on the bill",
    ADJUSTMENT: "purchases, corrections and adjustments on the bill",
    NOT_FINAL: "the provider's day is not final yet",
    UNEXPLAINED: "nothing that is known explains it",
}


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """What the views say of one cell. A view that does not speak of it is null, and no 0: `difference` is of the views that do."""

    day: date = column("UTC day", key=True)
    channel: str = column("Who bills", key=True)
    project: str | None = column("Our project id; null where the channel's bill names none", key=True)
    model: str | None = column("Catalog id of the model, else as given; null where the channel's bill names none", key=True)
    meter: str = column("Meter, or 'unmapped'", key=True)
    account: str | None = column("The provider's account, project or workspace; several joined by ', '; null where none is told")
    invoice: str | None = column("FOCUS InvoiceId of its bill lines; several joined by ', '")
    finality: str = column("'provisional' or 'final', as far as the bill tells; 'open' without one")
    billed_quantity: Decimal | None = column("Units on the bill; null where it does not say", type=QUANTITY)
    provider_quantity: Decimal | None = column("Units in the provider's count", type=QUANTITY)
    logged_quantity: Decimal | None = column("Units in the logs", type=QUANTITY)
    billed_cost: Decimal | None = column("The bill")
    provider_cost: Decimal | None = column("The provider's count at our net rates; what is unpriced of it counts 0 and is told as a cause")
    logged_cost: Decimal | None = column("The logs at our net rates; as above")
    difference: Decimal = column("The highest view less the lowest; 0 where one view speaks alone")

    @property
    def costs(self) -> list[Decimal]:
        """What the views that speak say, from the top."""
        return [cost for cost in (self.billed_cost, self.provider_cost, self.logged_cost) if cost is not None]

    @property
    def is_alone(self) -> bool:
        """Whether one view speaks alone: there is nothing to reconcile it with."""
        return len(self.costs) < 2  # noqa: PLR2004 two views make a difference


@dataclass(frozen=True, kw_only=True)
class ReconciliationCause:
    """One cause of one cell's difference."""

    day: date = column("UTC day", key=True)
    channel: str = column("As in reconciliations", key=True)
    project: str | None = column("As in reconciliations", key=True)
    model: str | None = column("As in reconciliations", key=True)
    meter: str = column("As in reconciliations", key=True)
    step: str = column("'bill' or 'usage': between which views", key=True)
    cause: str = column("See CAUSES", key=True)
    evidence: str = column("What tells that it is this cause, in words", key=True)
    amount: Decimal = column("The upper view less the lower one, as far as this cause goes; a step's amounts sum to its difference")
    quantity: Decimal | None = column("Units it is about; null where it is about none", type=QUANTITY)
    mend: str | None = column("What would mend it: a line for usage.yaml, or a command; null where nothing is known to")


reconciliations = Table("reconciliations", Reconciliation)
reconciliation_causes = Table("reconciliation_causes", ReconciliationCause)
