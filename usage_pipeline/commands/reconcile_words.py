"""The answer of `usage-pipeline reconcile`: tables for people, the same as JSON."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.periods import Period
from usage_pipeline.tables.reconciliations import CAUSES, UNEXPLAINED, Reconciliation, ReconciliationCause

MENDS_MOST, TEXT_MOST = 8, 130
SMALLEST = Decimal("0.005")
_DATED = re.compile(r"(valid_from: |--from )(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found, and what would be found with the line that is tried."""

    days: Period
    now: Reconciled
    then: Reconciled | None
    line: str | None
    currency: str
    limit: Decimal

    @property
    def unexplained_percent(self) -> Decimal:
        """Of the money of the highest views."""
        whole = money.total([abs(highest(row)) for row in self.now.cells])
        return money.percent(money.total([abs(row.amount) for row in self.now.causes if row.cause == UNEXPLAINED]), whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """All rows of one channel, step and cause. `moved` is their amount regardless of sign; `largest` the dearest of them."""

    channel: str
    step: str
    cause: str
    amount: Decimal
    moved: Decimal
    quantity: Decimal | None
    places: int
    largest: ReconciliationCause


def highest(row: Reconciliation) -> Decimal:
    return next((cost for cost in (row.billed_cost, row.provider_cost, row.logged_cost) if cost is not None), money.ZERO)


def sums(causes: Iterable[ReconciliationCause]) -> list[Sum]:
    """By channel, step and cause, the dearest cause of a channel first."""
    groups: dict[tuple[str, str, str], list[ReconciliationCause]] = defaultdict(list)
    for row in causes:
        groups[row.channel, row.step, row.cause].append(row)
    found = [
        Sum(
            channel=channel,
            step=step,
            cause=cause,
            amount=money.total([row.amount for row in rows]),
            moved=money.total([abs(row.amount) for row in rows]),
            quantity=_quantity(rows),
            places=len(rows),
            largest=max(rows, key=lambda row: abs(row.amount)),
        )
        for (channel, step, cause), rows in groups.items()
    ]
    return sorted(found, key=lambda one: (one.channel, one.step, -one.moved, one.cause))


def _quantity(rows: Sequence[ReconciliationCause]) -> Decimal | None:
    """Units, where all rows are of one meter."""
    is_one = len({row.meter for row in rows}) == 1 and all(row.quantity is not None for row in rows)
    return money.total([row.quantity for row in rows]) if is_one else None


def mends(causes: Iterable[ReconciliationCause]) -> list[tuple[str, Decimal, int]]:
    """(line or command, money that it is about, places), the dearest first; lines that differ in their date alone are the earliest."""
    groups: dict[str, list[ReconciliationCause]] = defaultdict(list)
    for row in causes:
        if row.mend is not None:
            groups[_DATED.sub(r"\1", row.mend) if row.mend.startswith("- ") else row.mend].append(row)
    found = [(min(str(row.mend) for row in rows), money.total([abs(row.amount) for row in rows]), len(rows)) for rows in groups.values()]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def show(answer: Answer, output: Output) -> None:
    days, currency = answer.days, answer.currency
    output.heading(f"Bill, the provider's count and logs, {days.start} to {days.last}, {currency}")
    _table(output, "channel", by(answer.now, lambda row: row.channel))
    invoices = by(answer.now, lambda row: row.invoice)
    if any(name is not None for name, _ in invoices):
        output.heading("By invoice")
        _table(output, "invoice", invoices)
    output.heading("Why they differ")
    found = sums(answer.now.causes)
    whole = money.total([one.moved for one in found])
    output.table(
        ("channel", "step", "cause", "amount", "%", "quantity", "places", "the largest"),
        [
            (
                *(
                    one.channel,
                    one.step,
                    one.cause,
                    _amount(one.amount),
                    f"{money.percent(one.moved, whole):.1f}",
                    one.quantity,
                    one.places,
                ),
                _cut(
                    f"{one.largest.day} {one.largest.project or ''} {one.largest.model or ''} {one.largest.meter}: {one.largest.evidence}"
                ),
            )
            for one in found
        ],
        numbers=("amount", "%", "quantity", "places"),
    )
    output.say("step bill: the bill less the provider's count (or the logs) · step usage: the provider's count less the logs")
    for cause in dict.fromkeys(one.cause for one in found):
        output.say(f"{cause}: {CAUSES[cause]}")
    _show_mends(answer, output)
    if answer.then is not None:
        _show_tried(answer, answer.then, output)
    output.say(f"\nunexplained: {money.text(answer.unexplained_percent)} % ({money.text(answer.limit)} % may stand when the period closes)")


def by(found: Reconciled, name: Callable[[Reconciliation], str | None]) -> list[tuple[str | None, list[Reconciliation]]]:
    groups: dict[str | None, list[Reconciliation]] = defaultdict(list)
    for row in found.cells:
        groups[name(row)].append(row)
    return sorted(groups.items(), key=lambda one: (one[0] is None, one[0] or ""))


def _table(output: Output, what: str, groups: Sequence[tuple[str | None, Sequence[Reconciliation]]]) -> None:
    views = ("billed_cost", "provider_cost", "logged_cost", "difference")
    output.table(
        (what, "billed", "counted", "logged", "difference"),
        [(name or "none named", *(_rounded(_known(rows, view)) for view in views)) for name, rows in groups],
        numbers=("billed", "counted", "logged", "difference"),
    )


def _known(rows: Iterable[Reconciliation], name: str) -> Decimal | None:
    amounts = [getattr(row, name) for row in rows if getattr(row, name) is not None]
    return money.total(amounts) if amounts else None


def _rounded(value: Decimal | None) -> str | None:
    return None if value is None else _amount(value)


def _amount(value: Decimal) -> str:
    """Cents; of less than one all that is there."""
    return dollars(value) if not value or abs(value) >= SMALLEST else money.text(value)


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= TEXT_MOST else f"{words[:TEXT_MOST]}…"


def _show_mends(answer: Answer, output: Output) -> None:
    found = mends(answer.now.causes)
    if found:
        output.heading("What would mend it: lines of usage.yaml (prices, aliases), to be tried with --try; commands")
        for mend, amount, places in found[:MENDS_MOST]:
            output.say(f"{mend}   # {_amount(amount)} {answer.currency} in {places:,} {'place' if places == 1 else 'places'}")
        if len(found) > MENDS_MOST:
            output.say(f"and {len(found) - MENDS_MOST:,} more: --json has all")


def _show_tried(answer: Answer, then: Reconciled, output: Output) -> None:
    output.heading(f"With {answer.line}")
    output.table(
        ("channel", "cause", "now", "then"),
        [(channel, cause, _amount(now), _amount(after)) for channel, cause, now, after in _compared(answer.now, then)],
        numbers=("now", "then"),
    )


def _compared(now: Reconciled, then: Reconciled) -> list[tuple[str, str, Decimal, Decimal]]:
    """Money regardless of sign, by channel and cause."""
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [money.ZERO, money.ZERO])
    for place, one in enumerate((now, then)):
        for row in sums(one.causes):
            found[row.channel, row.cause][place] = money.total([found[row.channel, row.cause][place], row.moved])
    return [(channel, cause, before, after) for (channel, cause), (before, after) in sorted(found.items())]


