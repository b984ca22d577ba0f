"""A made-up month for the FOCUS files: a bill with every kind of line, shared ones among them, and estimates where no bill is."""

from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from invented_month import row as cost_row

from usage_pipeline import money
from usage_pipeline.periods import month_of
from usage_pipeline.reports.focus_book import FocusBook
from usage_pipeline.tables.allocations import Allocation, allocations
from usage_pipeline.tables.charges import Charge, charges
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost

MONTH = month_of(date(2026, 10, 1))
FIFTH = datetime(2026, 10, 5, tzinfo=UTC)
MONTHS = timedelta(days=60)
PROJECTS = (Project(id="portal", name="Support portal"), Project(id="chat", name="=Chat()"), Project(id="search", name="Search"))


def charge(charge_id: str, cost: str, **more: Any) -> Charge:
    """A line of a bill."""
    values: dict[str, Any] = {one.name: None for one in fields(Charge)} | {
        "charge_id": charge_id, "source": "bill", "channel": "openai", "provider": "openai", "billing_account": "org-1",
        "provider_project_id": "proj_1", "provider_project_name": "Portal", "project": "portal", "names_project": True, "category": "Usage",
        "period_start": FIFTH, "period_end": FIFTH + timedelta(days=1), "meter": "input", "model": "gpt-5.1", "sku": "gpt-5.1, input",
        "quantity": Decimal(1_234_567), "billed_cost": Decimal(cost), "currency": "USD", "amount_text": cost, "finality": "final",
        "source_file": "f", "source_line": 1, "invoice": "INV-1",
    }  # fmt: skip
    exact = {name: Decimal(more[name]) for name in ("quantity", "list_cost", "effective_cost", "original_cost") if more.get(name)}
    return Charge(**values | more | exact)


def shared(charge_id: str, cost: str, **more: Any) -> Charge:
    """A line that does not say whose it is."""
    return charge(charge_id, cost, project=None, names_project=False, provider_project_id=None, **more)


def parts(line: Charge, method: str = "usage", **weights: str) -> list[Allocation]:
    """The line dealt out by weights."""
    shares = [Decimal(one) for one in weights.values()]
    amounts = money.allocate(line.billed_cost, shares)
    quantities = [None] * len(shares) if line.quantity is None else money.allocate(line.quantity, shares, step=Decimal(1))
    return [
        Allocation(
            day=line.period_start.date(), charge_id=line.charge_id, source=line.source, project=project, method=method, rule=None,
            share=share, of_shares=money.total(shares), amount=amount, quantity=quantity, source_file="f", source_line=1,
        )
        for project, share, amount, quantity in zip(weights, shares, amounts, quantities, strict=True)
    ]  # fmt: skip


