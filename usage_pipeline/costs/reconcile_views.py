"""The rows of the three views → cells, in the dimensions in which they can be compared, with the lots of each view.

A dimension is kept where every view that speaks names it: a bill without projects is compared with the usage of all projects, a log
without tags likewise; a line of web searches names no model, so it stands for that meter of any model.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_lots import Cell, Lot
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import TOKEN_METERS, UNMAPPED
from usage_pipeline.tables.reconciled_bills import ReconciledBill
from usage_pipeline.tables.reconciled_usage import Known, ReconciledUsage, processing_of
from usage_pipeline.tables.usage_events import LOG_VIEW, PROVIDER_VIEW

BILL, PROVIDER, LOG = "bill", "provider", "log"
USAGE, CORRECTION = "Usage", "Correction"
FINAL, PROVISIONAL, OPEN = "final", "provisional", "open"
CENTS, FINEST = 2, 15

ChannelDay = tuple[str, date]


@dataclass(slots=True)
class CellViews:
    """All that is said of one cell. `extras` are lines that are no usage: credits, taxes, corrections."""

    lots: dict[str, list[Lot]] = field(default_factory=lambda: {BILL: [], PROVIDER: [], LOG: []})
    extras: list[ReconciledBill] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)
    invoices: set[str] = field(default_factory=set)


@dataclass(slots=True)
class DayViews:
    """What one channel's views of one day are like: which speak, and which dimensions they name."""

    lines: list[ReconciledBill] = field(default_factory=list)
    extras: list[ReconciledBill] = field(default_factory=list)
    usage: list[ReconciledUsage] = field(default_factory=list)
    _meters: dict[str, set[str]] = field(default_factory=dict)

    def meters(self, view: str) -> set[str]:
        """What a usage view counts on that day."""
        if not self._meters:
            self._meters = {one: {row.meter for row in self.usage if row.view == one} for one in (PROVIDER_VIEW, LOG_VIEW)}
        return self._meters[view]

    def speaks(self, view: str, meter: str) -> bool:
        """Whether a usage view counts such a meter at all on that day: it may, where it counts tokens, count any token."""
        own = self.meters(view)
        return meter in own or (meter in TOKEN_METERS and not own.isdisjoint(TOKEN_METERS)) or (meter == UNMAPPED and bool(own))

    @property
    def is_metered(self) -> bool:
        return any(line.meter != UNMAPPED for line in self.lines)

    @property
    def finality(self) -> str:
        told = {line.finality for line in self.lines or self.extras}
        return OPEN if not told else FINAL if told == {FINAL} else PROVISIONAL


@dataclass(slots=True)
class AllViews:
    """Everything by cell and by channel and day."""

    cells: dict[Cell, CellViews]
    days: dict[ChannelDay, DayViews]


def views_of(usage: Iterable[ReconciledUsage], charges: Iterable[ReconciledBill], known: Known) -> AllViews:
    """Every row in exactly one cell, in the order in which the rows come."""
    days: dict[ChannelDay, DayViews] = defaultdict(DayViews)
    for row in usage:
        days[row.channel, row.day].usage.append(row)
    for charge in charges:
        one = days[charge.channel, charge.day]
        (one.lines if charge.category == USAGE and charge.charge_class != CORRECTION else one.extras).append(charge)
    cells: dict[Cell, CellViews] = defaultdict(CellViews)
    for (channel, day), views in sorted(days.items()):
        _fill(cells, _Places(channel, day, views, known), views)
    return AllViews(dict(cells), dict(days))


def _fill(cells: dict[Cell, CellViews], places: "_Places", views: DayViews) -> None:
    for row in views.usage:
        cell = cells[places.of_usage(row)]
        cell.lots[PROVIDER if row.view == PROVIDER_VIEW else LOG].append(_usage_lot(row))
        cell.accounts.update({row.account} - {None})  # type: ignore[arg-type]
    places_of = _decimals(views.lines)
    for line in views.lines:
        cell = cells[places.of_charge(line)]
        cell.lots[BILL].append(_bill_lot(line, places_of[line.source, line.original_currency], is_metered=views.is_metered))
        _told(cell, line)
    for extra in views.extras:
        cell = cells[places.of_charge(extra)]
        cell.extras.append(extra)
        _told(cell, extra)


