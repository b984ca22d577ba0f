"""`reconciled_bills`: a day's bill lines that say the same, summed, as reconciliation takes them. Not stored."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledBill:
    """Lines of one source that differ in nothing that could make a unit's price another."""

    day: date = column("UTC day", key=True)
    source: str = column("Name of the source", key=True)
    channel: str = column("Who bills", key=True)
    provider: str | None = column("As in charges", key=True)
    account: str | None = column("The provider's project, workspace, sub-account or billing account", key=True)
    project: str | None = column("Our project id, null for shared lines", key=True)
    names_project: bool = column("As in charges", key=True)
    invoice: str | None = column("FOCUS InvoiceId", key=True)
    category: str = column("FOCUS ChargeCategory", key=True)
    charge_class: str | None = column("FOCUS ChargeClass", key=True)
    sku: str | None = column("The bill's own text", key=True)
    meter: str = column("Our meter, or 'unmapped'", key=True)
    model: str | None = column("As the bill gives it", key=True)
    service_tier: str | None = column("As in charges", key=True)
    region: str | None = column("As in charges", key=True)
    finality: str = column("'provisional' or 'final'", key=True)
    original_currency: str | None = column("The bill's own currency, where it was converted", key=True, default=None)
    days: int = column("For how many days the line is that this is an even part of; 1 for whole lines", key=True, default=1)
    lines: int = column("Lines of the bill in this row")
    quantity: Decimal | None = column("Units; null where a line does not say", type=QUANTITY)
    billed_cost: Decimal = column("The sum of the lines")
    decimals: int = column("The most decimals that one of the amounts has on the bill, in its own currency")
    original_cost: Decimal | None = column("The sum in the bill's own currency, where it was converted", default=None)
    exchange_rate: Decimal | None = column("What a unit of that is worth", default=None)


reconciled_bills = Table("reconciled_bills", ReconciledBill)
