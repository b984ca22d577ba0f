"""The price book's tables made ready for millions of events: a row for each key and card, found by one number, prices as whole numbers.

In: `resolutions`, `rate_cards` and `rates`. Out: tables of at most a few rows a card. A price is a whole number of 10^-15 USD, because
64-bit products cost a tenth of decimal ones. They are exact too, as long as no quantity exceeds the card's `…_most_…`; beyond that
apply.py multiplies decimals. A price of more than 9,223 USD per unit does not fit: the engine then says so and stops.
"""

from collections.abc import Collection

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import SCALE
from usage_pipeline.prices.wide import BITS, FRACTIONAL, RATED
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS, TOKEN_METERS
from usage_pipeline.tables.priced_usage import PRICED
from usage_pipeline.tables.rates import ALL_TOKENS, DAY_SECONDS, NO_TOKENS, REASONING
from usage_pipeline.tables.schema import TIMESTAMP

KEY = ("provider", "model", "is_batch", "service_tier", "speed", "region", "project", "account")
"""What decides an event's rate cards: columns of it, save that project and account are null where no agreement names them."""

COMMON_METERS = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
RARE_METERS = tuple(meter for meter in METER_NAMES if meter not in COMMON_METERS)
"""Looked at only for events that have one of them, which is what makes pricing fast."""

BOUNDS: dict[str, tuple[str, ...]] = {
    "tokens": (*TOKEN_METERS, REASONING),
    "others": tuple(meter for meter in RATED if meter not in {*TOKEN_METERS, REASONING}),
}
"""Quantities of one order of size: tokens are many and cheap, all else is few and dear."""

_ROOM = 4 * 10**17
"""Less than half of what 18 digits hold: for two sums, and as the engine's division may be off by a little."""

_DAYS_TO_1970 = 719_162
"""From the year 1: so many days more, and no moment is negative."""

_DEAR = 2**58
"""A price of about 288 USD a unit: so many of a card's prices below it can be added in 64 bits."""


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash(  # type: ignore[empty-body]
    provider: str,
    model: str,
    is_batch: bool,  # noqa: FBT001
    service_tier: str,
    speed: str,
    region: str,
    project: str,
    account: str,
) -> int:
    """The engine's own hash of several values: DuckDB and Spark both call it so."""


@ibis.udf.scalar.builtin(name="epoch_us")  # type: ignore[untyped-decorator]
def _epoch_us(moment: TIMESTAMP) -> int:  # type: ignore[empty-body]
    """Microseconds since 1970 in UTC, as DuckDB counts them."""


def units_column(part: str, meter: str) -> str:
    """The column of a meter's price in 10^-15 USD, 0 where it has none; of reasoning: what it costs beyond other output."""
    return f"{part}_units_{meter}"


def hash_of(key: dict[str, ir.Value]) -> ir.IntegerValue:
    """One number for the columns KEY. Two keys may have the same: `numbered` tells them apart."""
    return _hash(*(key[name] for name in KEY))


def numbered(resolutions: ir.Table) -> ir.Table:
    """`resolutions` with `key_hash` and `clash`: 0, or 1, 2, … for further keys with the same hash. So the two name a key, always."""
    hashed = resolutions.mutate(key_hash=hash_of({name: resolutions[name] for name in KEY}))
    return hashed.mutate(clash=ibis.dense_rank().over(group_by=hashed.key_hash, order_by=[hashed[name] for name in KEY]).cast("int64"))


def clashing(keys: ir.Table) -> ir.Table:
    """The keys, columns of_<name>, that share their hash with another before them, with their `clash`: none, but for a rare chance."""
    return keys.filter(keys.clash > 0).select(*(keys[name].name(f"of_{name}") for name in KEY), clash="clash").distinct()


