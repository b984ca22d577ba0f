"""Where a command's words go: JSON or tables on stdout, progress and warnings on stderr."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from usage_pipeline import money
from usage_pipeline.defs.progress import Progress as Listener
from usage_pipeline.storage.home import Home

TENTHS = 10
PIPE_WIDTH = 160


class Output:
    """One command's output. `answer` once, anything else as often as need be."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = _console(stderr=False)
        self.errors = _console(stderr=True)

    def document(self, document: dict[str, Any]) -> None:
        """The one JSON document."""
        self.console.file.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def say(self, words: str = "") -> None:
        """A line for people; on stderr if stdout is for JSON."""
        (self.errors if self.as_json else self.console).print(words, markup=False)

    def heading(self, words: str) -> None:
        (self.errors if self.as_json else self.console).print(f"\n[bold]{escape(words)}[/bold]")

    def warn(self, words: str) -> None:
        self.errors.print(f"[yellow]note:[/yellow] {escape(words)}")

    def table(
        self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = (), title: str | None = None
    ) -> None:
        """A table for people: columns named in `numbers` to the right."""
        shown = RichTable(
            title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0)
        )
        for name in columns:
            shown.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
        for row in rows:
            shown.add_row(*(escape(words(value)) for value in row))
        (self.errors if self.as_json else self.console).print(shown)

    @contextmanager
    def progress(self) -> Iterator[Listener]:
        """A bar a stage on a terminal; elsewhere a line when a stage starts and at every tenth of it."""
        if not self.errors.is_terminal:
            yield _lines(self)
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=28), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.errors, transient=False) as bars:
            yield _bars(bars)


def _console(*, stderr: bool) -> Console:
    """As wide as the terminal; in a file or a pipe wide enough for every table."""
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, soft_wrap=True, width=PIPE_WIDTH)


def words(value: object) -> str:
    """A cell: exact money, grouped numbers, a dash for nothing."""
    match value:
        case None:
            return "–"
        case Decimal():
            return money.text(value)
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def counted(quantity: Decimal) -> int | str:
    """A quantity in JSON: a number where it is whole, else all its digits as text, as a part of a month's line that is for one day."""
    return int(quantity) if quantity == quantity.to_integral_value() else money.text(quantity)


def ui_command(home: Home, config: Path) -> str:
    """What starts Dagster's web UI over this home."""
    return f"USAGE_HOME={home.root} USAGE_CONFIG={config} DAGSTER_HOME={home.dagster.absolute()} ./run dagster dev -w workspace.yaml"


def dollars(value: Decimal | None, places: int = 2) -> str:
    """Money for people, rounded half-even."""
    if value is None:
        return "unknown"
    return f"{value.quantize(Decimal(1).scaleb(-places)):,}"


def rounding(parts: Iterable[Decimal | None], whole: Decimal | None, places: int = 2) -> str | None:
    """What is to be added to the parts as `dollars` shows them so that they sum to the whole as it shows it; None where nothing is."""
    least = Decimal(1).scaleb(-places)
    shown = sum((part.quantize(least) for part in parts if part is not None), Decimal(0))
    rest = (whole or Decimal(0)).quantize(least) - shown
    return dollars(rest, places) if rest else None


def _lines(output: Output) -> Listener:
    told: dict[str, int] = {}

    def listen(stage: str, done: int, total: int) -> None:
        tenth = done * TENTHS // total if total else 0
        if told.get(stage, -1) < tenth:
            told[stage] = tenth
            output.errors.print(f"{stage}: {done:,} of {total:,}" if total else f"{stage} …", markup=False)

    return listen


def _bars(bars: Progress) -> Listener:
    tasks: dict[str, TaskID] = {}

    def listen(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            for task in tasks.values():
                known = next(one for one in bars.tasks if one.id == task)
                bars.update(task, completed=known.total or 1, total=known.total or 1)
            tasks[stage] = bars.add_task(stage, total=total or None)
        bars.update(tasks[stage], completed=done, total=total or None)

    return listen
