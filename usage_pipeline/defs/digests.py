"""Digests of days and ISO weeks, and the one-pager of a month: `reports/<period>/organisation/digest.*` and `onepager.*`.

No calendar of partitions: a digest is named by the run's configuration, for one report a day is not worth a partition's events.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from usage_pipeline.defs.digest_facts import facts_of
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.preview import markdown
from usage_pipeline.defs.reports import write_if_changed
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.periods import last_full_day
from usage_pipeline.reports import digest, onepager
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.reports.span_facts import SpanFacts
from usage_pipeline.tables.anomalies import anomalies
from usage_pipeline.tables.budgets import budget_status
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.spans import MONTH, Span, day_span, span_named

DIGEST = digest.NAME


class DigestConfig(dg.Config):
    """What to report on: '2026-10-02' (a day), '2026-W41' (an ISO week), '2026-10' (a month's one-pager); without any, yesterday."""

    periods: list[str] = Field(default_factory=list)


@dg.asset(
    key=DIGEST,
    deps=[daily_costs.name, anomalies.name, budget_status.name],
    group_name="reports",
    kinds={"python", "pdf", "csv"},
    owners=OWNERS,
    code_version="1",
)
def digest_asset(config: DigestConfig, workplace: Workplace) -> dg.MaterializeResult[None]:
    """What a day or a week cost against the one before, why, and what needs somebody; a month on one page. PDF, CSV and JSON each."""
    spans = [span_named(name) for name in config.periods] or [day_span(last_full_day(workplace.now()))]
    return dg.MaterializeResult(metadata=_summary([write_digest(workplace, span)[0] for span in spans]))


def write_digest(workplace: Workplace, span: Span) -> tuple[SpanFacts, list[Path]]:
    """The span's report, each file written where it said something else. Raises UsageConfigError for a span of which no day is over."""
    facts = facts_of(workplace, span)
    render = onepager.render if span.kind == MONTH else digest.render
    folder = workplace.home.reports / span.name / ORGANISATION
    written = []
    for name, content in render(facts, TEMPLATES).items():
        write_if_changed(folder / name, content)
        written.append(folder / name)
    return facts, written


def _summary(found: Sequence[SpanFacts]) -> dict[str, Any]:
    shown = [
        {
            "period": one.span.name,
            "cost": one.cost,
            "before": one.cost_before,
            "finality": one.finality.state,
            "budgets at risk": len(one.budgets),
            "anomalies": len(one.anomalies),
        }
        for one in found
    ]
    return {"dagster/row_count": len(found), "reports": markdown(shown)}
