"""Logged requests summed for the usage report: the queries. In: priced usage (of the log view). Out: tables for `tables/logged_use.py`.

The cost of an event is its own; of one with a part without a price (`partly`: source, event_id, cost) what its other parts cost, so that
any sum over events is the sum over meters to the last digit.
"""

from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.priced_usage import UNPRICED_METER
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, LOG_VIEW, SUCCESS

PLAIN = ("team", "user", "client", "conversation", "prompt", "operation", "provider", "status", "source", "event_id", "started_at")
SUMS = (
    "requests", "successful_requests", "failed_requests", "cache_hits", "priced_requests", "tokens", "cost", "credits", "unpriced_events",
    "uncredited_events",
)  # fmt: skip
MONEY_SUMS = frozenset({"cost", "credits"})
MEDIAN, PERCENTILE_95 = 50, 95


def of_logs(priced: ir.Table, project: str | None) -> ir.Table:
    """The log view of all projects, or of one."""
    rows = priced.filter(priced["view"] == LOG_VIEW)
    return rows if project is None else rows.filter(rows.project.fill_null(UNATTRIBUTED) == project)


def partly_priced(logs: ir.Table) -> ir.Table:
    """Those of which a meter has a price and another has none."""
    return logs.filter(logs.price_state == UNPRICED_METER)


def requests_of(logs: ir.Table, partly: ir.Table) -> ir.Table:
    """One row an event, with what is summed."""
    known = partly.select(partly_source="source", partly_event="event_id", partly_cost="cost")
    rows = logs.left_join(known, (logs.source == known.partly_source) & (logs.event_id == known.partly_event))
    count = rows.request_count.fill_null(0)
    is_success = rows.status == SUCCESS
    cost = ibis.coalesce(rows.net_cost, rows.partly_cost).cast(MONEY)
    nothing = ibis.literal(0, "int64")
    tokens = reduce(add, (rows[meter].fill_null(0) for meter in TOKEN_METERS))
    return rows.select(
        *PLAIN,
        day=rows.started_at.date(),
        project=rows.project.fill_null(UNATTRIBUTED),
        type=rows.api_type,
        model=ibis.coalesce(rows.model_id, rows.model),
        requests=count.cast("int64"),
        successful_requests=ibis.ifelse(is_success, count, nothing).cast("int64"),
        failed_requests=ibis.ifelse(rows.status == FAILURE, count, nothing).cast("int64"),
        cache_hits=ibis.ifelse(rows.status == CACHE_HIT, count, nothing).cast("int64"),
        priced_requests=ibis.ifelse(is_success & cost.notnull(), count, nothing).cast("int64"),
        tokens=ibis.ifelse(is_success, tokens, nothing).cast("int64"),
        cost=cost,
        credits=rows.credits.cast(MONEY),
        unpriced_events=ibis.ifelse(rows.net_cost.isnull(), ibis.literal(1, "int64"), nothing),
        uncredited_events=ibis.ifelse(rows.credit_rule.notnull() & rows.credits.isnull(), ibis.literal(1, "int64"), nothing),
    )


def whole(requests: ir.Table) -> ir.Table:
    """One row: the sums of all."""
    return requests.aggregate(**_sums(requests), first=requests.started_at.min(), last=requests.started_at.max())


def by_key(requests: ir.Table, most: int) -> ir.Table:
    """The dearest `most` keys, all others in one row and requests without a key in one row; sums as in `tables.logged_use.Used`.

    `requests` has the key in column `key`, and what names it beside it in column `of`.
    """
    named = requests.mutate(key=requests.key.nullif(""))
    named = named.mutate(of=ibis.ifelse(named.key.isnull(), ibis.null("string"), named.of))
    groups = named.group_by("key", "of").agg(**_sums(named), first=named.started_at.min(), last=named.started_at.max())
    order = [
        ibis.desc(groups.cost.notnull()),
        ibis.desc(groups.cost),
        ibis.desc(groups.requests),
        ibis.asc(groups.key),
        ibis.asc(groups.of.fill_null("")),
    ]
    placed = groups.mutate(place=ibis.row_number().over(ibis.window(group_by=groups.key.isnull(), order_by=order)))
    is_kept = placed.key.notnull() & (placed.place < most)
    folded = placed.mutate(
        slot=ibis.ifelse(is_kept, placed.place, ibis.literal(most)),
        is_without=placed.key.isnull(),
        key=ibis.ifelse(is_kept, placed.key, ibis.null("string")),
        of=ibis.ifelse(is_kept, placed.of, ibis.null("string")),
    )
    told = folded.group_by("slot", "is_without", "key", "of").agg(
        **_sums(folded),
        first=folded["first"].min(),
        last=folded["last"].max(),
        members=ibis.ifelse(folded.is_without, ibis.literal(0, "int64"), ibis.literal(1, "int64")).sum().cast("int64"),
    )
    return told.order_by("is_without", "slot")


def spread_of(requests: ir.Table) -> ir.Table:
    """One row: how cost is spread over conversations, by nearest rank; those with an unpriced request are only counted."""
    named = requests.filter(requests.conversation.nullif("").notnull())
    groups = named.group_by("conversation", "project").agg(cost=named.cost.sum().cast(MONEY), unpriced_events=named.unpriced_events.sum())
    known = groups.filter((groups.unpriced_events == 0) & groups.cost.notnull())
    placed = known.mutate(place=ibis.row_number().over(ibis.window(order_by=known.cost)) + 1, count=known.count().over(ibis.window()))

    def ranked(percent: int) -> ir.Value:
        return placed.cost.max(where=placed.place <= ((placed["count"] * percent + 99) // 100)).cast(MONEY)

    sums = placed.aggregate(
        conversations=placed.count(), median=ranked(MEDIAN), percentile_95=ranked(PERCENTILE_95), dearest=placed.cost.max().cast(MONEY)
    )
    return sums.cross_join(groups.aggregate(all_conversations=groups.count()))


def by_hour(requests: ir.Table) -> ir.Table:
    """Sums by day of the week and hour of the day."""
    timed = requests.mutate(weekday=requests.started_at.day_of_week.index().cast("int64"), hour=requests.started_at.hour().cast("int64"))
    return timed.group_by("weekday", "hour").agg(**_only(timed, "requests", "tokens", "cost", "credits")).order_by("weekday", "hour")


def by_day(requests: ir.Table) -> ir.Table:
    """Sums by day."""
    names = ("requests", "failed_requests", "tokens", "cost", "credits", "unpriced_events")
    return requests.group_by("day").agg(**_only(requests, *names)).order_by("day")


def newest(requests: ir.Table, most: int) -> ir.Table:
    """The newest requests, the newest first."""
    order = [ibis.desc("started_at"), ibis.asc("source"), ibis.asc("event_id")]
    names = ("started_at", "source", "event_id", "project", "user", "operation", "provider", "model", "status", "tokens", "cost")
    return requests.order_by(order).limit(most).select(*names)


def _only(rows: ir.Table, *names: str) -> dict[str, ir.Value]:
    return {name: rows[name].sum().cast(MONEY if name in MONEY_SUMS else "int64") for name in names}


def _sums(rows: ir.Table) -> dict[str, ir.Value]:
    return _only(rows, *SUMS)
