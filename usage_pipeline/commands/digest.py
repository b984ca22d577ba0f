"""`usage-pipeline digest`: the digest of a day or a week, or a month on one page, written and told."""

from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.defs.digests import write_digest
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.reports.span_facts import SpanFacts
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.spans import Span

SHOWN = 5


def run_digest(environment: Environment, span: Span, output: Output) -> int:
    """Write the span's report and say what it says."""
    home = Home(environment.home)
    if not home.lake.is_dir():
        raise UsageConfigError(f"{home.root} holds no usage yet: `usage-pipeline run` reads it, or name another with --home")
    facts, written = write_digest(Workplace(home_folder=str(home.root), config_file=str(environment.config_file)), span)
    files = [path.relative_to(home.root).as_posix() for path in written]
    if output.as_json:
        output.document(_document(facts, files))
        return 0
    _show(facts, output)
    for path in written:
        output.say(f"Written to {path}")
    return 0


def _document(facts: SpanFacts, files: list[str]) -> dict[str, Any]:
    """The figures; all else is in the report's own JSON file."""
    causes = facts.causes
    return {
        "period": facts.span.name,
        "from": facts.days.start.isoformat(),
        "to": facts.days.last.isoformat(),
        "compared_from": facts.compared.start.isoformat(),
        "compared_to": facts.compared.last.isoformat(),
        "currency": facts.currency,
        "cost": None if facts.cost is None else money.text(facts.cost),
        "cost_before": None if facts.cost_before is None else money.text(facts.cost_before),
        "causes": None if causes is None else {name: money.text(amount) for name, amount in causes.parts},
        "finality": facts.finality.state,
        "grade": None if facts.grade is None else facts.grade.letter,
        "budgets_at_risk": len(facts.budgets),
        "anomalies": len(facts.anomalies),
        "unpriced": len(facts.unpriced),
        "findings": len(facts.findings),
        "files": files,
    }


def _show(facts: SpanFacts, output: Output) -> None:
    output.heading(f"{facts.span.name}: {facts.days.start} to {facts.days.last}, {facts.currency}")
    output.say(f"cost {_money(facts.cost)}; {facts.compared.start} to {facts.compared.last} {_money(facts.cost_before)}")
    output.table(
        ("project", "cost", "before", "change", "main cause"),
        [
            (one.key, _money(one.now), _money(one.before), dollars(one.change), one.causes.main[0] if one.change else "")
            for one in facts.movers("project")[:SHOWN]
        ],
        numbers=("cost", "before", "change"),
    )
    odd = len(facts.anomalies)
    risks = f"{len(facts.budgets)} {'budget' if len(facts.budgets) == 1 else 'budgets'} at risk"
    output.say(f"{facts.finality.state}; {risks}, {odd} {'anomaly' if odd == 1 else 'anomalies'}")


def _money(amount: Any) -> str:
    return "unknown" if amount is None else dollars(amount)
