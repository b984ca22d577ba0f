"""The usage report and the comparison across projects: `reports/<period>/<scope>/usage.*` and `reports/<month>/organisation/comparison.*`.

No calendar of partitions, as for digests: a run's configuration names the periods, and people name them on the command line.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from usage_pipeline.defs.comparison_facts import comparison_facts
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.preview import markdown
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.reports import write_if_changed
from usage_pipeline.defs.usage_facts import usage_facts
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.periods import last_full_day
from usage_pipeline.reports import comparison, usage
from usage_pipeline.reports.comparison_facts import ComparisonFacts
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.reports.usage_facts import UsageFacts
from usage_pipeline.tables.anomalies import anomalies
from usage_pipeline.tables.budgets import budget_status
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.spans import Span, month_span, span_named

USAGE, COMPARISON = "usage_report", "comparison"


class UsageReportConfig(dg.Config):
    """What to report on: '2026-10', '2026-W41' or '2026-10-02'; without any, the month of yesterday. Of these projects too, by id."""

    periods: list[str] = Field(default_factory=list)
    projects: list[str] = Field(default_factory=list)


class ComparisonConfig(dg.Config):
    """Which months: '2026-10'; without any, the month of yesterday."""

    months: list[str] = Field(default_factory=list)


@dg.asset(
    key=USAGE,
    deps=[priced_usage.name, daily_costs.name],
    group_name="reports",
    kinds={"duckdb", "pdf", "csv"},
    owners=OWNERS,
    code_version="1",
)
def usage_report_asset(config: UsageReportConfig, workplace: Workplace) -> dg.MaterializeResult[None]:
    """What logged requests used and cost: by operation, model, user and more, with the dearest conversations and prompts."""
    spans = _spans(workplace, config.periods)
    found = [write_usage(workplace, span, project)[0] for span in spans for project in (None, *config.projects)]
    shown = [
        {
            "period": one.span.name,
            "scope": one.scope,
            "requests": one.total.requests,
            "cost of logs": one.total.known_cost,
            "unpriced": one.total.unpriced_events,
        }
        for one in found
    ]
    return dg.MaterializeResult(metadata=_metadata(shown))


@dg.asset(
    key=COMPARISON,
    deps=[priced_usage.name, daily_costs.name, anomalies.name, budget_status.name],
    group_name="reports",
    kinds={"python", "pdf", "csv"},
    owners=OWNERS,
    code_version="1",
)
def comparison_asset(config: ComparisonConfig, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Projects side by side over a month: cost, change and its causes, budgets, unit costs and quality."""
    found = [write_comparison(workplace, span)[0] for span in _spans(workplace, config.months)]
    shown = [{"period": one.span.name, "projects": len(one.lines), "cost": one.whole.cost, "change": one.whole.change} for one in found]
    return dg.MaterializeResult(metadata=_metadata(shown))


def write_usage(
    workplace: Workplace, span: Span, project: str | None = None, *, finality: FinalityTold | None = None
) -> tuple[UsageFacts, list[Path]]:
    """The usage report of the organisation, or of one project; each file is written where it said something else.

    Raises UsageConfigError for a span of which no day is over and for an unknown project, AccountingError before anything is written
    where a table does not sum to the total.
    """
    facts = usage_facts(workplace, span, project, finality=finality)
    tell("laying out the usage report")
    return facts, _written(workplace.home.reports / span.name / facts.scope, usage.render(facts, TEMPLATES))


def write_comparison(workplace: Workplace, span: Span, *, finality: FinalityTold | None = None) -> tuple[ComparisonFacts, list[Path]]:
    """The comparison of a month, likewise."""
    facts = comparison_facts(workplace, span, finality=finality)
    tell("laying out the comparison")
    return facts, _written(workplace.home.reports / span.name / ORGANISATION, comparison.render(facts, TEMPLATES))


def _written(folder: Path, files: dict[str, bytes]) -> list[Path]:
    for name, content in files.items():
        write_if_changed(folder / name, content)
    return [folder / name for name in files]


def _spans(workplace: Workplace, names: Sequence[str]) -> list[Span]:
    """Those that are named; else the month of yesterday, where anything is known of it."""
    if names:
        return [span_named(name) for name in names]
    span = month_of_yesterday(workplace)
    has_usage = bool(workplace.lake(workplace.engine()).parts(priced_usage.name, span.period))
    return [span] if has_usage or workplace.database().select(daily_costs, where={"day": span.period}) else []


def month_of_yesterday(workplace: Workplace) -> Span:
    return month_span(last_full_day(workplace.now()))


def _metadata(shown: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"dagster/row_count": len(shown), "reports": markdown(shown)}
