"""The month's bill and estimates as lines for FOCUS. In: charges and their allocations; daily costs. Out: lines, in a fixed order.

A bill line that names its project is one line, as the bill has it; a shared one is a line a project, parts that sum to it to the last
digit; what nobody is known for is `unattributed`. What no bill covers comes apart, summed by day, project, model and meter; usage without
a price comes not at all, and is counted.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import ONE_DAY, Period, start_of
from usage_pipeline.reports.focus_columns import Value
from usage_pipeline.reports.focus_names import service_of
from usage_pipeline.reports.focus_rows import ALLOCATED, BILLED, ESTIMATED, PURCHASE, USAGE, Line, text_of_pairs
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost

Record = Mapping[str, Any]
"""A row of `charges` or `allocations`."""

RECURRING_DAYS = 28
"""A purchase for so long is a subscription's."""


def billed_lines(charges: Iterable[Record], allocations: Iterable[Record], month: Period, names: Mapping[str, str]) -> Iterator[Line]:
    """Every charge, or its parts by project. `names` are the projects' by id."""
    dealt: dict[tuple[date, str, str], list[Record]] = defaultdict(list)
    for part in allocations:
        dealt[part["day"], part["source"], part["charge_id"]].append(part)
    for charge in sorted(charges, key=_place):
        yield from _lines(charge, sorted(dealt.get(_place(charge), ()), key=lambda part: str(part["project"])), month, names)


def _place(charge: Record) -> tuple[date, str, str]:
    return charge["period_start"].date(), charge["source"], charge["charge_id"]


def _lines(charge: Record, parts: Sequence[Record], month: Period, names: Mapping[str, str]) -> Iterator[Line]:
    more, told = _more(charge, month), costs_of(charge)
    if not parts:
        project = charge["project"] or UNATTRIBUTED
        yield _line(charge, project, told, charge["quantity"], more | _tags(charge["tags"], project), month)
        return
    shares = tuple(part["share"] for part in parts)
    ratios = _ratios(shares)
    billed = [part["amount"] for part in parts]
    split = [split_of(cost, charge["billed_cost"], billed, shares) for cost in told]
    original = charge["original_cost"]
    in_original = money.allocate(original, shares) if original is not None else ()
    for place, part in enumerate(parts):
        own = more | _tags(charge["tags"], part["project"]) | _allocated(part, ratios[place], names)
        if original is not None:
            own["PricingCurrencyEffectiveCost"] = in_original[place]
        yield _line(charge, part["project"], [amounts[place] for amounts in split], part["quantity"], own, month)


def split_of(cost: Decimal, billed: Decimal, parts: Sequence[Decimal], shares: Sequence[Decimal]) -> Sequence[Decimal]:
    """One of a shared line's costs by project: as `billed` was dealt out into `parts` where it is the same, else by the same shares."""
    return parts if cost == billed else money.allocate(cost, shares)


def costs_of(charge: Record) -> list[Decimal]:
    """Billed, effective, contracted, list. What is paid for by a purchase before is billed 0 and has its cost amortised; what the bill does
    not list is listed at what it is billed.
    """
    billed: Decimal = charge["billed_cost"]
    effective: Decimal = billed if charge["effective_cost"] is None else charge["effective_cost"]
    contracted = billed or (effective if charge["category"] == USAGE else billed)
    listed: Decimal | None = charge["list_cost"]
    return [billed, effective, contracted, contracted if listed is None or listed * contracted < 0 else listed]


