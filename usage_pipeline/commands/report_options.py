"""`usage-pipeline report` as options; imported at every start, so its work is imported when it runs."""

# ruff: noqa: FBT001, PLC0415, D301 - as in cli.py

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from usage_pipeline.commands.options import DAY, MONTH, common, environment_of, output_of
from usage_pipeline.errors import UsageConfigError

if TYPE_CHECKING:
    from usage_pipeline.tables.spans import Span


@click.group()
def report() -> None:
    """The usage report and the comparison across projects."""


@report.command("usage")
@click.option("--month", type=MONTH, help="A month, as far as it has gone.  [the month of yesterday]")
@click.option("--from", "first", type=DAY, help="Another range instead: its first day (UTC).")
@click.option("--to", "last", type=DAY, help="Its last day (UTC), included.")
@click.option("--project", help="Of this project alone; 'unattributed' for what no rule gives to one.")
@common
def report_usage(
    home: Path | None, config: Path | None, as_json: bool, month: date | None, first: date | None, last: date | None, project: str | None
) -> int:
    """What logged requests used and cost: by operation, type, model, provider, user, team, client, status and hour; the dearest
    conversations and prompts; the newest requests. PDF, CSV, XLSX and JSON.

    \b
    Example:
      usage-pipeline report usage --month 2026-10
      usage-pipeline report usage --from 2026-10-05 --to 2026-10-18 --project support-portal
    """
    span = _span(month, first, last)

    from usage_pipeline.commands.report import run_report_usage

    return run_report_usage(environment_of(home, config), span, project, output_of(as_json))


@report.command("comparison")
@click.option("--month", type=MONTH, help="A month, as far as it has gone.  [the month of yesterday]")
@common
def report_comparison(home: Path | None, config: Path | None, as_json: bool, month: date | None) -> int:
    """Projects side by side over a month: cost, change and its causes, budgets, unit costs and quality. PDF, CSV, XLSX and JSON.

    \b
    Example:
      usage-pipeline report comparison --month 2026-10
    """
    span = _span(month, None, None)

    from usage_pipeline.commands.report import run_report_comparison

    return run_report_comparison(environment_of(home, config), span, output_of(as_json))


def _span(month: date | None, first: date | None, last: date | None) -> "Span | None":
    """None where nothing is named."""
    from usage_pipeline.tables.spans import month_span, range_span

    if first is None and last is None:
        return month_span(month) if month else None
    if month is not None or first is None or last is None:
        raise UsageConfigError("report usage: give --month, or --from and --to")
    if last < first:
        raise UsageConfigError(f"--to {last} lies before --from {first}")
    return range_span(first, last)
