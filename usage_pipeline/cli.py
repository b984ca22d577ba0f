"""The command line, thin: options in, one call, one answer out. The answer goes to stdout, everything else to stderr.

Heavy imports stand in the commands, so that `--help` answers at once. A \\b in a help text keeps click from filling what follows.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TextIO

import click

from usage_pipeline.errors import UsageConfigError, UsageError

EXIT_FINDINGS = 3
"""Done, and findings block the close: defs/findings.py."""


class Day(click.ParamType[date]):
    """A UTC day, written 2026-10-01."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            self.fail(f"{value!r} is not a day, such as 2026-10-01", param, ctx)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is not a day of the calendar", param, ctx)


DAY = Day()
Command = Callable[..., int | None]


def common(command: Command) -> Callable[..., None]:
    """`--home`, `--config` and `--json`; an error of ours becomes its words and its exit code."""

    @click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Folder of all data.  [USAGE_HOME, else ./usage_home]")
    @click.option("--config", type=click.Path(path_type=Path), help="usage.yaml.  [USAGE_CONFIG, else in the home, else here]")
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, all else on stderr.")
    @click.pass_context
    @wraps(command)
    def run(context: click.Context, /, *, home: Path | None, config: Path | None, as_json: bool, **options: Any) -> None:
        outer = context.find_root().params
        try:
            code = command(home=home or outer.get("home"), config=config or outer.get("config"), as_json=as_json, **options)
        except UsageError as error:
            click.echo(f"usage-pipeline: {error}", err=True)
            code = error.exit_code
        context.exit(code or 0)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Folder of all data, for any command.")
@click.option("--config", type=click.Path(path_type=Path), help="usage.yaml, for any command.")
@click.version_option(package_name="usage-pipeline")
def main(home: Path | None, config: Path | None) -> None:
    """AI usage cost: provider bills and gateway logs in one book that finance can close.

    \b
    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration,
    3 done but findings block the close (something is unpriced,
    a bill's line cannot be read, a dollar may be counted twice).
    """


@main.command()
@click.option("--days", type=click.IntRange(1, 366), default=92, show_default=True, help="Days of the fictional organisation to make.")
@common
def demo(home: Path | None, config: Path | None, as_json: bool, days: int) -> int:
    """Make a fictional organisation's bills and logs, run the whole job over them, and compare with the truth.

    \b
    Example:
      usage-pipeline demo
    """
    from usage_pipeline.commands.demo import run_demo

    return run_demo(_environment(home, config), days, _output(as_json))


@main.command()
@common
def init(home: Path | None, config: Path | None, as_json: bool) -> int:
    """Make a home: its folders, its database, its Dagster instance, and a usage.yaml to start from.

    \b
    Example:
      usage-pipeline init --home /srv/usage
    """
    from usage_pipeline.commands.init import run_init

    return run_init(_environment(home, config), _output(as_json))


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), included.")
@click.option("--as-of", type=DAY, help="The day on which alerts are judged; budgets of other periods stay silent.  [today]")
@common
def run(home: Path | None, config: Path | None, as_json: bool, first: date, last: date, as_of: date | None) -> int:
    """Run the whole graph for a range of days: read new files, price, sum, write statements, tell people.

    Running it again is always safe: nothing is read twice, nothing is sent twice.

    \b
    Example:
      usage-pipeline run --from 2026-10-01 --to 2026-10-31
    """
    from usage_pipeline.commands.run import run_range

    today = datetime.now(UTC).date()
    return run_range(_environment(home, config), _range(first, last, today), as_of or today, _output(as_json))


@main.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@common
def price(home: Path | None, config: Path | None, as_json: bool, file: TextIO) -> int:
    """What usage would cost: FILE holds one JSON object a line (- reads from stdin).

    \b
    Example:
      echo '{"id": "1", "provider": "anthropic", "model": "claude-opus-5", "at": "2026-10-01T12:00:00Z",
             "meters": {"input": 1200, "cache_read": 3000, "output": 450}}' | tr -d '\\n' | usage-pipeline price -
    """
    from usage_pipeline.commands.price import run_price

    return run_price(_environment(home, config), file, _output(as_json))


@main.group()
def budgets() -> None:
    """Budgets and the alerts about them."""


@budgets.command("check")
@click.option("--dry-run", is_flag=True, help="Show what would be sent; send and record nothing.")
@click.option("--as-of", type=DAY, help="The day (UTC) whose budgets are judged.  [today]")
@common
def budgets_check(home: Path | None, config: Path | None, as_json: bool, dry_run: bool, as_of: date | None) -> int:
    """How every budget stands, what is worth telling, and to whom; tells it, unless --dry-run.

    \b
    Example:
      usage-pipeline budgets check --dry-run
    """
    from usage_pipeline.commands.budgets import run_budgets_check

    judged = as_of or datetime.now(UTC).date()
    return run_budgets_check(_environment(home, config), judged, _output(as_json), dry_run=dry_run)


def _environment(home: Path | None, config: Path | None) -> Any:
    from usage_pipeline.settings import Environment

    given = {"home": home, "config": config}
    return Environment(**{name: path for name, path in given.items() if path is not None})


def _output(as_json: bool) -> Any:
    from usage_pipeline.commands.output import Output

    return Output(as_json=as_json)


def _range(first: date, last: date, today: date) -> Any:
    from usage_pipeline.periods import inclusive

    if last < first:
        raise UsageConfigError(f"--to {last} lies before --from {first}: give the earlier day first")
    if first > today:
        raise UsageConfigError(f"--from {first} lies in the future: today is {today} (UTC)")
    return inclusive(first, last)
