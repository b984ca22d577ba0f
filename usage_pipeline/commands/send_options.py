"""The options of `usage-pipeline send`, thin as cli.py: heavy imports stand in the command."""

# ruff: noqa: FBT001, PLC0415, D301 - as in cli.py

from pathlib import Path

import click

from usage_pipeline.commands.options import common, environment_of, output_of
from usage_pipeline.errors import UsageConfigError

SHOWN = 20


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what is due, what it waits for and what comes next; send and record nothing.")
@click.option("--name", "names", multiple=True, help="Only this delivery of usage.yaml.")
@click.option("--month", "--period", "period", metavar="PERIOD", help="This month (or ISO week, or day) of it, due or not.")
@click.option("--again", is_flag=True, help="With --name and --month: once more, although it was delivered.")
@click.option("--preview-to", metavar="ADDRESS", help="Mail it to ADDRESS alone, marked as a preview: not recorded, never to S3.")
@click.option("--dead", is_flag=True, help="Try again what was refused for good.")
@click.option("--list", "listed", is_flag=True, help="What was delivered and what waits, the newest first; send nothing.")
@click.option("--rows", type=click.IntRange(1, 10_000), default=SHOWN, show_default=True, help="Lines of --list.")
@common
def send(
    home: Path | None, config: Path | None, as_json: bool, dry_run: bool, names: tuple[str, ...], period: str | None, again: bool,
    preview_to: str | None, dead: bool, listed: bool, rows: int,
) -> int:  # fmt: skip
    """Deliver the reports that are due, as usage.yaml says under deliveries: by mail, and into a folder in S3.

    Sending again is always safe: each version goes once to the same people. Alerts are sent by `alerts send`.

    \b
    Example:
      usage-pipeline send --dry-run
      usage-pipeline send --preview-to me@example.org --name finance-monthly --month 2026-10
      usage-pipeline send --name finance-monthly --month 2026-10 --again
      usage-pipeline send --list
    """
    if sum((dry_run, dead, listed, preview_to is not None)) > 1:
        raise UsageConfigError("send: name one of --dry-run, --preview-to, --dead and --list")
    if again and (period is None or not names):
        raise UsageConfigError("send: --again needs --name and --month, so that nothing else is sent twice")
    if (dead or listed) and period is not None:
        raise UsageConfigError("send: --month goes with --dry-run, --preview-to, --again, or alone")

    from usage_pipeline.commands.send import run_preview, run_send, run_send_dry, run_send_list

    environment, output = environment_of(home, config), output_of(as_json)
    if listed:
        return run_send_list(environment, output, names=names, rows=rows)
    if preview_to is not None:
        return run_preview(environment, output, to=preview_to, names=names, period=period)
    if dry_run:
        return run_send_dry(environment, output, names=names, period=period, again=again)
    return run_send(environment, output, names=names, period=period, again=again, dead=dead)
