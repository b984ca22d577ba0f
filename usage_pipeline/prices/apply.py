"""Usage events in, priced usage out: one join to the wide rate cards, exact decimals, a state for every event.

The library has units that contain each other; our meters are disjoint, so an event costs the plain sum of quantity × price.
"""

from functools import reduce
from operator import add, or_

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY, times
from usage_pipeline.prices.wide import (
    BITS,
    FRACTIONAL,
    INPUT_METERS,
    OUTPUT_METERS,
    PARTS,
    SECOND_MEASURE,
    output_cost,
    price_column,
    seconds_cost,
    widen,
)
from usage_pipeline.tables import priced_usage as states
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import ALL_TOKENS, DAY_SECONDS, NO_TOKENS
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, PROVIDER_VIEW

KEY = ("provider", "model", "is_batch", "service_tier", "speed", "region", "project")
"""The columns of an event that decide its rate cards."""

WHOLE_METERS = tuple(meter for meter in METER_NAMES if meter not in {"output", FRACTIONAL})


def keys_of(events: ir.Table) -> ir.Table:
    """The distinct keys of `events`, columns KEY: what PriceBook.resolve takes. An event without provider has its channel's."""
    return events.select(**_key(events)).distinct()


def price_events(events: ir.Table, resolutions: ir.Table, rate_cards: ir.Table, rates: ir.Table, *, price_book: str) -> ir.Table:
    """`usage_events` with their price: `priced_usage`, one row for each event, unpriced ones included with null costs.

    The three tables are PriceBook.resolve's for at least the keys of `events`. Runs where the engine's time zone is UTC.
    """
    cards = _cards(resolutions, rate_cards, rates)
    measured = events.mutate(**_measures(events), **{f"_{name}": value for name, value in _key(events).items()})
    joined = measured.left_join(cards, _matches(measured, cards))
    state = _state(joined)
    known = joined.mutate(price_state=state)
    charged = ~known.price_state.isin([*states.UNPRICED_STATES, states.NOT_CHARGED])
    nothing = ibis.ifelse(known.price_state == states.NOT_CHARGED, ibis.literal(0, MONEY), ibis.null(MONEY))
    costs = {f"{part}_cost": ibis.ifelse(charged, _cost(known, part), nothing) for part in PARTS}
    priced = known.mutate(**costs, price_book=ibis.literal(price_book))
    return priced_usage.conform(priced.select(*priced_usage.names))


def _key(events: ir.Table) -> dict[str, ir.Value]:
    return {name: events[name] for name in KEY} | {"provider": events.provider.coalesce(events.channel)}


def _cards(resolutions: ir.Table, rate_cards: ir.Table, rates: ir.Table) -> ir.Table:
    """One row for each resolution and rate card of its schedule, prices in columns; one without ranges where unresolved."""
    by_project = resolutions.project.notnull().any().over(group_by=[name for name in KEY if name != "project"])
    keys = resolutions.select(
        **{f"key_{name}": resolutions[name] for name in KEY},
        model_id=resolutions.model_id,
        schedule=resolutions.schedule,
        by_project=by_project,
    )
    ranges = rate_cards.rename(card_state="state", card="rate_card")
    wide = widen(rates)
    found = keys.left_join(ranges, "schedule").left_join(wide, ibis._["card"] == wide.rate_card)
    return found.mutate(
        valid_from=found.valid_from.coalesce(ibis.date("0001-01-01")),
        valid_to=found.valid_to.coalesce(ibis.date("9999-12-31")),
        utc_from_second=found.utc_from_second.coalesce(0),
        utc_to_second=found.utc_to_second.coalesce(DAY_SECONDS),
        input_tokens_gt=found.input_tokens_gt.coalesce(NO_TOKENS),
        input_tokens_le=found.input_tokens_le.coalesce(ALL_TOKENS),
        rate_card=found.card,
    ).drop("schedule", "schedule_right", "card")


def _measures(events: ir.Table) -> dict[str, ir.Value]:
    """What the join and the states need to know of an event."""
    moment = events.started_at
    input_tokens = reduce(add, (events[meter].fill_null(0) for meter in INPUT_METERS))
    count = events.request_count
    aggregate = (count > 1).fill_null(False) | (count.isnull() & (events.view == PROVIDER_VIEW))  # noqa: FBT003
    used = reduce(add, (ibis.ifelse(events[meter] > 0, BITS[meter], 0).cast("int64") for meter in METER_NAMES))
    return {
        "day_used": moment.date(),
        "second_used": (moment.hour() * 3600 + moment.minute() * 60 + moment.second()).cast("int64"),
        "input_tokens": input_tokens.cast("int64"),
        "is_aggregate": aggregate,
        "used_meters": used,
    }


