"""Asset checks of reconciliation: causes sum to differences, cells to the bill; what nothing explains is told."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import dagster as dg

from usage_pipeline import money
from usage_pipeline.defs.finding_unreconciled import unexplained
from usage_pipeline.defs.partitions import asked_days
from usage_pipeline.defs.preview import amount, markdown
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.reconciliations import (
    UNEXPLAINED,
    Reconciliation,
    ReconciliationCause,
    reconciliation_causes,
    reconciliations,
)


@dg.asset_check(asset=reconciliations.name, additional_deps=[charges.name], blocking=True)
def causes_sum_to_the_difference(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """Cell by cell the causes' amounts are the difference, and day by day the cells' bills are the bill, to the last digit."""
    engine, days, database = workplace.engine(), asked_days(context), workplace.database()
    where = {} if days is None else {"day": days}
    cells, causes = database.select(reconciliations, where=where), database.select(reconciliation_causes, where=where)
    bills = workplace.lake(engine).read(charges, days)
    by_day = engine.to_pyarrow(bills.group_by(day=bills.period_start.date()).agg(billed=bills.billed_cost.sum())).to_pylist()
    wrong = [*_cells_that_differ(cells, causes), *_days_that_differ(cells, {row["day"]: row["billed"] for row in by_day})]
    return dg.AssetCheckResult(
        passed=not wrong,
        metadata={"cells": len(cells), "difference": amount(money.total([row.difference for row in cells])), "wrong": markdown(wrong)},
    )


@dg.asset_check(asset=reconciliations.name)
def little_is_unexplained(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """What no cause explains stays within `limits` of usage.yaml; above it, the period cannot be closed."""
    days, database = asked_days(context), workplace.database()
    where = {} if days is None else {"day": days}
    found, limit = unexplained(database, where), workplace.settings().limits.unexplained_percent
    rows = database.select(reconciliation_causes, where={**where, "cause": UNEXPLAINED})
    dearest = sorted(rows, key=lambda row: -abs(row.amount))
    within = found.percent <= limit
    return dg.AssetCheckResult(
        passed=not found.amount,
        severity=dg.AssetCheckSeverity.WARN if within else dg.AssetCheckSeverity.ERROR,
        metadata={
            "money at risk": amount(found.amount),
            "percent": amount(found.percent),
            "limit, percent": amount(limit),
            "blocks the close": not within,
            "unexplained": markdown(
                [{"day": row.day, "channel": row.channel, "model": row.model, "amount": row.amount, "why": row.evidence} for row in dearest]
            ),
        },
    )


def _cells_that_differ(cells: Iterable[Reconciliation], causes: Iterable[ReconciliationCause]) -> list[dict[str, object]]:
    explained: dict[object, list[Decimal]] = defaultdict(list)
    for row in causes:
        explained[row.day, row.channel, row.project, row.model, row.meter].append(row.amount)
    sums = {key: money.total(amounts) for key, amounts in explained.items()}
    found: list[dict[str, object]] = []
    for one in cells:
        have = sums.pop((one.day, one.channel, one.project, one.model, one.meter), money.ZERO)
        if have != one.difference:
            found.append({"what": f"{one.day} {one.channel} {one.project} {one.model} {one.meter}", "is": have, "must be": one.difference})
    return found + [{"what": f"causes of no cell: {key}", "is": have, "must be": money.ZERO} for key, have in sums.items()]


def _days_that_differ(cells: Iterable[Reconciliation], billed: dict[date, Decimal]) -> list[dict[str, object]]:
    told: dict[date, list[Decimal | None]] = defaultdict(list)
    for one in cells:
        told[one.day].append(one.billed_cost)
    sums = {day: money.total(amounts) for day, amounts in told.items()}
    return [
        {"what": f"the bill of {day}", "is": sums.get(day, money.ZERO), "must be": billed.get(day, money.ZERO)}
        for day in sorted({*sums, *billed})
        if sums.get(day, money.ZERO) != billed.get(day, money.ZERO)
    ]


RECONCILED_CHECKS = [causes_sum_to_the_difference, little_is_unexplained]
