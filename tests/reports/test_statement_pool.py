"""Many statements: the same bytes as one by one, in order, and unchanged PDFs are not made again."""

from pathlib import Path

import pytest
from invented_month import daily_rows, snapshot

from usage_pipeline.reports import pool
from usage_pipeline.reports.catalog import REPORTS
from usage_pipeline.reports.pool import render_all
from usage_pipeline.reports.render import render

SCOPES = ("hr-onboarding", "sandbox", "churn-insights", "marketing-drafts")


@pytest.mark.parametrize("worth", [1, 2], ids=["the fourth by a worker", "all of them here"])
def test_side_by_side_equals_one_by_one(templates: Path, monkeypatch: pytest.MonkeyPatch, worth: int):
    monkeypatch.setattr(pool, "WORTH_A_POOL", worth)
    rows = daily_rows(models=1, days=2)
    snapshots = [snapshot(scope, daily=rows) for scope in SCOPES]
    told: list[tuple[int, int]] = []
    results = render_all(snapshots, templates, progress=lambda done, of: told.append((done, of)))
    assert [result.snapshot.scope for result in results] == [f"projects/{scope}" for scope in SCOPES]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert results[0].files == render(snapshots[0], templates)
    assert results[3].files == render(snapshots[3], templates)


def test_unchanged_pages_are_not_laid_out_again(templates: Path):
    rows = daily_rows(models=1, days=1)
    snapshots = [snapshot(scope, daily=rows) for scope in SCOPES[:2]]
    first = render_all(snapshots, templates)
    known = {("2026-10", result.snapshot.scope): result.pdf_key for result in first}
    again = render_all([snapshots[0], snapshot(SCOPES[1], daily=rows, revision=2)], templates, known=known)
    assert sorted(again[0].files) == ["statement.csv", "statement.json", "statement.xlsx"]
    assert sorted(again[1].files) == ["statement.csv", "statement.json", "statement.pdf", "statement.xlsx"]


def test_the_catalog_lists_files_that_reports_make(templates: Path):
    one = snapshot(daily=[], statuses=[])
    for report in REPORTS:
        assert tuple(report.render(one, templates)) == report.files
