"""A channel's way from the bill down to the logs, line by line: what is billed, less each cause, is what is counted, less each cause, is
what is logged. In: its cells and causes. Out: lines that sum to the last digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.commands.reconcile_sums import Sum, sums
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.reconciliations import BILL_STEP, USAGE_STEP, Reconciliation, ReconciliationCause

BILLED, COUNTED, LOGGED = "billed", "counted by the provider", "logged"
ALONE = "not reconciled: no other view"
DIRECT_OUT, DIRECT_IN = "logged, which the provider does not count", "logged, which the provider does not count, again"
UNBILLED_YET = "counted, with no bill beside it"
NO_LOG = "counted, with no log beside it"
LOG_ALONE = "logged, with no bill or count beside it"


@dataclass(frozen=True, slots=True)
class Line:
    """`is_total`: what a view says in all. Else a step to the next total, which is negative where that is less; a cause has its sum."""

    words: str
    amount: Decimal
    is_total: bool = False
    cause: Sum | None = None


def bridge(cells: Sequence[Reconciliation], causes: Sequence[ReconciliationCause]) -> list[Line]:
    """The lines of one channel. Raises AccountingError where they would not sum."""
    billed, counted, logged = (_total(cells, name) for name in ("billed_cost", "provider_cost", "logged_cost"))
    steps = sums(causes)
    lines: list[Line] = []
    direct = _sum([one.logged_cost for one in cells if one.billed_cost is not None and one.provider_cost is None])
    alone = _sum([one.logged_cost for one in cells if one.billed_cost is None and one.provider_cost is None])
    if billed is not None:
        lines += [Line(BILLED, billed, is_total=True), *_causes(steps, BILL_STEP)]
        lines += _part(ALONE, -_sum([one.billed_cost for one in cells if one.provider_cost is None and one.logged_cost is None]))
    if counted is not None:
        if billed is not None:
            lines += _part(DIRECT_OUT, -direct)
            lines += _part(UNBILLED_YET, _sum([one.provider_cost for one in cells if one.billed_cost is None]))
        lines += [Line(COUNTED, counted, is_total=True), *_causes(steps, USAGE_STEP)]
        if logged is not None:
            lines += _part(NO_LOG, -_sum([one.provider_cost for one in cells if one.logged_cost is None]))
            lines += _part(DIRECT_IN, direct)
    if logged is not None:
        lines += [*(_part(LOG_ALONE, alone) if lines else []), Line(LOGGED, logged, is_total=True)]
    _check(lines)
    return lines


def rounded(lines: Sequence[Line]) -> list[tuple[Line, Decimal]]:
    """Each line with what is shown of it: cents, of less than half a one all digits. What rounding leaves over before a total is a line."""
    found: list[tuple[Line, Decimal]] = []
    running = money.ZERO
    for line in lines:
        amount = shown(line.amount)
        if line.is_total and found and running != amount:
            found.append((Line("rounding of the lines above", amount - running), amount - running))
        running = amount if line.is_total else running + amount
        found.append((line, amount))
    return found


def shown(value: Decimal) -> Decimal:
    """Cents; of less than half a one all that is there."""
    cents = value.quantize(money.CENT)
    return cents if cents or not value else value


def _total(cells: Sequence[Reconciliation], name: str) -> Decimal | None:
    amounts = [cost for one in cells if (cost := getattr(one, name)) is not None]
    return money.total(amounts) if amounts else None


def _sum(amounts: Sequence[Decimal | None]) -> Decimal:
    return money.total([one for one in amounts if one is not None])


def _part(words: str, amount: Decimal) -> list[Line]:
    return [Line(words, amount)] if amount else []


def _causes(steps: Sequence[Sum], step: str) -> list[Line]:
    return [Line(one.cause, -one.amount, cause=one) for one in steps if one.step == step]


def _check(lines: Sequence[Line]) -> None:
    running = money.ZERO
    for number, line in enumerate(lines):
        if line.is_total and number and running != line.amount:
            raise AccountingError(f"the lines before '{line.words}' come to {running}, not to {line.amount}")
        running = line.amount if line.is_total else running + line.amount
