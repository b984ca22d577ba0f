"""`usage-pipeline report`: the usage report and the comparison across projects, written and told."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.defs.progress import reporting_to
from usage_pipeline.defs.usage_report import month_of_yesterday, write_comparison, write_usage
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.reports.comparison_facts import ComparisonFacts
from usage_pipeline.reports.usage_facts import UsageFacts
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.logged_use import PROMPT, Used
from usage_pipeline.tables.spans import Span

SHOWN = 8


def run_report_usage(environment: Environment, span: Span | None, project: str | None, output: Output) -> int:
    """Write the usage report and say what it says."""
    workplace = _workplace(environment)
    with output.progress() as listener, reporting_to(listener):
        facts, written = write_usage(workplace, span or month_of_yesterday(workplace), project)
    files = _names(workplace, written)
    if output.as_json:
        output.document(_usage_document(facts, files))
        return 0
    output.heading(f"{facts.scope}, {facts.days.start} to {facts.days.last}, {facts.currency}")
    if facts.is_empty:
        output.say("no log tells of these days")
    else:
        _show_usage(facts, output)
    _say(written, output)
    return 0


def run_report_comparison(environment: Environment, span: Span | None, output: Output) -> int:
    """Write the comparison and say what it says."""
    workplace = _workplace(environment)
    with output.progress() as listener, reporting_to(listener):
        facts, written = write_comparison(workplace, span or month_of_yesterday(workplace))
    files = _names(workplace, written)
    if output.as_json:
        output.document(_comparison_document(facts, files))
        return 0
    output.heading(f"{facts.days.start} to {facts.days.last}, {facts.currency}")
    output.table(
        ("project", "cost", "before", "change", "main cause", "budget %", "grade"),
        [
            (
                one.project or "organisation",
                _money(one.cost),
                _money(one.before),
                _money(one.change),
                one.causes.main[0] if one.causes is not None and one.causes.change else "",
                "" if one.budget is None else f"{one.budget.percent:.0f}",
                "" if one.grade is None else one.grade.letter,
            )
            for one in (*facts.lines[:SHOWN], facts.whole)
        ],
        numbers=("cost", "before", "change", "budget %"),
    )
    _say_rest(len(facts.lines), output)
    _say(written, output)
    return 0


def _workplace(environment: Environment) -> Workplace:
    home = Home(environment.home)
    if not home.lake.is_dir():
        raise UsageConfigError(f"{home.root} holds no usage yet: `usage-pipeline run` reads it, or name another with --home")
    return Workplace(home_folder=str(home.root), config_file=str(environment.config_file))


def _names(workplace: Workplace, written: Sequence[Path]) -> list[str]:
    return [path.relative_to(workplace.home.root).as_posix() for path in written]


def _show_usage(facts: UsageFacts, output: Output) -> None:
    total = facts.total
    output.say(f"cost of logged requests {_money(total.known_cost)}; the statement says {_money(facts.statement.cost)}")
    counted = f"{total.requests:,} requests, {total.failed_requests:,} failed, {total.unpriced_events:,} unpriced"
    output.say(f"{counted}; {total.tokens:,} tokens")
    for name in ("operation", PROMPT):
        output.table(
            (name, "requests", "tokens", "cost"),
            [(_label(name, one), one.requests, one.tokens, _money(one.known_cost)) for one in facts.by[name][:SHOWN]],
            numbers=("requests", "tokens", "cost"),
        )
        _say_rest(len(facts.by[name]), output)


def _say_rest(count: int, output: Output) -> None:
    if count > SHOWN:
        output.say(f"and {count - SHOWN:,} more: the report has them all")


def _label(name: str, one: Used) -> str:
    return one.key or (f"{one.members:,} others" if one.members else f"no {name}")


def _usage_document(facts: UsageFacts, files: list[str]) -> dict[str, Any]:
    """The figures; all else is in the report's own JSON file."""
    total = facts.total
    return {
        "report": "usage",
        "period": facts.span.name,
        "scope": facts.scope,
        "from": facts.days.start.isoformat(),
        "to": facts.days.last.isoformat(),
        "currency": facts.currency,
        "cost": _exact(total.known_cost),
        "statement_cost": _exact(facts.statement.cost),
        "requests": total.requests,
        "failed_requests": total.failed_requests,
        "tokens": total.tokens,
        "credits": _exact(total.credits),
        "unpriced_events": total.unpriced_events,
        "finality": facts.finality.state,
        "files": files,
    }


def _comparison_document(facts: ComparisonFacts, files: list[str]) -> dict[str, Any]:
    return {
        "report": "comparison",
        "period": facts.span.name,
        "from": facts.days.start.isoformat(),
        "to": facts.days.last.isoformat(),
        "currency": facts.currency,
        "cost": _exact(facts.whole.cost),
        "cost_before": _exact(facts.whole.before),
        "projects": len(facts.lines),
        "finality": facts.finality.state,
        "files": files,
    }


def _say(written: Sequence[Path], output: Output) -> None:
    for path in written:
        output.say(f"Written to {path}")


def _exact(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)


def _money(amount: Decimal | None) -> str:
    return "unknown" if amount is None else dollars(amount)
