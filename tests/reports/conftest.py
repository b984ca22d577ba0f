"""Statements rendered once a session: laying out pages is the slow part."""

from pathlib import Path

import pytest
from invented_month import daily_rows, snapshot

from usage_pipeline.reports.render import render
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.costs import DailyCost

TEMPLATES = Path(__file__).resolve().parents[2] / "reports_templates"


@pytest.fixture(scope="session")
def templates() -> Path:
    return TEMPLATES


@pytest.fixture(scope="session")
def october() -> list[DailyCost]:
    return daily_rows()


@pytest.fixture(scope="session")
def organisation(october: list[DailyCost]) -> Snapshot:
    return snapshot(daily=october)


@pytest.fixture(scope="session")
def project(october: list[DailyCost]) -> Snapshot:
    return snapshot("support-copilot", daily=october)


@pytest.fixture(scope="session")
def organisation_files(organisation: Snapshot) -> dict[str, bytes]:
    return render(organisation, TEMPLATES)


@pytest.fixture(scope="session")
def project_files(project: Snapshot) -> dict[str, bytes]:
    return render(project, TEMPLATES)
