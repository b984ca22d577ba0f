"""Likely claimants of cost without a project: whose logged usage fits it by key, hour, day, model and channel.

What usage without a project drew of a shared bill line goes with the evidence on that usage, not with the line's, which names nobody.

In: the cost by (day, channel, model), what its lines name, and the projects' logged usage. Out: claimants with their share as evidence.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.tables.claimants import CHANNEL, DAY, HOUR, KEY, LEVELS, MODEL, MONTH, STRONG, Claimant, Unclaimed
from usage_pipeline.tables.usage_events import LOG_VIEW, PROVIDER_VIEW

Cell = tuple[date, str, str | None]
"""(day, channel, model)."""
Weights = Mapping[str, Decimal]
"""What each project's logged usage costs."""
Claim = tuple[str, str]
"""(project, level)."""
NOBODY: Weights = {}
BILL, DRAWN = "bill", "drawn"
USED = (PROVIDER_VIEW, LOG_VIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What lines without a project name: `fields` are (attribution field, value), those that say most first.

    `origin`: BILL, DRAWN for parts of shared bill lines that usage without a project drew, or the view of usage. The amount of usage
    is what it would cost: a weight beside a bill, the cost itself where there is none.
    """

    source: str
    day: date
    channel: str
    model: str | None
    key: str | None
    fields: tuple[tuple[str, str], ...]
    amount: Decimal
    origin: str = BILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """The projects' logged usage: by key, by (day, channel, model) within the hours and regions asked for, and by (day, channel, model)."""

    by_key: Mapping[str, Weights]
    by_hour: Mapping[Cell, Weights]
    by_day: Mapping[Cell, Weights]


def unclaimed(cells: Mapping[Cell, Decimal], named: Sequence[Named], logged: Logged, owners: Sequence[str]) -> Unclaimed:
    """Every cell's amount, by what its lines name, dealt to those whose usage fits best, or to nobody."""
    looks = _looks(logged)
    amounts: dict[Claim, list[Decimal]] = defaultdict(list)
    shares: dict[Claim, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    led: list[tuple[Named, Claim | None]] = []
    nobody: list[Decimal] = []
    for cell, one, amount in _parts(cells, named):
        level, weights = next(((level, found) for level, look in looks if (found := look(cell, one))), ("", NOBODY))
        projects, whole = sorted(weights), money.total(list(weights.values()))
        if one is not None:
            led.append((one, next(((project, level) for project in projects if weights[project] * 2 > whole), None)))
        if not projects:
            nobody.append(amount)
            continue
        for project, part in zip(projects, money.allocate(amount, [weights[name] for name in projects]), strict=True):
            amounts[project, level].append(part)
            shares[project, level].append((weights[project], whole))
    rules = _rules(led)
    claimants = [
        Claimant(
            project=claim[0],
            level=claim[1],
            amount=money.total(parts),
            own_cost=money.total([own for own, _ in shares[claim]]),
            all_cost=money.total([whole for _, whole in shares[claim]]),
            rule=rules.get(claim),
        )
        for claim, parts in amounts.items()
    ]
    order = list(LEVELS)
    return Unclaimed(
        amount=money.total(list(cells.values())),
        nobody=money.total(nobody),
        claimants=tuple(sorted(claimants, key=lambda one: (-abs(one.amount), one.project, order.index(one.level)))),
        owners=tuple(owners),
    )


def _parts(cells: Mapping[Cell, Decimal], named: Sequence[Named]) -> Iterator[tuple[Cell, Named | None, Decimal]]:
    """Each cell's amount by its lines' own amounts; whole and nameless where no line is of its model.

    What usage drew is handed on to that usage, with the cell that the usage is of.
    """
    lines, used, used_anywhere = (defaultdict[Any, list[Named]](list) for _ in range(3))
    for one in named:
        cell = (one.day, one.channel, one.model)
        if one.origin in USED:
            used[cell].append(one)
            used_anywhere[cell[:2]].append(one)
        else:
            lines[cell].append(one)
    for cell in sorted(cells, key=str):
        ours = _of_a_sign(lines[cell]) or _of_a_sign(_telling(used[cell]))
        if not ours:
            yield cell, None, cells[cell]
            continue
        for one, part in zip(ours, money.allocate(cells[cell], [abs(one.amount) for one in ours]), strict=True):
            telling = _telling(used[cell] or used_anywhere[cell[:2]]) if one.origin == DRAWN and one.key is None else []
            drawers = [who for who in telling if who.amount > 0] or telling
            shares = money.allocate(part, [max(who.amount, money.ZERO) for who in drawers]) if drawers else []
            yield from (((who.day, who.channel, who.model), who, share) for who, share in zip(drawers, shares, strict=True))
            if not drawers:
                yield cell, one, part


def _of_a_sign(lines: Sequence[Named]) -> list[Named]:
    """What adds to the cost; where nothing does, what lessens it."""
    return [one for one in lines if one.amount > 0] or [one for one in lines if one.amount < 0]


def _telling(used: Sequence[Named]) -> Sequence[Named]:
    """Of two views of the same usage one: the provider's, unless the logs alone name keys."""
    views = [view for name in USED if (view := [one for one in used if one.origin == name])]
    return next((view for view in views if any(one.key for one in view)), views[0] if views else [])


def _looks(logged: Logged) -> list[tuple[str, Callable[[Cell, Named | None], Weights]]]:
    """How each level finds the projects of a cell's lines, the strongest level first."""
    other_channels = _summed(((day, model), weights) for (day, _, model), weights in logged.by_day.items() if model is not None)
    months = _summed(((channel, model), weights) for (_, channel, model), weights in logged.by_day.items() if model is not None)
    channels = _summed(((day, channel), weights) for (day, channel, _), weights in logged.by_day.items())
    return [
        (KEY, lambda _, one: logged.by_key.get(one.key, NOBODY) if one is not None and one.key is not None else NOBODY),
        (HOUR, lambda cell, _: logged.by_hour.get(cell, NOBODY)),
        (DAY, lambda cell, _: logged.by_day.get(cell, NOBODY)),
        (MODEL, lambda cell, _: other_channels.get((cell[0], cell[2]), NOBODY)),
        (MONTH, lambda cell, _: months.get((cell[1], cell[2]), NOBODY)),
        (CHANNEL, lambda cell, _: channels.get((cell[0], cell[1]), NOBODY)),
    ]


def _summed(parts: Iterable[tuple[object, Weights]]) -> dict[object, Weights]:
    groups: dict[object, list[Weights]] = defaultdict(list)
    for key, weights in parts:
        groups[key].append(weights)
    return {key: _together(members) for key, members in groups.items()}


def _together(members: Iterable[Weights]) -> Weights:
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for weights in members:
        for project, weight in weights.items():
            sums[project].append(weight)
    return {project: whole for project, parts in sums.items() if (whole := money.total(parts)) > 0}


def _rules(led: Sequence[tuple[Named, Claim | None]]) -> dict[Claim, str]:
    """For each strong claim the rule about the dearest value that stands on its lines alone."""
    claims: dict[tuple[str, int, str, str], set[Claim | None]] = defaultdict(set)
    worth: dict[tuple[str, int, str, str], list[Decimal]] = defaultdict(list)
    for one, claim in led:
        for rank, (field, value) in enumerate(one.fields):
            claims[one.source, rank, field, value].add(claim)
            worth[one.source, rank, field, value].append(abs(one.amount))
    rules: dict[Claim, str] = {}
    for place in sorted(claims, key=lambda place: (-money.total(worth[place]), place[1:], place[0])):
        source, _, field, value = place
        projects = {None if claim is None or claim[1] not in STRONG else claim[0] for claim in claims[place]}
        for claim in claims[place]:
            if claim is not None and projects == {claim[0]}:
                rules.setdefault(claim, rule_line(source, field, value, claim[0]))
    return rules


def rule_line(source: str, field: str, value: str, project: str) -> str:
    """The line for `attribution` in usage.yaml."""
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'- {{source: {source}, field: {field}, equals: "{text}", project: {project}}}'
