"""Priced usage summed: one row for each meter of each combination of dimensions. Linear inside a card, so nothing is lost.

Quantities are summed first and priced once for each rate card; only seconds of audio, which are not whole, are priced event by
event. So the costs of a group's rows sum to its events' costs, to the last digit.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY, QUANTITY, times
from usage_pipeline.prices.wide import FRACTIONAL, PARTS, seconds_cost, whole_cost
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.priced_usage import NOT_CHARGED, UNPRICED_METER, UNPRICED_STATES
from usage_pipeline.tables.rates import REASONING

WHOLE = tuple(meter for meter in METER_NAMES if meter != FRACTIONAL)
OF_GROUP = (
    "rate_card", "price_state", "reasoning_tokens", "request_count", "events_count", "uncounted", "seconds", "list_seconds", "net_seconds",
    "credits", "uncredited",
)  # fmt: skip


def usage_costs(priced: ir.Table, rates: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """`priced_usage` (with any further columns) summed by `dimensions`, and `rates` with at least its cards.

    Columns: the dimensions, then as in tables/usage_costs.py. A row for each meter with a quantity, and always one of meter
    'requests': it alone carries requests (null where the source counts none), events, unpriced_events, fees per request, credits (null
    where no credit rule is for it) and uncredited_events. Credits are the plain sum of the events' own.
    Costs are null where unpriced; of an event with an unpriced meter only that meter's row is. Rows are unique by dimensions,
    meter and unpriced_reason; parts of one meter with and without a price are two rows.
    """
    rows = _with_rates(_by_meter(_sums(priced, rates, dimensions), dimensions), rates)
    costed = rows.mutate(list_cost=_cost(rows, "list"), net_cost=_cost(rows, "net"))
    told = costed.mutate(**_told(costed))
    return told.group_by([*dimensions, "meter", "unpriced_reason"]).aggregate(
        quantity=told.quantity.sum().cast(QUANTITY),
        requests=told.requests.sum().cast("int64"),
        events=told.events.sum().cast("int64"),
        list_cost=told.list_cost.sum().cast(MONEY),
        net_cost=told.net_cost.sum().cast(MONEY),
        unpriced_quantity=told.unpriced_quantity.sum().cast(QUANTITY),
        unpriced_events=told.unpriced_events.sum().cast("int64"),
        credits=told.credits.sum().cast(MONEY),
        uncredited_events=told.uncredited_events.sum().cast("int64"),
    )


def _sums(priced: ir.Table, rates: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """Quantities by dimensions, card and state; the cost of audio seconds as the sum of the events' own."""
    audio = rates.filter(rates.meter == FRACTIONAL).select(
        audio_card="rate_card", least="minimum_quantity", list_price="list_unit_price", net_price="net_unit_price"
    )
    events = priced.left_join(audio, priced.rate_card == audio.audio_card)
    return events.group_by([*dimensions, "rate_card", "price_state"]).aggregate(
        **{f"sum_{name}": events[name].sum().cast("int64") for name in WHOLE},
        seconds=events[FRACTIONAL].sum().cast(QUANTITY),
        **{f"{part}_seconds": seconds_cost(events[FRACTIONAL], events.least, events[f"{part}_price"]).sum() for part in PARTS},
        reasoning_tokens=events.reasoning_tokens.sum().cast("int64"),
        request_count=events.request_count.sum().cast("int64"),
        events_count=events.count(),
        uncounted=events.request_count.isnull().any(),
        credits=events.credits.sum().cast(MONEY),
        uncredited=(events.credit_rule.notnull() & events.credits.isnull()).sum().cast("int64"),
    )


def _by_meter(sums: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """One row a meter that has a quantity, and one of meter 'requests'."""
    units = {meter: sums[f"sum_{meter}"] for meter in WHOLE} | {REQUESTS: sums.request_count}
    units[FRACTIONAL] = (sums.seconds != 0).cast("int64")
    pairs = [ibis.struct({"meter": ibis.literal(meter), "units": count.fill_null(0)}) for meter, count in units.items()]
    rows = sums.select(*dimensions, *OF_GROUP, pair=ibis.array(pairs).unnest()).unpack("pair")
    kept = rows.filter((rows.units != 0) | (rows.meter == REQUESTS))
    return kept.mutate(quantity=ibis.ifelse(kept.meter == FRACTIONAL, kept.seconds, kept.units.cast(QUANTITY)))


def _with_rates(rows: ir.Table, rates: ir.Table) -> ir.Table:
    """Each row's own rate, the card's price of reasoning, and whether `rates` has the card at all."""
    cards = rates.group_by("rate_card").aggregate(
        **{f"{part}_reasoning": rates[f"{part}_unit_price"].max(where=rates.meter == REASONING) for part in PARTS}
    )
    own = rates.select(own_card="rate_card", own_meter="meter", list_price="list_unit_price", net_price="net_unit_price")
    carded = rows.left_join(cards, "rate_card")
    return carded.left_join(own, [carded.rate_card == own.own_card, carded.meter == own.own_meter])


def _lacks_card(row: ir.Table) -> ir.BooleanValue:
    """Priced by a card that `rates` does not have, so from another book: nothing can be said of its meters."""
    return row.rate_card_right.isnull() & (row.price_state != NOT_CHARGED)


def _cost(row: ir.Table, part: str) -> ir.DecimalValue:
    """What the meter costs at its rate; 0 for what is not charged or says again what other meters say; null if unpriced."""
    zero, unknown = ibis.literal(0, MONEY), ibis.null(MONEY)
    price = row[f"{part}_price"]
    plain = whole_cost(row.units, row.reasoning_tokens, price, ibis.ifelse(row.meter == "output", row[f"{part}_reasoning"], unknown))
    is_wholly_unpriced = row.price_state.isin(UNPRICED_STATES) & (row.price_state != UNPRICED_METER)
    return ibis.cases(
        (row.price_state == NOT_CHARGED, zero),
        (is_wholly_unpriced | _lacks_card(row), unknown),
        (row.meter == REQUESTS, ibis.cases((price.isnull(), zero), (row.uncounted, unknown), else_=times(row.units, price))),
        (price.isnull(), ibis.ifelse(row.price_state == UNPRICED_METER, unknown, zero)),
        (row.meter == FRACTIONAL, row[f"{part}_seconds"]),
        else_=plain,
    )


def _told(row: ir.Table) -> dict[str, ir.Value]:
    """Counts and reasons. An event is told unpriced on its 'requests' row, a quantity on its own."""
    is_requests = row.meter == REQUESTS
    is_unpriced = row.net_cost.isnull()
    is_of_unpriced = row.price_state.isin(UNPRICED_STATES) | _lacks_card(row)
    reason = ibis.ifelse(row.price_state.isin(UNPRICED_STATES), row.price_state, UNPRICED_METER)
    events = ibis.ifelse(is_requests, row.events_count, 0)
    return {
        "requests": ibis.ifelse(is_requests, row.request_count, ibis.null("int64")),
        "events": events,
        "credits": ibis.ifelse(is_requests, row.credits, ibis.null(MONEY)),
        "uncredited_events": ibis.ifelse(is_requests, row.uncredited, 0),
        "unpriced_quantity": ibis.ifelse(is_unpriced, row.quantity, ibis.literal(0, QUANTITY)),
        "unpriced_events": ibis.ifelse(is_of_unpriced, events, 0),
        "unpriced_reason": ibis.ifelse(is_unpriced | (is_requests & is_of_unpriced), reason, ibis.null("string")),
    }
