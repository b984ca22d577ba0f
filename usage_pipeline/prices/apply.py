"""Usage events in, priced usage out: a few joins to small tables, exact costs, a state for every event.

The library has units that contain each other; our meters are disjoint, so an event costs the plain sum of quantity × price.
What makes it fast: an event finds its card by one number, prices are whole numbers, and what few events have is looked up for those
alone (the other events' join key is null): agreements, quantities so large that only decimals hold their cost. Meters and parts of
the key that no event has are not even read.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import reduce
from operator import add, and_, or_

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from usage_pipeline.money import MONEY, SCALE, SMALLEST, times
from usage_pipeline.prices.terms import (
    BOUNDS,
    COMMON_METERS,
    KEY,
    RARE_METERS,
    agreed,
    clashing,
    hash_of,
    numbered,
    terms,
    time_of_day,
    units_column,
)
from usage_pipeline.prices.wide import BITS, FRACTIONAL, INPUT_METERS, OUTPUT_METERS, SECOND_MEASURE, seconds_cost
from usage_pipeline.tables import priced_usage as states
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS, TOKEN_METERS
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import DAY_SECONDS, REASONING, Scopes
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, INCLUDED, SUCCESS, usage_events

__all__ = ["KEY", "keys_of", "price_events"]

ACCOUNT_COLUMNS = ("sub_account_id", "provider_project_id", "workspace_id")
"""Where an event may name the account of an agreement: the first that does counts."""

HUGE = 10**15
"""A quantity beyond this counts as this many input tokens: more than any tier's start, and sums of them cannot overflow."""

PLACES = (
    *(states.PRICED, states.PRICED_AS_PARENT, states.NO_VARIANT, states.AGGREGATE_GRAIN, states.UPPER_BOUND),
    *(states.NOT_CHARGED, states.UNRESOLVED_MODEL, states.UNPRICED_METER, states.INCONSISTENT_USAGE, states.FREE_OR_UNKNOWN),
)
"""The states as numbers, which cost less to compare; the first CHARGED of them have a price."""
CHARGED = 5
COUNTS = {REASONING: "reasoning_tokens", REQUESTS: "request_count"}
"""The columns that count what these two prices are for; every other price is of the meter of its name."""
UNSPLIT = "is_unsplit"
ALWAYS = ("input", "output")
"""Meters taken to occur in any events."""
EVERY_TIME = (*KEY[:-1], "channel", "started_at", "status", "view", UNSPLIT, *COUNTS.values())
"""What pricing reads of every event, beside meters and accounts."""


def keys_of(events: ir.Table, scopes: Scopes, filled: Collection[str] = usage_events.names) -> ir.Table:
    """The distinct keys of `events`, columns KEY: what PriceBook.resolve takes. An event without provider has its channel's.

    `scopes` are the book's (PriceBook.scopes). `filled`: as of price_events.
    """
    key = _key(events, scopes)
    certain = {"provider": True, "project": bool(scopes.projects), "account": bool(scopes.accounts)}
    told = [name for name in KEY if certain.get(name, name in filled)]
    found = events.select(**{name: key[name] for name in told}).distinct()
    return found.select(**{name: found[name] if name in told else ibis.null(key[name].type()) for name in KEY})


def price_events(
    events: ir.Table,
    resolutions: ir.Table,
    rate_cards: ir.Table,
    rates: ir.Table,
    *,
    price_book: str,
    scopes: Scopes,
    filled: Collection[str] = usage_events.names,
    columns: Collection[str] = priced_usage.names,
) -> ir.Table:
    """`usage_events` with their price: `priced_usage`, one row for each event, unpriced ones included with null costs.

    The three tables are PriceBook.resolve's for at least the keys of `events`, and `scopes` the same book's. Runs where the
    engine's time zone is UTC. `filled` are columns of `usage_events` that may hold a value: the others are null in every event.
    `columns`: which of `priced_usage` to give.
    """
    meters = {name for name in METER_NAMES if name in filled or name in ALWAYS}
    read = {*columns, *EVERY_TIME, *(ACCOUNT_COLUMNS if scopes.accounts else ()), *meters}
    absent = {name for name in (*METER_NAMES, *KEY, UNSPLIT) if name not in filled and name not in ALWAYS}
    kept = (name for name in usage_events.names if name in read)
    known = events.select(**{name: ibis.null(usage_events.schema[name]) if name in absent else events[name] for name in kept})
    measured = _measured(known, scopes, meters)
    keys = numbered(resolutions)
    carded = _carded(measured, keys, rate_cards, rates, scopes, meters)
    placed = carded.mutate(place=_place(carded, meters))
    told = placed.mutate(price_state=_name(placed.place), is_charged=placed.place < CHARGED)
    costs = told.mutate(list_cost=_cost(told, "list", meters))
    net = agreed(rates, meters)
    paid = costs.left_join(net, costs.rate_card == net.net_card)
    net_cost = ibis.ifelse(paid.net_card.notnull(), _cost(paid, "net", meters), paid.list_cost)
    more = {"credit_rule": ibis.null("string"), "credits": ibis.null(MONEY), "price_book": ibis.literal(price_book), "net_cost": net_cost}
    priced = {name: more[name] if name in more else paid[name] for name in priced_usage.names if name in columns}
    return paid.select(**{name: value.cast(priced_usage.schema[name]) for name, value in priced.items()})


