"""Bill lines for several days: which ones reach into a period, told by the ledger, so that nothing is opened where it knows of none.

A line lies in the part of its first day, and counts while the newest word on that day and scope holds it. What is for a day may so
have started up to a year before.
"""

from collections.abc import Sequence
from datetime import timedelta

import ibis.expr.types as ir
import sqlalchemy as sa

from usage_pipeline.periods import ONE_DAY, Period, inclusive
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.lake import Lake, Part
from usage_pipeline.storage.shards import SHARDS, landed_rows
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.charges import MOST_DAYS, charges
from usage_pipeline.tables.ingested_files import IngestedDay, ingested_days, ingested_files

REACH = timedelta(days=MOST_DAYS - 1)


def span_of(one: IngestedDay) -> Period:
    """The days that these rows are for."""
    return inclusive(one.day, one.last_day or one.day)


def is_long(one: IngestedDay) -> bool:
    """Whether a row among these is known to be for several days."""
    return span_of(one).days_count > 1


def spoken_days(days: Period, *, database: Database) -> list[IngestedDay]:
    """The ledger's rows that speak of `days`, or hold bill lines that started before and reach into them."""
    column = sql_table(ingested_days).c
    about = sa.or_(column.day >= days.start, column.last_day >= days.start)
    return database.select(ingested_days, about, where={"day": Period(days.start - REACH, days.end)})


def has_long_lines(days: Period, *, database: Database) -> bool:
    """Whether bill lines that start on `days` may span several: so it is where the ledger says so, or does not say how long they are."""
    column = sql_table(ingested_days).c
    long = sa.select(sa.literal(1)).where(
        column.day >= days.start,
        column.day < days.end,
        column.rows > 0,
        sa.or_(column.last_day.is_(None), column.last_day > column.day),
    )
    with database.transaction() as transaction:
        return transaction.connection.scalar(long.limit(1)) is not None


def lines_before(days: Period, *, lake: Lake, database: Database) -> ir.Table | None:
    """The bill lines that count and may reach into `days`, having started before them; others of their files and days are among them.

    None if there are none.
    """
    parts = _parts_before(days, lake=lake, database=database)
    if not parts:
        return None
    started = Period(min(part.day for part in parts), max(part.day for part in parts) + ONE_DAY)
    return landed_rows(charges, started, lake=lake, database=database, parts=parts)


def _parts_before(days: Period, *, lake: Lake, database: Database) -> Sequence[Part]:
    day, file = sql_table(ingested_days).c, sql_table(ingested_files).c
    reaching = (
        sa.select(day.day, file.part)
        .join_from(
            sql_table(ingested_days), sql_table(ingested_files), sa.and_(day.source == file.source, day.fingerprint == file.fingerprint)
        )
        .where(
            day.day >= days.start - REACH,
            day.day < days.start,
            day.rows > 0,
            sa.or_(day.last_day.is_(None), day.last_day >= days.start),
        )
        .distinct()
    )
    with database.transaction() as transaction:
        named = {(row.day, row.part) for row in transaction.connection.execute(reaching)}
    if not named:
        return []
    return [part for part in lake.parts(SHARDS[charges.name], Period(days.start - REACH, days.start)) if (part.day, part.name) in named]
