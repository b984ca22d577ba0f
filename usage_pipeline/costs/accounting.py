"""What must hold of a day's cost rows: parts sum to wholes, and no view is added to another."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.bill import Billed, BillLine
from usage_pipeline.costs.usage_view import Cell, Views, cell_of, is_charged
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.bill_lines import BilledLines
from usage_pipeline.tables.costs import BILLED, DailyCost
from usage_pipeline.tables.meters import REQUESTS
from usage_pipeline.tables.usage_costs import UsageCost


def check_parts(day: date, shared: Sequence[BillLine], dealt: Sequence[BilledLines]) -> None:
    """Per channel, what is dealt out is what is to be dealt out: no line left out, none of another time."""
    channels = {line.channel for line in shared} | {part.channel for part in dealt}
    for channel in sorted(channels):
        whole = money.total([line.amount for line in shared if line.channel == channel])
        parts = money.total([part.billed_cost for part in dealt if part.channel == channel])
        if whole != parts:
            raise AccountingError(
                f"{day}: shared lines of {channel} are {whole}, their parts {parts}:"
                " materialize the day's allocations again, and then its costs"
            )


def check_projects(day: date, lines: Sequence[BillLine], rows: Sequence[DailyCost]) -> None:
    """Per channel and project: the rows' billed cost is that of its own lines and of its parts of shared ones."""
    due: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    have: dict[tuple[str, str], list[Decimal | None]] = defaultdict(list)
    for line in lines:
        due[line.channel, str(line.project)].append(line.amount)
    for row in rows:
        have[row.channel, row.project].append(row.billed_cost)
    for channel, project in sorted(due.keys() | have.keys()):
        parts, whole = money.total(have.get((channel, project), [])), money.total(due.get((channel, project), []))
        _equal(day, f"billed cost of {project} by {channel} in the rows and in its lines and parts", parts, whole)


def check_day(day: date, usage: Sequence[UsageCost], charges: Sequence[Billed], rows: Sequence[DailyCost]) -> None:
    """Raises AccountingError, naming the day, the cell and both numbers, where a sum is off."""
    billed, charged = money.total([row.billed_cost for row in rows]), money.total([charge.billed_cost for charge in charges])
    _equal(day, "billed cost of the rows and of the charges", billed, charged)
    _check_view(day, usage, rows)
    owed = {charge.channel for charge in charges if charge.billed_cost < 0 or (charge.quantity or 0) < 0}
    for row in rows:
        _equal(day, f"cost and billed or estimated cost of {row.project}/{row.model}/{row.meter}", row.cost, _cost(row))
        if min(row.quantity, row.billed_cost or 0, row.estimated_cost or 0) < 0 and row.channel not in owed:
            raise AccountingError(f"{day}: {row.project}/{row.model}/{row.meter}: a negative amount that no charge has")


def _cost(row: DailyCost) -> Decimal | None:
    return row.billed_cost if row.basis == BILLED else row.estimated_cost


def _check_view(day: date, usage: Sequence[UsageCost], rows: Sequence[DailyCost]) -> None:
    """Per cell, our estimates and requests are those of the one view that gives them; failures and cache hits add requests alone."""
    views = Views(usage)
    priced = [row for row in usage if views.gives_price(row)]
    counted = [row for row in usage if row.meter == REQUESTS and (views.gives_amount(row) or not is_charged(row))]
    for name, column, chosen in (
        ("estimated cost", "estimated_cost", _sums(priced, "net_cost")),
        ("list cost", "list_cost", _sums(priced, "list_cost")),
        ("requests", "requests", _sums(counted, "requests")),
    ):
        have = _sums(rows, column)
        for cell in have.keys() | chosen.keys():
            _equal(day, f"{name} of {cell} in the rows and in its view", have.get(cell, money.ZERO), chosen.get(cell, money.ZERO))
    _check_credits(day, usage, rows, views)


def _check_credits(day: date, usage: Sequence[UsageCost], rows: Sequence[DailyCost], views: Views) -> None:
    """Per cell, credits are those of the one view that counts the requests. Where logs split a provider's count, both have a part."""
    counts = [row for row in usage if row.meter == REQUESTS]
    have = _sums(rows, "credits")
    given = _sums((row for row in counts if not is_charged(row) or views.gives_credits(row)), "credits")
    split = {cell_of(row) for row in counts if is_charged(row) and not views.gives_amount(row)}
    for cell in (have.keys() | given.keys()) - split:
        _equal(day, f"credits of {cell} in the rows and in its view", have.get(cell, money.ZERO), given.get(cell, money.ZERO))


def _sums(rows: Iterable[UsageCost | DailyCost], name: str) -> dict[Cell, Decimal]:
    groups: dict[Cell, list[Decimal]] = defaultdict(list)
    for row in rows:
        groups[cell_of(row)].append(Decimal(getattr(row, name) or 0))
    return {cell: money.total(amounts) for cell, amounts in groups.items()}


def _equal(day: date, what: str, left: Decimal | None, right: Decimal | None) -> None:
    if left != right:
        raise AccountingError(f"{day}: {what}: {left} and {right} differ")