def _key(events: ir.Table, scopes: Scopes) -> dict[str, ir.Value]:
    nothing = ibis.null("string")
    project, accounts = events.project, [events[name] for name in (ACCOUNT_COLUMNS if scopes.accounts else ())]
    scoped = {
        "project": ibis.ifelse(project.isin(scopes.projects), project, nothing) if scopes.projects else nothing,
        "account": ibis.coalesce(*(ibis.ifelse(one.isin(scopes.accounts), one, nothing) for one in accounts))
        if scopes.accounts
        else nothing,
    }
    return {name: scoped[name] if name in scoped else events[name] for name in KEY} | {"provider": events.provider.coalesce(events.channel)}


def _measured(events: ir.Table, scopes: Scopes, meters: Collection[str]) -> ir.Table:
    """Events with what decides their card and state, before any join."""
    common, rare = _common(meters), _rare(meters)
    counts = {_filled(name): events[name].fill_null(0) for name in (*common, *COUNTS.values())}
    is_rare = reduce(or_, (events[meter].notnull() for meter in rare), ibis.literal(False))  # noqa: FBT003
    told = events.mutate(is_rare=is_rare, key_hash=hash_of(_key(events, scopes)), **counts)
    bounded = told.mutate(**_bounds(told, meters))
    measured = bounded.mutate(**_measures(bounded, meters))
    return measured.mutate(
        is_odd=measured.is_inconsistent | measured.is_unmeasured | measured.is_not_charged | measured.is_aggregate
        | measured.request_count.isnull() | measured[UNSPLIT].fill_null(False),  # noqa: FBT003
        tier_tokens=ibis.ifelse(measured.is_aggregate, 0, measured.input_tokens),
    )  # fmt: skip


def _common(meters: Collection[str]) -> list[str]:
    return [meter for meter in COMMON_METERS if meter in meters]


def _rare(meters: Collection[str]) -> list[str]:
    return [meter for meter in RARE_METERS if meter in meters]


def _filled(name: str) -> str:
    """The column of the same quantity with 0 for null."""
    return f"counted_{name}"


def _if_rare(events: ir.Table, meters: Collection[str], value: Callable[[list[str]], ir.IntegerValue]) -> list[ir.IntegerValue]:
    """`value` of the rare meters, 0 for an event without any; nothing where there are none."""
    rare = _rare(meters)
    return [ibis.ifelse(events.is_rare, value(rare), 0)] if rare else []


def _bounds(events: ir.Table, meters: Collection[str]) -> dict[str, ir.IntegerValue]:
    """No quantity of tokens, none of anything else, is greater than these: bits laid over each other, negative if one of them is."""

    def over(names: Iterable[str]) -> ir.IntegerValue:
        seconds = ibis.cases((events[FRACTIONAL] < 0, -1), else_=0).cast("int64") if FRACTIONAL in meters else None
        parts = [seconds if name == FRACTIONAL else events[name].fill_null(0) for name in names]
        return reduce(or_, parts, ibis.literal(0, "int64"))

    tokens = (events[_filled(name)] for name in (*_common(meters), "reasoning_tokens"))
    rare_tokens = _if_rare(events, meters, lambda rare: over(name for name in rare if name in TOKEN_METERS))
    rare_others = _if_rare(events, meters, lambda rare: over(name for name in rare if name not in TOKEN_METERS))
    return {
        "tokens_bound": reduce(or_, (*tokens, *rare_tokens)),
        "others_bound": reduce(or_, (events[_filled("request_count")], *rare_others)),
    }


