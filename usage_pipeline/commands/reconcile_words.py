"""The answer of `usage-pipeline reconcile` as tables for people. Columns sum as shown: what rounding leaves over is a line of its own."""

from collections.abc import Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.commands.output import Output
from usage_pipeline.commands.reconcile_bridge import Line, bridge, rounded, shown
from usage_pipeline.commands.reconcile_mends import Effect, Mend
from usage_pipeline.commands.reconcile_sums import Answer, Sum, alone, by, causes_of, compared, view_total
from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.tables.reconciliations import BILL_STEP, CAUSES, USAGE_STEP, Reconciliation, ReconciliationCause

MENDS_MOST, TEXT_MOST, CAUSES_MOST = 8, 130, 4
STEPS = {BILL_STEP: "bill to count or logs", USAGE_STEP: "count to logs"}
VIEWS = {"billed": "billed_cost", "counted": "provider_cost", "logged": "logged_cost"}
ALONE = "no other view"


def show(answer: Answer, output: Output) -> None:
    days, currency = answer.days, answer.currency
    channels, invoices = by(answer.now, lambda row: row.channel), by(answer.now, lambda row: row.invoice)
    output.heading(f"Bill, the provider's count and logs, {days.start} to {days.last}, {currency}")
    _views(output, "channel", [(name or "", rows, ()) for name, rows in channels])
    if any(name is not None for name, _ in invoices):
        output.heading("By invoice")
        told = [(name or "none named", rows, _of_invoice(answer, name, rows)) for name, rows in invoices]
        _views(output, "invoice", told, more=("lines", "why bill, count and logs differ"))
        _parts_of_invoices(answer, output)
    output.heading("From the bill to the logs, and why they differ")
    for name, rows in channels:
        causes = [one for one in answer.now.causes if one.channel == name]
        output.table(
            (name or "", currency, "places", "the largest"),
            [_line(line, amount) for line, amount in rounded(bridge(rows, causes))],
            numbers=(currency, "places"),
        )
    for cause in [one for one in CAUSES if any(row.cause == one for row in answer.now.causes)]:
        output.say(f"{cause}: {CAUSES[cause]}")
    _show_mends(answer, output)
    if answer.then is not None:
        _show_tried(answer, answer.then, output)
    output.say(f"\nunexplained: {money.text(answer.unexplained_percent)} % ({money.text(answer.limit)} % may stand when the period closes)")
    _show_alone(answer, output)


def _show_alone(answer: Answer, output: Output) -> None:
    """How much of the bill has nothing beside it, and where."""
    if not answer.alone:
        return
    whole, left = shown(view_total(answer.now.cells, "billed_cost") or money.ZERO), shown(answer.alone)
    output.say(f"reconciled {_amount(whole - left)} of {_amount(whole)} {answer.currency}; {_amount(left)} has no other view")
    for name, rows in by(answer.now, lambda row: row.channel):
        amount = alone(rows, "billed_cost")
        if amount:
            output.say(f"    {name}: not reconciled: no other view, {_amount(amount)}: no count and no log tells of it")


def _views(
    output: Output,
    what: str,
    groups: Sequence[tuple[str, Sequence[Reconciliation], Sequence[object]]],
    *,
    more: Sequence[str] = (),
) -> None:
    """A row a group, then what rounding leaves over, and the total of all cells."""
    every = [row for _, rows, _ in groups for row in rows]
    heads = (*VIEWS, ALONE) if alone(every, "billed_cost") else tuple(VIEWS)
    table = [(name, _amounts(rows)[: len(heads)], extra) for name, rows, extra in groups]
    totals = _amounts(every)[: len(heads)]
    rows: list[tuple[object, ...]] = [(name, *map(_amount, views), *extra) for name, views, extra in table]
    if len(groups) > 1:
        left = [_left(total, [views[place] for _, views, _ in table]) for place, total in enumerate(totals)]
        if any(left):
            rows.append(("rounding", *(_amount(one) if one else None for one in left), *(None for _ in more)))
        rows.append(("in all", *map(_amount, totals), *(None for _ in more)))
    output.table((what, *heads, *more), rows, numbers=(*heads, "lines"))


