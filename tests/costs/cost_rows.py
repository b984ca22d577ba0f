"""Rows by hand: usage and charges with the few columns a case is about."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from usage_pipeline.costs.allocation import Dealt, deal
from usage_pipeline.costs.bill import Bill, ModelIds
from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.costs.shares import shares_of
from usage_pipeline.tables.bill_lines import BilledLines, SharedCharge, shared_charges
from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.usage_costs import UsageCost

USAGE: dict[str, Any] = {
    "view": "log", "project": "chat", "team": None, "user": None, "channel": "openai", "provider": "openai", "model": "mini",
    "api_type": "text", "operation": None, "status": "success", "meter": "input", "quantity": Decimal(0), "requests": None, "events": 1,
    "list_cost": Decimal(0), "net_cost": Decimal(0), "unpriced_quantity": Decimal(0), "unpriced_events": 0, "unpriced_reason": None,
    "credits": None, "uncredited_events": 0,
}  # fmt: skip
CHARGE: dict[str, Any] = dict.fromkeys(Charge.__dataclass_fields__) | {
    "charge_id": "c", "source": "bill", "channel": "openai", "provider": "openai", "project": "chat", "names_project": True,
    "category": "Usage", "period_start": datetime(2026, 10, 2, tzinfo=UTC), "meter": "input", "model": "mini", "currency": "USD",
    "amount_text": "", "finality": "final", "source_file": "f", "source_line": 1,
}  # fmt: skip


def usage_row(**columns: Any) -> UsageCost:
    """A usage row; `cost` stands for both list and net, numbers may be text; a count of requests is also their quantity."""
    if "cost" in columns:
        cost = columns.pop("cost")
        columns["list_cost"] = columns["net_cost"] = None if cost is None else Decimal(cost)
    if "requests" in columns:
        columns |= {"meter": "requests", "quantity": columns["requests"] or 0}
    for name in ("quantity", "unpriced_quantity", "credits"):
        if columns.get(name) is not None:
            columns[name] = Decimal(columns[name])
    return UsageCost(**(USAGE | columns))


def charge_row(billed: str | Decimal | int, quantity: str | Decimal | int | None = None, **columns: Any) -> Charge:
    return Charge(**(CHARGE | columns | {"billed_cost": Decimal(billed), "quantity": None if quantity is None else Decimal(quantity)}))


def costs_of(day: date, usage: Sequence[UsageCost], charges: Sequence[Charge], **options: Any) -> list[DailyCost]:
    """The day's rows, its shared charges dealt out first, without rules."""
    return daily_costs_of(day, usage, charges, parts_of(usage, charges, options.get("model_ids", {})), **options)


def parts_of(usage: Sequence[UsageCost], charges: Sequence[Charge], model_ids: ModelIds) -> list[BilledLines]:
    """Each shared charge's parts, as lines of their projects."""
    dealt = deal_all(usage, charges, model_ids)
    return [
        BilledLines(
            **{name: getattr(one.charge, name) for name in ("channel", "provider", "model", "meter", "api_type", "category")},
            project=project,
            names_project=True,
            billed_cost=amount,
            quantity=quantity,
        )
        for one in dealt
        for project, amount, quantity in zip(one.shares.projects, one.amounts, one.quantities, strict=True)
    ]


def deal_all(usage: Sequence[UsageCost], charges: Sequence[Charge], model_ids: ModelIds) -> list[Dealt]:
    shared = [
        SharedCharge(**{name: getattr(charge, name) for name in shared_charges.names if name != "rule"}, rule=None)
        for charge in charges
        if charge.project is None and not charge.names_project
    ]
    return list(deal(shared, shares_of(Bill(charges, model_ids), usage, {}), model_ids))