def _matches(events: ir.Table, cards: ir.Table) -> list[ir.BooleanValue]:
    same = [events[f"_{name}"].identical_to(cards[f"key_{name}"]) for name in KEY if name != "project"]
    tokens = ibis.ifelse(events.is_aggregate, 0, events.input_tokens)
    return [
        *same,
        ~cards.by_project | events["_project"].identical_to(cards.key_project),
        events.day_used >= cards.valid_from,
        events.day_used < cards.valid_to,
        events.second_used >= cards.utc_from_second,
        events.second_used < cards.utc_to_second,
        tokens > cards.input_tokens_gt,
        tokens <= cards.input_tokens_le,
    ]


def _state(row: ir.Table) -> ir.StringValue:
    """The first of these that is so."""
    return ibis.cases(
        (_is_inconsistent(row), states.INCONSISTENT_USAGE),
        (_is_not_charged(row), states.NOT_CHARGED),
        (row.model_id.isnull(), states.UNRESOLVED_MODEL),
        (_is_unmeasured(row), states.INCONSISTENT_USAGE),
        (row.card_state == states.FREE_OR_UNKNOWN, states.FREE_OR_UNKNOWN),
        (_has_unpriced_meter(row), states.UNPRICED_METER),
        (_is_too_coarse(row), states.AGGREGATE_GRAIN),
        (row.card_state == states.NO_VARIANT, states.NO_VARIANT),
        ((row.used_meters & row.parent_meters) != 0, states.PRICED_AS_PARENT),
        else_=states.PRICED,
    )


def _any(conditions: "list[ir.BooleanValue]") -> ir.BooleanValue:
    return reduce(or_, conditions).fill_null(False)  # noqa: FBT003


def _is_inconsistent(row: ir.Table) -> ir.BooleanValue:
    quantities = [*METER_NAMES, "reasoning_tokens", "request_count"]
    negative = ibis.least(*(row[name].fill_null(0) for name in quantities)) < 0
    return negative | (row.reasoning_tokens.fill_null(0) > row.output.fill_null(0))


def _is_unmeasured(row: ir.Table) -> ir.BooleanValue:
    """A request that succeeded and has no quantity at all, not even zero: what it cost is unknown."""
    return ibis.coalesce(*(row[meter] for meter in METER_NAMES)).isnull()


def _is_not_charged(row: ir.Table) -> ir.BooleanValue:
    put_out = sum(BITS[meter] for meter in OUTPUT_METERS)
    return (row.status == CACHE_HIT) | ((row.status == FAILURE) & ((row.used_meters & put_out) == 0))


def _has_unpriced_meter(row: ir.Table) -> ir.BooleanValue:
    missing = row.used_meters & ~row.priced_meters.fill_null(0)
    noted = [(row.used_meters & sum(BITS[twin] for twin in twins)) != 0 for twins in SECOND_MEASURE.values()]
    excused = reduce(
        add, (ibis.ifelse(is_noted, BITS[meter], 0).cast("int64") for meter, is_noted in zip(SECOND_MEASURE, noted, strict=True))
    )
    uncounted = row.request_count.isnull() & row[price_column("list", REQUESTS)].notnull()
    return ((missing & ~excused) != 0) | uncounted


def _is_too_coarse(row: ir.Table) -> ir.BooleanValue:
    """An aggregate whose requests may be on other cards: more tokens than the base tier, prices by time of day, a minimum."""
    by_time = (row.utc_from_second > 0) | (row.utc_to_second < DAY_SECONDS)
    return row.is_aggregate & ((row.input_tokens > row.input_tokens_le) | by_time | (row.least_quantity.notnull() & (row[FRACTIONAL] > 0)))


def _cost(row: ir.Table, part: str) -> ir.DecimalValue:
    whole = [(row[meter], row[price_column(part, meter)]) for meter in WHOLE_METERS]
    whole.append((row.request_count, row[price_column(part, REQUESTS)]))
    zero = ibis.literal(0, MONEY)
    terms = [times(quantity, price).fill_null(zero) for quantity, price in whole]
    terms.append(output_cost(row, part).fill_null(zero))
    terms.append(seconds_cost(row[FRACTIONAL], row.least_quantity, row[price_column(part, FRACTIONAL)]).fill_null(zero))
    return reduce(add, terms)
