"""`usage-pipeline alerts replay`: what would have been told day by day, how long before each breach, and what was needless."""

from collections.abc import Sequence

from usage_pipeline import money
from usage_pipeline.alerts.replay import EARLY_DAYS, Course, Replay
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.alert_replay import replayed
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.alerts import Alert
from usage_pipeline.tables.notices import RULES

REPLAYED = ("budget_threshold", "forecast", "anomaly", "request_limit")
"""Rules that say of each day what was so on it."""


def run_alerts_replay(environment: Environment, days: Period, output: Output, *, rules: Sequence[str]) -> int:
    """Judge every day of `days`; send and change nothing."""
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    unknown = [one for one in rules if one not in RULES]
    if unknown:
        raise UsageConfigError(f"--rule {unknown[0]!r} is none of the rules {', '.join(RULES)}")
    asked = rules or workplace.settings().alerts.rules
    chosen = [one for one in asked if one in REPLAYED]
    left_out = [one for one in asked if one not in REPLAYED]
    found = replayed(workplace, days, chosen)
    if output.as_json:
        output.document(
            {"from": days.start.isoformat(), "to": days.last.isoformat(), "rules": chosen, "not_replayed": left_out} | _all(found)
        )
        return 0
    _show(found, days, output)
    if left_out:
        output.warn(f"not replayed, as what was so on a day gone by is not kept: {', '.join(left_out)}")
    return 0


def _all(found: Replay) -> dict[str, object]:
    return {
        "days": [
            {"day": one.day.isoformat(), "alerts": [_alert(alert) for alert in one.alerts], "mails": len(one.mails)}
            for one in found.days
            if one.alerts or one.mails
        ],
        "budgets": [_course(one) for one in found.courses],
        "summary": _summary(found),
    }


def _summary(found: Replay) -> dict[str, object]:
    return {
        "alerts": sum(len(one.alerts) for one in found.days),
        "mails": sum(len(one.mails) for one in found.days),
        "breaches": len(found.breaches),
        "breaches_after_day_3": len(found.warnable),
        "warned_3_days_ahead": len(found.early),
        "told_on_the_day_or_never": sum(not one.days_ahead for one in found.breaches),
        "forecasts_told": sum(one.forecast_on is not None for one in found.courses),
        "needless": len(found.needless),
    }


def _show(found: Replay, days: Period, output: Output) -> None:
    output.heading(f"What would have been told, {days.start} to {days.last}")
    output.table(
        ("day", "level", "rule", "of", "%", "of the limit", "state"),
        [
            (one.day, alert.level, alert.rule, alert.budget_id or alert.scope, alert.threshold, alert.percent, alert.state)
            for one in found.days
            for alert in one.alerts
        ],
        numbers=("%", "of the limit"),
    )
    output.heading("Limits reached, and budgets forecast to")
    output.table(
        ("budget", "period from", "first told", "by", "reached", "days ahead", ""),
        [
            (one.budget_id, one.period_start, one.told_on, one.told_by, one.breached_on, one.days_ahead, _verdict(one))
            for one in found.courses
            if one.breached_on or one.forecast_on
        ],
        numbers=("days ahead",),
    )
    told = _summary(found)
    output.say()
    output.say(
        f"{told['alerts']} alerts in {told['mails']} mails; {told['breaches']} limits reached, {told['warned_3_days_ahead']} of them told"
        f" of {EARLY_DAYS} days ahead or more ({told['breaches_after_day_3']} could be; the others were reached in a period's first days);"
        f" {told['needless']} of {told['forecasts_told']} forecasts needless."
    )


def _verdict(one: Course) -> str:
    if one.is_needless:
        return "needless"
    if one.breached_on is None:
        return "not over yet"
    return "" if one.days_ahead else "no warning"


def _alert(one: Alert) -> dict[str, object]:
    return {
        "rule": one.rule,
        "level": one.level,
        "scope": one.scope,
        "budget_id": one.budget_id,
        "period_start": one.period_start.isoformat(),
        "threshold": None if one.threshold is None else money.text(one.threshold),
        "percent": None if one.percent is None else money.text(one.percent),
        "state": one.state,
        "words": one.words,
    }


def _course(one: Course) -> dict[str, object]:
    days = {"first_told": one.told_on, "forecast_told": one.forecast_on, "breached": one.breached_on}
    return {
        "budget_id": one.budget_id,
        "project": one.project,
        "period_start": one.period_start.isoformat(),
        "told_by": one.told_by,
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "days_ahead": one.days_ahead,
        "is_over": one.is_over,
        "needless": one.is_needless,
    }
