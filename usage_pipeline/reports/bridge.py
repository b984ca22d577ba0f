"""Why revision N + 1 of a month differs from revision N, by cause and by project. Pure: the parts sum to the difference, or it raises.

In: both revisions' daily costs, bill lines and their allocations. What was billed is compared line by line of the bill, what is estimated
cell by cell (day, channel, model, meter), under the name that a model has now. First what only moved between projects is told apart, then
what another exchange rate makes; the rest has one cause, or two where quantity and price changed. FOCUS's other costs (effective,
contracted, list) are each bridged in the same way: at another discount, list stays as it is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.reports.focus_lines import costs_of, is_estimated, listed_of, split_of
from usage_pipeline.reports.focus_rows import is_priced
from usage_pipeline.tables.allocations import Allocation
from usage_pipeline.tables.bridge import (
    CREDIT,
    CURRENCY,
    INVOICE_TRUE_UP,
    LATE_USAGE,
    PRICE_CORRECTION,
    RE_ATTRIBUTION,
    BridgePart,
)
from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost

USAGE, CREDITS = "Usage", "Credit"
AMOUNTS = ("amount", "effective", "contracted", "listed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One revision's numbers."""

    daily: Sequence[DailyCost]
    charges: Sequence[Charge]
    allocations: Sequence[Allocation]


@dataclass(frozen=True, slots=True)
class _Place:
    """What is compared: lines of a bill that are alike, or a cell of estimates."""

    day: date
    channel: str
    provider: str | None
    model: str | None
    meter: str
    category: str
    is_billed: bool
    more: tuple[str | None, ...] = ()


@dataclass(slots=True)
class _Side:
    """One revision's amount at a place, by project. `unpriced` is the quantity without a rate, beside `quantity`; `original` is the amount
    in the bill's own currency, where that is another, and `rate` what a unit of it was worth, where all lines have the same.
    `others` are the effective, contracted and list cost by project.
    """

    by_project: dict[str, Decimal]
    quantity: Decimal | None
    others: tuple[dict[str, Decimal], ...] = field(default_factory=lambda: ({}, {}, {}))
    unpriced: Decimal = money.ZERO
    original: Decimal | None = None
    rate: Decimal | None = None

    @property
    def amount(self) -> Decimal:
        return money.total(list(self.by_project.values()))


Sides = Mapping[_Place, _Side]


def bridge_of(before: Book, after: Book) -> list[BridgePart]:
    """Every part of the difference, by cause, project and day. Raises AccountingError where they miss it by a digit."""
    places = (_places(_renamed(before, after)), _places(after))
    billed_before = {(place.day, place.channel) for place in places[0] if place.is_billed and place.category == USAGE}
    billed_after = {(place.day, place.channel) for place in places[1] if place.is_billed and place.category == USAGE}
    turned = billed_before ^ billed_after
    parts: list[BridgePart] = []
    for place in sorted({*places[0], *places[1]}, key=repr):
        old, new = places[0].get(place), places[1].get(place)
        parts += _parts(place, old, new, is_turned=(place.day, place.channel) in turned)
    _check(parts, before, after)
    return parts


_Told = dict[tuple[str, str], tuple[Decimal, Decimal | None]]
"""Amount and quantity by cause and project."""


def _parts(place: _Place, old: _Side | None, new: _Side | None, *, is_turned: bool) -> Iterator[BridgePart]:
    """The parts of what the statement counts, and beside it those of FOCUS's other costs."""
    own = _told(place, old, new, is_turned=is_turned)
    columns = [own]
    for column in range(3):
        sides = [None if side is None else replace(side, by_project=side.others[column]) for side in (old, new)]
        is_same = all(
            one is None or other is None or one.by_project == other.by_project for one, other in zip((old, new), sides, strict=True)
        )
        columns.append(own if is_same else _told(place, *sides, is_turned=is_turned))
    for cause, project in dict.fromkeys(key for column in columns for key in column):
        quantity = next(column[cause, project][1] for column in columns if (cause, project) in column)
        amounts = [column.get((cause, project), (money.ZERO, None))[0] for column in columns]
        yield _part(place, cause, project, amounts, quantity)