def document_of(answer: Answer) -> dict[str, Any]:
    """Money as text."""
    document: dict[str, Any] = {
        "from": answer.days.start.isoformat(),
        "to": answer.days.last.isoformat(),
        "currency": answer.currency,
        "unexplained_percent": money.text(answer.unexplained_percent),
        "limit_percent": money.text(answer.limit),
        "channels": [{"channel": name, **_sums(rows)} for name, rows in by(answer.now, lambda row: row.channel)],
        "invoices": [{"invoice": name, **_sums(rows)} for name, rows in by(answer.now, lambda row: row.invoice)],
        "causes": [_cause(one) for one in answer.now.causes],
        "mends": [{"mend": mend, "amount": money.text(amount), "places": places} for mend, amount, places in mends(answer.now.causes)],
    }
    if answer.then is not None:
        document["tried"] = {
            "line": answer.line,
            "causes": [
                {"channel": channel, "cause": cause, "now": money.text(now), "then": money.text(then)}
                for channel, cause, now, then in _compared(answer.now, answer.then)
            ],
        }
    return document


def _sums(rows: Sequence[Reconciliation]) -> dict[str, str | None]:
    found = {name: _known(rows, f"{name}_cost") for name in ("billed", "provider", "logged")} | {"difference": _known(rows, "difference")}
    return {name: None if amount is None else money.text(amount) for name, amount in found.items()}


def _cause(row: ReconciliationCause) -> dict[str, Any]:
    return {
        "day": row.day.isoformat(),
        "channel": row.channel,
        "project": row.project,
        "model": row.model,
        "meter": row.meter,
        "step": row.step,
        "cause": row.cause,
        "amount": money.text(row.amount),
        "quantity": None if row.quantity is None else money.text(row.quantity),
        "evidence": row.evidence,
        "mend": row.mend,
    }