def time_of_day(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds since midnight, in UTC."""
    return (_epoch_us(moment) + 10**6 * _DAYS_TO_1970 * DAY_SECONDS) % (10**6 * DAY_SECONDS)


def terms(keys: ir.Table, rate_cards: ir.Table, rates: ir.Table, meters: Collection[str]) -> ir.Table:
    """Each key's cards with their list prices, and when they hold, as ranges never null; one row without card for an unresolved key.

    `keys` are `numbered`. A date range is where both the resolution and the card hold.
    """
    held = rate_cards.select(
        *("utc_from_second", "utc_to_second", "input_tokens_gt", "input_tokens_le"),
        card_schedule="schedule",
        rate_card="rate_card",
        card_state="state",
        card_from="valid_from",
        card_to="valid_to",
    )
    cards = _listed(rates, meters)
    known = keys.left_join(held, keys.schedule == held.card_schedule)
    priced = known.left_join(cards, known.rate_card == cards.listed_card)
    starts = ibis.greatest(*(priced[name].fill_null(ibis.date("0001-01-01")) for name in ("valid_from", "card_from")))
    ends = ibis.least(*(priced[name].fill_null(ibis.date("9999-12-31")) for name in ("valid_to", "card_to")))
    return priced.select(
        *("key_hash", "clash", "model_id", "rate_card", "card_state", *cards.columns),
        plain_meters=ibis.ifelse(priced.card_state == PRICED, priced.priced_meters & ~priced.parent_meters, ibis.null("int64")),
        starts=starts.cast(TIMESTAMP),
        ends=ends.cast(TIMESTAMP),
        from_time=10**6 * priced.utc_from_second.fill_null(0).cast("int64"),
        to_time=10**6 * priced.utc_to_second.fill_null(DAY_SECONDS).cast("int64"),
        tokens_gt=priced.input_tokens_gt.fill_null(NO_TOKENS),
        tokens_le=priced.input_tokens_le.fill_null(ALL_TOKENS),
    )


def agreed(rates: ir.Table, meters: Collection[str]) -> ir.Table:
    """The net prices of the cards that an agreement changes: `net_card`, units and what they serve for."""
    cards = rates.filter(rates.agreement.notnull()).select("rate_card").distinct()
    touched = rates.semi_join(cards, "rate_card")
    return touched.group_by(net_card="rate_card").aggregate(**_units(touched, "net", meters), **_most(touched, "net"))


def _listed(rates: ir.Table, meters: Collection[str]) -> ir.Table:
    bit = rates.meter.cases(*BITS.items(), else_=0).cast("int64")
    return rates.group_by(listed_card="rate_card").aggregate(
        **_units(rates, "list", meters),
        **_most(rates, "list"),
        least_quantity=rates.minimum_quantity.max(where=rates.meter == FRACTIONAL),
        priced_meters=bit.sum().cast("int64"),
        parent_meters=bit.sum(where=rates.priced_as.notnull()).fill_null(0).cast("int64"),
        has_request_fee=(rates.meter == REQUESTS).any(),
    )


def _whole(rates: ir.Table, part: str) -> ir.IntegerValue:
    return (ibis.literal(10**SCALE, "int64") * rates[f"{part}_unit_price"]).cast("int64")


def _units(rates: ir.Table, part: str, meters: Collection[str]) -> dict[str, ir.Value]:
    price = _whole(rates, part)
    units = {meter: price.max(where=rates.meter == meter) for meter in RATED if meter in {*meters, REASONING, REQUESTS}}
    beyond = units[REASONING] - units["output"].fill_null(0)
    return {units_column(part, meter): (beyond if meter == REASONING else one).fill_null(0) for meter, one in units.items()}


def _most(rates: ir.Table, part: str) -> dict[str, ir.Value]:
    """The quantities up to which no sum of quantity × price can have more than 18 digits, by BOUNDS; 0 on a card with a price too dear."""
    price = _whole(rates, part).abs()
    most: dict[str, ir.Value] = {}
    for bound, meters in BOUNDS.items():
        is_one = rates.meter.isin(meters)
        together = ibis.greatest(ibis.least(price, _DEAR).sum(where=is_one).fill_null(0).cast("int64"), 1)
        is_dear = (price >= _DEAR).any(where=is_one).fill_null(False)  # noqa: FBT003
        most[f"{part}_most_{bound}"] = ibis.ifelse(is_dear, 0, ibis.literal(_ROOM, "int64") // together).cast("int64")
    return most
