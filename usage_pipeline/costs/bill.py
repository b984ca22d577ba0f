"""The day's bill as lines to lay over usage: charges summed by what they name, shared ones with a part for each project.

What a line reaches is the usage that agrees with it in every dimension it names. A dimension it leaves open is split by the usage:
a web search line names no model, so it reaches that meter of any model. A line whose text names no meter we know ('unmapped') is
something of its own (storage, a tax) and reaches nothing; only where the channel's whole bill of that day names no meter at all
(and, for lines without model, no model) it is a bill without that dimension, and reaches all of the usage it can stand for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from usage_pipeline import money
from usage_pipeline.tables.bill_lines import USAGE, BilledLines, SharedCharge
from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.months import nulls_first

ANY = "*"
"""A dimension that a bill leaves open: usage of any value agrees."""

Reach = tuple[str | None, str]
"""(model or ANY, meter or ANY)."""

Billed: TypeAlias = Charge | BilledLines
"""A line of a bill, or several that name the same, summed."""

ModelIds = Mapping[tuple[str | None, str | None], str]
"""The catalog id of a bill's (provider, model)."""

Dimensions = tuple[str, str | None, str | None, str, str | None, str, str | None]
"""(channel, provider, model, meter, api_type, category, rule): all that a line names besides its project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """Charges of one day that name the same things. `project` None: shared, to be dealt out. `quantity` None: not said."""

    channel: str
    project: str | None
    provider: str | None
    model: str | None
    meter: str
    api_type: str | None
    category: str
    rule: str | None
    amount: Decimal
    quantity: Decimal | None

    @property
    def is_usage(self) -> bool:
        return self.category == USAGE

    @property
    def dimensions(self) -> Dimensions:
        return (self.channel, self.provider, self.model, self.meter, self.api_type, self.category, self.rule)


class Bill:
    """One day's bill: its lines, and which dimensions each channel's bill names at all."""

    def __init__(self, charges: Iterable[Billed], model_ids: ModelIds) -> None:
        self.model_ids = model_ids
        self.lines = lines_of(charges, model_ids)
        used = [line for line in self.lines if line.is_usage]
        self._names_models = {line.channel for line in used if line.model is not None}
        self._names_meters = {line.channel for line in used if line.meter != UNMAPPED}

    @property
    def shared(self) -> list[BillLine]:
        """The lines that are to be dealt out."""
        return [line for line in self.lines if line.project is None]

    def reach(self, line: BillLine) -> Reach | None:
        """The usage that `line` can stand for; None for a line that stands for itself."""
        if not line.is_usage and line.meter == UNMAPPED:
            return None
        if line.meter != UNMAPPED:
            return (line.model if line.model is not None else ANY, line.meter)
        if line.channel in self._names_meters or (line.model is None and line.channel in self._names_models):
            return None
        return (line.model if line.model is not None else ANY, ANY)

    def dealt_out(self, parts: Iterable[BilledLines]) -> list[BillLine]:
        """The lines, each with a project: `parts` stand for the shared ones."""
        named = [line for line in self.lines if line.project is not None]
        return named + [part for part in lines_of(parts, self.model_ids) if part.amount or part.quantity]


def lines_of(charges: Iterable[Billed], model_ids: ModelIds) -> list[BillLine]:
    """Charges summed by project and dimensions, in the order of these."""
    groups: dict[tuple[str | None, Dimensions], list[Billed]] = defaultdict(list)
    for charge in charges:
        project = charge.project or (UNATTRIBUTED if charge.names_project else None)
        groups[project, dimensions_of(charge, model_ids)].append(charge)
    return [_line(*key, groups[key]) for key in sorted(groups, key=lambda key: nulls_first((key[0], *key[1])))]


def dimensions_of(charge: Billed | SharedCharge, model_ids: ModelIds) -> Dimensions:
    model = charge.model and model_ids.get((charge.provider, charge.model), charge.model)
    rule = None if isinstance(charge, Charge) else charge.rule
    return (charge.channel, charge.provider, model or None, charge.meter, charge.api_type, charge.category, rule)


def _line(project: str | None, dimensions: Dimensions, charges: Sequence[Billed]) -> BillLine:
    channel, provider, model, meter, api_type, category, rule = dimensions
    silent = category != USAGE or meter == UNMAPPED or any(charge.quantity is None for charge in charges)
    return BillLine(
        channel=channel,
        project=project,
        provider=provider,
        model=model,
        meter=meter,
        api_type=api_type,
        category=category,
        rule=rule,
        amount=money.total([charge.billed_cost for charge in charges]),
        quantity=None if silent else money.total([charge.quantity for charge in charges]),
    )
