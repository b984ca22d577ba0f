"""Bills in currencies without an exchange rate: what waits, and what to add so that it counts."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from usage_pipeline.defs.exchange import Unconverted
from usage_pipeline.defs.finding import Finding
from usage_pipeline.money import text
from usage_pipeline.tables.exchange_rates import DAYS_BACK

DAYS_SHOWN = 5


def without_rate(found: Sequence[Unconverted], file: Path | None) -> Finding | None:
    """`file` is the one of usage.yaml, if it names any. What the lines are worth is not known, so no amount is at stake but theirs."""
    if not found:
        return None
    count = sum(one.lines for one in found)
    what = "line of a bill is in a currency that has" if count == 1 else "lines of bills are in currencies that have"
    told = ", ".join(f"{one.source} {text(one.amount)} {one.currency} on {_days(one.days)} ({_lines(one.lines)})" for one in found)
    words = f"{count:,} {what} no exchange rate, and in no sum: {told}. {_mend(found, file)}"
    return Finding(code="missing_rate", blocks=True, count=count, amount=None, words=words)


def _mend(found: Sequence[Unconverted], file: Path | None) -> str:
    if file is None:
        return (
            "Add `currencies: {rates: eurofxref-hist.csv}` to usage.yaml, with the European Central Bank's file of that name beside it, and"
            " run these days again; nothing of the lines is lost."
        )
    is_one = len({(one.currency, one.days) for one in found}) == 1 and len(found[0].days) == 1
    which = "it on that day" if is_one else "them on those days"
    return (
        f"{file.name} (currencies.rates in usage.yaml) has no rate of {which} nor on the {DAYS_BACK} days before: put a newer one there, or"
        " add the currency's rates for one euro in a column of its own, and run these days again; nothing of the lines is lost."
    )


def _lines(count: int) -> str:
    return f"{count:,} {'line' if count == 1 else 'lines'}"


def _days(days: Sequence[date]) -> str:
    """'2026-10-01 and 2026-10-02'; of many, the first and the last."""
    if len(days) > DAYS_SHOWN:
        return f"{len(days)} days from {days[0]} to {days[-1]}"
    *others, last = (day.isoformat() for day in days)
    return f"{', '.join(others)} and {last}" if others else last
