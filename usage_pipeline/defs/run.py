"""The whole graph for a range of days, unattended: Dagster in process, on the home's own instance, so that its UI shows the runs."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from usage_pipeline.costs.finality import MonthFinality
from usage_pipeline.defs.closed import REVISE, closed_months
from usage_pipeline.defs.definitions import definitions_of
from usage_pipeline.defs.finality import finality_of
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.findings import findings_of
from usage_pipeline.defs.late import late_findings
from usage_pipeline.defs.partitions import daily_tags, monthly_tags
from usage_pipeline.defs.progress import Progress, reporting_to
from usage_pipeline.defs.publish import publish_all
from usage_pipeline.defs.rejects import rejects_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import InterruptedRunError, UsageConfigError, UsageError
from usage_pipeline.periods import Period, month_name, months_in
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.alerts import SENT, Alert, Delivery, alerts, deliveries
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.statements import Statement, statements

Known = set[tuple[str, str, str, str]]
"""The file versions of the ledger."""
QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
INTERRUPTS = {dg.DagsterExecutionInterruptedError.__name__, KeyboardInterrupt.__name__}
LAUNCHED = {"launched_by": "usage-pipeline run"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What a run did. `files` are the versions read in it, `unchanged_count` those it knew; `costs` the rows of its days.

    `rejects` counts the lines of `files` that were not accepted: source, reason, lines, meaning.
    """

    days: Period
    files: list[IngestedFile]
    rejects: list[dict[str, Any]]
    unchanged_count: int
    costs: list[DailyCost]
    statements: list[Statement]
    alerts: list[Alert]
    deliveries: list[Delivery]
    findings: list[Finding]
    finalities: list[MonthFinality]


def known_files(home: Home, config: Path) -> Known:
    """What the ledger holds."""
    database = Workplace(home_folder=str(home.root), config_file=str(config)).database()
    return {(one.source, one.uri, one.fingerprint, one.kind) for one in database.select(ingested_files)}


def read_files(home: Home, config: Path, days: Period, progress: Progress) -> None:
    """Read what is new, and compute nothing: no number of any day changes by it. Raises UsageError as below."""
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance, reporting_to(progress):
        _execute(definitions_of(home.root, config), "ingest", instance, {**daily_tags(days), **LAUNCHED}, {})


def run_days(
    home: Home, config: Path, days: Period, as_of: date, progress: Progress, *, revise: bool = False, known: Known | None = None
) -> RunOutcome:
    """Files to daily costs for `days`, then their months' statements, then the alerts judged on `as_of`.

    Days of closed months are left as they are, unless `revise`; what a close that died left undone is finished first.
    `known` is what the ledger held where files were read before this; what was read since counts as read by this run.
    Raises UsageError with the words of the step that failed.
    """
    os.environ.setdefault("DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS", "1")  # one planned event a step, not one a day
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
    workplace = Workplace(home_folder=str(home.root), config_file=str(config))
    database = workplace.database()
    files_before = known_files(home, config) if known is None else known
    alerts_before = {one.alert_id for one in database.select(alerts)}
    sent_before = {one.delivery_id for one in database.select(deliveries, where={"state": SENT})}
    publish_all(workplace)
    shut = closed_months(database)
    revised = ",".join(month_name(month) for month in months_in(days) if revise and month.start in shut)
    definitions = definitions_of(home.root, config)
    jobs: tuple[tuple[str, dict[str, str], dict[str, Any]], ...] = (
        ("daily", {**daily_tags(days), REVISE: revised}, {}),
        ("monthly", {**monthly_tags(days), REVISE: revised}, {}),
        ("alerting", {}, {"ops": {"alerts": {"config": {"as_of": as_of.isoformat()}}}}),
    )
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance, reporting_to(progress):
        for name, tags, run_config in jobs:
            _execute(definitions, name, instance, {**tags, **LAUNCHED}, run_config)
    files = database.select(ingested_files)
    costs = database.select(daily_costs, where={"day": days})
    new_files = [one for one in files if (one.source, one.uri, one.fingerprint, one.kind) not in files_before]
    stated = _newest(database.select(statements, where={"period": [month_name(month) for month in months_in(days)]}))
    findings = findings_of(workplace, days, costs)
    return RunOutcome(
        days=days,
        files=sorted(new_files, key=lambda file: (file.source, file.uri)),
        rejects=rejects_of(workplace.lake(workplace.engine()), new_files),
        unchanged_count=len(files) - len(new_files),
        costs=costs,
        statements=sorted(stated, key=lambda one: (one.period, one.scope)),
        alerts=[one for one in database.select(alerts) if one.alert_id not in alerts_before],
        deliveries=[one for one in database.select(deliveries, where={"state": SENT}) if one.delivery_id not in sent_before],
        findings=sorted([*findings, *late_findings(workplace)], key=lambda one: not one.blocks),
        finalities=[finality_of(workplace, month, findings=findings if month == days else None) for month in months_in(days)],
    )


def _newest(stated: Sequence[Statement]) -> list[Statement]:
    """Of each month the statements of its newest revision."""
    newest: dict[str, int] = {}
    for one in stated:
        newest[one.period] = max(newest.get(one.period, one.revision), one.revision)
    return [one for one in stated if one.revision == newest[one.period]]


def _execute(
    definitions: dg.Definitions, name: str, instance: dg.DagsterInstance, tags: dict[str, str], run_config: dict[str, Any]
) -> None:
    try:
        result = definitions.resolve_job_def(name).execute_in_process(
            instance=instance, raise_on_error=False, tags=tags, run_config={**QUIET, **run_config}
        )
    except dg.DagsterExecutionInterruptedError:
        raise InterruptedRunError from None
    if result.success:
        return
    failures = [event for event in result.all_events if event.is_step_failure and event.step_failure_data.error is not None]
    if any(_innermost(event.step_failure_data.error).cls_name in INTERRUPTS for event in failures) or _was_interrupted(result):
        raise InterruptedRunError
    words = [f"{event.step_key}: {_innermost(event.step_failure_data.error).message.strip()}" for event in failures]
    failed_checks = [
        f"check {one.check_name} on {one.asset_key.to_user_string()} failed"
        for one in result.get_asset_check_evaluations()
        if not one.passed
    ]
    kind = (
        UsageConfigError
        if any(_innermost(event.step_failure_data.error).cls_name == UsageConfigError.__name__ for event in failures)
        else UsageError
    )
    raise kind(f"{name} run {result.run_id} failed: " + "; ".join([*words, *failed_checks] or ["see its log in Dagster's UI"]))


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Whether the run ended between two steps because somebody stopped it."""
    told = [
        event.event_specific_data for event in result.all_events if event.is_job_failure or event.event_type_value == "PIPELINE_CANCELED"
    ]
    errors = [error for one in told if (error := getattr(one, "error", None)) is not None]
    return any(_innermost(error).cls_name in INTERRUPTS for error in errors)


def _innermost(error: Any) -> Any:
    """The error that a failed step began with: its words and the name of its class."""
    while error is not None and error.cause is not None:
        error = error.cause
    return error