def _told(cell: CellViews, charge: ReconciledBill) -> None:
    cell.accounts.update({charge.account} - {None})  # type: ignore[arg-type]
    cell.invoices.update({charge.invoice} - {None})  # type: ignore[arg-type]


class _Places:
    """Which cell a row of one channel and day belongs to."""

    def __init__(self, channel: str, day: date, views: DayViews, known: Known) -> None:
        self._channel, self._day = channel, day
        self._ids = known.model_ids.get(day, {})
        self._is_metered = views.is_metered or not views.lines
        self._lines: dict[str, list[ReconciledBill]] = defaultdict(list)
        for line in views.lines:
            self._lines[line.meter].append(line)
        named = [{row.project is not None for row in views.usage if row.view == view} for view in (PROVIDER_VIEW, LOG)]
        self._is_owned = all(True in one for one in named if one)

    def of_usage(self, row: ReconciledUsage) -> Cell:
        meter = row.meter if self._is_metered else UNMAPPED
        return self._cell(row.project or UNATTRIBUTED, row.model, meter)

    def of_charge(self, line: ReconciledBill) -> Cell:
        model = line.model and self._ids.get((line.provider, line.model), line.model)
        project = line.project or (UNATTRIBUTED if line.names_project else None)
        if line.meter == UNMAPPED and self._is_metered:
            return Cell(day=self._day, channel=self._channel, project=project, model=model or None, meter=UNMAPPED)
        return self._cell(project, model or None, line.meter)

    def _cell(self, project: str | None, model: str | None, meter: str) -> Cell:
        owned, modelled = self._names(meter)
        return Cell(
            day=self._day,
            channel=self._channel,
            project=project if owned else None,
            model=model if modelled else None,
            meter=meter,
        )

    def _names(self, meter: str) -> tuple[bool, bool]:
        """Whether project and model are told of this meter: by all its lines; of a meter without one, by any line."""
        lines = self._lines.get(meter)
        if lines:
            owned = all(line.project is not None or line.names_project for line in lines)
            return owned and self._is_owned, all(line.model is not None for line in lines)
        every = [line for group in self._lines.values() for line in group]
        owned = not every or any(line.project is not None or line.names_project for line in every)
        return owned and self._is_owned, not every or any(line.model is not None for line in every)


def _usage_lot(row: ReconciledUsage) -> Lot:
    return Lot(
        quantity=row.quantity,
        cost=row.net_cost or money.ZERO,
        price=row.net_unit_price if row.net_cost and row.net_unit_price else None,
        listed=row.list_unit_price if row.list_cost else None,
        list_cost=row.list_cost or money.ZERO,
        meter=row.meter,
        processing=row.processing,
        tier=row.tier,
        region=row.region,
        agreement=row.agreement,
        is_unpriced=row.net_cost is None,
        is_unsplit=row.is_unsplit,
        is_crossing=row.is_crossing,
        state=row.price_state,
        text=row.named or "",
    )


def _bill_lot(line: ReconciledBill, places: int, *, is_metered: bool) -> Lot:
    unit = Decimal(1).scaleb(-places)
    return Lot(
        quantity=line.quantity if is_metered and line.meter != UNMAPPED else None,
        cost=line.billed_cost,
        meter=line.meter,
        processing=processing_of(line.service_tier),
        region=line.region,
        text=line.sku or line.model or line.meter,
        days=line.days,
        margin=_margin(line, unit) * line.lines,
        lines=line.lines,
        rounded_to=" ".join([money.text(unit), *([line.original_currency] if line.original_currency else [])]),
        original=line.original_cost,
        currency=line.original_currency,
    )


def _margin(line: ReconciledBill, unit: Decimal) -> Decimal:
    """How far off one line may be: half a unit of its bill's last decimal; of a part of a line its part of that. What was converted or
    divided is rounded once more.
    """
    if line.exchange_rate is None and line.days == 1:
        return unit / 2
    return money.in_proportion(unit, line.exchange_rate or Decimal(1), Decimal(2 * line.days)) + money.SMALLEST


def _decimals(lines: Sequence[ReconciledBill]) -> dict[tuple[str, str | None], int]:
    """How many decimals a source's lines of the day have, by source and currency: at least those of cents."""
    places: dict[tuple[str, str | None], int] = defaultdict(lambda: CENTS)
    for line in lines:
        key = (line.source, line.original_currency)
        places[key] = min(max(places[key], line.decimals), FINEST)
    return places
