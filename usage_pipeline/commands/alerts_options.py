"""The options of `usage-pipeline alerts`, thin as cli.py: heavy imports stand in the commands."""

# ruff: noqa: FBT001, PLC0415, D301 - as in cli.py

from datetime import UTC, date, datetime
from pathlib import Path

import click

from usage_pipeline.commands.options import DAY, common, environment_of, output_of, range_of
from usage_pipeline.errors import UsageConfigError

STATES = ("open", "sent", "covered", "acknowledged", "snoozed", "resolved")


@click.group()
def alerts() -> None:
    """What was found worth telling: who knows of it, what waits, what nobody took."""


@alerts.command("list")
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these.  [all but covered and resolved]")
@click.option("--project", help="Only this project's.")
@click.option("--dead", is_flag=True, help="Messages that were refused for good instead, and why.")
@common
def alerts_list(home: Path | None, config: Path | None, as_json: bool, states: tuple[str, ...], project: str | None, dead: bool) -> int:
    """The alerts of the ledger, the newest first, with the ids that ack and snooze take.

    \b
    Example:
      usage-pipeline alerts list
      usage-pipeline alerts list --state resolved --project support-portal
      usage-pipeline alerts list --dead
    """
    from usage_pipeline.commands.alerts import run_alerts_list

    return run_alerts_list(environment_of(home, config), output_of(as_json), states=states, project=project, dead=dead)


@alerts.command("ack")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--project", help="Every alert of this project that still asks for an answer.")
@click.option("--by", help="Who says so.  [USAGE_ACTOR, else the user of the machine]")
@common
def alerts_ack(home: Path | None, config: Path | None, as_json: bool, ids: tuple[str, ...], project: str | None, by: str | None) -> int:
    """Say that alerts are known: nobody is told of them again, and they go on to nobody else. ID may be its first characters.

    \b
    Example:
      usage-pipeline alerts ack 3f9a0c
      usage-pipeline alerts ack --project support-portal --by "Ana Example"
    """
    if not ids and project is None:
        raise UsageConfigError("name the alerts by ID, or a project with --project")
    from usage_pipeline.commands.alerts import run_alerts_ack

    return run_alerts_ack(environment_of(home, config), output_of(as_json), ids=ids, project=project, by=by)


@alerts.command("snooze")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--until", type=DAY, required=True, help="Told again on this day (UTC), if it is still so.")
@click.option("--by", help="Who says so.  [USAGE_ACTOR, else the user of the machine]")
@common
def alerts_snooze(home: Path | None, config: Path | None, as_json: bool, ids: tuple[str, ...], until: date, by: str | None) -> int:
    """Put alerts off until a day.

    \b
    Example:
      usage-pipeline alerts snooze 3f9a0c --until 2026-10-20
    """
    today = datetime.now(UTC).date()
    if until <= today:
        raise UsageConfigError(f"--until {until} is not after today, {today} (UTC): give a day to come")
    from usage_pipeline.commands.alerts import run_alerts_snooze

    return run_alerts_snooze(environment_of(home, config), output_of(as_json), ids=ids, until=until, by=by)


@alerts.command("send")
@click.option("--dead", is_flag=True, help="Try again what was refused for good, after its cause is mended.")
@common
def alerts_send(home: Path | None, config: Path | None, as_json: bool, dead: bool) -> int:
    """Send the messages that wait and are due; judge nothing. Every check does it too.

    \b
    Example:
      usage-pipeline alerts send
      usage-pipeline alerts send --dead
    """
    from usage_pipeline.commands.alerts import run_alerts_send

    return run_alerts_send(environment_of(home, config), output_of(as_json), dead=dead)


@alerts.command("replay")
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), included.")
@click.option(
    "--rule", "rules", multiple=True, metavar="RULE", help="Only these rules, also where usage.yaml has them off.  [alerts.rules]"
)
@common
def alerts_replay(home: Path | None, config: Path | None, as_json: bool, first: date, last: date, rules: tuple[str, ...]) -> int:
    """What would have been told at the end of each day, how long before each breach, and what was needless. Sends and changes nothing.

    \b
    Example:
      usage-pipeline alerts replay --from 2026-08-01 --to 2026-10-31 --rule budget_threshold --rule forecast
    """
    days = range_of(first, last, datetime.now(UTC).date())
    from usage_pipeline.commands.alerts_replay import run_alerts_replay

    return run_alerts_replay(environment_of(home, config), days, output_of(as_json), rules=rules)
