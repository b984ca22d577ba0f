"""A snapshot as its files. Pure: same snapshot and templates, same bytes."""

from pathlib import Path

from usage_pipeline.periods import start_of
from usage_pipeline.reports.formats.csv import csv_of
from usage_pipeline.reports.formats.csv_more import more_csv_of
from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.formats.pdf import pdf_of
from usage_pipeline.reports.formats.xlsx import xlsx_of
from usage_pipeline.reports.snapshot import Snapshot

JSON, CSV, PDF, XLSX = "statement.json", "statement.csv", "statement.pdf", "statement.xlsx"


def focus_of(snapshot: Snapshot) -> dict[str, bytes]:
    """The FOCUS files: what was billed and, apart, what is estimated, in each version; none where the bill's lines are not known."""
    if snapshot.focus is None:
        return {}
    project = None if snapshot.project is None else snapshot.project.id
    return snapshot.focus.files(project, snapshot.totals.billed_cost, snapshot.totals.cost)


def render(snapshot: Snapshot, templates: Path) -> dict[str, bytes]:
    """All files of one statement by name: statement.json, .csv, .xlsx and .pdf (with the CSV attached), focus-*.csv, and statement-*.csv
    of wallets and requests over their limit where there are any.
    """
    lines = csv_of(snapshot)
    moment = start_of(snapshot.data_through or snapshot.month.start)
    return {
        JSON: json_of(snapshot),
        CSV: lines,
        XLSX: xlsx_of(snapshot),
        **more_csv_of(snapshot),
        **focus_of(snapshot),
        PDF: pdf_of(html_of(snapshot, templates), lines, moment, templates, CSV, snapshot.looks.logo),
    }