def _amounts(rows: Sequence[Reconciliation]) -> list[Decimal | None]:
    """The views, and what is billed with no other beside it."""
    return [*(view_total(rows, view) for view in VIEWS.values()), alone(rows, "billed_cost")]


def _left(total: Decimal | None, parts: Sequence[Decimal | None]) -> Decimal:
    return money.ZERO if total is None else shown(total) - sum((shown(one) for one in parts if one is not None), money.ZERO)


def _of_invoice(answer: Answer, name: str | None, rows: Sequence[Reconciliation]) -> tuple[object, ...]:
    causes = causes_of(rows, answer.now.causes)
    told = [f"{cause} {_amount(amount)}" for cause, amount in causes.items()]
    more = [f"{len(told) - CAUSES_MOST} more"] if len(told) > CAUSES_MOST else []
    lines = answer.invoices.get(name or "")
    return (None if lines is None else lines.lines, ", ".join([*told[:CAUSES_MOST], *more]) or "nothing")


def _parts_of_invoices(answer: Answer, output: Output) -> None:
    """What of an invoice is not in these days, or not in its row."""
    billed = {name: view_total(rows, "billed_cost") for name, rows in by(answer.now, lambda row: row.invoice)}
    for name, one in sorted(answer.invoices.items()):
        if one.all_lines != one.lines:
            output.say(
                f"{name}: {_amount(one.billed)} of its {_amount(one.all_billed)} {answer.currency} are of these days,"
                f" {one.lines:,} of {one.all_lines:,} lines"
            )
        if billed.get(name) != one.billed:
            output.say(
                f"{name}: its {one.lines:,} lines come to {_amount(one.billed)}; some share a day, model and meter with another bill"
            )


def _line(line: Line, amount: Decimal) -> tuple[object, ...]:
    if line.cause is None:
        return (line.words if line.is_total else f"  {line.words}", _amount(amount), None, None)
    return (f"  {line.words}", _amount(amount), line.cause.places, _largest(line.cause))


def _largest(one: Sum) -> str:
    both = "" if one.moved == abs(one.amount) else f"{_amount(one.moved)} up and down in all; "
    return both + _cut(_place(one.largest))


def _place(row: ReconciliationCause) -> str:
    return f"{row.day} {row.project or ''} {row.model or ''} {row.meter}: {row.evidence}"


def _amount(value: Decimal | None) -> str | None:
    """Cents; of less than half a one all that is there."""
    if value is None:
        return None
    number = shown(value)
    return f"{number:,}" if number == number.quantize(money.CENT) else money.text(number)


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= TEXT_MOST else f"{words[:TEXT_MOST]}…"


def _show_mends(answer: Answer, output: Output) -> None:
    if not answer.mends:
        return
    output.heading("What would mend it: lines of usage.yaml (prices, aliases), to be tried with --try; commands")
    for one in answer.mends[:MENDS_MOST]:
        output.say(f"{one.mend}   # {_amount(one.amount)} {answer.currency} in {one.places:,} {'place' if one.places == 1 else 'places'}")
        if one.effect is not None:
            output.say(f"    tried: {_effect(one, one.effect)}")
    if len(answer.mends) > MENDS_MOST:
        output.say(f"and {len(answer.mends) - MENDS_MOST:,} more: --json has all")


def _effect(mend: Mend, effect: Effect) -> str:
    if effect.then is None:
        return f"not possible: {effect.problem}"
    views = " and ".join(STEPS[one] for one in sorted(mend.steps))
    changed = "; ".join(f"{cause} {_amount(now)} → {_amount(then)}" for cause, now, then in effect.causes)
    told = f" ({changed})" if changed else ""
    return f"{', '.join(sorted(mend.channels))}, {views}: of {_amount(effect.now)} that differ {_amount(effect.then)} would remain{told}"


def _show_tried(answer: Answer, then: Reconciled, output: Output) -> None:
    output.heading(f"With {answer.line}")
    output.table(
        ("channel", "cause", "now", "then"),
        [(channel, cause, _amount(now), _amount(after)) for channel, cause, now, after in compared(answer.now, then)],
        numbers=("now", "then"),
    )
    output.say("regardless of sign: what goes up and what goes down are both counted")
