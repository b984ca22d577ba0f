"""The digest of a day or an ISO week: what it cost against the same span before, why, and what needs somebody. One page, CSV and JSON.

In: `SpanFacts`. Out: files by name. Same facts, same bytes. The CSV's costs and the JSON's sum to the daily costs to the last digit.
"""

from pathlib import Path

from usage_pipeline.periods import start_of
from usage_pipeline.reports import words
from usage_pipeline.reports.formats.html import page_from
from usage_pipeline.reports.formats.pdf import pdf_of
from usage_pipeline.reports.span_facts import SpanFacts
from usage_pipeline.reports.span_files import csv_of, json_of
from usage_pipeline.reports.span_page import KINDS, page_of

NAME = "digest"
JSON, CSV, PDF = "digest.json", "digest.csv", "digest.pdf"
FILES = (JSON, CSV, PDF)


def render(facts: SpanFacts, templates: Path) -> dict[str, bytes]:
    """digest.json, .csv and .pdf with the CSV attached."""
    lines = csv_of(facts)
    with words.written_in(facts.looks.locale):
        values = page_of(facts, CSV, f"DG-{facts.span.name}", KINDS[facts.span.kind])
    page = page_from("digest.html.j2", {"page": values}, templates)
    return {
        JSON: json_of(facts, NAME),
        CSV: lines,
        PDF: pdf_of(page, lines, start_of(facts.days.last), templates, CSV, facts.looks.logo),
    }
