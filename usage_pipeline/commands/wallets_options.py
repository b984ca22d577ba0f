"""The options of `usage-pipeline wallets`, thin as cli.py: heavy imports stand in the commands."""

# ruff: noqa: FBT001, PLC0415, D301 - as in cli.py

from pathlib import Path
from typing import Any

import click

from usage_pipeline.commands.options import DAY, common, environment_of, output_of


@click.group()
def wallets() -> None:
    """Credit wallets: what was granted and bought, used and lapsed, and requests to fill them again."""


@wallets.command("list")
@common
def wallets_list(home: Path | None, config: Path | None, as_json: bool) -> int:
    """How every wallet stands, and the requests that wait for an approval.

    \b
    Example:
      usage-pipeline wallets list
    """
    from usage_pipeline.commands.wallets import run_wallets_list

    return run_wallets_list(environment_of(home, config), output_of(as_json))


@wallets.command("entries")
@click.argument("wallet")
@common
def wallets_entries(home: Path | None, config: Path | None, as_json: bool, wallet: str) -> int:
    """The ledger of WALLET, oldest first, with the balance after each entry; --json has the balance of each day too.

    \b
    Example:
      usage-pipeline wallets entries support-credits
    """
    from usage_pipeline.commands.wallets import run_wallets_entries

    return run_wallets_entries(environment_of(home, config), wallet, output_of(as_json))


@wallets.command("grant")
@click.argument("wallet")
@click.option("--amount", required=True, help="How much, in the wallet's unit.")
@click.option("--expires", type=DAY, help="The last day (UTC) on which it can be used.  [never]")
@click.option("--note", help="Why; kept with it and in the audit log.")
@common
def wallets_grant(home: Path | None, config: Path | None, as_json: bool, **given: Any) -> int:
    """Grant WALLET an amount, from today on.

    \b
    Example:
      usage-pipeline wallets grant support-credits --amount 5000 --expires 2026-12-31 --note "fourth quarter"
    """
    from usage_pipeline.commands.wallets import run_wallets_grant

    return run_wallets_grant(environment_of(home, config), output_of(as_json), **given)


@wallets.command("request")
@click.argument("wallet")
@click.option("--amount", help="How much, in the wallet's unit.  [the recharge amount of usage.yaml]")
@click.option("--expires", type=DAY, help="The last day (UTC) on which it could be used.  [never]")
@click.option("--note", help="Why; kept with it and in the audit log.")
@common
def wallets_request(home: Path | None, config: Path | None, as_json: bool, **given: Any) -> int:
    """Ask that WALLET is filled again; it is once the request is approved.

    \b
    Example:
      usage-pipeline wallets request support-credits --note "launch in November"
    """
    from usage_pipeline.commands.wallets import run_wallets_request

    return run_wallets_request(environment_of(home, config), output_of(as_json), **given)


@wallets.command("approve")
@click.argument("request")
@click.option("--by", metavar="NAME", required=True, help="Who approves: one of the wallet's `approve` in usage.yaml.")
@click.option("--note", help="Why; kept with it and in the audit log.")
@common
def wallets_approve(home: Path | None, config: Path | None, as_json: bool, **given: Any) -> int:
    """Approve REQUEST: its amount is in the wallet from today on.

    \b
    Example:
      usage-pipeline wallets approve support-credits-1 --by finance@example.org
    """
    from usage_pipeline.commands.wallets import run_wallets_decide

    return run_wallets_decide(environment_of(home, config), output_of(as_json), approve=True, **given)


@wallets.command("reject")
@click.argument("request")
@click.option("--by", metavar="NAME", required=True, help="Who rejects: one of the wallet's `approve` in usage.yaml.")
@click.option("--note", help="Why; kept with it and in the audit log.")
@common
def wallets_reject(home: Path | None, config: Path | None, as_json: bool, **given: Any) -> int:
    """Reject REQUEST: nothing is added.

    \b
    Example:
      usage-pipeline wallets reject support-credits-1 --by finance@example.org --note "use the pool first"
    """
    from usage_pipeline.commands.wallets import run_wallets_decide

    return run_wallets_decide(environment_of(home, config), output_of(as_json), approve=False, **given)
