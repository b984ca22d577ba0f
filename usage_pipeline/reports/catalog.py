"""The reports there are, one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from usage_pipeline.reports.render import CSV, JSON, PDF, XLSX, render
from usage_pipeline.reports.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report: its name, what it is, the files it makes, and the function that makes them."""

    name: str
    label: str
    files: tuple[str, ...]
    render: Callable[[Snapshot, Path], Mapping[str, bytes]]


REPORTS: tuple[Report, ...] = (
    Report(name="statement", label="Monthly statement of cost", files=(JSON, CSV, XLSX, PDF), render=render),
)  # fmt: skip
