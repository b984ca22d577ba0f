"""Reconciliation: the three views of one dollar, cell by cell, and why they differ. Causes sum to each difference, to the last digit.

In: rows of `reconciled_usage` and `reconciled_bills` of some days with those around them, and what is known of prices and providers. Out:
rows of `reconciliations` and `reconciliation_causes` of the days asked for. In their order, causes are: lines that are no usage, requests
over midnight, other processing, other kinds of tokens, other tiers, other prices, rounding, not final, in one view alone, unexplained.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from usage_pipeline import money
from usage_pipeline.costs.reconcile_aliases import known_by_another_name
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_kinds import between_kinds
from usage_pipeline.costs.reconcile_lots import Cell, Lot, cost_of, units_of
from usage_pipeline.costs.reconcile_midnight import over_midnight
from usage_pipeline.costs.reconcile_offers import Offers, common_discount, plain_discount
from usage_pipeline.costs.reconcile_pairs import pair
from usage_pipeline.costs.reconcile_reading import listed_of, read_bill
from usage_pipeline.costs.reconcile_rest import name_rest
from usage_pipeline.costs.reconcile_views import BILL, LOG, PROVIDER, USAGE, AllViews, CellViews, ChannelDay, DayViews, views_of
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.months import nulls_first
from usage_pipeline.tables.reconciled_bills import ReconciledBill
from usage_pipeline.tables.reconciled_usage import Known, ReconciledUsage
from usage_pipeline.tables.reconciliations import (
    ADJUSTMENT,
    BILL_STEP,
    CREDIT,
    TAX,
    USAGE_STEP,
    Reconciliation,
    ReconciliationCause,
)
from usage_pipeline.tables.usage_events import LOG_VIEW, PROVIDER_VIEW

EXTRA_CAUSES = {"Credit": CREDIT, "Tax": TAX}
"""Lines that are no usage, by category; all others are adjustments."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Rows of both tables, in the order of their keys."""

    cells: list[Reconciliation]
    causes: list[ReconciliationCause]


def reconcile(
    usage: Sequence[ReconciledUsage], charges: Sequence[ReconciledBill], known: Known, days: Collection[date] | None = None
) -> Reconciled:
    """Both tables of `days` (all if None). `usage` and `charges` reach two days before them and one after: what crosses midnight needs it.

    Raises AccountingError, naming the cell and the numbers, where causes would not sum to a difference or cells not to the views.
    """
    with money.exactly():
        views = views_of(usage, charges, known)
        gaps = _gaps(views, known)
        _explain(gaps, views, known)
        rows = [_row(cell, said, views.days[cell.channel, cell.day], known) for cell, said in views.cells.items()]
        causes = [row for gap in gaps for row in gap.rows()]
        wanted = {row.day for row in rows} if days is None else set(days)
        _check_sums(rows, gaps, causes)
        _check_totals(rows, usage, charges)
    return Reconciled(
        sorted((row for row in rows if row.day in wanted), key=_cell_key),
        sorted((row for row in causes if row.day in wanted), key=_cause_key),
    )


def _gaps(views: AllViews, known: Known) -> list[Gap]:
    """One for each two neighbouring views of a cell."""
    found: list[Gap] = []
    for cell, said in views.cells.items():
        present = _present(cell, said, views.days[cell.channel, cell.day], known)
        for above, below in pairwise(present):
            step = BILL_STEP if above == BILL else USAGE_STEP
            upper, lower = list(said.lots[above]), list(said.lots[below])
            extra = money.total([one.billed_cost for one in said.extras]) if above == BILL else money.ZERO
            left = cost_of(upper) + extra - cost_of(lower)
            gap = Gap(cell=cell, step=step, above=above, below=below, upper=upper, lower=lower, left=left, difference=left)
            gap.logged = said.lots[LOG]
            gap.part_of_days = max((lot.days for lot in upper), default=1)
            found.append(gap)
    return found


def _present(cell: Cell, said: CellViews, day: DayViews, known: Known) -> list[str]:
    """The views that speak of the cell, from the top. What the provider does not count at all is looked for in the logs."""
    has_bill = bool(day.lines or said.extras)
    has_logs = cell.channel in known.logged or bool(day.meters(LOG_VIEW))
    counts = day.speaks(PROVIDER_VIEW, cell.meter) or (bool(day.meters(PROVIDER_VIEW)) and not has_logs)
    return [view for view, is_there in ((BILL, has_bill), (PROVIDER, counts), (LOG, has_logs)) if is_there]


def _explain(gaps: Sequence[Gap], views: AllViews, known: Known) -> None:
    """Each cause in turn takes out of the gaps what it explains."""
    offers, listed, discounts = Offers(known.prices), _listed_days(gaps), _discounts(gaps)
    for gap in gaps:
        if gap.above == BILL:
            _take_extras(gap, views.cells[gap.cell].extras)
            found = offers.of(gap.cell, gap.lower, discounts.get(_model_day(gap), ()))
            read_bill(gap, found, prefers_list=(gap.cell.channel, gap.cell.day) in listed)
        gap.note()
        pair(gap, offers)
    counted = [gap for gap in gaps if gap.cell.meter != UNMAPPED]
    over_midnight(counted)
    between_kinds(counted)
    known_by_another_name(counted)
    name_rest(gaps, known.open_days)


