"""`usage-pipeline digest` as options; imported at every start, so its work is imported when it runs."""

# ruff: noqa: FBT001, PLC0415, D301 - as in cli.py

from datetime import date
from pathlib import Path

import click

from usage_pipeline.commands.options import DAY, MONTH, common, environment_of, output_of
from usage_pipeline.errors import UsageConfigError


@click.command()
@click.option("--day", type=DAY, help="A day (UTC) that is over.")
@click.option("--week", metavar="WEEK", help="An ISO week, such as 2026-W41.")
@click.option("--month", type=MONTH, help="A month, as far as it has gone: on one page.")
@common
def digest(home: Path | None, config: Path | None, as_json: bool, day: date | None, week: str | None, month: date | None) -> int:
    """Write the digest of a day or an ISO week, or a month on one page: PDF, CSV and JSON.

    \b
    Example:
      usage-pipeline digest --day 2026-10-02
      usage-pipeline digest --week 2026-W41
      usage-pipeline digest --month 2026-10
    """
    from usage_pipeline.tables.spans import WEEK, day_span, month_span, span_named

    if sum(one is not None for one in (day, week, month)) != 1:
        raise UsageConfigError("digest: name one of --day, --week and --month")
    span = day_span(day) if day else month_span(month) if month else span_named(week or "")
    if week and span.kind != WEEK:
        raise UsageConfigError(f"--week {week!r} is no ISO week, such as 2026-W41")

    from usage_pipeline.commands.digest import run_digest

    return run_digest(environment_of(home, config), span, output_of(as_json))