def _measures(events: ir.Table, meters: Collection[str]) -> dict[str, ir.Value]:
    count, common, nothing = events.request_count, _common(meters), ibis.null("int64")
    is_usual = (events.tokens_bound >= 0) & (events.tokens_bound <= HUGE)
    used = _used({meter: events[_filled(meter)] for meter in common})
    rare_used = _if_rare(events, meters, lambda rare: _used({meter: events[meter] for meter in rare}))
    put_out = ibis.coalesce(
        *(ibis.ifelse(events[meter] > 0, events[meter], nothing) for meter in OUTPUT_METERS if meter in meters), nothing
    )
    output = events[_filled("output")]
    return {
        "is_inconsistent": ((events.tokens_bound | events.others_bound) < 0) | (events[_filled("reasoning_tokens")] > output),
        "is_unmeasured": ibis.coalesce(*(events[meter] for meter in common), nothing).isnull()
        & ~events.is_rare
        & (count.fill_null(1) != 0),
        "is_aggregate": ibis.ifelse(count.isnull(), True, count > 1),  # noqa: FBT003
        "is_not_charged": ibis.ifelse(
            events.status == SUCCESS,
            False,  # noqa: FBT003
            events.status.isin((CACHE_HIT, INCLUDED)) | ((events.status == FAILURE) & put_out.isnull()),
        ),
        "input_tokens": ibis.ifelse(is_usual, _input(events, meters), _input(events, meters, limit=HUGE)),
        "used_meters": reduce(add, rare_used, used),
    }


def _input(events: ir.Table, meters: Collection[str], limit: int | None = None) -> ir.IntegerValue:
    def tokens(filled: Iterable[ir.IntegerValue]) -> ir.IntegerValue:
        return reduce(add, (one if limit is None else one.clip(0, limit) for one in filled), ibis.literal(0, "int64"))

    common = (events[_filled(meter)] for meter in _common(meters) if meter in INPUT_METERS)
    rare = _if_rare(events, meters, lambda rare: tokens(events[meter].fill_null(0) for meter in rare if meter in INPUT_METERS))
    return reduce(add, rare, tokens(common)).cast("int64")


def _used(quantities: Mapping[str, ir.NumericValue]) -> ir.IntegerValue:
    """The meters with a quantity, as a set of BITS."""
    bits = (ibis.ifelse(quantity > 0, BITS[meter], 0).cast("int64") for meter, quantity in quantities.items())
    return reduce(add, bits, ibis.literal(0, "int64"))


def _carded(events: ir.Table, keys: ir.Table, rate_cards: ir.Table, rates: ir.Table, scopes: Scopes, meters: Collection[str]) -> ir.Table:
    """Events with the card in force for their start and their request's tokens, and its prices; null where unresolved."""
    others, cards = clashing(keys), terms(keys, rate_cards, rates, meters)
    same = [value.identical_to(others[f"of_{name}"]) for name, value in _key(events, scopes).items()]
    moment, time = events.started_at, time_of_day(events.started_at)
    return events.left_join(others, same).left_join(
        cards,
        [
            events.key_hash == cards.key_hash,
            others.clash.fill_null(0) == cards.clash,
            moment >= cards.starts,
            moment < cards.ends,
            time >= cards.from_time,
            time < cards.to_time,
            events.tier_tokens > cards.tokens_gt,
            events.tier_tokens <= cards.tokens_le,
        ],
    )


def _place(row: ir.Table, meters: Collection[str]) -> ir.IntegerValue:
    """The state's place in PLACES: the first of these that is so. The first line says in short what most events are."""
    cases = (
        (~row.is_odd & ((row.used_meters & ~row.plain_meters) == 0), states.PRICED),
        (row.is_inconsistent, states.INCONSISTENT_USAGE),
        (row.is_not_charged, states.NOT_CHARGED),
        (row.model_id.isnull(), states.UNRESOLVED_MODEL),
        (row.card_state == states.FREE_OR_UNKNOWN, states.FREE_OR_UNKNOWN),
        (row.is_unmeasured, states.INCONSISTENT_USAGE),
        (_has_unpriced_meter(row), states.UNPRICED_METER),
        (_is_too_coarse(row, meters), states.AGGREGATE_GRAIN),
        (row.card_state == states.NO_VARIANT, states.NO_VARIANT),
        (_may_be_cheaper(row), states.UPPER_BOUND),
        ((row.used_meters & row.parent_meters) != 0, states.PRICED_AS_PARENT),
    )
    return ibis.cases(*((is_so, PLACES.index(state)) for is_so, state in cases), else_=PLACES.index(states.PRICED))


