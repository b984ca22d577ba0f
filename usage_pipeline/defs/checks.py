"""Asset checks: equalities that must hold, to the last digit. Blocking where a wrong number would go out."""

from decimal import Decimal
from pathlib import Path

import dagster as dg

from usage_pipeline import money
from usage_pipeline.costs.bill_query import PLACE, undealt
from usage_pipeline.costs.monthly import footing
from usage_pipeline.costs.overlaps import overlaps_of
from usage_pipeline.defs.coverage import coverage_of
from usage_pipeline.defs.finding_money import WHY_NOT_KNOWN
from usage_pipeline.defs.partitions import asked_days
from usage_pipeline.defs.preview import ROWS_SHOWN, amount, markdown
from usage_pipeline.defs.rejects import rejects_of
from usage_pipeline.defs.reports import REPORT, snapshots_of
from usage_pipeline.defs.unpriced import unpriced_share
from usage_pipeline.defs.unpriced_models import unpriced_at_risk, unpriced_models
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, month_name, month_of, months_in
from usage_pipeline.reports.focus_book import FILES as FOCUS_FILES
from usage_pipeline.reports.focus_checks import violations
from usage_pipeline.reports.focus_columns import V1_4, columns_of
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.footing_focus import focus_differences
from usage_pipeline.reports.formats.csv_more import MORE_CSV
from usage_pipeline.reports.formats.focus import focus_name, rows_from
from usage_pipeline.reports.render import CSV, JSON, PDF, XLSX
from usage_pipeline.reports.snapshot import ORGANISATION, Snapshot
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import UNATTRIBUTED, daily_costs, monthly_costs
from usage_pipeline.tables.grades import UNPRICED
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rejected_lines import SET_ASIDE
from usage_pipeline.tables.revisions import CLOSED


@dg.asset_check(asset=ingested_files.name, blocking=True)
def every_line_accounted_for(workplace: Workplace) -> dg.AssetCheckResult:
    """Of every file: lines = accepted + duplicates + rejected."""
    files = workplace.database().select(ingested_files)
    wrong = [one for one in files if one.lines != one.accepted + one.duplicates + one.rejected]
    return dg.AssetCheckResult(
        passed=not wrong,
        metadata={
            "files": len(files),
            "lines": sum(one.lines for one in files),
            "not accounted for": markdown([{"source": one.source, "file": one.uri, "lines": one.lines} for one in wrong]),
        },
    )


@dg.asset_check(asset=ingested_files.name)
def nothing_rejected(workplace: Workplace) -> dg.AssetCheckResult:
    """No line was rejected, but for those that are no AI usage. A warning: the lines are kept, with their reason, and the rest goes on."""
    files = workplace.database().select(ingested_files, where={"excluded_at": None})
    reasons = rejects_of(workplace.lake(workplace.engine()), files)
    return dg.AssetCheckResult(
        passed=all(row["reason"] in SET_ASIDE for row in reasons),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "lines": sum(row["lines"] for row in reasons),
            "money at risk": "0"
            if all(row["reason"] in SET_ASIDE for row in reasons)
            else f"not known: {WHY_NOT_KNOWN['rejected_bill_lines']}",
            "reasons": markdown(reasons),
        },
    )


