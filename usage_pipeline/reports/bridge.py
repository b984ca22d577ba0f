"""Why revision N + 1 of a month differs from revision N, by cause and by project. Pure: the parts sum to the difference, or it raises.

In: both revisions' daily costs, bill lines and their allocations. What was billed is compared line by line of the bill, what is estimated
cell by cell (day, channel, model, meter). First what only moved between projects is told apart; the rest has one cause.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
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
    """One revision's amount at a place, by project; `original` is it in the bill's own currency, where that is another."""

    by_project: dict[str, Decimal]
    quantity: Decimal | None
    original: Decimal | None

    @property
    def amount(self) -> Decimal:
        return money.total(list(self.by_project.values()))


Sides = Mapping[_Place, _Side]


def bridge_of(before: Book, after: Book) -> list[BridgePart]:
    """Every part of the difference, by cause, project and day. Raises AccountingError where they miss it by a digit."""
    places = (_places(before), _places(after))
    billed_before = {(place.day, place.channel) for place in places[0] if place.is_billed and place.category == USAGE}
    billed_after = {(place.day, place.channel) for place in places[1] if place.is_billed and place.category == USAGE}
    turned = billed_before ^ billed_after
    parts: list[BridgePart] = []
    for place in sorted({*places[0], *places[1]}, key=repr):
        old, new = places[0].get(place), places[1].get(place)
        parts += _parts(place, old, new, is_turned=(place.day, place.channel) in turned)
    _check(parts, before, after)
    return parts


def _parts(place: _Place, old: _Side | None, new: _Side | None, *, is_turned: bool) -> Iterator[BridgePart]:
    """What moved between projects, and the rest under its cause; a cell of which quantity and price changed under both."""
    before, after = (old.by_project if old else {}), (new.by_project if new else {})
    changes = {project: _minus(after.get(project), before.get(project)) for project in sorted({*before, *after})}
    moved = _moved(changes)
    quantity = _more(old, new)
    cause = _cause(place, old, new, quantity, is_turned=is_turned)
    whole = money.total(list(changes.values()))
    is_shared = sum(change != moved[project] for project, change in changes.items()) > 1
    told = None if is_shared else quantity  # else it is of all of them together
    for project, change in changes.items():
        yield _part(place, RE_ATTRIBUTION, project, moved[project], None)
        rest = _minus(change, moved[project])
        if cause is not None or old is None or new is None or not whole:
            yield _part(place, cause or LATE_USAGE, project, rest, told)
            continue
        used = money.in_proportion(rest, _by_quantity(old, new), whole)
        yield _part(place, LATE_USAGE, project, used, told)
        yield _part(place, PRICE_CORRECTION, project, _minus(rest, used), None)


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


def _cause(place: _Place, old: _Side | None, new: _Side | None, quantity: Decimal | None, *, is_turned: bool) -> str | None:
    """None where quantity and price both may have changed."""
    if place.category == CREDITS:
        return CREDIT
    if is_turned or place.category != USAGE:
        return INVOICE_TRUE_UP
    if old is None or new is None:
        return LATE_USAGE
    if old.original is not None and old.original == new.original:
        return CURRENCY
    if quantity is None:
        return INVOICE_TRUE_UP
    return PRICE_CORRECTION if quantity == 0 else None


def _by_quantity(old: _Side, new: _Side) -> Decimal:
    """How much of the difference the quantity makes at the old unit price; all of it where there was none."""
    if not old.quantity or new.quantity is None:
        return _minus(new.amount, old.amount)
    return _minus(money.in_proportion(old.amount, new.quantity, old.quantity), old.amount)


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
        amounts = [(one.project, one.amount) for one in parts] if parts else [(charge.project or UNATTRIBUTED, charge.billed_cost)]
        _add(found, _line(charge, day), amounts, charge.quantity, charge.original_cost)
    for row in book.daily:
        if row.billed_cost is None and row.cost is not None:
            place = _Place(row.day, row.channel, row.provider, row.model, row.meter, USAGE, False)  # noqa: FBT003
            _add(found, place, [(row.project, row.cost)], row.quantity, None)
    return found


def _line(charge: Charge, day: date) -> _Place:
    """Lines of a bill that are alike count together: their ids may differ from export to export."""
    more = (
        charge.source, charge.billing_account, charge.sub_account_id, charge.provider_project_id, charge.workspace_id, charge.api_key,
        charge.principal, charge.resource_id, charge.sku, charge.service_tier, charge.region, charge.original_currency,
    )  # fmt: skip
    return _Place(day, charge.channel, charge.provider, charge.model, charge.meter, charge.category, True, more)  # noqa: FBT003


def _add(
    found: dict[_Place, _Side],
    place: _Place,
    amounts: Iterable[tuple[str, Decimal]],
    quantity: Decimal | None,
    original: Decimal | None,
) -> None:
    """A quantity or original amount that one line lacks is unknown for all."""
    side = found.get(place)
    if side is None:
        side = found[place] = _Side({}, quantity, original)
    else:
        side.quantity = None if quantity is None or side.quantity is None else money.total([side.quantity, quantity])
        side.original = None if original is None or side.original is None else money.total([side.original, original])
    for project, amount in amounts:
        side.by_project[project] = money.total([side.by_project.get(project), amount])


def _more(old: _Side | None, new: _Side | None) -> Decimal | None:
    quantities = [money.ZERO if side is None else side.quantity for side in (old, new)]
    return None if quantities[0] is None or quantities[1] is None else quantities[1] - quantities[0]


def _part(place: _Place, cause: str, project: str, amount: Decimal, quantity: Decimal | None) -> BridgePart:
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
        amount=amount,
    )


def added_up(parts: Iterable[BridgePart]) -> list[BridgePart]:
    """Parts of the same cause, project, day, channel, model and meter together; those that come to nothing left out."""
    sums: dict[BridgePart, list[BridgePart]] = defaultdict(list)
    for part in parts:
        sums[replace(part, amount=money.ZERO, quantity=None)].append(part)
    found = [
        replace(
            key,
            amount=money.total([one.amount for one in group]),
            quantity=money.total([one.quantity for one in group]) if all(one.quantity is not None for one in group) else None,
        )
        for key, group in sums.items()
    ]
    return sorted((one for one in found if one.amount), key=_order)


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