@lru_cache(maxsize=4096)
def _ratios(shares: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """What part of the line each has; they sum to 1 at 15 decimals."""
    return tuple(money.allocate(Decimal(1), shares))


def _line(
    charge: Record, project: str, costs: Sequence[Decimal], quantity: Decimal | None, more: Mapping[str, Value], month: Period
) -> Line:
    return Line(
        channel=charge["channel"],
        provider=charge["provider"],
        model=charge["model"] or None,
        meter=charge["meter"],
        category=charge["category"],
        start=charge["period_start"],
        end=_end(charge, month),
        project=project,
        billed=costs[0],
        effective=costs[1],
        contracted=costs[2],
        listed=costs[3],
        quantity=quantity,
        tier=charge["service_tier"],
        sku=charge["sku"],
        more=more,
    )


def _end(charge: Record, month: Period) -> datetime:
    """Of the charge; at the latest of the month, in whose book its amount is, and else of its day."""
    start, end = charge["period_start"], charge["period_end"]
    last = start_of(month.end)
    return min(end if end is not None and end > start else start_of(start.date() + ONE_DAY), last)


def _more(charge: Record, month: Period) -> dict[str, Value]:
    """What only a bill knows."""
    service = service_of(charge["channel"])
    own = charge["sub_account_id"] or charge["provider_project_id"] or charge["workspace_id"] or None
    kinds = {charge["workspace_id"]: "Workspace", charge["provider_project_id"]: "Project"}
    kind = kinds.get(own, service.sub_account) if own else None
    region = charge["region"] or None
    more: dict[str, Value] = {
        "BillingAccountId": charge["billing_account"] or charge["channel"],
        "ChargeClass": charge["charge_class"],
        "InvoiceId": charge["invoice"],
        "RegionId": region,
        "RegionName": region,
        "SubAccountId": own,
        "SubAccountName": (kind == "Project" and charge["provider_project_name"]) or own,
        "SubAccountType": kind,
        "x_CostBasis": BILLED,
        "x_Finality": charge["finality"],
        "x_SourceLineId": charge["charge_id"],
        "x_SourceSystem": charge["source"],
    }
    if charge["resource_id"]:
        more |= {"ResourceId": charge["resource_id"], "ResourceName": charge["resource_id"], "ResourceType": "Resource"}
    if charge["category"] == PURCHASE and (_end(charge, month) - charge["period_start"]).days >= RECURRING_DAYS:
        more["ChargeFrequency"] = "Recurring"
    if charge["original_currency"]:
        more |= {
            "PricingCurrency": charge["original_currency"],
            "PricingCurrencyEffectiveCost": charge["original_cost"],
            "PricingCurrencyListUnitPrice": None,
            "PricingCurrencyContractedUnitPrice": None,
            "x_ExchangeRate": charge["exchange_rate"],
            "x_ExchangeDay": charge["exchange_day"] and charge["exchange_day"].isoformat(),
        }
    return more


@lru_cache(maxsize=4096)
def _tags_text(tags: str | None, project: str | None) -> str:
    """The bill's own tags as they are; `project` is ours where it has none of that name."""
    found = json.loads(tags) if tags else {}
    return text_of_pairs(({"project": project} if project else {}) | found)


def _tags(tags: str | None, project: str) -> dict[str, Value]:
    return {"Tags": _tags_text(tags, None if project == UNATTRIBUTED else project)}


def _allocated(part: Record, ratio: Decimal, names: Mapping[str, str]) -> dict[str, Value]:
    """How a part was dealt out. The rest that nobody is known for is allocated to nobody."""
    told: dict[str, Value] = {"x_AllocationMethod": part["method"], "x_AllocationRule": part["rule"]}
    project = part["project"]
    if project == UNATTRIBUTED:
        return told
    return told | {
        "AllocatedMethodId": part["rule"] or part["method"],
        "AllocatedMethodDetails": f'{{"Elements":[{{"AllocatedRatio":{money.text(ratio)}}}]}}',
        "AllocatedResourceId": project,
        "AllocatedResourceName": names.get(project, project),
        "AllocatedTags": _tags_text(None, project),
        "x_AllocationStatus": ALLOCATED,
    }


def listed_of(row: DailyCost) -> Decimal | None:
    """An estimate at list prices, else at its own."""
    return row.cost if row.list_cost is None else row.list_cost


_Cell = tuple[date, str, str, str | None, str | None, str]


def estimated_lines(daily: Iterable[DailyCost]) -> Iterator[Line]:
    """What no bill covers, at our rates: BilledCost is 0, as only who invoices may say otherwise."""
    cells: dict[_Cell, list[DailyCost]] = defaultdict(list)
    for row in daily:
        if is_estimated(row):
            cells[row.day, row.project, row.channel, row.provider, row.model, row.meter].append(row)
    for cell in sorted(cells, key=lambda cell: tuple((part is not None, str(part)) for part in cell)):
        yield _estimate(cell, cells[cell])


def is_estimated(row: DailyCost) -> bool:
    return row.billed_cost is None and row.cost is not None and bool(row.cost or row.quantity)


def unpriced_events(daily: Iterable[DailyCost]) -> int:
    """Events whose usage is in no file of FOCUS, as no price of them is known."""
    return sum(row.unpriced_events for row in daily if row.billed_cost is None)


def _estimate(cell: _Cell, rows: Sequence[DailyCost]) -> Line:
    day, project, channel, provider, model, meter = cell
    cost = money.total([row.cost for row in rows])
    listed = money.total([listed_of(row) for row in rows])
    quantity = money.total([money.total([row.quantity, -row.unpriced_quantity]) for row in rows])
    more: dict[str, Value] = {
        "x_CostBasis": ESTIMATED,
        "x_EstimatedCost": cost,
        "x_SourceLineId": "/".join(("estimate", day.isoformat(), project, channel, provider or "", model or "", meter)),
    }
    return Line(
        channel=channel,
        provider=provider,
        model=model,
        meter=meter,
        category=USAGE,
        start=start_of(day),
        end=start_of(day + ONE_DAY),
        project=project,
        billed=money.ZERO,
        effective=cost,
        contracted=cost,
        listed=listed if listed * cost >= 0 else cost,
        quantity=quantity,
        more=more,
    )
