"""Days and months as Dagster sees them: in UTC, from one start date, declared once. Today's partition exists, so that budgets see today."""

from datetime import date

import dagster as dg

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period, inclusive, month_name, month_of, months_in

FIRST_DAY = date(2024, 1, 1)
"""Constant for good: a start date that moves breaks stored backfills."""

DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC", end_offset=1)
MONTHLY = dg.MonthlyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC", end_offset=1)
DAYS_OF_MONTH = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
ONE_RUN = dg.BackfillPolicy.single_run()

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def days_of(context: dg.AssetExecutionContext) -> Period:
    """The days that a run of daily assets is asked for."""
    keys = sorted(date.fromisoformat(key) for key in context.partition_keys)
    return inclusive(keys[0], keys[-1])


def months_of(context: dg.AssetExecutionContext) -> list[Period]:
    """The months that a run of monthly assets is asked for."""
    return [month_of(date.fromisoformat(key)) for key in sorted(context.partition_keys)]


def asked_days(context: dg.AssetCheckExecutionContext) -> Period | None:
    """The days of the run that a check belongs to, None for a check that is started alone."""
    asset_context = context.op_execution_context
    if asset_context.has_partition_key_range:
        window = asset_context.partition_key_range
        return inclusive(date.fromisoformat(window.start), date.fromisoformat(window.end))
    if asset_context.has_partition_key:
        day = date.fromisoformat(asset_context.partition_key)
        return inclusive(day, day)
    return None


def daily_tags(days: Period) -> dict[str, str]:
    """Tags that make one run of all of `days`. Raises UsageConfigError for days that no partition has."""
    if days.start < FIRST_DAY:
        raise UsageConfigError(f"{days.start} lies before the first day of this pipeline, {FIRST_DAY}: ask for later days")
    return {RANGE_START: days.start.isoformat(), RANGE_END: days.last.isoformat()}


def monthly_tags(days: Period) -> dict[str, str]:
    """Tags that make one run of every month that `days` touches."""
    months = months_in(days)
    return {RANGE_START: months[0].start.isoformat(), RANGE_END: months[-1].start.isoformat()}


def month_keys(days: Period) -> list[str]:
    return [f"{month_name(month)}-01" for month in months_in(days)]
