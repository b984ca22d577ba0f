"""How bills of other currencies were converted, in a sentence a currency: the rates, the days that they are of, and what they came to."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.tables.exchange_used import ExchangeUsed

RATE_PLACES = Decimal("0.000001")


def exchange_notes(exchange: Sequence[ExchangeUsed], currency: str) -> tuple[str, ...]:
    """One note for each currency; each day's rate to its last digit is in statement.json."""
    by_currency: dict[str, list[ExchangeUsed]] = defaultdict(list)
    for one in exchange:
        by_currency[one.currency].append(one)
    return tuple(_note(name, by_currency[name], currency) for name in sorted(by_currency))


def _note(name: str, used: Sequence[ExchangeUsed], currency: str) -> str:
    rates = sorted({(one.rate_day, one.rate) for one in used})
    first, last = rates[0], rates[-1]
    lowest, highest = min(rate for _, rate in rates), max(rate for _, rate in rates)
    if len(rates) == 1:
        told = f"1 {name} = {_rate(first[1])} {currency}, the rate of {words.day_text(first[0])}"
    else:
        told = (
            f"1 {name} = {_rate(first[1])} {currency} on {words.day_text(first[0])} to {_rate(last[1])} on {words.day_text(last[0])}"
            f" ({len(rates)} rates, from {_rate(lowest)} to {_rate(highest)})"
        )
    billed = [one.original_cost for one in used if one.original_cost is not None]
    costs = [one.cost for one in used if one.cost is not None]
    sums = f" {words.amount(money.total(billed), name)} billed are {words.amount(money.total(costs), currency)}." if billed else ""
    return (
        f"Bills in {name} are converted at the European Central Bank’s reference rate of the charge’s day, or of the last day before it"
        f" that has one: {told}.{sums} Each day’s rate is in statement.json."
    )


def _rate(value: Decimal) -> str:
    return money.text(value.quantize(RATE_PLACES))
