"""What sources tell of each project beside its cost: tokens of batches, failed requests. The query. In: priced usage. Out: sums.

Rows that do not tell whether they were a batch are no part of those tokens; providers tell of no failures: unknown is not 0.
"""

from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.usage_events import FAILURE, SUCCESS


def told_of_projects(priced: ir.Table) -> ir.Table:
    """By project and view: `batch` and `told` (tokens of batches, and of all that say whether they are), `requests` and `failed`."""
    nothing = ibis.literal(0, "int64")
    tokens = reduce(add, (priced[meter].fill_null(0) for meter in TOKEN_METERS)).cast("int64")
    count = priced.request_count.fill_null(0).cast("int64")
    named = priced.select(
        project=priced.project.fill_null(UNATTRIBUTED),
        view=priced["view"],
        told=ibis.ifelse(priced.is_batch.notnull() & (priced.status == SUCCESS), tokens, nothing),
        batch=ibis.ifelse((priced.is_batch == ibis.literal(value=True)) & (priced.status == SUCCESS), tokens, nothing),
        requests=count,
        failed=ibis.ifelse(priced.status == FAILURE, count, nothing),
    )
    return named.group_by("project", "view").agg(
        **{name: named[name].sum().cast("int64") for name in ("told", "batch", "requests", "failed")}
    )
