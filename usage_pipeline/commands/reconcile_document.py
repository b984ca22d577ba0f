"""The answer of `usage-pipeline reconcile` as JSON: money as text, every figure exact."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.reconcile_bridge import bridge
from usage_pipeline.commands.reconcile_mends import Effect, Mend
from usage_pipeline.commands.reconcile_sums import Answer, alone, by, causes_of, cell_of, compared, compared_of, view_total
from usage_pipeline.tables.reconciliations import Reconciliation, ReconciliationCause

VIEWS = ("billed", "provider", "logged")


def document_of(answer: Answer) -> dict[str, Any]:
    """Money as text."""
    accounts = {cell_of(one): one.account for one in answer.now.cells}
    document: dict[str, Any] = {
        "from": answer.days.start.isoformat(),
        "to": answer.days.last.isoformat(),
        "currency": answer.currency,
        "unexplained_percent": money.text(answer.unexplained_percent),
        "limit_percent": money.text(answer.limit),
        **_sums(answer.now.cells),
        "channels": [
            {"channel": name, **_sums(rows), "steps": _bridge(answer, name, rows)} for name, rows in by(answer.now, lambda row: row.channel)
        ],
        "invoices": [_invoice(answer, name, rows) for name, rows in by(answer.now, lambda row: row.invoice)],
        "causes": [_cause(one, accounts.get(cell_of(one))) for one in answer.now.causes],
        "mends": [_mend(one) for one in answer.mends],
    }
    if answer.then is not None:
        document["tried"] = {
            "line": answer.line,
            "causes": [
                {"channel": channel, "cause": cause, "now": money.text(now), "then": money.text(then)}
                for channel, cause, now, then in compared(answer.now, answer.then)
            ],
        }
    return document


def _bridge(answer: Answer, channel: str | None, rows: Sequence[Reconciliation]) -> list[dict[str, Any]]:
    lines = bridge(rows, [one for one in answer.now.causes if one.channel == channel])
    return [{"line": one.words, "amount": money.text(one.amount), "is_total": one.is_total} for one in lines]


def _invoice(answer: Answer, name: str | None, rows: Sequence[Reconciliation]) -> dict[str, Any]:
    """`lines`: of the invoice by itself; null where a cell is on several."""
    told = answer.invoices.get(name or "")
    lines = told and {
        "count": told.lines,
        "billed": money.text(told.billed),
        "count_of_months": told.all_lines,
        "billed_in_months": money.text(told.all_billed),
    }
    causes = causes_of(rows, answer.now.causes)
    return {"invoice": name, **_sums(rows), "lines": lines, "causes": {cause: money.text(amount) for cause, amount in causes.items()}}


def _sums(rows: Sequence[Reconciliation]) -> dict[str, Any]:
    """The views; the highest less the lowest of what can be compared, which is the difference; and what each view says alone."""
    found = {name: _text(view_total(rows, f"{name}_cost")) for name in VIEWS}
    pair = compared_of(rows)
    told = None if pair is None else {"highest": money.text(pair[0]), "lowest": money.text(pair[1])}
    only = {name: _text(alone(rows, f"{name}_cost")) for name in VIEWS}
    return {**found, "difference": _text(view_total(rows, "difference")), "compared": told, "no_other_view": only}


def _mend(one: Mend) -> dict[str, Any]:
    return {"mend": one.mend, "amount": money.text(one.amount), "places": one.places, "effect": _effect(one.effect)}


def _effect(one: Effect | None) -> dict[str, Any] | None:
    if one is None:
        return None
    causes = [{"cause": cause, "now": money.text(now), "then": money.text(then)} for cause, now, then in one.causes]
    return {"differs_now": _text(one.now), "differs_then": _text(one.then), "causes": causes, "problem": one.problem}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else money.text(value)


def _cause(row: ReconciliationCause, account: str | None) -> dict[str, Any]:
    """`account` is its cell's."""
    return {
        "day": row.day.isoformat(),
        "channel": row.channel,
        "account": account,
        "project": row.project,
        "model": row.model,
        "meter": row.meter,
        "step": row.step,
        "cause": row.cause,
        "amount": money.text(row.amount),
        "quantity": _text(row.quantity),
        "evidence": row.evidence,
        "mend": row.mend,
    }
