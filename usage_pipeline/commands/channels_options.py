"""The options of `usage-pipeline channels`, thin as cli.py: heavy imports stand in the command."""

# ruff: noqa: FBT001, PLC0415, D301 - as in cli.py

from pathlib import Path

import click

from usage_pipeline.commands.options import common, environment_of, output_of


@click.command()
@click.option(
    "--test", "tested", metavar="NAME", multiple=True, help="Send a test message on this channel of usage.yaml; more than one may be named."
)
@common
def channels(home: Path | None, config: Path | None, as_json: bool, tested: tuple[str, ...]) -> int:
    """The ways to people beside the mail: who hears what on them, and whether their variables are set. With --test, try them.

    \b
    Example:
      usage-pipeline channels
      usage-pipeline channels --test ops-slack
    """
    from usage_pipeline.commands.channels import run_channels

    return run_channels(environment_of(home, config), tested, output_of(as_json))
