"""Priced requests and the limits on one request in, the requests over their limit out.

Only records of single requests count (the logs' view): a provider's bucket holds many. Of several limits on the same measure the most
specific counts. A request whose tokens or cost are unknown is over nothing.
"""

from collections.abc import Sequence
from datetime import date
from functools import reduce
from operator import add, and_

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.request_limits import MAX_COST, MAX_TOKENS, RequestLimit, limit_violations
from usage_pipeline.tables.usage_events import LOG_VIEW

SCOPES = ("project", "operation", "model", "channel")


def violations_of(priced: ir.Table, limits: Sequence[RequestLimit]) -> ir.Table:
    """`priced` usage → rows of limit_violations. Raises ValueError without a limit, for then nothing is to be asked."""
    rows = priced.filter(priced["view"] == LOG_VIEW, priced["request_count"].fill_null(1) == 1)
    rows = rows.mutate(day=rows.started_at.date(), model=rows.model_id.fill_null(rows.model))
    known = reduce(lambda one, other: one | other, (rows[meter].notnull() for meter in TOKEN_METERS))
    tokens = ibis.ifelse(known, reduce(add, (rows[meter].fill_null(0).cast("int64") for meter in TOKEN_METERS)), ibis.null("int64"))
    found = [
        _over(rows, measure, amount, [limit for limit in limits if getattr(limit, measure) is not None])
        for measure, amount in ((MAX_TOKENS, tokens.cast(MONEY)), (MAX_COST, rows.net_cost.cast(MONEY)))
        if any(getattr(limit, measure) is not None for limit in limits)
    ]
    if not found:
        raise ValueError("violations_of needs at least one limit")
    return found[0] if len(found) == 1 else found[0].union(found[1])


def _over(rows: ir.Table, measure: str, amount: ir.DecimalValue, limits: Sequence[RequestLimit]) -> ir.Table:
    by_scope = sorted(limits, key=lambda one: -sum(getattr(one, name) is not None for name in SCOPES))
    most = ibis.cases(*((_holds(rows, one), ibis.literal(getattr(one, measure), MONEY)) for one in by_scope), else_=ibis.null(MONEY))
    told = rows.mutate(measure=ibis.literal(measure), amount=amount, limit=most)
    return limit_violations.conform(told.filter(told["amount"] > told["limit"]).select(*limit_violations.names))


def _holds(rows: ir.Table, limit: RequestLimit) -> ir.BooleanValue:
    named = [rows[name] == getattr(limit, name) for name in SCOPES if getattr(limit, name) is not None]
    days = [rows.day >= _day(limit.valid_from)] if limit.valid_from else []
    days += [rows.day < _day(limit.valid_to)] if limit.valid_to else []
    return reduce(and_, [*named, *days], ibis.literal(value=True)).fill_null(False)  # noqa: FBT003 - what a null comes to


def _day(day: date) -> ir.DateValue:
    return ibis.literal(day, "date")
