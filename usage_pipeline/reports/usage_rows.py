"""The usage report's rows: what its CSV, its sheets and its tables hold. In: `UsageFacts`. Out: exact values, a table after the other.

Each table but `recent` sums to `total`, in cost, requests, tokens and credits as far as it has them: `row` says which lines are keys, which
one stands for all others, and which one for requests without such a key.
"""

from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports.formats.csv import UNITS
from usage_pipeline.reports.sheets import DAY, MOMENT, MONEY, NUMBER, PERCENT, Column, Value
from usage_pipeline.reports.typed_rows import Row
from usage_pipeline.reports.usage_facts import UsageFacts
from usage_pipeline.tables.logged_use import (
    DIMENSIONS,
    PROMPT,
    TOP,
    RecentRequest,
    Used,
    UsedInHour,
    UsedOfMeter,
    UsedOnDay,
    is_rest,
    is_without,
)

COLUMNS = (
    Column(head="period", width=12), Column(head="scope", width=24), Column(head="table"), Column(head="row", width=10),
    Column(head="key", width=34), Column(head="of", width=24), Column(head="day", kind=DAY, width=12), Column(head="members", kind=NUMBER),
    Column(head="requests", kind=NUMBER), Column(head="successful_requests", kind=NUMBER, width=20),
    Column(head="failed_requests", kind=NUMBER, width=16), Column(head="cache_hits", kind=NUMBER),
    Column(head="tokens", kind=NUMBER, width=18), Column(head="quantity", kind=NUMBER, width=18), Column(head="unit"),
    Column(head="cost", kind=MONEY, width=20), Column(head="cost_each", kind=MONEY, width=20),
    Column(head="percent_of_cost", kind=PERCENT, width=16), Column(head="percent_of_requests", kind=PERCENT, width=20),
    Column(head="cost_before", kind=MONEY, width=20), Column(head="credits", kind=NUMBER), Column(head="unpriced_events", kind=NUMBER),
    Column(head="unpriced_quantity", kind=NUMBER, width=18), Column(head="first", kind=MOMENT, width=20),
    Column(head="last", kind=MOMENT, width=20), Column(head="status"), Column(head="user", width=24),
    Column(head="operation"), Column(head="model", width=24), Column(head="currency", width=10),
)  # fmt: skip
PLACES = {column.head: place for place, column in enumerate(COLUMNS)}
TOTAL, METER, DAYS, HOURS, RECENT = "total", "meter", "day", "hour", "recent"
TABLES = (TOTAL, *DIMENSIONS, *TOP, METER, DAYS, HOURS, RECENT)
KEY, OTHERS, WITHOUT = "key", "others", "without"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def tables_of(facts: UsageFacts) -> dict[str, list[Row]]:
    """The rows of each of TABLES."""
    return {
        TOTAL: [used_row(facts, TOTAL, facts.total)],
        **{name: [used_row(facts, name, one) for one in facts.by[name]] for name in (*DIMENSIONS, *TOP)},
        METER: [_meter(facts, one) for one in facts.meters],
        DAYS: [_day(facts, one) for one in facts.by_day],
        HOURS: [_hour(facts, one) for one in facts.by_hour],
        RECENT: [_recent(facts, one) for one in facts.recent],
    }


def kind_of(table: str, one: Used) -> str:
    """What a line stands for."""
    return TOTAL if table == TOTAL else OTHERS if is_rest(one) else WITHOUT if is_without(one) else KEY


def used_row(facts: UsageFacts, table: str, one: Used) -> Row:
    """One line of a table of keys."""
    before = facts.prompts_before.get((one.key or "", one.of or "")) if table == PROMPT else facts.before if table == TOTAL else None
    return _row(
        facts, table, row=kind_of(table, one), key=one.key, of=one.of, members=one.members or None, requests=one.requests,
        successful_requests=one.successful_requests, failed_requests=one.failed_requests, cache_hits=one.cache_hits, tokens=one.tokens,
        cost=one.known_cost, cost_each=one.cost_each, percent_of_cost=_percent(one.known_cost, facts.total.cost),
        percent_of_requests=_of_requests(facts, one.requests),
        cost_before=None if before is None else before.known_cost, credits=one.credits, unpriced_events=one.unpriced_events,
        first=one.first, last=one.last,
    )  # fmt: skip


def _meter(facts: UsageFacts, one: UsedOfMeter) -> Row:
    return _row(
        facts, METER, row=KEY, key=one.meter, quantity=one.quantity, unit=UNITS.get(one.meter), tokens=one.tokens, cost=one.cost,
        percent_of_cost=_percent(one.cost, facts.total.cost), unpriced_quantity=one.unpriced_quantity,
    )  # fmt: skip


def _day(facts: UsageFacts, one: UsedOnDay) -> Row:
    return _row(
        facts, DAYS, row=KEY, day=one.day, requests=one.requests, failed_requests=one.failed_requests, tokens=one.tokens, cost=one.cost,
        percent_of_cost=_percent(one.cost, facts.total.cost), percent_of_requests=_of_requests(facts, one.requests),
        credits=one.credits, unpriced_events=one.unpriced_events,
    )  # fmt: skip


def _hour(facts: UsageFacts, one: UsedInHour) -> Row:
    return _row(
        facts, HOURS, row=KEY, key=f"{one.hour:02d}", of=WEEKDAYS[one.weekday], requests=one.requests, tokens=one.tokens, cost=one.cost,
        percent_of_cost=_percent(one.cost, facts.total.cost), percent_of_requests=_of_requests(facts, one.requests),
        credits=one.credits,
    )  # fmt: skip


def _recent(facts: UsageFacts, one: RecentRequest) -> Row:
    return _row(
        facts, RECENT, row=KEY, key=one.event_id, of=one.project, tokens=one.tokens, cost=one.cost, first=one.started_at,
        status=one.status, user=one.user, operation=one.operation, model=one.model,
    )  # fmt: skip


def _row(facts: UsageFacts, table: str, **values: Value) -> Row:
    told = {"period": facts.span.name, "scope": facts.scope, "table": table, "currency": facts.currency, **values}
    return tuple(told.get(column.head) for column in COLUMNS)


def _of_requests(facts: UsageFacts, requests: int) -> Decimal | None:
    return _percent(Decimal(requests), Decimal(facts.total.requests))


def _percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return None if part is None or not whole else money.percent(part, whole)
