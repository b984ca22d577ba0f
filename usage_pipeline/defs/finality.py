"""The finality of a month, out of the database, the ledger and the findings: one function that all who show it call."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from usage_pipeline import money
from usage_pipeline.costs.finality import MonthFinality, month_finality
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.exchange import unconverted
from usage_pipeline.defs.findings import Finding, findings_of, rejected_bill_lines
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import without_excluded
from usage_pipeline.storage.failed_sources import noted_failures
from usage_pipeline.storage.long_lines import span_of, spoken_days
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.reconciliations import reconciliations
from usage_pipeline.tables.revisions import OPEN

LATER = timedelta(days=45)


def finality_of(
    workplace: Workplace, month: Period, daily: Sequence[DailyCost] | None = None, findings: Sequence[Finding] | None = None
) -> MonthFinality:
    """How final `month` is, and why. `daily` are its cost rows and `findings` what was found about it, where that is known already."""
    database = workplace.database()
    rows = database.select(daily_costs, where={"day": month}) if daily is None else daily
    closed = closed_months(database).get(month.start)
    gaps, unread, billing = missing_days(database, month, rows), _unread(workplace, month), billing_channels(workplace)
    missing = gaps if len(gaps) > workplace.settings().limits.missing_days else []
    if closed is not None and not closed.is_draft:
        return month_finality(month, rows, missing=(), unread=(), billing=billing, blocking=(), closed=closed.words)
    through = billed_through(workplace, month)
    told_of = partial(month_finality, month, rows, missing=missing, unread=unread, billing=billing, closed=None, billed_through=through)
    found = told_of(blocking=())
    if found.finality == OPEN:
        return found
    told = findings_of(workplace, month, rows) if findings is None else findings
    unseen = not_reconciled(database, month, rows)
    blocking = [one.words for one in (*told, *([unseen] if unseen else [])) if one.blocks]
    return month_finality(
        month, rows, missing=missing, unread=unread, billing=billing, blocking=blocking, closed=None, billed_through=through
    )


def billed_through(workplace: Workplace, month: Period) -> dict[str, date]:
    """The newest day that each channel's bill has a line for, up to LATER days after the month."""
    lake = workplace.lake(workplace.engine())
    rows = lake.read(charges, Period(month.start, month.end + LATER))
    newest = rows.group_by("channel").agg(day=rows.period_start.date().max())
    return {row["channel"]: row["day"] for row in lake.engine.to_pyarrow(newest).to_pylist()}


def missing_days(database: Database, month: Period, daily: Sequence[DailyCost]) -> list[date]:
    """Days of the month without costs of which no file says anything, not even that they are empty."""
    known = {row.day for row in daily}
    if known >= set(month.days()):
        return []
    words = spoken_days(month, database=database)
    counting = without_excluded(words, database.select(ingested_files, where={"source": sorted({one.source for one in words})}))
    told = {day for one in counting for day in span_of(one).days()}
    return [day for day in month.days() if day not in known and day not in told]


def not_reconciled(database: Database, month: Period, daily: Sequence[DailyCost]) -> Finding | None:
    """A month with a bill that was never compared with usage: it was computed before there was a reconciliation, or only in part."""
    if not any(row.billed_cost for row in daily) or _has_cells(database, month):
        return None
    words = f"bills and usage were never compared: `usage-pipeline run --from {month.start} --to {month.last}` does."
    billed = money.total([abs(row.billed_cost) for row in daily if row.billed_cost is not None])
    return Finding(code="not_reconciled", blocks=True, count=1, amount=billed, words=words)


def _has_cells(database: Database, month: Period) -> bool:
    day = sql_table(reconciliations).c.day
    with database.transaction() as transaction:
        return transaction.connection.scalar(sa.select(day).where(day >= month.start, day < month.end).limit(1)) is not None


def billing_channels(workplace: Workplace) -> set[str]:
    """Channels whose bill is a source; one that bills for many channels names them on its lines."""
    kinds = [SOURCES[spec.kind] for spec in workplace.settings().sources]
    return {kind.channel for kind in kinds if kind.table is charges and kind.channel}


def table_of(found: MonthFinality) -> list[dict[str, Any]]:
    """A row a channel."""
    return [
        {
            "channel": one.channel,
            "finality": one.finality,
            "billed": one.billed,
            "estimated": one.estimated,
            "why": "; ".join(one.reasons),
        }
        for one in found.channels
    ]


def document_of(found: MonthFinality) -> dict[str, Any]:
    """The same in JSON."""
    channels = [
        {**row, "billed": money.text(row["billed"]), "estimated": money.text(row["estimated"]), "why": list(one.reasons)}
        for row, one in zip(table_of(found), found.channels, strict=True)
    ]
    name = f"{found.month.start:%Y-%m}"
    return {"month": name, "finality": found.finality, "why": list(found.reasons), "channels": channels}


def _unread(workplace: Workplace, month: Period) -> list[str]:
    """What of sources and bills could not be read, in words."""
    lake, settings, database = workplace.lake(workplace.engine()), workplace.settings(), workplace.database()
    failed = sorted(noted_failures(workplace.home.failed_sources))
    lines = rejected_bill_lines(settings, database, lake, month)
    count = sum(int(str(row["lines"])) for row in lines)
    words = [f"{', '.join(failed)} could not be read"] if failed else []
    waiting = sum(one.lines for one in unconverted(lake, month))
    words += [f"{waiting:,} {'line of a bill has' if waiting == 1 else 'lines of bills have'} no exchange rate"] if waiting else []
    return words + ([f"{count:,} {'line of a bill' if count == 1 else 'lines of bills'} could not be read"] if count else [])
