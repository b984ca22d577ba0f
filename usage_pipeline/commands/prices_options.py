"""The options of `usage-pipeline prices …`, thin as cli.py: heavy imports stand in the commands."""

# ruff: noqa: D301, FBT001, PLC0415 - as in cli.py: click's flags are positional, heavy imports wait for their command

from datetime import UTC, date, datetime
from pathlib import Path

import click

from usage_pipeline.commands.options import DAY, common, environment_of, output_of


@click.group()
def prices() -> None:
    """Price books: which there are, what they say, how they differ, and taking on a new one."""


@prices.command("list")
@common
def prices_list(home: Path | None, config: Path | None, as_json: bool) -> int:
    """The adopted price books, and from which day of usage on each counts.

    \b
    Example:
      usage-pipeline prices list
    """
    from usage_pipeline.commands.prices import run_prices_list

    return run_prices_list(environment_of(home, config), output_of(as_json))


@prices.command("show")
@click.argument("model")
@click.option("--provider", help="Only as this provider sells it.  [every provider that does]")
@click.option("--at", "day", type=DAY, help="The day (UTC) of the usage.  [today]")
@click.option("--book", help="Name or beginning of the hash of a price book; 'installed' is the package's own.  [the day's]")
@common
def prices_show(
    home: Path | None, config: Path | None, as_json: bool, model: str, provider: str | None, day: date | None, book: str | None
) -> int:
    """Every rate of MODEL on a day: list and contracted price side by side, with tiers, modes, times of day and sources.

    \b
    Example:
      usage-pipeline prices show gpt-5 --at 2026-10-01
      usage-pipeline prices show anthropic/claude-opus-5
    """
    from usage_pipeline.commands.prices import run_prices_show

    return run_prices_show(environment_of(home, config), model, provider, day or datetime.now(UTC).date(), book, output_of(as_json))


@prices.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--at", "day", type=DAY, help="The day (UTC) whose prices are compared.  [today]")
@common
def prices_diff(home: Path | None, config: Path | None, as_json: bool, old: str, new: str, day: date | None) -> int:
    """What price book NEW says otherwise than OLD: models added, gone and re-priced.

    \b
    Example:
      usage-pipeline prices diff e66499c65f52 installed
    """
    from usage_pipeline.commands.prices import run_prices_diff

    return run_prices_diff(environment_of(home, config), old, new, day or datetime.now(UTC).date(), output_of(as_json))


@prices.command("adopt")
@click.option("--from", "first", type=DAY, help="First day (UTC) whose usage it prices; days before keep their book.  [today]")
@click.option(
    "--catalog", type=click.Path(path_type=Path), help="A genai-prices wheel, or another book's catalog.json.gz.  [the installed package]"
)
@click.option("--second", type=click.Path(path_type=Path), help="A price map of LiteLLM to compare with.  [the extract that comes along]")
@click.option("--note", help="Why, in words; kept with the book.")
@click.option("--dry-run", is_flag=True, help="Show what would change; adopt nothing.")
@common
def prices_adopt(
    home: Path | None,
    config: Path | None,
    as_json: bool,
    first: date | None,
    catalog: Path | None,
    second: Path | None,
    note: str | None,
    dry_run: bool,
) -> int:
    """Take on another price book, after showing what it changes: models, prices, and money in the months there are.

    Past statements stay as they are: usage before --from keeps the book it was priced by.

    \b
    Example:
      usage-pipeline prices adopt --dry-run
      usage-pipeline prices adopt --from 2026-12-01
    """
    from usage_pipeline.commands.adopt import run_prices_adopt

    today = datetime.now(UTC).date()
    environment, output = environment_of(home, config), output_of(as_json)
    return run_prices_adopt(environment, first or today, today, output, file=catalog, second_file=second, note=note, dry_run=dry_run)
