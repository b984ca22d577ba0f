"""Attribution coverage of a period, out of the lake."""

import ibis.expr.types as ir

from usage_pipeline.costs.coverage import coverage_query, covered_rows
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.storage.compiled import rows_of
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.coverage import Covered
from usage_pipeline.tables.priced_usage import priced_usage


def coverage_of(workplace: Workplace, days: Period | None) -> list[Covered]:
    """Every value of every attribution field on `days` (all if None), those without an owner first, the dearest first."""
    engine = workplace.engine()
    lake = workplace.lake(engine)
    bills = rows_of(engine, _of_bills, lake.read(charges, days))
    usage = rows_of(engine, _of_usage, lake.read(priced_usage, days))
    return covered_rows([*bills, *usage])


def _of_bills(lines: ir.Table) -> ir.Table:
    return coverage_query(lines, time="period_start", cost="billed_cost", is_bill=True)


def _of_usage(events: ir.Table) -> ir.Table:
    return coverage_query(events, time="started_at", cost="net_cost", is_bill=False)
