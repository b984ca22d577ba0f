"""When things run, in UTC. Every schedule asks for runs of whole ranges, so late days are repaired on the way."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from usage_pipeline.defs.deliver import has_work
from usage_pipeline.defs.jobs import budget_check_job, daily_job, deliver_job, digest_job, monthly_job
from usage_pipeline.defs.partitions import FIRST_DAY, daily_tags, monthly_tags
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import ONE_DAY, Period, inclusive, month_of
from usage_pipeline.tables.spans import Span, day_span, month_span, week_span

RE_READ_DAYS = 7
"""Providers restate their newest days: this many are computed anew every morning."""


@dg.schedule(
    job=daily_job,
    cron_schedule="30 4 * * *",
    execution_timezone="UTC",
    description=f"Every morning: the last {RE_READ_DAYS} days, for bills arrive late and are restated.",
)
def daily_run(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The days before the tick's day, as one run."""
    today = _day(context)
    return _request("daily", context, daily_tags(_from_first_day(Period(today - ONE_DAY * RE_READ_DAYS, today))))


@dg.schedule(
    job=budget_check_job,
    cron_schedule="0 */6 * * *",
    execution_timezone="UTC",
    description="Every six hours: yesterday and today brought up to date, then budgets judged and people told.",
)
def budget_check(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Yesterday and today; alerts are judged on the tick's day."""
    today = _day(context)
    run_config = {"ops": {"alerts": {"config": {"as_of": today.isoformat()}}}}
    return _request("budgets", context, daily_tags(inclusive(today - ONE_DAY, today)), run_config)


@dg.schedule(
    job=monthly_job,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    description="Every morning: the running month's statement so far; on the first five days of a month the one before as well.",
)
def monthly_statement(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The month of the day before, and the month before that while its bills still come in."""
    yesterday = _day(context) - ONE_DAY
    start = month_of(yesterday).start
    first = month_of(start - ONE_DAY).start if yesterday.day < 5 else start  # noqa: PLR2004 - said in the description
    return _request("monthly", context, monthly_tags(_from_first_day(inclusive(first, yesterday))))


@dg.schedule(
    job=digest_job,
    cron_schedule="0 5 * * *",
    execution_timezone="UTC",
    description="Every morning: the digest of yesterday, and its month so far on one page.",
)
def daily_digest(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The day before the tick's, and the month that holds it."""
    yesterday = _day(context) - ONE_DAY
    return _digests("daily digest", context, day_span(yesterday), month_span(yesterday))


@dg.schedule(
    job=digest_job,
    cron_schedule="0 5 * * 1",
    execution_timezone="UTC",
    description="Every Monday: the digest of the ISO week before.",
)
def weekly_digest(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The week that ended on the day before."""
    return _digests("weekly digest", context, week_span(_day(context) - ONE_DAY))


@dg.schedule(
    job=deliver_job,
    cron_schedule="*/15 * * * *",
    execution_timezone="UTC",
    description="Every quarter of an hour, where a report is due or waits to be sent again: deliveries of usage.yaml.",
)
def report_delivery(context: dg.ScheduleEvaluationContext, workplace: Workplace) -> dg.RunRequest | dg.SkipReason:
    """A run where there is something to send; without deliveries in usage.yaml, none ever."""
    if not workplace.settings().deliveries:
        return dg.SkipReason("usage.yaml has no deliveries")
    if not has_work(workplace, workplace.now()):
        return dg.SkipReason("no report is due")
    return _request("deliver", context, {})


SCHEDULES = [daily_run, budget_check, monthly_statement, daily_digest, weekly_digest, report_delivery]


def _day(context: dg.ScheduleEvaluationContext) -> date:
    return context.scheduled_execution_time.astimezone(UTC).date()


def _from_first_day(days: Period) -> Period:
    return Period(max(days.start, FIRST_DAY), days.end)


def _request(
    name: str, context: dg.ScheduleEvaluationContext, tags: dict[str, str], run_config: Mapping[str, Any] | None = None
) -> dg.RunRequest:
    tick: datetime = context.scheduled_execution_time
    return dg.RunRequest(run_key=f"{name} {tick.isoformat()}", tags={**tags, "launched_by": "schedule"}, run_config=run_config or {})


def _digests(name: str, context: dg.ScheduleEvaluationContext, *spans: Span) -> dg.RunRequest:
    return _request(name, context, {}, {"ops": {"digest": {"config": {"periods": [one.name for one in spans]}}}})
