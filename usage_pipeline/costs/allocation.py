"""Shared bill lines dealt out one by one: each has parts of its own, which sum to it to the last digit.

Money is split line by line, so that a part follows from its line and its ratio alone. Quantities are whole where the bill's are, so they
are split running on from line to line in the order of their ids: of a thousand lines of one request each, everybody gets the own share.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.costs.bill import Dimensions, ModelIds, dimensions_of
from usage_pipeline.costs.shares import Shares
from usage_pipeline.costs.split import step_of
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.allocations import Allocation, allocations
from usage_pipeline.tables.bill_lines import SharedCharge


@dataclass(frozen=True, slots=True)
class Dealt:
    """One charge and its parts, one a project of `shares`."""

    charge: SharedCharge
    shares: Shares
    amounts: Sequence[Decimal]
    quantities: Sequence[Decimal | None]


def deal(charges: Iterable[SharedCharge], shares: Mapping[Dimensions, Shares], model_ids: ModelIds) -> Iterator[Dealt]:
    """The parts of each charge, in the order of channel, model, ... and id. Raises AccountingError where parts do not sum to it."""
    groups: dict[Dimensions, list[SharedCharge]] = defaultdict(list)
    for charge in charges:
        groups[dimensions_of(charge, model_ids)].append(charge)
    for dimensions, group in groups.items():
        yield from _dealt(sorted(group, key=lambda charge: (charge.charge_id, charge.source)), shares[dimensions])


def _dealt(charges: Sequence[SharedCharge], shares: Shares) -> Iterator[Dealt]:
    portions, parts_of = money.Portions(shares.weights), dict[Decimal, list[Decimal]]()
    running = money.Running(shares.units, step_of([charge.quantity for charge in charges if charge.quantity is not None]))
    nothing = (None,) * len(shares.projects)
    for charge in charges:
        amounts = parts_of.get(charge.billed_cost)
        if amounts is None:
            amounts = parts_of[charge.billed_cost] = portions.of(charge.billed_cost)
            _check(charge, charge.billed_cost, amounts)
        quantities = nothing if charge.quantity is None else running.of(charge.quantity)
        yield Dealt(charge, shares, amounts, quantities)


def _check(charge: SharedCharge, whole: Decimal, parts: Sequence[Decimal]) -> None:
    if money.total(parts) != whole or (whole >= 0 and min(parts) < 0):
        raise AccountingError(f"{charge.source} {charge.charge_id}: its parts {parts} do not sum to it: {whole}")


def rows_of(day: date, dealt: Iterable[Dealt]) -> list[Allocation]:
    """The parts as rows of `allocations`."""
    return [Allocation(**row) for row in table_of(day, dealt).to_pylist()]


def table_of(day: date, dealt: Iterable[Dealt]) -> pa.Table:
    """The parts as a table with the columns of `allocations`. Who has no weight has no row."""
    lines: list[SharedCharge] = []
    told: list[tuple[Shares, Decimal]] = []
    place: list[int] = []
    columns: dict[str, list[object]] = {name: [] for name in ("project", "share", "amount", "quantity")}
    for number, one in enumerate(dealt):
        shares = one.shares
        lines.append(one.charge)
        told.append((shares, money.total(shares.weights)))
        kept = [where for where, weight in enumerate(shares.weights) if weight or one.quantities[where]]
        place += [number] * len(kept)
        parts: tuple[Sequence[object], ...] = (shares.projects, shares.weights, one.amounts, one.quantities)
        for name, cells in zip(columns, parts, strict=True):
            columns[name] += [cells[where] for where in kept]
    schema = allocations.schema.to_pyarrow()
    of_lines: dict[str, list[object]] = {
        "day": [day] * len(lines),
        **{name: [getattr(line, name) for line in lines] for name in ("charge_id", "source", "source_file", "source_line")},
        "method": [shares.method for shares, _ in told],
        "rule": [shares.rule for shares, _ in told],
        "of_shares": [whole for _, whole in told],
    }
    index = pa.array(place, pa.int64())
    arrays = {name: pa.array(cells, schema.field(name).type).take(index) for name, cells in of_lines.items()}
    arrays |= {name: pa.array(cells, schema.field(name).type) for name, cells in columns.items()}
    return pa.table([arrays[name] for name in schema.names], schema=schema)