def _take_extras(gap: Gap, extras: Iterable[ReconciledBill]) -> None:
    for one in extras:
        said = one.sku or one.category
        kind = "a correction" if one.category == USAGE else f"a line of category {one.category}"
        gap.take(EXTRA_CAUSES.get(one.category, ADJUSTMENT), one.billed_cost, None, f"{kind} on the bill: {said}")


def _listed_days(gaps: Iterable[Gap]) -> set[ChannelDay]:
    """Channels and days whose bill is at list prices where ours are others, as its lines that agree to the last digit show."""
    votes: Counter[ChannelDay] = Counter()
    for gap in gaps:
        listed, net, billed = money.total([lot.list_cost for lot in gap.lower]), cost_of(gap.lower), cost_of(gap.upper)
        if gap.above == BILL and listed != net and billed:
            votes[gap.cell.channel, gap.cell.day] += (billed == listed) - (billed == net)
    return {key for key, count in votes.items() if count > 0}


def _discounts(gaps: Iterable[Gap]) -> dict[object, list[Decimal]]:
    """Discounts off the list that lines of a model and day show, told by those whose quantity is beyond doubt; most often seen first."""
    lines: dict[object, list[tuple[Decimal, Decimal, Decimal]]] = defaultdict(list)
    for gap in gaps:
        lines[_model_day(gap)] += listed_of(gap)
    found: dict[object, list[Decimal]] = {}
    for key, known in lines.items():
        votes = Counter(percent for line in known if (percent := plain_discount(*line)) is not None)
        common = common_discount(known) if not votes else None
        found[key] = [percent for percent, _ in votes.most_common()] if common is None else [common]
    return found


def _model_day(gap: Gap) -> tuple[object, ...]:
    return (gap.cell.channel, gap.cell.day, gap.cell.model)


def _row(cell: Cell, said: CellViews, day: DayViews, known: Known) -> Reconciliation:
    present = _present(cell, said, day, known)
    costs = {view: cost_of(said.lots[view]) for view in present}
    if BILL in present:
        costs[BILL] += money.total([one.billed_cost for one in said.extras])
    quantities = {view: _quantity(cell, said.lots[view], day) for view in present}
    return Reconciliation(
        day=cell.day,
        channel=cell.channel,
        project=cell.project,
        model=cell.model,
        meter=cell.meter,
        account=", ".join(sorted(said.accounts)) or None,
        invoice=", ".join(sorted(said.invoices)) or None,
        finality=day.finality,
        billed_quantity=quantities.get(BILL),
        provider_quantity=quantities.get(PROVIDER),
        logged_quantity=quantities.get(LOG),
        billed_cost=costs.get(BILL),
        provider_cost=costs.get(PROVIDER),
        logged_cost=costs.get(LOG),
        difference=money.exact(costs[present[0]] - costs[present[-1]]),
    )


def _quantity(cell: Cell, lots: Sequence[Lot], day: DayViews) -> Decimal | None:
    """Units; None where a line does not say, or where units of several kinds are in one cell."""
    is_mixed = cell.meter == UNMAPPED and not (day.is_metered or not day.lines)
    return None if is_mixed or any(lot.quantity is None for lot in lots) else units_of(lots)


def _check_sums(rows: Iterable[Reconciliation], gaps: Sequence[Gap], causes: Iterable[ReconciliationCause]) -> None:
    explained: dict[object, list[Decimal]] = defaultdict(list)
    for row in causes:
        explained[_key(row), row.step].append(row.amount)
    steps: dict[object, list[Decimal]] = defaultdict(list)
    for gap in gaps:
        key = _key(gap.cell)
        _equal(f"what is left of step {gap.step} in {gap.cell}", gap.left, money.ZERO)
        _equal(f"the causes of step {gap.step} and its difference in {gap.cell}", money.total(explained[key, gap.step]), gap.difference)
        steps[key].append(gap.difference)
    for one in rows:
        _equal(f"the difference and its steps in {_key(one)}", one.difference, money.total(steps[_key(one)]))


def _check_totals(rows: Sequence[Reconciliation], usage: Sequence[ReconciledUsage], charges: Sequence[ReconciledBill]) -> None:
    _equal(
        "the bill in the cells and in its lines",
        money.total([row.billed_cost for row in rows]),
        money.total([one.billed_cost for one in charges]),
    )
    for view, name in ((PROVIDER_VIEW, "provider_cost"), (LOG_VIEW, "logged_cost")):
        have, given = money.total([getattr(row, name) for row in rows]), money.total([row.net_cost for row in usage if row.view == view])
        _equal(f"{name} of the cells and of the usage", have, given)


def _equal(what: str, left: Decimal, right: Decimal) -> None:
    if left != right:
        raise AccountingError(f"{what}: {left} and {right} differ")


def _key(row: Cell | Reconciliation | ReconciliationCause) -> tuple[object, ...]:
    return (row.day, row.channel, row.project, row.model, row.meter)


def _cell_key(row: Reconciliation) -> tuple[tuple[bool, object], ...]:
    return nulls_first(_key(row))


def _cause_key(row: ReconciliationCause) -> tuple[tuple[bool, object], ...]:
    return nulls_first((*_key(row), row.step, row.cause, row.evidence))