def _told(place: _Place, old: _Side | None, new: _Side | None, *, is_turned: bool) -> _Told:
    """What moved between projects, and the rest under its causes, in proportion to them."""
    before, after = (old.by_project if old else {}), (new.by_project if new else {})
    changes = {project: _minus(after.get(project), before.get(project)) for project in sorted({*before, *after})}
    moved = _moved(changes)
    quantity = _more(old, new)
    whole = money.total(list(changes.values()))
    is_shared = sum(change != moved[project] for project, change in changes.items()) > 1
    shares = _shares(place, old, new, whole, quantity, is_turned=is_turned) if whole else []
    found: _Told = {}
    for project, change in changes.items():
        found[RE_ATTRIBUTION, project] = moved[project], None
        rest = left = _minus(change, moved[project])
        told = None if is_shared else quantity  # else it is of all of them together
        for cause, amount in shares[:-1]:
            part = money.in_proportion(rest, amount, whole)
            found[cause, project] = part, told
            left, told = _minus(left, part), None
        if shares:
            found[shares[-1][0], project] = left, told
    return found


def _moved(changes: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What only went from project to project: changes against the direction of the whole, and as much on the other side."""
    whole = money.total(list(changes.values()))
    if whole == 0:
        return dict(changes)
    along = {project: change for project, change in changes.items() if change * whole > 0}
    against = {project: change for project, change in changes.items() if change * whole < 0}
    back = money.total([change.copy_negate() for change in against.values()])
    parts = money.allocate(back, [abs(change) for change in along.values()])
    return {**dict.fromkeys(changes, money.ZERO), **against, **dict(zip(along, parts, strict=True))}


def _shares(
    place: _Place, old: _Side | None, new: _Side | None, whole: Decimal, quantity: Decimal | None, *, is_turned: bool
) -> list[tuple[str, Decimal]]:
    """The causes of a difference that is not 0, and how much of it is each one's."""
    rated = _by_rate(old, new, whole)
    own = _minus(whole, rated)
    cause = _cause(place, old, new, quantity, is_turned=is_turned)
    if cause is not None or old is None or new is None or quantity is None:
        shares = [(cause or LATE_USAGE, own)]
    else:
        used = _by_quantity(old, new, quantity, own)
        shares = [(LATE_USAGE, used), (PRICE_CORRECTION, _minus(own, used))]
    return [(name, amount) for name, amount in (*shares, (CURRENCY, rated)) if amount]


def _cause(place: _Place, old: _Side | None, new: _Side | None, quantity: Decimal | None, *, is_turned: bool) -> str | None:
    """Of what is not the exchange rate's. None where quantity and price both may have changed."""
    if place.category == CREDITS:
        return CREDIT
    if is_turned or place.category != USAGE:
        return INVOICE_TRUE_UP
    if old is None or new is None:
        return LATE_USAGE
    if quantity is None:
        return INVOICE_TRUE_UP
    return PRICE_CORRECTION if quantity == 0 else None


def _by_rate(old: _Side | None, new: _Side | None, whole: Decimal) -> Decimal:
    """How much of the difference another exchange rate makes: what is beyond the new original amount at the old rate."""
    if old is None or new is None or old.original is None or new.original is None:
        return money.ZERO
    if old.original == new.original:
        return whole
    if not old.original or (old.rate is not None and old.rate == new.rate):
        return money.ZERO
    return _minus(whole, _minus(money.in_proportion(old.amount, new.original, old.original), old.amount))


def _by_quantity(old: _Side, new: _Side, quantity: Decimal, own: Decimal) -> Decimal:
    """How much of `own` so much more quantity makes at the old unit price, else at the new one where nothing was priced before."""
    if old.quantity:
        return money.in_proportion(old.amount, quantity, old.quantity)
    return money.in_proportion(own, quantity, new.quantity) if old.unpriced and new.quantity else own


def _minus(amount: Decimal | None, less: Decimal | None) -> Decimal:
    return money.total([amount, None if less is None else less.copy_negate()])


def _places(book: Book) -> dict[_Place, _Side]:
    found: dict[_Place, _Side] = {}
    dealt: dict[tuple[date, str, str], list[Allocation]] = defaultdict(list)
    for one in book.allocations:
        dealt[one.day, one.source, one.charge_id].append(one)
    for charge in book.charges:
        day = charge.period_start.date()
        parts = dealt.get((day, charge.source, charge.charge_id))
        side = _Side({}, charge.quantity, original=charge.original_cost, rate=charge.exchange_rate)
        _add(found, _line(charge, day), _amounts(charge, parts), side)
    for row in book.daily:
        if row.billed_cost is None:
            place = _Place(row.day, row.channel, row.provider, row.model, row.meter, USAGE, False)  # noqa: FBT003
            unpriced = row.quantity if row.cost is None else row.unpriced_quantity
            cost = row.cost or money.ZERO
            listed = listed_of(row) if is_estimated(row) else None
            costs = [cost, cost, cost, listed if listed is not None and listed * cost >= 0 else cost]
            _add(found, place, [(row.project, costs)], _Side({}, _minus(row.quantity, unpriced), unpriced=unpriced))
    return found


def _amounts(charge: Charge, parts: Sequence[Allocation] | None) -> list[tuple[str, Sequence[Decimal]]]:
    """Billed, effective, contracted and list cost by project, as FOCUS's rows have them."""
    billed = charge.billed_cost
    costs = costs_of(vars(charge)) if is_priced(charge.category) else [billed] * 4
    if not parts:
        return [(charge.project or UNATTRIBUTED, costs)]
    ordered = sorted(parts, key=lambda one: one.project)
    dealt, shares = [one.amount for one in ordered], [one.share for one in ordered]
    split = [dealt, *(split_of(cost, billed, dealt, shares) for cost in costs[1:])]
    return [(one.project, [column[place] for column in split]) for place, one in enumerate(ordered)]


_Name = tuple[date, str, str, str | None, str | None]


def _renamed(before: Book, after: Book) -> Book:
    """`before` with the models' names of now: an estimated model that is gone, where just one other of its day, channel and project has
    grown by just as much of every meter, has another name since.
    """
    old, new = _used(before), _used(after)
    grown: dict[tuple[Any, ...], list[_Name]] = defaultdict(list)
    for name, used in new.items():
        was = old.get(name, {})
        more = {meter: _minus(used.get(meter), was.get(meter)) for meter in {*used, *was}}
        grown[*name[:3], frozenset((meter, quantity) for meter, quantity in more.items() if quantity)].append(name)
    gone = [name for name in old if name not in new]
    pairs = [(name, other) for name in gone for other in grown.get((*name[:3], frozenset(old[name].items())), ())]
    times = Counter(name for pair in pairs for name in pair)
    names = {name: other for name, other in pairs if times[name] == times[other] == 1}
    rows = [replace(row, provider=names[name][3], model=names[name][4]) if (name := _name(row)) in names else row for row in before.daily]
    return replace(before, daily=rows)


def _used(book: Book) -> dict[_Name, dict[str, Decimal]]:
    """What each project used of each estimated model, by meter."""
    found: dict[_Name, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in book.daily:
        if row.billed_cost is None and row.quantity:
            meters = found[_name(row)]
            meters[row.meter] = money.total([meters[row.meter], row.quantity])
    return found


def _name(row: DailyCost) -> _Name:
    return row.day, row.channel, row.project, row.provider, row.model


def _line(charge: Charge, day: date) -> _Place:
    """Lines of a bill that are alike count together: their ids may differ from export to export."""
    more = (
        charge.source, charge.billing_account, charge.sub_account_id, charge.provider_project_id, charge.workspace_id, charge.api_key,
        charge.principal, charge.resource_id, charge.sku, charge.service_tier, charge.region, charge.original_currency,
    )  # fmt: skip
    return _Place(day, charge.channel, charge.provider, charge.model, charge.meter, charge.category, True, more)  # noqa: FBT003


def _add(found: dict[_Place, _Side], place: _Place, amounts: Iterable[tuple[str, Sequence[Decimal]]], more: _Side) -> None:
    """`amounts`: billed or estimated, effective, contracted, list. A quantity or original amount that one line lacks is unknown for all."""
    side = found.get(place)
    if side is None:
        side = found[place] = more
    else:
        side.quantity = None if more.quantity is None or side.quantity is None else money.total([side.quantity, more.quantity])
        side.unpriced = money.total([side.unpriced, more.unpriced])
        side.original = None if more.original is None or side.original is None else money.total([side.original, more.original])
        side.rate = side.rate if side.rate == more.rate else None
    for project, costs in amounts:
        for column, cost in zip((side.by_project, *side.others), costs, strict=True):
            column[project] = money.total([column.get(project), cost])


def _more(old: _Side | None, new: _Side | None) -> Decimal | None:
    """How much more quantity came with a price: not what was there before without one, or is there still."""
    quantities = [money.ZERO if side is None else side.quantity for side in (old, new)]
    if quantities[0] is None or quantities[1] is None:
        return None
    more = _minus(quantities[1], quantities[0])
    unpriced = _minus(new.unpriced if new else None, old.unpriced if old else None)
    if more * unpriced >= 0:
        return more
    both = _minus(more, unpriced.copy_negate())
    return both if both * more > 0 else money.ZERO


def _part(place: _Place, cause: str, project: str, amounts: Sequence[Decimal], quantity: Decimal | None) -> BridgePart:
    return BridgePart(
        cause=cause,
        project=project,
        day=place.day,
        channel=place.channel,
        provider=place.provider,
        model=place.model,
        meter=place.meter,
        category=place.category,
        is_billed=place.is_billed,
        quantity=quantity,
        amount=amounts[0],
        effective=amounts[1],
        contracted=amounts[2],
        listed=amounts[3],
    )


def added_up(parts: Iterable[BridgePart]) -> list[BridgePart]:
    """Parts of the same cause, project, day, channel, model and meter together; those that come to nothing left out."""
    none: dict[str, Any] = dict.fromkeys(AMOUNTS, money.ZERO)
    sums: dict[BridgePart, list[BridgePart]] = defaultdict(list)
    for part in parts:
        sums[replace(part, **none, quantity=None)].append(part)
    found = [
        replace(
            key,
            **_amounts_of(group),
            quantity=money.total([one.quantity for one in group]) if all(one.quantity is not None for one in group) else None,
        )
        for key, group in sums.items()
    ]
    return sorted((one for one in found if any(getattr(one, name) for name in AMOUNTS)), key=_order)


def _amounts_of(group: Sequence[BridgePart]) -> dict[str, Any]:
    return {name: money.total([getattr(one, name) for one in group]) for name in AMOUNTS}


def _order(one: BridgePart) -> tuple[str, ...]:
    names = (one.channel, one.provider or "", one.model or "", one.meter, one.category)
    return (one.cause, one.project, one.day.isoformat(), *names, str(one.is_billed))


def _check(parts: Sequence[BridgePart], before: Book, after: Book) -> None:
    """By project, the parts are the difference of the daily costs."""
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for rows, sign in ((before.daily, -1), (after.daily, 1)):
        for row in rows:
            expected[row.project] = money.total([expected[row.project], row.cost and row.cost * sign])
    found: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        found[part.project] = money.total([found[part.project], part.amount])
    for project in sorted({*expected, *found}):
        if expected[project] != found[project]:
            raise AccountingError(
                f"the bridge misses the difference of {project}: {money.text(found[project])} by cause, and"
                f" {money.text(expected[project])} in the daily costs"
            )