@dg.asset_check(asset=priced_usage.name)
def little_is_unpriced(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """Usage without a rate stays within `limits` of usage.yaml; above it, the period cannot be closed. Its cost is unknown, never 0."""
    lake = workplace.lake(workplace.engine())
    days = asked_days(context)
    found, limit = unpriced_share(lake, days), workplace.settings().limits.unpriced_percent
    within, at_risk = found.percent <= limit, unpriced_at_risk(workplace, days)
    return dg.AssetCheckResult(
        passed=not found.events,
        severity=dg.AssetCheckSeverity.WARN if within else dg.AssetCheckSeverity.ERROR,
        metadata={
            "percent": amount(found.percent),
            "limit, percent": amount(limit),
            "blocks the close": not within,
            "events": found.events,
            "tokens": found.tokens,
            "money at risk": f"not known: {WHY_NOT_KNOWN[UNPRICED]}" if at_risk is None else amount(at_risk),
            "unpriced": markdown(unpriced_models(lake, days, workplace.books().current()) if found.events else []),
        },
    )


@dg.asset_check(asset=daily_costs.name, additional_deps=[charges.name], blocking=True)
def costs_hold_the_whole_bill(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """Day by day, the billed cost of all projects is the bill, to the last digit."""
    engine, days = workplace.engine(), asked_days(context)
    bills = workplace.lake(engine).read(charges, days)
    by_day = bills.group_by(day=bills.period_start.date()).agg(billed=bills.billed_cost.sum())
    billed = {row["day"]: row["billed"] for row in engine.to_pyarrow(by_day).to_pylist()}
    allocated: dict[object, Decimal] = {}
    for row in workplace.database().select(daily_costs, where={} if days is None else {"day": days}):
        allocated[row.day] = money.total([allocated.get(row.day), row.billed_cost])
    wrong = [
        {"day": day, "bill": billed.get(day, money.ZERO), "allocated": allocated.get(day, money.ZERO)}
        for day in sorted({*billed, *allocated}, key=str)
        if billed.get(day, money.ZERO) != allocated.get(day, money.ZERO)
    ]
    return dg.AssetCheckResult(
        passed=not wrong, metadata={"billed": amount(money.total(list(billed.values()))), "days that differ": markdown(wrong)}
    )


@dg.asset_check(asset=allocations.name, additional_deps=[charges.name], blocking=True)
def parts_are_the_shared_lines(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """Line by line, the parts of a shared line sum to it, to the last digit; none is of a line that is no more."""
    engine, days = workplace.engine(), asked_days(context)
    lake = workplace.lake(engine)
    wrong = undealt(lake.read(charges, days), lake.read(allocations, days))
    found = engine.to_pyarrow(wrong.order_by(*PLACE).limit(ROWS_SHOWN)).to_pylist()
    count = engine.to_pyarrow(wrong.count()).as_py()
    return dg.AssetCheckResult(passed=not count, metadata={"lines that differ": count, "first of them": markdown(found)})


@dg.asset_check(asset=daily_costs.name)
def nothing_counted_twice(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """No model has a bill under one project and logs under another on the same day. A warning: only an attribution rule can tell."""
    days = asked_days(context)
    found = overlaps_of(workplace.database().select(daily_costs, where={} if days is None else {"day": days}))
    rows = [
        {
            "day": one.day,
            "channel": one.channel,
            "model": one.model,
            "billed or counted under": ", ".join(one.provider_projects),
            "logged under": ", ".join(one.logged_projects),
            "at most": min(one.provider_cost, one.logged_cost),
        }
        for one in found
    ]
    at_most = money.total([min(one.provider_cost, one.logged_cost) for one in found])
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"at most counted twice": amount(at_most), "money at risk": amount(at_most), "where": markdown(rows)},
    )


@dg.asset_check(asset=daily_costs.name, additional_deps=[charges.name, priced_usage.name])
def everything_has_an_owner(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """Every key, workspace, project id and tag belongs to a project. A warning: what has no owner stands under `unattributed`."""
    days = asked_days(context)
    unowned = [row for row in coverage_of(workplace, days) if not row.is_owned]
    costs = workplace.database().select(daily_costs, where={} if days is None else {"day": days})
    at_risk = money.total([row.cost for row in costs if row.project == UNATTRIBUTED])
    rows = [
        {
            "source": row.source,
            "field": row.field,
            "value": row.value,
            "name": row.name,
            "lines": row.unowned_lines,
            "estimated": row.unowned_estimated,
            "billed": row.unowned_billed,
        }
        for row in unowned
    ]
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"money at risk": amount(at_risk), "no owner yet": markdown(rows)},
    )


@dg.asset_check(asset=monthly_costs.name, blocking=True)
def days_foot_to_the_month(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """The month's rows are the sum of its days', row by row."""
    database = workplace.database()
    months = _months(context, database)
    found = [
        str(difference)
        for month in months
        for difference in footing(
            database.select(daily_costs, where={"day": month}), database.select(monthly_costs, where={"month": month.start})
        )
    ]
    return dg.AssetCheckResult(
        passed=not found, metadata={"months": len(months), "differences": markdown([{"difference": one} for one in found])}
    )


@dg.asset_check(asset=REPORT, blocking=True)
def files_say_the_same(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """Read back from disk, every statement's JSON, CSV, XLSX and FOCUS files say what the snapshot says, in total and per project."""
    database, reports = workplace.database(), workplace.home.reports
    found: list[dict[str, str]] = []
    count = 0
    for month in _months(context, database):
        for snapshot in snapshots_of(workplace, database, month, with_advice=False):  # advice is in no sum
            folder = reports / snapshot.period / snapshot.scope
            count += 1
            said = _differences(folder, snapshot)
            found += [{"statement": f"{snapshot.period} {snapshot.scope}", "difference": words} for words in said]
    return dg.AssetCheckResult(passed=not found, metadata={"statements": count, "differences": markdown(found)})


def _differences(folder: Path, snapshot: Snapshot) -> list[str]:
    """What the files of one statement say otherwise than `snapshot`; a file that is not there says nothing of it."""
    workbook = (folder / XLSX).read_bytes() if (folder / XLSX).is_file() else None
    missing = [name for name in (JSON, CSV, PDF) if not (folder / name).is_file()]
    if workbook is None and snapshot.finality != CLOSED:  # months closed by an earlier version have none
        missing.append(XLSX)
    focus = {name: (folder / name).read_bytes() for name in FOCUS_FILES if (folder / name).is_file()}
    if snapshot.finality != CLOSED:
        missing += [name for name in FOCUS_FILES if name not in focus]
    if missing:
        return [f"{folder / name} is missing" for name in missing]
    more = {name: (folder / name).read_bytes() for name in MORE_CSV if (folder / name).is_file()}
    said = differences((folder / JSON).read_bytes(), (folder / CSV).read_bytes(), snapshot, workbook=workbook, more=more)
    return said + focus_differences(focus, snapshot)


@dg.asset_check(asset=REPORT)
def focus_files_are_valid(context: dg.AssetCheckExecutionContext, workplace: Workplace) -> dg.AssetCheckResult:
    """The organisation's FOCUS files, as they lie there, break no rule of FOCUS that we know. A warning: the amounts are right."""
    count, found = 0, list[dict[str, str]]()
    for month in _months(context, workplace.database()):
        for name in (focus_name(V1_4), focus_name(V1_4, is_estimated=True)):
            path = workplace.home.reports / month_name(month) / ORGANISATION / name
            rows = rows_from(path.read_bytes()) if path.is_file() else []
            count += len(rows)
            wrong = violations(columns_of(V1_4), rows, V1_4)
            found += [{"file": f"{month_name(month)} {name}", "rule": str(one)} for one in wrong]
    shown = markdown(found[:ROWS_SHOWN])
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rows": count, "violations": len(found), "first of them": shown},
    )


def _months(context: dg.AssetCheckExecutionContext, database: Database) -> list[Period]:
    """The months of the run; for a check started alone, every month that has costs."""
    days = asked_days(context)
    if days is not None:
        return months_in(days)
    return sorted({month_of(row.month) for row in database.select(monthly_costs)})


CHECKS = [
    every_line_accounted_for,
    nothing_rejected,
    little_is_unpriced,
    parts_are_the_shared_lines,
    costs_hold_the_whole_bill,
    nothing_counted_twice,
    everything_has_an_owner,
    days_foot_to_the_month,
    files_say_the_same,
    focus_files_are_valid,
]
