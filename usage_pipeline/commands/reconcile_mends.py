"""Proposed mends: lines as wide as the evidence goes and no wider, and the effect of the dearest ones when they are tried."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.tables.reconciliations import CAUSES, ReconciliationCause

TRIED_MOST = 3
_DATED = re.compile(r"(valid_from: |--from )(\d{4}-\d{2}-\d{2})")
_FROM = re.compile(r"valid_from: \d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What differs, regardless of sign, between the two views that a mend is about, now and with it; or why that is not known.

    `causes`: (cause, now, then) of those that it changes in its channels, between all views: what is priced anew has another worth in all.
    """

    now: Decimal
    then: Decimal | None
    causes: tuple[tuple[str, Decimal, Decimal], ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """A line of usage.yaml or a command, the money that it is about, in how many places, of which channels and steps."""

    mend: str
    amount: Decimal
    places: int
    channels: frozenset[str]
    steps: frozenset[str]
    effect: Effect | None = None

    @property
    def is_line(self) -> bool:
        return self.mend.startswith("- ")


def mends(found: Reconciled) -> list[Mend]:
    """The dearest first; lines that differ in their date alone are one, from the first day that shows it on: up to the first day after
    the last one that shows it on which the bill shows otherwise.
    """
    groups: dict[str, list[ReconciliationCause]] = defaultdict(list)
    for row in found.causes:
        if row.mend is not None:
            groups[_DATED.sub(r"\1", row.mend) if row.mend.startswith("- ") else row.mend].append(row)
    told = [
        Mend(
            mend=_until(min(str(row.mend) for row in rows), _ends(found, rows)),
            amount=money.total([abs(row.amount) for row in rows]),
            places=len(rows),
            channels=frozenset(row.channel for row in rows),
            steps=frozenset(row.step for row in rows),
        )
        for rows in groups.values()
    ]
    return sorted(told, key=lambda one: (-one.amount, one.mend))


def _ends(found: Reconciled, rows: Sequence[ReconciliationCause]) -> date | None:
    """The first day after those of `rows` on which the bill has such a cell, and no such difference."""
    places = {(row.channel, row.model, row.meter) for row in rows}
    last = max(row.day for row in rows)
    days = {one.day for one in found.cells if one.billed_cost and one.day > last and (one.channel, one.model, one.meter) in places}
    return min(days, default=None)


def _until(line: str, end: date | None) -> str:
    return line if end is None else _FROM.sub(lambda told: f"{told.group()}, valid_to: {end}", line)


def with_effects(found: Sequence[Mend], now: Reconciled, tried: Callable[[str], Reconciled]) -> list[Mend]:
    """The dearest lines with their effect: `tried` reconciles with a line of usage.yaml more."""
    dearest = {one.mend for one in [one for one in found if one.is_line][:TRIED_MOST]}
    return [replace(one, effect=_effect(one, now, tried)) if one.mend in dearest else one for one in found]


def _effect(mend: Mend, now: Reconciled, tried: Callable[[str], Reconciled]) -> Effect:
    before = _differs(now, mend)
    try:
        then = tried(mend.mend)
    except UsageConfigError as error:
        return Effect(now=before, then=None, problem=str(error))
    first, second = _by_cause(now, mend), _by_cause(then, mend)
    pairs = [(cause, first.get(cause, money.ZERO), second.get(cause, money.ZERO)) for cause in CAUSES]
    return Effect(now=before, then=_differs(then, mend), causes=tuple(one for one in pairs if one[1] != one[2]))


def _differs(found: Reconciled, mend: Mend) -> Decimal:
    return money.total([abs(row.amount) for row in found.causes if row.channel in mend.channels and row.step in mend.steps])


def _by_cause(found: Reconciled, mend: Mend) -> dict[str, Decimal]:
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for row in found.causes:
        if row.channel in mend.channels:
            amounts[row.cause].append(abs(row.amount))
    return {cause: money.total(parts) for cause, parts in amounts.items()}
