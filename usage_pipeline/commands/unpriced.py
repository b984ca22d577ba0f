"""Usage without a price, as a command tells of it: the largest models with their tokens, what they may cost, and how to mend it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.tables.priced_usage import STATES
from usage_pipeline.tables.unpriced import Unpriced, range_words, total_range

MOST = 5
NO_RATE = "no rate found"
SMALLEST = Decimal("0.005")


def show_unpriced(rows: Sequence[Unpriced], currency: str, output: Output) -> None:
    """A table of the largest and a hint for each; nothing where all is priced."""
    if not rows:
        return
    output.heading(f"Not priced, in no total above, {currency}")
    output.table(
        ("model", "provider", "requests", "tokens", "may cost", "why"),
        [
            (one.model, one.provider or one.channel, one.events or None, f"{one.tokens:,.0f}", may_cost(one), why(one))
            for one in rows[:MOST]
        ],
        numbers=("requests", "tokens"),
    )
    if len(rows) > MOST:
        output.say(f"{len(rows) - MOST} more {'is' if len(rows) == MOST + 1 else 'are'} in the statement.")
    for one in rows[:MOST]:
        if one.hint:
            output.say(f"to mend {one.model or 'usage without a model'}: {one.hint}")


def unpriced_document(rows: Sequence[Unpriced]) -> list[dict[str, Any]]:
    """All of it for machines: money and quantities as decimal strings, null where nobody can say."""
    return [
        {
            "channel": one.channel,
            "provider": one.provider,
            "model": one.model,
            "reason": one.reason,
            "events": one.events,
            "tokens": money.text(one.tokens),
            "quantities": {meter: money.text(quantity) for meter, quantity in one.quantities},
            "billed": one.billed,
            "low": text_of(one.low),
            "high": text_of(one.high),
            "range_if": one.range_if,
            "hint": one.hint,
        }
        for one in rows
    ]


def range_document(rows: Sequence[Unpriced]) -> dict[str, str | None]:
    """What all of it may cost together."""
    low, high = total_range(rows)
    return {"unpriced_low": text_of(low), "unpriced_high": text_of(high)}


def may_cost(row: Unpriced) -> str:
    """'between 0.12 and 4.80 if it was a model of OpenAI'; a cost that is not nothing is never shown as 0."""
    if row.billed:
        return "its cost is in the bill"
    return range_words(row.low, row.high, row.range_if, _shown) or "nobody can say"


def why(row: Unpriced) -> str:
    return STATES.get(row.reason or "", row.reason or NO_RATE)


def text_of(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)


def _shown(amount: Decimal) -> str:
    return "<0.01" if 0 < amount < SMALLEST else dollars(amount)
