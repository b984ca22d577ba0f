"""Usage events in, priced usage out: one join to the wide rate cards, exact decimals, a state for every event.

The library has units that contain each other; our meters are disjoint, so an event costs the plain sum of quantity × price.
"""

from collections.abc import Sequence
from functools import reduce
from operator import add, and_

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY, times
from usage_pipeline.prices.wide import (
    BITS,
    FRACTIONAL,
    INPUT_METERS,
    OUTPUT_METERS,
    SECOND_MEASURE,
    price_column,
    seconds_cost,
    whole_cost,
    widen,
)
from usage_pipeline.tables import priced_usage as states
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import ALL_TOKENS, DAY_SECONDS, REASONING, Scopes
from usage_pipeline.tables.schema import TIMESTAMP
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, PROVIDER_VIEW

KEY = ("provider", "model", "is_batch", "service_tier", "speed", "region", "project", "account")
"""What decides an event's rate cards: columns of it, save that project and account are null where no agreement names them."""

ACCOUNT_COLUMNS = ("sub_account_id", "provider_project_id", "workspace_id")
"""Where an event may name the account of an agreement: the first that does counts."""

COMMON_METERS = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
RARE_METERS = tuple(meter for meter in METER_NAMES if meter not in COMMON_METERS)
"""Looked at only for events that have one of them, which is what makes pricing fast."""


def keys_of(events: ir.Table, scopes: Scopes) -> ir.Table:
    """The distinct keys of `events`, columns KEY: what PriceBook.resolve takes. An event without provider has its channel's.

    `scopes` are the book's (PriceBook.scopes).
    """
    return events.select(**_key(events, scopes)).distinct()


def price_events(
    events: ir.Table, resolutions: ir.Table, rate_cards: ir.Table, rates: ir.Table, *, price_book: str, scopes: Scopes
) -> ir.Table:
    """`usage_events` with their price: `priced_usage`, one row for each event, unpriced ones included with null costs.

    The three tables are PriceBook.resolve's for at least the keys of `events`, and `scopes` the same book's. Runs where the
    engine's time zone is UTC.
    """
    resolved = _resolved(events, resolutions, rate_cards, scopes)
    measured = resolved.mutate(**_measures(resolved))
    carded = _carded(measured, rate_cards, rates)
    known = carded.mutate(price_state=_state(carded))
    nothing = ibis.ifelse(known.price_state == states.NOT_CHARGED, ibis.literal(0, MONEY), ibis.null(MONEY))
    costs = known.mutate(list_cost=ibis.ifelse(_is_charged(known), _cost(known, "list"), nothing))
    net = ibis.ifelse(costs.has_agreement & _is_charged(costs), _cost(costs, "net"), costs.list_cost)
    no_credits = {"credit_rule": ibis.null("string"), "credits": ibis.null(MONEY)}
    priced = costs.mutate(net_cost=net, price_book=ibis.literal(price_book), **no_credits)
    return priced_usage.conform(priced.select(*priced_usage.names))


def _key(events: ir.Table, scopes: Scopes) -> dict[str, ir.Value]:
    nothing = ibis.null("string")
    project, accounts = events.project, [events[name] for name in ACCOUNT_COLUMNS]
    scoped = {
        "project": ibis.ifelse(project.isin(scopes.projects), project, nothing) if scopes.projects else nothing,
        "account": ibis.coalesce(*(ibis.ifelse(one.isin(scopes.accounts), one, nothing) for one in accounts))
        if scopes.accounts
        else nothing,
    }
    return {name: scoped[name] if name in scoped else events[name] for name in KEY} | {"provider": events.provider.coalesce(events.channel)}


def _resolved(events: ir.Table, resolutions: ir.Table, rate_cards: ir.Table, scopes: Scopes) -> ir.Table:
    """Events with their model_id and schedule (null where unresolved), and whether time of day or input tokens matter to it."""
    kinds = rate_cards.group_by("schedule").aggregate(
        by_time=(rate_cards.utc_to_second < DAY_SECONDS).any(), by_tokens=(rate_cards.input_tokens_le < ALL_TOKENS).any()
    )
    joined = resolutions.left_join(kinds, "schedule")
    known = joined.select(
        **{f"known_{name}": joined[name] for name in KEY},
        known_from=joined.valid_from.coalesce(ibis.date("0001-01-01")).cast(TIMESTAMP),
        known_to=joined.valid_to.coalesce(ibis.date("9999-12-31")).cast(TIMESTAMP),
        **{name: joined[name] for name in ("model_id", "schedule", "by_time", "by_tokens")},
    )
    keyed = events.mutate(**{f"key_{name}": value for name, value in _key(events, scopes).items()})
    same = [keyed[f"key_{name}"].identical_to(known[f"known_{name}"]) for name in KEY]
    found = keyed.left_join(known, [*same, keyed.started_at >= known.known_from, keyed.started_at < known.known_to])
    return found.select(*events.columns, "model_id", "schedule", "by_time", "by_tokens")


