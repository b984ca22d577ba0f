"""`usage-pipeline budgets check`: how budgets stand, and who is to be told."""

from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts.check import Check
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.alerts import deliver, judge, may_tell
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.budgets import BudgetStatus


def run_budgets_check(environment: Environment, as_of: date, output: Output, *, dry_run: bool) -> int:
    """Judge on `as_of`; send and record unless `dry_run`."""
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    found = judge(workplace, as_of)
    if not may_tell(workplace, as_of):
        output.warn(f"{as_of:%Y-%m} is closed: what was due on {as_of} is shown, and never sent")
        dry_run = True
    if not dry_run:
        deliver(workplace, found)
    if output.as_json:
        output.document(_document(found, as_of, dry_run=dry_run))
    else:
        _show(found, as_of, output, dry_run=dry_run)
    return 0


def _document(found: Check, as_of: date, *, dry_run: bool) -> dict[str, object]:
    return {
        "as_of": as_of.isoformat(),
        "dry_run": dry_run,
        "budgets": [_status(one) for one in found.statuses],
        "alerts": [
            {
                "project": one.project,
                "budget_id": one.budget_id,
                "threshold": money.text(one.threshold),
                "level": one.level,
                "percent": money.text(one.percent),
                "state": one.state,
            }
            for one in found.alerts
        ],
        "mails": [{"to": draft.recipients.split(","), "subject": draft.subject, "level": draft.level} for draft, _ in found.messages],
        "untold": list(found.untold),
    }


def _status(one: BudgetStatus) -> dict[str, object]:
    return {
        "budget_id": one.budget_id,
        "project": one.project,
        "period": one.period,
        "period_start": one.period_start.isoformat(),
        "unit": one.unit,
        "operation": one.operation,
        "limit": money.text(one.limit),
        "spent": money.text(one.spent),
        "percent": money.text(one.percent),
        "remaining": money.text(one.remaining),
        "forecast": None if one.forecast is None else money.text(one.forecast),
        "crossing_date": None if one.crossing_date is None else one.crossing_date.isoformat(),
        "level": one.level,
    }


def _show(found: Check, as_of: date, output: Output, *, dry_run: bool) -> None:
    output.heading(f"Budgets on {as_of}")
    output.table(
        ("project", "budget", "spent", "limit", "%", "forecast", "crosses", "level"),
        [
            (
                one.project or "organisation",
                f"{one.period} {one.unit}" + (f", {one.operation}" if one.operation else ""),
                _rounded(one, one.spent),
                _rounded(one, one.limit),
                f"{one.percent:.1f}",
                "–" if one.forecast is None else _rounded(one, one.forecast),
                one.crossing_date,
                one.level,
            )
            for one in sorted(found.statuses, key=lambda status: -status.percent)
        ],
        numbers=("spent", "limit", "%", "forecast"),
    )
    output.heading("Would be sent" if dry_run else "Sent")
    for draft, _ in found.messages:
        output.say(f"to {draft.recipients}: {draft.subject}")
    if not found.messages:
        output.say("nothing: no threshold is newly crossed, or a mail went out within 24 hours")
    for words in found.untold:
        output.warn(words)


def _rounded(status: BudgetStatus, value: Decimal) -> str:
    return f"{value:,.2f}" if status.unit != "tokens" else f"{value:,.0f}"