def _name(place: ir.IntegerValue) -> ir.StringValue:
    return ibis.cases(*((place == number, state) for number, state in enumerate(PLACES)))


def _has_unpriced_meter(row: ir.Table) -> ir.BooleanValue:
    missing = row.used_meters & ~row.priced_meters.fill_null(0)
    noted = [(row.used_meters & sum(BITS[twin] for twin in twins)) != 0 for twins in SECOND_MEASURE.values()]
    excused = reduce(
        add, (ibis.ifelse(is_noted, BITS[meter], 0).cast("int64") for meter, is_noted in zip(SECOND_MEASURE, noted, strict=True))
    )
    is_missing = ibis.ifelse(missing != 0, (missing & ~excused) != 0, False)  # noqa: FBT003
    return is_missing | (row.request_count.isnull() & row.has_request_fee)


def _may_be_cheaper(row: ir.Table) -> ir.BooleanValue:
    """Input of which a part may have been cached, on a card where that has a price of its own."""
    is_apart = ((row.priced_meters & ~row.parent_meters) & BITS["cache_read"]) != 0
    return row[UNSPLIT].fill_null(False) & (row.input > 0) & is_apart  # noqa: FBT003


def _is_too_coarse(row: ir.Table, meters: Collection[str]) -> ir.BooleanValue:
    """An aggregate whose requests may be on other cards: more tokens than the base tier, prices by time of day, a minimum."""
    by_time = (row.from_time > 0) | (row.to_time < 10**6 * DAY_SECONDS)
    has_least = row.least_quantity.notnull() & (row[FRACTIONAL] > 0) if FRACTIONAL in meters else ibis.literal(False)  # noqa: FBT003
    is_beyond = (row.input_tokens > row.tokens_le) | by_time | has_least
    return ibis.ifelse(row.is_aggregate, is_beyond, False)  # noqa: FBT003


def _cost(row: ir.Table, part: str, meters: Collection[str]) -> ir.DecimalValue:
    """The sum over all meters of quantity × price: in 64-bit numbers where they surely hold it, else in decimals."""
    fits = [row[f"{bound}_bound"] <= row[f"{part}_most_{bound}"] for bound in BOUNDS]
    whole = [row[FRACTIONAL].isnull()] if FRACTIONAL in meters else []
    return ibis.cases(
        (row.is_charged & reduce(and_, (*fits, *whole)), _whole_cost(row, part, meters)),
        (row.is_charged, _wide_cost(row, part, meters)),
        (row.place == PLACES.index(states.NOT_CHARGED), ibis.literal(0, MONEY)),
        else_=ibis.null(MONEY),
    )


def _whole_cost(row: ir.Table, part: str, meters: Collection[str]) -> ir.DecimalValue:
    """18 digits hold the sum (terms.py sees to it), and multiply at a small part of what 38 cost."""

    def charge(meter: str) -> ir.IntegerValue:
        return row[COUNTS.get(meter, meter)].fill_null(0) * row[units_column(part, meter)]

    common = (row[_filled(COUNTS.get(meter, meter))] * row[units_column(part, meter)] for meter in (*_common(meters), *COUNTS))
    rare = _if_rare(
        row, meters, lambda rare: reduce(add, (charge(meter) for meter in rare if meter != FRACTIONAL), ibis.literal(0, "int64"))
    )
    units = reduce(add, (*common, *rare)).cast("int64")
    return (units.cast(dt.Decimal(18, 0)) * ibis.literal(SMALLEST, dt.Decimal(18, SCALE))).cast(MONEY)


def _wide_cost(row: ir.Table, part: str, meters: Collection[str]) -> ir.DecimalValue:
    """The same of any quantity, and with seconds, whose cost is rounded."""
    zero = ibis.literal(0, MONEY)

    def price(meter: str) -> ir.DecimalValue:
        return times(row[units_column(part, meter)], ibis.literal(SMALLEST, MONEY))

    counted = [meter for meter in (*_common(meters), *COUNTS, *_rare(meters)) if meter != FRACTIONAL]
    charges = [times(row[COUNTS.get(meter, meter)], price(meter)) for meter in counted]
    seconds = [seconds_cost(row[FRACTIONAL], row.least_quantity, price(FRACTIONAL))] if FRACTIONAL in meters else []
    return reduce(add, (one.fill_null(zero) for one in (*charges, *seconds)))
