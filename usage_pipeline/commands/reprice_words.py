"""What `reprice` says: a table for people, a CSV for spreadsheets, a document for machines, all of the same rows."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.periods import Period
from usage_pipeline.prices.what_if import counted, percent_of
from usage_pipeline.reports.formats.guards import guarded
from usage_pipeline.tables.priced_usage import STATES
from usage_pipeline.tables.repriced import Repriced

COLUMNS = (
    "project", "provider", "model", "model_id", "requests", "tokens", "cost", "would_cost", "difference", "percent", "unpriced_events",
    "note",
)  # fmt: skip
AMOUNTS = ("cost", "would_cost", "difference", "percent")
SHOWN = ("project", "model", "requests", "tokens", "cost", "would cost", "difference", "%", "note")
NUMBERS = SHOWN[2:8]
DAYS_NAMED = 5
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows by project and model; the days of the period without any usage; the book, the scenario and what is to be known, in words."""

    rows: list[Repriced]
    days_missing: list[date]
    book: str
    scenario: str
    notes: list[str]


def csv_of(rows: Iterable[Repriced]) -> bytes:
    """UTF-8 with byte order mark and CRLF (Excel), exact decimals, an empty field for unknown, no total row; safe as a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = _cells(row)
        writer.writerow([_field(name, cells[name]) for name in COLUMNS])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _field(name: str, value: object) -> str:
    text = "" if value is None else str(value)
    return text if name in AMOUNTS else guarded(text)


def document_of(answer: Answer, days: Period, currency: str, file: str) -> dict[str, Any]:
    """Amounts as decimal strings, null where unknown."""
    return {
        "from": days.start.isoformat(),
        "to": days.last.isoformat(),
        "book": answer.book,
        "scenario": answer.scenario,
        "currency": currency,
        "rows": [_cells(row) for row in answer.rows],
        "totals": _texts(totals(answer.rows)),
        "days_missing": [day.isoformat() for day in answer.days_missing],
        "notes": answer.notes,
        "csv": file,
    }


def totals(rows: Sequence[Repriced]) -> dict[str, Any]:
    """Sums of what has a price on both sides, so that they can be compared; `left_out` is the rest, on either side."""
    known, rest = _apart(rows)
    cost, would = (money.total([getattr(row, name) for row in known]) if known or not rest else None for name in ("cost", "would_cost"))
    difference = None if cost is None or would is None else would - cost
    return {
        "requests": counted(known),
        "tokens": sum(row.tokens for row in known),
        "cost": cost,
        "would_cost": would,
        "difference": difference,
        "percent": None if cost is None or difference is None else percent_of(difference, cost),
        "unpriced_events": sum(row.unpriced_events for row in rows),
        "left_out": {
            "requests": counted(rest),
            "tokens": sum(row.tokens for row in rest),
            "cost": money.total([row.cost for row in rest]),
            "would_cost": money.total([row.would_cost for row in rest]),
        },
    }


def notes_of(rows: Sequence[Repriced], *, booked_by: Iterable[str], priced_by: Iterable[str]) -> list[str]:
    """What a reader must know of these numbers."""
    standard, base = (sum(getattr(row, name) for row in rows) for name in ("standard_events", "base_tier_events"))
    events = sum(row.events for row in rows)
    others = sorted(set(booked_by) - set(priced_by))
    notes = []
    if standard:
        notes.append(f"{standard:,} of {events:,} records have no price for the mode they would be in: they stand at the standard rate.")
    if base:
        notes.append(f"{base:,} of {events:,} records are sums of many requests: priced at the base tier, whatever each one's length.")
    if any(row.requests is None for row in rows):
        notes.append("requests –: the provider's usage does not count them.")
    if others:
        notes.append(f"part or all was booked under {'; '.join(others)}, so part of the difference is one of prices.")
    return notes


def show(answer: Answer, days: Period, currency: str, path: Path, output: Output) -> None:
    """The table, what it leaves out, and where the CSV is."""
    output.heading(f"{days.start} to {days.last}, {answer.scenario}, {currency}")
    known, rest = _apart(answer.rows)
    sums = totals(answer.rows)
    costs, woulds = (money.round_parts([getattr(row, name) for row in known]) for name in ("cost", "would_cost"))
    lines = [_line(row, cost, would) for row, cost, would in zip(known, costs, woulds, strict=True)]
    lines += [_line(row, row.cost, row.would_cost) for row in rest]
    total = ("total", "", sums["requests"], sums["tokens"], *_amounts(sums["cost"], sums["would_cost"], sums["percent"]), "")
    output.table(SHOWN, [*lines, total], numbers=NUMBERS)
    if rest:
        output.warn(_left_out(sums, currency))
    for note in answer.notes:
        output.warn(note)
    if answer.days_missing:
        output.warn(_missing(answer.days_missing, days))
    output.say("cost: usage at our rates, as booked; a bill may differ · would cost: an estimate, the same tokens and requests assumed")
    output.say(f"price book: {answer.book}")
    output.say(f"written: {path}")


def _apart(rows: Iterable[Repriced]) -> tuple[list[Repriced], list[Repriced]]:
    """Those with a price on both sides, and the rest."""
    listed = list(rows)
    return [row for row in listed if not row.unpriced_events], [row for row in listed if row.unpriced_events]


def _line(row: Repriced, cost: Decimal | None, would: Decimal | None) -> tuple[object, ...]:
    return (row.project, row.model, row.requests, row.tokens, *_amounts(cost, would, row.percent), _note(row))


def _amounts(cost: Decimal | None, would: Decimal | None, percent: Decimal | None) -> tuple[str, str, str, str]:
    """Cost, would cost, difference and percent, rounded; the difference is that of the rounded amounts, so that columns add up."""
    rounded = [None if one is None else one.quantize(money.CENT) for one in (cost, would)]
    difference = None if rounded[0] is None or rounded[1] is None else rounded[1] - rounded[0]
    return (dollars(cost), dollars(would), dollars(difference), "–" if percent is None else f"{percent.quantize(TENTH) + 0:+.1f}")


def _note(row: Repriced) -> str:
    if row.unpriced_reason is not None:
        return STATES[row.unpriced_reason]
    said = [_standard_note(row)] if row.standard_events else []
    return "; ".join(["booked without a price", *said] if row.cost is None else said)


def _standard_note(row: Repriced) -> str:
    """A difference of 0, or a doubled price, that is for want of a price and no saving or dearth."""
    mode = f"no {row.standard_mode or 'such'} price"
    if row.standard_events == row.events:
        return f"{mode}: at the standard rate"
    return f"{mode} for {row.standard_events:,} of {row.events:,} records: at the standard rate"


def _cells(row: Repriced) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in COLUMNS if name != "note"}
    return _texts(values) | {"note": _note(row) or None}


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Amounts as plain digits."""
    return {
        name: money.text(value) if isinstance(value, Decimal) else _texts(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
    }


def _left_out(sums: Mapping[str, Any], currency: str) -> str:
    """What the total does not compare, on both sides."""
    out = sums["left_out"]
    sides = [
        f"{dollars(out['cost'])} {currency} as booked" if out["cost"] else "",
        f"{dollars(out['would_cost'])} {currency} of what it would have cost" if out["would_cost"] else "",
    ]
    amounts = " and ".join(side for side in sides if side)
    return (
        f"{sums['unpriced_events']:,} records ({out['tokens']:,} tokens) have no price on one side or both: their cost is unknown, not 0."
        f" The total leaves them out on both sides{': ' if amounts else ''}{amounts}."
    )


def _missing(missing: Sequence[date], days: Period) -> str:
    named = ", ".join(day.isoformat() for day in missing[:DAYS_NAMED])
    more = f" and {len(missing) - DAYS_NAMED} more" if len(missing) > DAYS_NAMED else ""
    return f"no usage on {len(missing)} of {days.days_count} days: {named}{more}. `usage-pipeline run` reads and prices them."