def _measures(events: ir.Table) -> dict[str, ir.Value]:
    """What decides the card and the state: computed only where it can matter, for it is not cheap."""
    moment, count = events.started_at, events.request_count
    second = moment.hour() * 3600 + moment.minute() * 60 + moment.second()
    input_tokens = reduce(add, (events[meter].fill_null(0) for meter in INPUT_METERS))
    is_rare = ibis.coalesce(*(events[meter].cast("int64") for meter in RARE_METERS)).notnull()
    return {
        "second_used": ibis.ifelse(events.by_time, second.cast("int64"), 0),
        "input_tokens": ibis.ifelse(events.by_tokens, input_tokens.cast("int64"), 0),
        "is_aggregate": (count > 1).fill_null(False) | (count.isnull() & (events["view"] == PROVIDER_VIEW)),  # noqa: FBT003
        "is_rare": is_rare,
        "used_meters": _used(events, COMMON_METERS) + ibis.ifelse(is_rare, _used(events, RARE_METERS), 0),
    }


def _used(events: ir.Table, meters: Sequence[str]) -> ir.IntegerValue:
    """The meters with a quantity, as a set of BITS."""
    return reduce(add, (ibis.ifelse(events[meter] > 0, BITS[meter], 0).cast("int64") for meter in meters))


def _carded(events: ir.Table, rate_cards: ir.Table, rates: ir.Table) -> ir.Table:
    """Events with the card in force for their start and their request's tokens, and its prices; null where unresolved."""
    wide = widen(rates)
    cards = (
        rate_cards.select(
            rate_card="rate_card",
            card_schedule="schedule",
            card_state="state",
            starts=rate_cards.valid_from.coalesce(ibis.date("0001-01-01")).cast(TIMESTAMP),
            ends=rate_cards.valid_to.coalesce(ibis.date("9999-12-31")).cast(TIMESTAMP),
            utc_from_second="utc_from_second",
            utc_to_second="utc_to_second",
            input_tokens_gt="input_tokens_gt",
            input_tokens_le="input_tokens_le",
        )
        .left_join(wide, "rate_card")
        .drop("rate_card_right")
    )
    tokens = events.mutate(tier_tokens=ibis.ifelse(events.is_aggregate, 0, events.input_tokens))
    return tokens.left_join(
        cards,
        [
            tokens.schedule == cards.card_schedule,
            tokens.started_at >= cards.starts,
            tokens.started_at < cards.ends,
            tokens.second_used >= cards.utc_from_second,
            tokens.second_used < cards.utc_to_second,
            tokens.tier_tokens > cards.input_tokens_gt,
            tokens.tier_tokens <= cards.input_tokens_le,
        ],
    )


def _state(row: ir.Table) -> ir.StringValue:
    """The first of these that is so."""
    return ibis.cases(
        (_is_inconsistent(row), states.INCONSISTENT_USAGE),
        (_is_not_charged(row), states.NOT_CHARGED),
        (row.model_id.isnull(), states.UNRESOLVED_MODEL),
        (row.card_state == states.FREE_OR_UNKNOWN, states.FREE_OR_UNKNOWN),
        (_is_unmeasured(row), states.INCONSISTENT_USAGE),
        (_has_unpriced_meter(row), states.UNPRICED_METER),
        (_is_too_coarse(row), states.AGGREGATE_GRAIN),
        (row.card_state == states.NO_VARIANT, states.NO_VARIANT),
        ((row.used_meters & row.parent_meters) != 0, states.PRICED_AS_PARENT),
        else_=states.PRICED,
    )


def _is_inconsistent(row: ir.Table) -> ir.BooleanValue:
    common = [*COMMON_METERS, "reasoning_tokens", "request_count"]
    negative = _least(row, common) < 0
    return negative | (row.is_rare & (_least(row, RARE_METERS) < 0)) | (row.reasoning_tokens.fill_null(0) > row.output.fill_null(0))


def _least(row: ir.Table, names: Sequence[str]) -> ir.NumericValue:
    return ibis.least(*(row[name].fill_null(0) for name in names))


def _is_unmeasured(row: ir.Table) -> ir.BooleanValue:
    """A request that succeeded and has no quantity at all, not even zero: what it cost is unknown. A note of no request costs nothing."""
    unmeasured = ibis.coalesce(*(row[meter] for meter in COMMON_METERS)).isnull() & ~row.is_rare
    return unmeasured & (row.request_count.fill_null(1) != 0)


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


def _is_charged(row: ir.Table) -> ir.BooleanValue:
    return (row.price_state != states.NOT_CHARGED) & reduce(and_, (row.price_state != state for state in states.UNPRICED_STATES))


def _cost(row: ir.Table, part: str) -> ir.DecimalValue:
    """The sum over all meters; the rare ones only where there are any."""
    zero = ibis.literal(0, MONEY)

    def charge(quantity: str, meter: str) -> ir.DecimalValue:
        return times(row[quantity], row[price_column(part, meter)]).fill_null(zero)

    seconds = seconds_cost(row[FRACTIONAL], row.least_quantity, row[price_column(part, FRACTIONAL)]).fill_null(zero)
    common = [charge(meter, meter) for meter in COMMON_METERS if meter != "output"]
    rare = [charge(meter, meter) for meter in RARE_METERS if meter != FRACTIONAL]
    prices = (row[price_column(part, meter)] for meter in ("output", REASONING))
    output = whole_cost(row["output"], row.reasoning_tokens, *prices).fill_null(zero)
    usual = reduce(add, [*common, output, charge("request_count", REQUESTS)])
    return usual + ibis.ifelse(row.is_rare, reduce(add, [*rare, seconds]), zero)
