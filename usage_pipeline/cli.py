"""The command line, thin: options in, one call, one answer out. The answer goes to stdout, everything else to stderr.

Heavy imports stand in the commands, so that `--help` answers at once. A \\b in a help text keeps click from filling what follows.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from usage_pipeline.commands.alerts_options import alerts
from usage_pipeline.commands.channels_options import channels
from usage_pipeline.commands.digest_options import digest
from usage_pipeline.commands.options import DAY, MONTH, common, environment_of, output_of, range_of
from usage_pipeline.commands.prices_options import prices
from usage_pipeline.commands.report_options import report
from usage_pipeline.commands.send_options import send
from usage_pipeline.commands.wallets_options import wallets
from usage_pipeline.errors import UsageConfigError

EXIT_FINDINGS = 3
"""Done, and findings block the close: defs/findings.py."""


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

    return run_demo(environment_of(home, config), days, output_of(as_json))


@main.command()
@common
def init(home: Path | None, config: Path | None, as_json: bool) -> int:
    """Make a home: its folders, its database, its Dagster instance, and a usage.yaml to start from.

    \b
    Example:
      usage-pipeline init --home /srv/usage
    """
    from usage_pipeline.commands.init import run_init

    return run_init(environment_of(home, config), output_of(as_json))


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), included.")
@click.option("--as-of", type=DAY, help="The day on which alerts are judged; budgets of other periods stay silent.  [today]")
@click.option("--revise", is_flag=True, help="Compute closed months of the range too: the draft of their next revision.")
@click.option("--plan", is_flag=True, help="With --revise: show what it would touch of closed months, by how much; run nothing.")
@common
def run(
    home: Path | None, config: Path | None, as_json: bool, first: date, last: date, as_of: date | None, revise: bool, plan: bool
) -> int:
    """Run the whole graph for a range of days: read new files, price, sum, write statements, tell people.

    Running it again is always safe: nothing is read twice, nothing is sent twice, closed months stay as they are.

    \b
    Example:
      usage-pipeline run --from 2026-10-01 --to 2026-10-31
    """
    today = datetime.now(UTC).date()
    days = range_of(first, last, today)
    if plan:
        if not revise:
            raise UsageConfigError("--plan shows what --revise would touch: give both")
        from usage_pipeline.commands.revision_plan import run_plan

        return run_plan(environment_of(home, config), days, output_of(as_json))

    from usage_pipeline.commands.run import run_range

    return run_range(environment_of(home, config), days, as_of or today, output_of(as_json), revise=revise)


@main.command()
@click.argument("month", type=MONTH)
@click.option("--approve", "by", metavar="NAME", help="Close it, approved by NAME: printed on the statements, kept in the audit log.")
@click.option("--note", help="Why, in the approver's words; kept with it.")
@click.option("--dry-run", is_flag=True, help="Show what would be frozen and written; close nothing.")
@common
def close(home: Path | None, config: Path | None, as_json: bool, month: date, by: str | None, note: str | None, dry_run: bool) -> int:
    """Close MONTH for good: freeze its inputs, numbers and statements. Without --approve, what stands against it.

    A closed month that was computed again with `run --revise` gets its next revision; the earlier ones never change.

    \b
    Example:
      usage-pipeline close 2026-10
      usage-pipeline close 2026-10 --approve "Ana Example" --note "bills are in"
    """
    from usage_pipeline.commands.close import run_close
    from usage_pipeline.periods import month_of

    return run_close(environment_of(home, config), month_of(month), by, note, output_of(as_json), dry_run=dry_run)


@main.command()
@click.argument("month", type=MONTH)
@click.option("--post", "by", metavar="NAME", help="Note that NAME posted it: it stands from then on, and what changes is trued up.")
@click.option("--note", help="In the poster's words; kept in the audit log.")
@common
def journal(home: Path | None, config: Path | None, as_json: bool, month: date, by: str | None, note: str | None) -> int:
    """The accrual of MONTH for the ledger: debits and credits by account, cost center and project, reversed on the first of the next month.

    \b
    Example:
      usage-pipeline journal 2026-10
      usage-pipeline journal 2026-10 --post "Ana Example"
    """
    from usage_pipeline.commands.journal import run_journal
    from usage_pipeline.periods import month_of

    return run_journal(environment_of(home, config), month_of(month), by, note, output_of(as_json))


@main.command()
@click.argument("statement")
@click.option("--quick", is_flag=True, help="Do not compute the numbers again from the input files.")
@common
def verify(home: Path | None, config: Path | None, as_json: bool, statement: str, quick: bool) -> int:
    """Prove a closed month: its files, its inputs, its statements rendered and its numbers computed again, byte for byte.

    STATEMENT is a month (its newest revision), a revision, or the path of a statement.

    \b
    Example:
      usage-pipeline verify 2026-10
      usage-pipeline verify 2026-10/r1 --quick
      usage-pipeline verify usage_home/reports/2026-10/organisation/statement.pdf
    """
    from usage_pipeline.commands.verify import run_verify

    return run_verify(environment_of(home, config), statement, output_of(as_json), quick=quick)


@main.command()
@click.argument("statement")
@click.option("--project", help="Only this project; 'unattributed' for what no rule gives to one.")
@click.option("--day", type=DAY, help="Only this day (UTC).")
@click.option("--channel", help="Only what this channel bills.")
@click.option("--provider", help="Only models of this provider.")
@click.option("--model", help="Only this model.")
@click.option("--meter", help="Only this meter, such as output.")
@click.option("--user", help="Only this user.")
@click.option("--operation", help="Only this operation.")
@click.option("--team", help="Only this team.")
@click.option("--type", "api_type", help="Only this type: text, image, ...")
@click.option("--rows", type=click.IntRange(1, 10_000), default=10, show_default=True, help="Lines shown of each kind, the largest first.")
@common
def explain(home: Path | None, config: Path | None, as_json: bool, statement: str, rows: int, **asked: Any) -> int:
    """Walk a number of a statement down: to days, models and meters, then the lines of files, with prices and rules applied.

    STATEMENT is a month, a closed revision (its frozen numbers), or the path of a statement. Options combine; '' stands for rows
    that have none of it. The lines sum to the number to the last digit.

    \b
    Example:
      usage-pipeline explain 2026-10 --project support-portal --day 2026-10-02
      usage-pipeline explain 2026-10/r1 --model claude-opus-5 --meter output --rows 50
    """
    from usage_pipeline.commands.explain import run_explain

    return run_explain(environment_of(home, config), statement, asked, rows, output_of(as_json))


@main.command()
@click.argument("file", type=click.File("rb"))
@click.option("--book", help="Name or beginning of the hash of a price book; 'installed' is the package's own.  [the one adopted last]")
@common
def price(home: Path | None, config: Path | None, as_json: bool, file: BinaryIO, book: str | None) -> int:
    """What usage would cost: FILE holds one JSON object a line (- reads from stdin).

    \b
    Example:
      echo '{"id": "1", "provider": "anthropic", "model": "claude-opus-5", "at": "2026-10-01T12:00:00Z",
             "meters": {"input": 1200, "cache_read": 3000, "output": 450}}' | tr -d '\\n' | usage-pipeline price -
    """
    from usage_pipeline.commands.price import run_price

    return run_price(environment_of(home, config), file, book, datetime.now(UTC), output_of(as_json))


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), included.")
@click.option("--book", help="Name or beginning of the hash of a price book, 'current' or 'installed'.  [each day's own; alone: current]")
@click.option("--as-model", help="As if this model had done it, such as claude-haiku-4-5 or azure/gpt-4o-mini.")
@click.option("--as-batch", is_flag=True, help="As if all of it had gone through the batch API.")
@click.option("--without-cache", is_flag=True, help="As if nothing had been read from or written to the prompt cache.")
@click.option("--project", help="Only this project's usage.")
@click.option("--model", help="Only usage of this model, as booked.")
@click.option("--channel", help="Only usage that this channel bills.")
@common
def reprice(home: Path | None, config: Path | None, as_json: bool, first: date, last: date, **asked: Any) -> int:
    """What a past period would have cost: under another price book, as another model, as batch, without the cache.

    Options combine. Nothing booked changes: the answer is a table, and a CSV beside the period's reports.

    \b
    Example:
      usage-pipeline reprice --from 2026-10-01 --to 2026-10-31 --model claude-opus-5 --as-model claude-haiku-4-5
    """
    days = range_of(first, last, datetime.now(UTC).date())

    from usage_pipeline.commands.reprice import Asked, run_reprice

    return run_reprice(environment_of(home, config), days, Asked(**asked), output_of(as_json))


@main.command()
@click.option("--as-of", type=DAY, help="The day (UTC) from which the lag is counted.  [today]")
@click.option("--day", type=DAY, help="One day instead: its files and which count, its bills' finality, why it was computed.")
@common
def sources(home: Path | None, config: Path | None, as_json: bool, as_of: date | None, day: date | None) -> int:
    """How every source stands: files, lines, rejects by reason, newest day, missing days, and whether it is stale.

    \b
    Example:
      usage-pipeline sources
      usage-pipeline sources --day 2026-10-02
    """
    from usage_pipeline.commands.sources import run_sources

    return run_sources(environment_of(home, config), as_of or datetime.now(UTC).date(), day, output_of(as_json))


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), included.")
@click.option("--unowned", is_flag=True, help="Only what no attribution rule gives to a project.")
@common
def coverage(home: Path | None, config: Path | None, as_json: bool, first: date, last: date, unowned: bool) -> int:
    """Every key, workspace, project id and tag seen, with its money and owner, and the attribution rules that are missing.

    A line stands under each of its values: sum within one field. The whole list is written as CSV beside the period's reports.

    \b
    Example:
      usage-pipeline coverage --from 2026-10-01 --to 2026-10-31 --unowned
    """
    days = range_of(first, last, datetime.now(UTC).date())

    from usage_pipeline.commands.coverage import run_coverage

    return run_coverage(environment_of(home, config), days, output_of(as_json), unowned_only=unowned)


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), included.")
@common
def anomalies(home: Path | None, config: Path | None, as_json: bool, first: date, last: date) -> int:
    """Days on which a project spent far more on a model than such days usually cost, or paid more a request, the dearest first.

    \b
    Example:
      usage-pipeline anomalies --from 2026-10-01 --to 2026-10-31
    """
    days = range_of(first, last, datetime.now(UTC).date())

    from usage_pipeline.commands.anomalies import run_anomalies

    return run_anomalies(environment_of(home, config), days, output_of(as_json))


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), included.")
@click.option("--channel", help="Only this channel, such as openai.")
@click.option("--try", "line", help="A line of usage.yaml to be tried: an agreement, an alias or an attribution rule.")
@common
def reconcile(home: Path | None, config: Path | None, as_json: bool, first: date, last: date, channel: str | None, line: str | None) -> int:
    """Where bill, the provider's count and logs differ, why, and what would mend it: causes sum to each difference exactly.

    With --try the causes before and after a line of usage.yaml, in the place of lines for the same thing; nothing is written.

    \b
    Example:
      usage-pipeline reconcile --from 2026-10-01 --to 2026-10-31
      usage-pipeline reconcile --from 2026-10-01 --to 2026-10-31 --try '{provider: openai, discount_percent: 12, valid_from: 2026-10-01}'
    """
    days = range_of(first, last, datetime.now(UTC).date())

    from usage_pipeline.commands.reconcile import run_reconcile

    return run_reconcile(environment_of(home, config), days, output_of(as_json), channel=channel, line=line)


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
    return run_budgets_check(environment_of(home, config), judged, output_of(as_json), dry_run=dry_run)


@budgets.command("list")
@click.option("--history", is_flag=True, help="Every change too: who, when, why, before and after.")
@common
def budgets_list(home: Path | None, config: Path | None, as_json: bool, history: bool) -> int:
    """The budgets as the last run or check saw them in usage.yaml.

    \b
    Example:
      usage-pipeline budgets list --history
    """
    from usage_pipeline.commands.budgets_list import run_budgets_list

    return run_budgets_list(environment_of(home, config), output_of(as_json), history=history)


@budgets.command("violations")
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), included.")
@common
def budgets_violations(home: Path | None, config: Path | None, as_json: bool, first: date, last: date) -> int:
    """Requests that used or cost more than request_limits in usage.yaml let one request, those most times over it first.

    \b
    Example:
      usage-pipeline budgets violations --from 2026-10-01 --to 2026-10-31
    """
    days = range_of(first, last, datetime.now(UTC).date())

    from usage_pipeline.commands.budgets_violations import run_budgets_violations

    return run_budgets_violations(environment_of(home, config), days, output_of(as_json))


main.add_command(prices)
main.add_command(alerts)
main.add_command(channels)
main.add_command(digest)
main.add_command(report)
main.add_command(send)
main.add_command(wallets)


if __name__ == "__main__":
    main(prog_name="usage-pipeline")
