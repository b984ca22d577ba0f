"""Bill lines in other currencies, converted at the rate of their own day. In: lines as the file has them. Out: those converted, the rest.

The amount and currency of the bill stay on the row, with the rate and the day that it is of.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.exchange_rates import ExchangeRates, Rate

AMOUNTS = ("list_cost", "billed_cost", "effective_cost")


def converted(lines: pa.Table, currency: str, rates: ExchangeRates) -> tuple[pa.Table, pa.Table]:
    """`lines` (columns of `charges`, none of them in `currency`) in `currency`, and those left as they are, as no rate is known."""
    names, starts = lines["currency"].to_pylist(), lines["period_start"].to_pylist()
    places = [(name, start.date()) for name, start in zip(names, starts, strict=True)]
    found = {place: rates.rate(place[0], currency, place[1]) for place in set(places)}
    is_known = pa.array([found[place] is not None for place in places], pa.bool_())
    known = lines.filter(is_known)
    told = [rate for place in places if (rate := found[place]) is not None]
    return _with_rates(known, currency, told), lines.filter(pc.invert(is_known))


def _with_rates(lines: pa.Table, currency: str, rates: Sequence[Rate]) -> pa.Table:
    columns: dict[str, list[Any]] = {
        name: [amount if amount is None else rate.convert(amount) for amount, rate in zip(lines[name].to_pylist(), rates, strict=True)]
        for name in AMOUNTS
    }
    values = {rate: rate.value for rate in set(rates)}
    columns |= {
        "original_cost": lines["billed_cost"].to_pylist(),
        "original_currency": lines["currency"].to_pylist(),
        "exchange_rate": [values[rate] for rate in rates],
        "exchange_day": [rate.day for rate in rates],
        "currency": [currency] * len(rates),
    }
    schema = charges.schema.to_pyarrow()
    return pa.table([pa.array(columns[name], schema.field(name).type) if name in columns else lines[name] for name in schema.names], schema)


def rates_in_words(used: Mapping[str, tuple[Decimal, date] | None]) -> str:
    """'EUR 1.1712 (2026-10-01), GBP none': of each currency of a day its rate and the day that it is of."""
    return ", ".join(f"{name} none" if one is None else f"{name} {one[0].normalize():f} ({one[1]})" for name, one in sorted(used.items()))
