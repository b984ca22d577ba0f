"""The executive one-pager of a month, as far as it has gone: one page, CSV and JSON.

In: `SpanFacts` of a month. Out: files by name. Same facts, same bytes.
"""

from pathlib import Path

from usage_pipeline.periods import start_of
from usage_pipeline.reports import words
from usage_pipeline.reports.formats.html import page_from
from usage_pipeline.reports.formats.pdf import pdf_of
from usage_pipeline.reports.span_facts import SpanFacts
from usage_pipeline.reports.span_files import csv_of, json_of
from usage_pipeline.reports.span_page import page_of

NAME = "onepager"
JSON, CSV, PDF = "onepager.json", "onepager.csv", "onepager.pdf"
FILES = (JSON, CSV, PDF)


def render(facts: SpanFacts, templates: Path) -> dict[str, bytes]:
    """onepager.json, .csv and .pdf with the CSV attached."""
    lines = csv_of(facts)
    with words.written_in(facts.looks.locale):
        values = page_of(facts, CSV, f"OP-{facts.span.name}", "AI spending on one page")
    page = page_from("onepager.html.j2", {"page": values}, templates)
    return {
        JSON: json_of(facts, NAME),
        CSV: lines,
        PDF: pdf_of(page, lines, start_of(facts.days.last), templates, CSV, facts.looks.logo),
    }
