"""The reports there are, one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from usage_pipeline.reports import comparison, digest, onepager, usage
from usage_pipeline.reports.comparison_facts import ComparisonFacts
from usage_pipeline.reports.render import CSV, JSON, PDF, XLSX, render
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.span_facts import SpanFacts
from usage_pipeline.reports.usage_facts import UsageFacts

Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Generic[Facts]):
    """One report: its name, what it is, the files it makes, and the function that makes them of its facts."""

    name: str
    label: str
    files: tuple[str, ...]
    render: Callable[[Facts, Path], Mapping[str, bytes]]


REPORTS: tuple[Report[Snapshot], ...] = (
    Report(name="statement", label="Monthly statement of cost", files=(JSON, CSV, XLSX, PDF), render=render),
)  # fmt: skip
"""A month's, of a snapshot."""

SPAN_REPORTS: tuple[Report[SpanFacts], ...] = (
    Report(name=digest.NAME, label="Digest of a day or a week", files=digest.FILES, render=digest.render),
    Report(name=onepager.NAME, label="A month on one page", files=onepager.FILES, render=onepager.render),
)
"""Of a day, a week or a month as far as it has gone."""

USAGE_REPORTS: tuple[Report[UsageFacts], ...] = (
    Report(name="usage", label="What logged requests used and cost", files=usage.FILES, render=usage.render),
)
"""Of a month or a range, for the organisation or a project."""

COMPARISONS: tuple[Report[ComparisonFacts], ...] = (
    Report(name="comparison", label="Projects side by side", files=comparison.FILES, render=comparison.render),
)
"""Of a month."""
