"""The day's bill as lines to lay over usage: charges summed by what they name, shared ones allocated to projects.

What a line reaches is the usage that agrees with it in every dimension it names. A dimension it leaves open is split by the usage:
a web search line names no model, so it reaches that meter of any model. A line whose text names no meter we know ('unmapped') is
something of its own (storage, a tax) and reaches nothing; only where the channel's whole bill of that day names no meter at all
(and, for lines without model, no model) it is a bill without that dimension, and reaches all of the usage it can stand for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.split import step_of
from usage_pipeline.costs.usage_view import is_charged
from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.months import nulls_first
from usage_pipeline.tables.usage_costs import UsageCost
from usage_pipeline.tables.usage_events import PROVIDER_VIEW

ANY = "*"
"""A dimension that a bill leaves open: usage of any value agrees."""

USAGE = "Usage"
Reach = tuple[str | None, str]
"""(model or ANY, meter or ANY)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """Charges of one day that name the same things. `project` None: shared, to be allocated. `quantity` None: not said."""

    channel: str
    project: str | None
    provider: str | None
    model: str | None
    meter: str
    api_type: str | None
    is_usage: bool
    amount: Decimal
    quantity: Decimal | None


class Bill:
    """One day's bill: its lines, and which dimensions each channel's bill names at all."""

    def __init__(self, charges: Iterable[Charge], model_ids: Mapping[tuple[str | None, str | None], str]) -> None:
        groups: dict[tuple[str | bool | None, ...], list[Charge]] = defaultdict(list)
        for charge in charges:
            groups[_key(charge, model_ids)].append(charge)
        self.lines: list[BillLine] = [_line(key, groups[key]) for key in sorted(groups, key=nulls_first)]
        used = [line for line in self.lines if line.is_usage]
        self._names_models = {line.channel for line in used if line.model is not None}
        self._names_meters = {line.channel for line in used if line.meter != UNMAPPED}

    def reach(self, line: BillLine) -> Reach | None:
        """The usage that `line` can stand for; None for a line that stands for itself."""
        if not line.is_usage and line.meter == UNMAPPED:
            return None
        if line.meter != UNMAPPED:
            return (line.model if line.model is not None else ANY, line.meter)
        if line.channel in self._names_meters or (line.model is None and line.channel in self._names_models):
            return None
        return (line.model if line.model is not None else ANY, ANY)

    def allocated(self, usage: Sequence[UsageCost]) -> list[BillLine]:
        """The lines, each with a project: shared ones dealt out by the shares of the usage they reach, else `unattributed`."""
        shared = [(line, self.reach(line)) for line in self.lines if line.project is None]
        wanted = {(line.channel, *reach) for line, reach in shared if reach is not None}
        shares = _shares(usage, wanted)
        lines = [line for line in self.lines if line.project is not None]
        for line, reach in shared:
            lines += _allocate(line, {} if reach is None else shares[line.channel, *reach])
        return lines


def _key(charge: Charge, model_ids: Mapping[tuple[str | None, str | None], str]) -> tuple[str | bool | None, ...]:
    project = charge.project or (UNATTRIBUTED if charge.names_project else None)
    model = charge.model and model_ids.get((charge.provider, charge.model), charge.model)
    return (charge.channel, project, charge.provider, model or None, charge.meter, charge.api_type, charge.category == USAGE)


def _line(key: tuple[str | bool | None, ...], charges: Sequence[Charge]) -> BillLine:
    channel, project, provider, model, meter, api_type, is_usage = key
    silent = not is_usage or meter == UNMAPPED or any(charge.quantity is None for charge in charges)
    return BillLine(
        channel=channel,  # type: ignore[arg-type]
        project=project,  # type: ignore[arg-type]
        provider=provider,  # type: ignore[arg-type]
        model=model,  # type: ignore[arg-type]
        meter=meter,  # type: ignore[arg-type]
        api_type=api_type,  # type: ignore[arg-type]
        is_usage=bool(is_usage),
        amount=money.total([charge.billed_cost for charge in charges]),
        quantity=None if silent else money.total([charge.quantity for charge in charges]),
    )


@dataclass(slots=True)
class _Share:
    """What one project used of what a shared line reaches."""

    quantity: Decimal = money.ZERO
    net_cost: Decimal | None = money.ZERO

    def add(self, row: UsageCost) -> None:
        self.quantity = money.total([self.quantity, row.quantity])
        unknown = self.net_cost is None or row.net_cost is None
        self.net_cost = None if unknown else money.total([self.net_cost, row.net_cost])


def _shares(usage: Sequence[UsageCost], wanted: set[tuple[str, str | None, str]]) -> dict[tuple[str, str | None, str], dict[str, _Share]]:
    """Per wanted (channel, model, meter): what each project used, in the provider's view if that has any of it, else in the logs."""
    views: dict[tuple[str, str | None, str], dict[bool, dict[str, _Share]]] = {
        key: {True: defaultdict(_Share), False: defaultdict(_Share)} for key in wanted
    }
    for row in usage if wanted else ():
        if not is_charged(row):
            continue
        for model in (row.model, ANY):
            for meter in (row.meter, ANY):
                if (key := (row.channel, model, meter)) in views:
                    views[key][row.view == PROVIDER_VIEW][row.project or UNATTRIBUTED].add(row)
    return {key: by_view[True] or by_view[False] for key, by_view in views.items()}


def _allocate(line: BillLine, shares: Mapping[str, _Share]) -> list[BillLine]:
    projects = sorted(shares)
    quantities = [shares[project].quantity for project in projects]
    costs = [cost for project in projects if (cost := shares[project].net_cost) is not None]
    weights = costs if len(costs) == len(projects) and any(costs) else quantities
    if not any(weights):
        return [replace(line, project=UNATTRIBUTED)]
    amounts = money.allocate(line.amount, weights)
    billed: Sequence[Decimal | None] = [None] * len(projects)
    if line.quantity is not None:
        billed = money.allocate(line.quantity, quantities if any(quantities) else weights, step=step_of([line.quantity]))
    return [
        replace(line, project=project, amount=amount, quantity=quantity)
        for project, amount, quantity in zip(projects, amounts, billed, strict=True)
        if amount or quantity
    ]
