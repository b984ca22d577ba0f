"""Priced usage summed: one row for each meter of each combination of dimensions. Linear inside a card, so nothing is lost.

Quantities are summed first and priced once for each rate card; only seconds of audio, which are not whole, are priced event by
event. So the costs of a group's rows sum to its events' costs, to the last digit.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY, QUANTITY, times
from usage_pipeline.prices.wide import FRACTIONAL, PARTS, output_cost, price_column, seconds_cost, widen
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.priced_usage import NOT_CHARGED, UNPRICED_METER, UNPRICED_STATES

SUMMED = (*METER_NAMES, "reasoning_tokens")


def usage_costs(priced: ir.Table, rates: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """`priced_usage` (with any further columns) summed by `dimensions`, and `rates` with at least its cards.

    Columns: the dimensions, then as in tables/usage_costs.py. A row for each meter with a quantity, and always one of meter
    'requests': it alone carries requests (null where the source counts none), events, unpriced_events and fees per request.
    Costs are null where unpriced; of an event with an unpriced meter only that meter's row is. Rows are unique by dimensions,
    meter and unpriced_reason; parts of one meter with and without a price are two rows.
    """
    sums = _sums(priced, rates, dimensions)
    wide = widen(rates)
    joined = sums.left_join(wide, "rate_card")
    rows = joined.select(*dimensions, row=ibis.array([_row(joined, meter) for meter in (*METER_NAMES, REQUESTS)]).unnest()).unpack("row")
    kept = rows.filter((rows.quantity != 0) | (rows.meter == REQUESTS))
    return kept.group_by([*dimensions, "meter", "unpriced_reason"]).aggregate(
        quantity=kept.quantity.sum().cast(QUANTITY),
        requests=kept.requests.sum().cast("int64"),
        events=kept.events.sum().cast("int64"),
        list_cost=kept.list_cost.sum().cast(MONEY),
        net_cost=kept.net_cost.sum().cast(MONEY),
        unpriced_quantity=kept.unpriced_quantity.sum().cast(QUANTITY),
        unpriced_events=kept.unpriced_events.sum().cast("int64"),
    )


def _sums(priced: ir.Table, rates: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """Quantities by dimensions, card and state; the cost of audio seconds as the sum of the events' own."""
    audio = rates.filter(rates.meter == FRACTIONAL).select(
        audio_card=rates.rate_card, least=rates.minimum_quantity, list_price=rates.list_unit_price, net_price=rates.net_unit_price
    )
    events = priced.left_join(audio, priced.rate_card == audio.audio_card)
    whole = {f"sum_{name}": events[name].sum().cast("int64") for name in SUMMED if name != FRACTIONAL}
    return events.group_by([*dimensions, "rate_card", "price_state"]).aggregate(
        **whole,
        **{f"sum_{FRACTIONAL}": events[FRACTIONAL].sum().cast(QUANTITY)},
        **{f"{part}_seconds_cost": seconds_cost(events[FRACTIONAL], events.least, events[f"{part}_price"]).sum() for part in PARTS},
        request_count=events.request_count.sum().cast("int64"),
        events_count=events.count(),
        uncounted=events.request_count.isnull().any(),
    )


def _row(sums: ir.Table, meter: str) -> ir.StructValue:
    """One meter of a group: its quantity, its cost or why there is none."""
    is_requests = meter == REQUESTS
    quantity = (sums.request_count if is_requests else sums[f"sum_{meter}"]).fill_null(0).cast(QUANTITY)
    costs = {part: _cost(sums, meter, part) for part in PARTS}
    is_unpriced, some_unpriced = costs["net"].isnull(), sums.price_state.isin(UNPRICED_STATES) | _lacks_card(sums)
    reason = ibis.ifelse(sums.price_state.isin(UNPRICED_STATES), sums.price_state, UNPRICED_METER)
    has_reason = (is_unpriced | some_unpriced) if is_requests else is_unpriced
    events = sums.events_count if is_requests else ibis.literal(0, "int64")
    return ibis.struct(
        {
            "meter": ibis.literal(meter),
            "quantity": quantity,
            "requests": sums.request_count if is_requests else ibis.null("int64"),
            "events": events,
            "list_cost": costs["list"],
            "net_cost": costs["net"],
            "unpriced_quantity": ibis.ifelse(is_unpriced, quantity, ibis.literal(0, QUANTITY)),
            "unpriced_events": ibis.ifelse(some_unpriced, events, 0),
            "unpriced_reason": ibis.ifelse(has_reason, reason, ibis.null("string")),
        }
    )


def _lacks_card(sums: ir.Table) -> ir.BooleanValue:
    """Priced by a card that `rates` does not have, so from another book: nothing can be said of its meters."""
    return sums.priced_meters.isnull() & (sums.price_state != NOT_CHARGED)


def _cost(sums: ir.Table, meter: str, part: str) -> ir.DecimalValue:
    """What the meter costs at its rate; 0 for what is not charged or says again what other meters say; null if unpriced."""
    zero, unknown = ibis.literal(0, MONEY), ibis.null(MONEY)
    missing = ibis.ifelse((sums.price_state == UNPRICED_METER) | _lacks_card(sums), unknown, zero)
    if meter == REQUESTS:
        fee = times(sums.request_count.fill_null(0), sums[price_column(part, REQUESTS)])
        cost = ibis.cases((_lacks_card(sums), unknown), (fee.isnull(), zero), (sums.uncounted, unknown), else_=fee)
    elif meter == FRACTIONAL:
        cost = sums[f"{part}_seconds_cost"].fill_null(missing)
    else:
        cost = _whole_cost(sums, meter, part).fill_null(missing)
    unpriced = sums.price_state.isin(UNPRICED_STATES) & (sums.price_state != UNPRICED_METER)
    return ibis.cases((sums.price_state == NOT_CHARGED, zero), (unpriced, unknown), else_=cost)


def _whole_cost(sums: ir.Table, meter: str, part: str) -> ir.DecimalValue:
    if meter == "output":
        return output_cost(sums, part, prefix="sum_")
    return times(sums[f"sum_{meter}"], sums[price_column(part, meter)])