AS_BILLED = [
    charge("even", "1.54320875"),
    charge("odd", "1.1"),
    charge("listed", "0.9", list_cost="1.2", quantity="600000"),
    charge("no-quantity", "10", quantity=None, meter="web_searches", model=None, sku="Web search"),
    charge("refund", "-0.75", quantity="-300000"),
    charge("nothing", "0", quantity="5"),
    charge("nobody", "2.5", project=None, quantity="1000000"),
    charge("seat", "30", category="Purchase", quantity="1", meter="unmapped", model=None, sku="Seat", period_end=FIFTH + MONTHS),
    charge("prepaid", "0", effective_cost="1.25", quantity="1000000"),
    charge("credit", "-5", category="Credit", quantity=None, list_cost="0", effective_cost="0"),
    charge("tax", "4.2", category="Tax", quantity=None, meter="unmapped", model=None, sku="VAT 21 %"),
    charge("rounding", "-0.001", category="Adjustment", quantity=None, meter="unmapped", model=None, sku=None),
    charge("formula", "0.5", sku="=SUM(A1:A9)", tags='{"team":"@all","project":"their own"}', resource_id="+1"),
    charge("vertex", "1.5", channel="google.vertex", provider="google", model="gemini-2.5-pro", region="europe-west4", quantity="1000000",
           provider_project_id="gcp-1", provider_project_name=None, service_tier="batch", invoice="202610"),
    charge("bedrock", "1.5", channel="aws.bedrock", provider="aws", sub_account_id="123456789012", provider_project_id=None, quantity="3"),
    charge("euros", "3.5175", original_cost="3", original_currency="EUR", exchange_rate=Decimal("1.1725"), exchange_day=date(2026, 10, 5)),
    charge("long", "8", model=None, meter="output_audio", period_start=datetime(2026, 10, 31, 7, tzinfo=UTC), period_end=None),
    charge("local", "8", period_start=datetime(2026, 10, 31, 7, tzinfo=UTC), period_end=datetime(2026, 11, 1, 7, tzinfo=UTC)),
    charge("again", "-1", charge_class="Correction"),
]  # fmt: skip
TO_SHARE = [
    (shared("thirds", "1"), {"portal": "1", "chat": "1", "search": "1"}),
    (shared("rest", "0.07", list_cost="0.1", tags='{"env":"live"}'), {"portal": "5", "unattributed": "2"}),
    (shared("euro-storage", "7.03", quantity=None, original_cost="6", original_currency="EUR", exchange_day=date(2026, 10, 5),
            exchange_rate=Decimal("1.1717"), category="Usage", meter="unmapped", sku="Storage"), {"chat": "1", "search": "2"}),
    (shared("shared-tax", "0.01", category="Tax", quantity=None), {"portal": "1", "chat": "1", "search": "1"}),
]  # fmt: skip
CHARGES = [*AS_BILLED, *(line for line, _ in TO_SHARE)]
ALLOCATIONS = [part for line, weights in TO_SHARE for part in parts(line, **weights)]


def estimate(project: str, cost: str | None, **more: Any) -> DailyCost:
    """Usage that no bill covers; without a cost, without a price."""
    known = None if cost is None else Decimal(cost)
    values: dict[str, Any] = {
        "project": project,
        "day": date(2026, 10, 20),
        "quantity": Decimal(1000),
        "cost": known,
        "estimated_cost": known,
    }
    return cost_row(**values | {"list_cost": known} | more)


ESTIMATES = [
    estimate("portal", "0.002"),
    estimate("portal", "0.003", user="u-1", list_cost=Decimal("0.004")),
    estimate("chat", "0.000000000000001", meter="output", unpriced_quantity=Decimal(400)),
    estimate("chat", None, basis="unpriced", unpriced_quantity=Decimal(1000), unpriced_events=3, unpriced_reason="unresolved_model"),
    estimate("search", "0", meter="requests", requests=5),
    estimate(UNATTRIBUTED, "0.1", model=None, provider=None),
]


def billed_costs() -> list[DailyCost]:
    """What the bill costs each project, as the book has it: one row a line or part."""
    dealt = {one.charge_id for one in ALLOCATIONS}
    amounts = [(one.project, one.amount, one.day) for one in ALLOCATIONS]
    amounts += [(one.project or UNATTRIBUTED, one.billed_cost, one.period_start.date()) for one in CHARGES if one.charge_id not in dealt]
    blank = estimate("portal", "0", basis="billed")
    return [replace(blank, project=project, cost=amount, billed_cost=amount, day=day) for project, amount, day in amounts]


DAILY = [*billed_costs(), *ESTIMATES]


def book(lines: list[Charge] = CHARGES, dealt: list[Allocation] = ALLOCATIONS, daily: list[DailyCost] = DAILY) -> FocusBook:
    return FocusBook(
        month=MONTH,
        currency="USD",
        projects=PROJECTS,
        daily=daily,
        charges=pa.Table.from_pylist([asdict(one) for one in lines], schema=charges.schema.to_pyarrow()),
        allocations=pa.Table.from_pylist([asdict(one) for one in dealt], schema=allocations.schema.to_pyarrow()),
    )
