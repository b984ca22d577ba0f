"""The invoices of some days: how many lines each has there, what they come to, and what it bills in the whole of those months."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import ONE_DAY, Period, month_of
from usage_pipeline.tables.charges import charges


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLines:
    """One invoice's lines of the days, and all of them in the months of these days and those beside them."""

    lines: int
    billed: Decimal
    all_lines: int
    all_billed: Decimal


def invoice_lines(workplace: Workplace, days: Period, *, channel: str | None = None) -> dict[str, InvoiceLines]:
    """By invoice, those that have a line on `days`."""
    engine = workplace.engine()
    first, last = month_of(days.start), month_of(days.last)
    around = Period(month_of(first.start - ONE_DAY).start, month_of(last.end).end)
    lines = workplace.lake(engine).read(charges, around)
    own = lines.filter(lines.invoice.notnull())
    asked = own if channel is None else own.filter(own.channel == channel)
    day = asked.period_start.date()
    is_within = (day >= days.start) & (day < days.end)
    answer = asked.group_by("invoice").aggregate(
        lines=is_within.sum(),
        billed=asked.billed_cost.sum(where=is_within),
        all_lines=asked.count(),
        all_billed=asked.billed_cost.sum(),
    )
    return {
        row["invoice"]: InvoiceLines(
            lines=int(row["lines"]),
            billed=money.exact(row["billed"] or money.ZERO),
            all_lines=int(row["all_lines"]),
            all_billed=money.exact(row["all_billed"] or money.ZERO),
        )
        for row in engine.to_pyarrow(answer).to_pylist()
        if row["lines"]
    }
