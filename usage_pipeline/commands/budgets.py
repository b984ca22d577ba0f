"""`usage-pipeline budgets check`: how budgets stand, and who is to be told."""

from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts.check import Check
from usage_pipeline.commands.budgets_list import whose
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.alerts import deliver, judge, may_tell
from usage_pipeline.defs.budget_state import write_state
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import ONE_DAY
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.alerts import OPEN
from usage_pipeline.tables.budgets import FIXED, WHOLE_UNITS, BudgetStatus


def run_budgets_check(environment: Environment, as_of: date, output: Output, *, dry_run: bool) -> int:
    """Judge on `as_of`; send and record unless `dry_run`."""
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    found = judge(workplace, as_of)
    if not may_tell(workplace, as_of):
        output.warn(f"{as_of:%Y-%m} is closed: what was due on {as_of} is shown, and never sent")
        dry_run = True
    if not dry_run:
        write_state(workplace, found.statuses, as_of)
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
                "period_start": one.period_start.isoformat(),
                "rule": one.rule,
                "scope": one.scope,
                "threshold": _text(one.threshold),
                "level": one.level,
                "percent": _text(one.percent),
                "state": "held" if one.state == OPEN else one.state,
            }
            for one in found.alerts
        ],
        "mails": [{"to": draft.recipients.split(","), "subject": draft.subject, "level": draft.level} for draft, _ in found.messages],
        "untold": list(found.untold),
    }


def _status(one: BudgetStatus) -> dict[str, object]:
    return {
        "budget_id": one.budget_id,
        "scope": one.scope,
        "project": one.project,
        "of": one.owner,
        "period": one.period,
        "period_start": one.period_start.isoformat(),
        "period_end": one.period_end.isoformat(),
        "unit": one.unit,
        "operation": one.operation,
        "model": one.model,
        "channel": one.channel,
        "limit": money.text(one.limit),
        "declared_limit": _text(one.declared_limit),
        "raised_by": _text(one.raised_by),
        "raise_ends": None if one.raise_ends is None else one.raise_ends.isoformat(),
        "raise_why": one.raise_why,
        "rolled_over": _text(one.rolled_over),
        "spent": money.text(one.spent),
        "percent": money.text(one.percent),
        "remaining": money.text(one.remaining),
        "run_rate": _text(one.run_rate),
        "forecast": _text(one.forecast),
        "forecast_low": _text(one.forecast_low),
        "forecast_high": _text(one.forecast_high),
        "forecast_method": one.forecast_method,
        "crossing_date": None if one.crossing_date is None else one.crossing_date.isoformat(),
        "level": one.level,
        "days_with_data": one.days_with_data,
        "days_so_far": one.days_so_far,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else money.text(value)


def _show(found: Check, as_of: date, output: Output, *, dry_run: bool) -> None:
    output.heading(f"Budgets on {as_of}")
    output.table(
        ("whose", "budget", "spent", "limit", "%", "a day", "forecast", "crosses", "level", "days"),
        [
            (
                whose(one.scope, one.project, one.holder),
                ", ".join([f"{_period(one)} {one.unit}", *one.only]) + _limit_words(one),
                _rounded(one, one.spent),
                _rounded(one, one.limit),
                f"{one.percent:.1f}",
                "–" if one.run_rate is None else _rounded(one, one.run_rate),
                "–" if one.forecast is None else _rounded(one, one.forecast),
                one.crossing_date,
                one.level,
                f"{one.days_with_data} of {one.days_so_far}",
            )
            for one in sorted(found.statuses, key=lambda status: -status.percent)
        ],
        numbers=("spent", "limit", "%", "a day", "forecast", "days"),
    )
    output.heading("Would be sent" if dry_run else "Sent")
    for draft, _ in found.messages:
        output.say(f"to {draft.recipients}: {draft.subject}")
    if not found.messages:
        output.say("nothing: no threshold is newly crossed, or a mail went out within 24 hours")
    for words in found.untold:
        output.warn(words)


def _rounded(status: BudgetStatus, value: Decimal) -> str:
    return f"{value:,.0f}" if status.unit in WHOLE_UNITS else f"{value:,.2f}"


def _period(status: BudgetStatus) -> str:
    return f"{status.period_start} to {status.period_end - ONE_DAY}" if status.period == FIXED else status.period


def _limit_words(status: BudgetStatus) -> str:
    """Why the limit is another than the declared one."""
    told = f"; raised by {_rounded(status, status.raised_by)} until {status.raise_ends}" if status.raised_by is not None else ""
    return told + (f"; {_rounded(status, status.rolled_over)} rolled over" if status.rolled_over else "")
