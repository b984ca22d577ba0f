"""Attribution coverage of a period, out of the lake."""

from usage_pipeline.costs.coverage import coverage_query, covered_rows
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.coverage import Covered
from usage_pipeline.tables.priced_usage import priced_usage


def coverage_of(workplace: Workplace, days: Period | None) -> list[Covered]:
    """Every value of every attribution field on `days` (all if None), those without an owner first, the dearest first."""
    engine = workplace.engine()
    lake = workplace.lake(engine)
    bills = coverage_query(lake.read(charges, days), time="period_start", cost="billed_cost", is_bill=True)
    usage = coverage_query(lake.read(priced_usage, days), time="started_at", cost="net_cost", is_bill=False)
    return covered_rows([*engine.to_pyarrow(bills).to_pylist(), *engine.to_pyarrow(usage).to_pylist()])
