"""What the commands' options share: days and months as values, `--home`, `--config`, `--json`, errors as words and exit codes.

Imported at every start, so it imports next to nothing.
"""

# ruff: noqa: FBT001, PLC0415 - as in cli.py: click's flags are positional, heavy imports wait for their command

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import click

from usage_pipeline.errors import InterruptedRunError, UsageConfigError, UsageError


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


class Month(click.ParamType[date]):
    """A month, written 2026-10; its first day."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
            self.fail(f"{value!r} is not a month, such as 2026-10", param, ctx)
        return date.fromisoformat(f"{value}-01")


DAY, MONTH = Day(), Month()
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
            with _stoppable():
                code = command(home=home or outer.get("home"), config=config or outer.get("config"), as_json=as_json, **options)
        except UsageError as error:
            click.echo(f"usage-pipeline: {error}", err=True)
            code = error.exit_code
        except KeyboardInterrupt:
            click.echo(f"usage-pipeline: {InterruptedRunError()}", err=True)
            code = InterruptedRunError.exit_code
        context.exit(code or 0)

    return run


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM stops a command as ^C does: what it was about is put away, and it says so."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def environment_of(home: Path | None, config: Path | None) -> Any:
    from usage_pipeline.settings import Environment

    given = {"home": home, "config": config}
    return Environment(**{name: path for name, path in given.items() if path is not None})


def output_of(as_json: bool) -> Any:
    from usage_pipeline.commands.output import Output

    return Output(as_json=as_json)


def range_of(first: date, last: date, today: date) -> Any:
    from usage_pipeline.periods import inclusive

    if last < first:
        raise UsageConfigError(f"--to {last} lies before --from {first}: give the earlier day first")
    if first > today:
        raise UsageConfigError(f"--from {first} lies in the future: today is {today} (UTC)")
    return inclusive(first, last)
